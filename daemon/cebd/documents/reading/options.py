"""An enterprise's settings for reading and judging its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from cebd.decisions.decision import Decision, InForce
from cebd.decisions.layout import KnownLayout
from cebd.decisions.of_file import NOTHING_SAID, OfFile
from cebd.problems.problem import Place
from cebd.rules.codes.tables import PUBLISHED, Tables
from cebd.rules.figures import Figures, figures
from cebd.settings_table import Table


class ColumnMapping(Table):
    """A mapping: the headings of workbooks without official headings. Files dropped into inbox/NAME/ use the mapping NAME."""

    type: str = Field(description="what such a file declares", examples=["order"])
    files: tuple[str, ...] = Field(
        ("*",), description="files whose names fit use the mapping, too", examples=[["orders-flat*"]]
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description='Headings and what they mean. One that stands twice is named "币制#1", "币制#2"; "-" leaves a column out.',
        examples=[{"币制#1": "OrderHead/currency", "币制#2": "OrderList/currency", "国检商品编号": "-"}],
    )
    sum_per_order: tuple[str, ...] = Field(
        (),
        description="amounts that stand per goods line and are added up for the order",
        examples=[["goodsValue", "freight", "discount", "taxTotal", "acturalPaid"]],
    )
    defaults: dict[str, str] = Field(
        default_factory=dict,
        description="What such files leave out, before the defaults of the enterprise.",
        examples=[{"orderType": "I"}],
    )


@dataclass(frozen=True)
class ReadingOptions:
    """`mappings` by name; `severities` of problems by their id: `error`, `warning` or `off`; the figures and code tables to go by.

    `sm2_ids`: the user ids that SM2 signatures in dropped messages may be made with, beside the usual one. `remembered`: what people have
    decided of mistakes in later files of the enterprise; `layouts`: what people said of headings; `of_file`: what they say of this file.
    """

    mappings: Mapping[str, ColumnMapping] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    figures: Figures = field(default_factory=figures)
    tables: Tables = PUBLISHED
    sm2_ids: tuple[str, ...] = ()
    remembered: tuple[Decision, ...] = ()
    layouts: tuple[KnownLayout, ...] = ()
    of_file: OfFile = NOTHING_SAID


@dataclass(frozen=True)
class RecordOptions:
    """The settings for a kind of record. `defaults` fill empty cells; `sum_per_order` are amounts given per line; `declarant` is the code
    of the enterprise. `declare_hidden`: rows that are hidden or struck through are declared like others. `decisions`: what was decided
    of mistakes; `corrections`: what single cells are taken to say."""

    defaults: Mapping[str, str]
    sum_per_order: tuple[str, ...] = ()
    severities: Mapping[str, str] = field(default_factory=dict)
    figures: Figures = field(default_factory=figures)
    tables: Tables = PUBLISHED
    declarant: str = ""
    declare_hidden: bool = False
    decisions: InForce = field(default_factory=dict)
    corrections: Mapping[Place, Decision] = field(default_factory=dict)
