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
    preset: Literal["plain", "single-window", "dxp"] = Field(
        "plain",
        description='whose folders they are: "single-window", the official client; "dxp", a transfer client; "plain", anybody else\'s',
    )
    send_dir: Path = Field(
        description="declarations appear here, whole (the official client's OutBox)", examples=["client/send"]
    )
    receive_dir: Path = Field(
        description="receipts are taken from here, and removed once they are stored (the official client's InBox)",
        examples=["client/receive"],
    )
    sent_dir: Path | None = Field(
        None,
        description='"single-window": what it has sent; left out, SentBox beside send_dir',
        examples=["client/sent"],
    )
    fail_dir: Path | None = Field(
        None,
        description='"single-window": what was refused; left out, FailBox beside send_dir',
        examples=["client/fail"],
    )
    staging_dir: Path | None = Field(
        None,
        description="messages are written here, on the same disk, and then appear in send_dir; left out, cebd-parts beside send_dir "
        '("plain": send_dir itself)',
        examples=["client/cebd-parts"],
    )

    @model_validator(mode="after")
    def _folders_differ(self) -> FolderSettings:
        own = [os.path.normpath(folder) for folder in self.own_folders().values()]
        if len(set(own)) == len(own):
            return self
        if own[0] == own[1]:
            raise mistake(*TWO_FOLDERS)
        raise mistake("each of its folders must be another one", "各目录不能相同")

    @property
    def envelope_kind(self) -> str:
        return self.envelope or ("none" if self.preset == "single-window" else "DxpMsg")

    @property
    def is_signed_by_client(self) -> bool:
        return (self.signed_by or ("client" if self.preset == "single-window" else "signer")) == "client"

    def paths(self) -> dict[str, Path]:
        return {key: path for key, path in super().paths().items() if key != "staging_dir"}  # cebd makes it

    def own_folders(self) -> Mapping[str, Path]:
        folders = {"send_dir": self.send_dir, "receive_dir": self.receive_dir}
        if self.preset == "single-window":
            folders |= {"sent_dir": self.sent_or_default, "fail_dir": self.fail_or_default}
        if self.staging_or_default is not None:
            folders["staging_dir"] = self.staging_or_default
        return folders

    @property
    def sent_or_default(self) -> Path:
        return self.sent_dir or self.send_dir.parent / "SentBox"

    @property
    def fail_or_default(self) -> Path:
        return self.fail_dir or self.send_dir.parent / "FailBox"

    @property
    def staging_or_default(self) -> Path | None:
        if self.staging_dir is not None or self.preset == "plain":
            return self.staging_dir
        return self.send_dir.parent / "cebd-parts"


def _open(wanted: FolderSettings, base: Path) -> Channel:
    from cebd.transport.channels.folder import FolderInbound, FolderOutbound
    from cebd.transport.channels.single_window import ClientInbound, ClientOutbound

    send, receive, staging = base / wanted.send_dir, base / wanted.receive_dir, wanted.staging_or_default
    if wanted.preset == "single-window":
        sent, failed = base / wanted.sent_or_default, base / wanted.fail_or_default
        return Channel(
            ClientOutbound(send, (sent, failed), base / (staging or send)), ClientInbound(receive, send, failed)
        )
    return Channel(FolderOutbound(send, base / staging if staging else None), FolderInbound(receive))


FOLDER = ChannelKind("folder", FolderSettings, _open, finds=True)
