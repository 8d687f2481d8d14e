"""A kind of channel: the name of its type, its settings, its constructor, and its abilities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field, StringConstraints, model_validator

from cebd.settings_table import Seconds, SecondsOrNone, Table, mistake
from cebd.transport.channel import Channel

TWO_FOLDERS = (
    "send_dir and receive_dir must differ, or declarations would be taken for receipts",
    "send_dir 与 receive_dir 不能相同，否则申报报文会被当作回执",
)


NodeId = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]


class ChannelSettings(Table):
    """[channel.NAME], as far as every kind has it. `type` is a Literal in each kind's own class."""

    type: str
    retry_seconds: Seconds = Field(5.0, description="first wait after a failure; doubled up to 5 minutes")
    in_doubt_seconds: SecondsOrNone = Field(
        600.0, description="so long receipts are waited for when it is not known whether a message arrived"
    )
    signed_by: Literal["signer", "client"] | None = Field(
        None,
        description='"client": the other side signs with its own card, messages leave unsigned. Left out: so for the official client; else '
        '"signer"',
        examples=["signer"],
    )
    first: bool = Field(
        False, description="true, for a new channel: one message of each type at a time until customs have answered one"
    )
    envelope: Literal["none", "DxpMsg", "DxpMsgSv"] | None = Field(
        None,
        description='what carries a message: "DxpMsg" for an own system, "DxpMsgSv" for a transfer node, "none" for a client that makes it '
        "itself. Left out: as this type of channel has it",
        examples=["DxpMsg"],
    )
    envelope_prefix: Annotated[str, StringConstraints(pattern=r"^([A-Za-z_][\w.-]*)?$")] = Field(
        "dxp", description='of its namespace; "" for the default namespace'
    )
    from_node: NodeId | None = Field(
        None, description='for "DxpMsgSv": the transfer node that sends, 8 digits', examples=["00000001"]
    )
    to_node: NodeId | None = Field(None, description="the transfer node it is for, 8 digits", examples=["00000002"])

    @model_validator(mode="after")
    def _two_nodes(self) -> Self:
        if self.envelope == "DxpMsgSv" and not (self.from_node and self.to_node):
            raise mistake(
                'envelope = "DxpMsgSv" needs from_node and to_node', 'envelope = "DxpMsgSv" 须写明 from_node 和 to_node'
            )
        return self

    @property
    def envelope_kind(self) -> str:
        """What carries a message here. A kind of channel whose other side wants another form says so in its own class."""
        return self.envelope or "DxpMsg"

    @property
    def is_signed_by_client(self) -> bool:
        """Whether messages leave unsigned, and the other side signs."""
        return self.signed_by == "client"

    def own_folders(self) -> Mapping[str, Path]:
        """By key, folders of this machine that are the channel's alone: nothing else may lie in them, nor they in anything else."""
        return {}


SettingsClass = type[ChannelSettings]


class Lack(NamedTuple):
    """A thing that is missing or wrong on this machine: the key of the setting that names it, and the mistake in both languages."""

    key: str
    en: str
    zh: str


def _nothing_more(_settings: ChannelSettings, _base: Path) -> Iterable[Lack]:
    """All that the settings name are files and secrets."""
    return ()


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """One kind of channel; `cebd.transport.channels.kinds` lists them.

    `open` makes a channel from its settings and the folder that relative paths start at. It connects nothing yet, and imports its
    library only when it is called: `cebd --help` is to be quick. `finds`: whether a hand-over of unknown outcome can be looked for.
    `presence`: what `config check` finds wrong on this machine beside files and secrets that are not there; the other side is not asked.
    """

    type: str
    settings: SettingsClass
    open: Callable[[Any, Path], Channel]  # Any: the settings of this kind
    finds: bool
    presence: Callable[[Any, Path], Iterable[Lack]] = _nothing_more
