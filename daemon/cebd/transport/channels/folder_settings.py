"""The settings of the channel kind "folder"."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cebd.settings_table import mistake
from cebd.transport.channel import Channel
from cebd.transport.channels.kind import TWO_FOLDERS, ChannelKind, ChannelSettings


class FolderSettings(ChannelSettings):
    """Folders, on this machine or a share, of an access client that does the exchange itself."""

    type: Literal["folder"]
    send_dir: Path = Field(description="declarations appear here, whole", examples=["client/send"])
    receive_dir: Path = Field(
        description="receipts are taken from here, and removed once they are stored", examples=["client/receive"]
    )

    @model_validator(mode="after")
    def _two_folders(self) -> FolderSettings:
        if os.path.normpath(self.send_dir) == os.path.normpath(self.receive_dir):
            raise mistake(*TWO_FOLDERS)
        return self

    def own_folders(self) -> Mapping[str, Path]:
        return {"send_dir": self.send_dir, "receive_dir": self.receive_dir}


def _open(wanted: FolderSettings, base: Path) -> Channel:
    from cebd.transport.channels.folder import FolderInbound, FolderOutbound

    return Channel(FolderOutbound(base / wanted.send_dir), FolderInbound(base / wanted.receive_dir))


FOLDER = ChannelKind("folder", FolderSettings, _open, finds=True)
