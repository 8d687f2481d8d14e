"""What an enterprise's settings say about reading and judging its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from cebd.rules.codes import PUBLISHED, Tables
from cebd.rules.figures import Figures, figures
from cebd.settings_table import Table


class ColumnMapping(Table):
    """[mapping.NAME]: how the columns of one kind of workbook are meant. A heading that stands twice is named `币制#1`, `币制#2`."""

    type: str
    files: tuple[str, ...] = ("*",)
    columns: dict[str, str] = Field(default_factory=dict)
    sum_per_order: tuple[str, ...] = ()
    defaults: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class ReadingOptions:
    """`mappings` by name; `severities` of problems by their id: `error`, `warning` or `off`; the figures and code tables to go by."""

    mappings: Mapping[str, ColumnMapping] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    figures: Figures = field(default_factory=figures)
    tables: Tables = PUBLISHED


@dataclass(frozen=True)
class RecordOptions:
    """What holds for one kind of record. `defaults` stand where a cell says nothing; `sum_per_order` are amounts given per line."""

    defaults: Mapping[str, str]
    sum_per_order: tuple[str, ...] = ()
    severities: Mapping[str, str] = field(default_factory=dict)
    figures: Figures = field(default_factory=figures)
    tables: Tables = PUBLISHED
