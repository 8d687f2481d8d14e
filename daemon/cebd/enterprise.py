"""[[enterprise]]: who declares; and where a station keeps its things and theirs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, StringConstraints

from cebd.settings_table import NAME, Name, Table, mistake


def _one_or_several(given: object) -> object:
    return [given] if isinstance(given, str) else given


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or len(set(names)) < len(names):
        raise mistake("name at least one, and each once", "至少写一个，且不能重复")
    return names


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of an enterprise: one for all, or some for single types of message (`inventory`), by name or code; and the one that
    takes over where delivery by these has certainly failed.
    """

    default: str
    by_type: tuple[tuple[str, str], ...] = ()
    fallback: str | None = None

    def of(self, *type_names: str) -> str:
        """The channel of a message that has these names."""
        return next((channel for name, channel in self.by_type if name in type_names), self.default)

    @property
    def names(self) -> tuple[str, ...]:
        """Every one of them, each once."""
        several = (self.default, *(channel for _, channel in self.by_type), self.fallback)
        return tuple(dict.fromkeys(name for name in several if name is not None))


_NAME = re.compile(NAME)


def _channels(given: object) -> Channels:
    if isinstance(given, Channels):
        return given
    by_name = {"default": given} if isinstance(given, str) else given
    if not isinstance(by_name, dict) or not all(isinstance(name, str) for name in by_name.values()):
        raise mistake(
            'must be a text in quotes, or { default = "a", inventory = "b", fallback = "c" }',
            '应为加引号的文字，或 { default = "a", inventory = "b", fallback = "c" }',
        )
    for name in by_name.values():
        if not _NAME.match(name):
            raise mistake(
                "may have letters, digits and . _ - only, at most 64 characters",
                "只能由字母、数字、汉字和 . _ - 组成，最多 64 个字符",
            )
    rest = {key: name for key, name in by_name.items() if key not in ("default", "fallback")}
    if "default" not in by_name:
        raise mistake("needs a default: the channel of all other messages", "缺少 default：其余报文所用的通道")
    return Channels(by_name["default"], tuple(rest.items()), by_name.get("fallback"))


def _as_written(channels: Channels) -> dict[str, str]:
    fallback = {} if channels.fallback is None else {"fallback": channels.fallback}
    return {"default": channels.default, **dict(channels.by_type), **fallback}


Names = Annotated[tuple[Name, ...], BeforeValidator(_one_or_several), AfterValidator(_each_once)]


class Enterprise(Table):
    """One [[enterprise]] for each enterprise that declares. Its folder gets inbox/, outbox/, done/, error/, hold/, working/."""

    name: Name = Field(description="as commands, the log and `cebd status` call it", examples=["example"])
    copCode: Annotated[str, StringConstraints(min_length=1, max_length=18)] = Field(  # noqa: N815
        description="customs registration code, at most 18 characters", examples=["4407961999"]
    )
    copName: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(  # noqa: N815
        description="registered name", examples=["示例跨境电子商务有限公司"]
    )
    dxpId: Annotated[str, StringConstraints(min_length=1, max_length=16)] = Field(  # noqa: N815
        description="the DXP id that sends", examples=["DXPENT0000010001"]
    )
    receiver: Annotated[str, StringConstraints(min_length=1, max_length=16)] = Field(
        "DXPEDCCEB0000002", description="whom import messages are addressed to (this is the default)"
    )
    receiver_export: Annotated[str, StringConstraints(min_length=1, max_length=16)] = Field(
        "DXPEDCCEB0000003", description="whom export messages are addressed to (this is the default)"
    )
    folder: Path = Field(description="that folder", examples=["example"])
    signer: Names = Field(
        (),
        description='a [signer.NAME] below, or several that sign side by side: ["a", "b"]; none where clients sign (signed_by)',
        examples=["pkcs11-1"],
    )
    channel: Annotated[Channels, PlainValidator(_channels), PlainSerializer(_as_written)] = Field(
        description='a [channel.NAME] below; or by type: { default = "a", inventory = "b" }, and with fallback = "c" one that takes over',
        examples=["sftp-1"],
    )
    mapping: tuple[Name, ...] = Field(
        (), description="[mapping.NAME]s that its files may use", examples=[["orders-flat"]]
    )
    declares: tuple[str, ...] = Field(
        (),
        description="what it may declare, by name or code (GACC 2018 No. 56); left out, everything",
        examples=[["order", "inventory", "cancel", "return"]],
    )
    on_bad_rows: Literal["skip", "hold-file"] = Field(
        "skip", description='"skip": good rows go on. "hold-file": one bad row keeps the whole file'
    )
    hidden_rows: Literal["hold", "declare"] = Field(
        "hold",
        description='rows hidden, filtered out or struck through: "hold" keeps them back with a word, "declare" takes them like others',
    )
    preview: bool = Field(
        False,
        description="true: a file is first kept back in inbox/预检/ with what would become of it; in inbox/申报/ it is declared",
    )
    sign_all: bool = Field(
        True,
        description="sign every message, as customs want; false, an exception: lists, applications and warehouse entries alone",
    )
    defaults: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="What files leave out. A column always wins over a default. {name} copies another field, {today} is the day;\n"
        '"line." gives a default for the goods lines.',
        examples=[
            {
                "order": {
                    "ebpCode": "4407961999",
                    "ebpName": "示例电商平台",
                    "ebcCode": "4407961999",
                    "ebcName": "示例跨境电子商务有限公司",
                    "buyerRegNo": "{buyerTelephone}",
                },
                "inventory": {
                    "agentCode": "4407961999",
                    "agentName": "示例跨境电子商务有限公司",
                    "assureCode": "4407961999",
                    "declTime": "{today}",
                    "line.currency": "142",
                },
            }
        ],
    )

    @property
    def first_signer(self) -> str:
        """The one that its messages name until one has signed them; empty where a client signs all of them."""
        return self.signer[0] if self.signer else ""

    def defaults_of(self, *names: str | None) -> dict[str, str]:
        """What the settings fill in for a kind of declaration, which goes by these names; the last that says something decides."""
        return {field: text for name in names for field, text in self.defaults.get(name or "", {}).items()}

    def receiver_of(self, *, export: bool) -> str:
        """Whom such messages are addressed to."""
        return self.receiver_export if export else self.receiver


@dataclass(frozen=True)
class StationFolders:
    """Where a station keeps things: its settings, its store, and by name the folder of each enterprise that is served."""

    settings: Path
    store: Path
    enterprises: Mapping[str, Path]
