"""A kind of channel: the name of its type, its settings, its constructor, and its abilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from cebd.settings_table import Seconds, SecondsOrNone, Table
from cebd.transport.channel import Channel

TWO_FOLDERS = (
    "send_dir and receive_dir must differ, or declarations would be taken for receipts",
    "send_dir 与 receive_dir 不能相同，否则申报报文会被当作回执",
)


class ChannelSettings(Table):
    """[channel.NAME], as far as every kind has it. `type` is a Literal in each kind's own class."""

    type: str
    retry_seconds: Seconds = Field(5.0, description="first wait after a failure; doubled up to 5 minutes")
    in_doubt_seconds: SecondsOrNone = Field(
        600.0, description="so long receipts are waited for when it is not known whether a message arrived"
    )

    def own_folders(self) -> Mapping[str, Path]:
        """By key, folders of this machine that are the channel's alone: nothing else may lie in them, nor they in anything else."""
        return {}


SettingsClass = type[ChannelSettings]


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """One kind of channel; `cebd.transport.channels.kinds` lists them.

    `open` makes a channel from its settings and the folder that relative paths start at. It connects nothing yet, and imports its
    library only when it is called: `cebd --help` is to be quick. `finds`: whether a hand-over of unknown outcome can be looked for.
    """

    type: str
    settings: SettingsClass
    open: Callable[[Any, Path], Channel]  # Any: the settings of this kind
    finds: bool
