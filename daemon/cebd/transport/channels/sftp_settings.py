"""The settings of the channel kind "sftp"."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from cebd.secret_file import SecretError
from cebd.settings_table import Seconds, Secret, Text, mistake
from cebd.transport.channel import Channel, ChannelError
from cebd.transport.channels.kind import TWO_FOLDERS, ChannelKind, ChannelSettings

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


class SftpSettings(ChannelSettings):
    """SFTP. The host key is pinned: ask the other side for its fingerprint (ssh-keygen -lf KEY.pub)."""

    type: Literal["sftp"]
    host: Text = Field(description="a name or an address alone", examples=["sftp.example.org"])
    port: int = Field(22, gt=0, lt=65536, description="22 unless the other side says otherwise")
    user: Text = Field(description="as the other side has named you", examples=["ent-4407961999"])
    key: Path | None = Field(None, description="a private key; or a password instead", examples=["secrets/sftp_key"])
    password: Secret | None = Field(
        None, description="with `key`: the passphrase of the key", examples=[{"env": "EPORT_PASSWORD"}]
    )
    host_key: str = Field(
        description="the fingerprint of its host key", examples=["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
    )
    send_dir: Text = Field("in", description="declarations go here")
    receive_dir: Text = Field("out", description="receipts are fetched from here")
    timeout_seconds: Seconds = Field(30.0, description="a silent connection is given up after so long")

    @field_validator("host")
    @classmethod
    def _a_name_alone(cls, host: str) -> str:
        if "/" in host or " " in host or "@" in host:
            raise mistake(
                "must be a name or an address alone: no sftp://, no user@, no folder; user and port are keys of their own",
                "只写主机名或地址，不带 sftp://、用户名@ 或目录；用户和端口另有 user、port 两项",
            )
        return host

    @field_validator("host_key")
    @classmethod
    def _a_fingerprint(cls, given: str) -> str:
        if _FINGERPRINT.fullmatch(given):
            return given
        right = "SHA256: and 43 characters, as ssh-keygen -lf KEY.pub prints it"
        right_zh = "应为 SHA256: 加 43 个字符，即 ssh-keygen -lf KEY.pub 显示的那一段"
        if given.startswith(("ssh-", "ecdsa-", "AAAA")):
            raise mistake(f"this is a public key, not its fingerprint; {right}", f"这是公钥本身，不是指纹；{right_zh}")
        if given.startswith("MD5:") or re.fullmatch(r"([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}", given):
            raise mistake(f"this is an MD5 fingerprint; needed is {right}", f"这是 MD5 指纹；{right_zh}")
        raise mistake(f"no fingerprint of a host key; needed is {right}", f"不是主机密钥的指纹；{right_zh}")

    @model_validator(mode="after")
    def _two_folders(self) -> SftpSettings:
        if posixpath.normpath(self.send_dir) == posixpath.normpath(self.receive_dir):
            raise mistake(*TWO_FOLDERS)
        return self


def _open(wanted: SftpSettings, base: Path) -> Channel:
    from cebd.transport.channels.sftp import SftpInbound, SftpOutbound
    from cebd.transport.channels.sftp_connection import Login

    def read_password() -> str | None:
        try:
            return wanted.password.read(base) if wanted.password else None
        except SecretError as error:
            raise ChannelError("CEBD-1603", str(error)) from None

    key = base / wanted.key if wanted.key else None
    login = Login(wanted.host, wanted.port, wanted.user, wanted.host_key, wanted.timeout_seconds, key, read_password)
    return Channel(SftpOutbound(login, wanted.send_dir), SftpInbound(login, wanted.receive_dir))


SFTP = ChannelKind("sftp", SftpSettings, _open, finds=True)
