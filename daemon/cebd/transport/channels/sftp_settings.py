"""The settings of the channel kind "sftp"."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cebd.secret_file import SecretError
from cebd.settings_table import Seconds, Secret, Table, Text, mistake
from cebd.transport.channel import Channel, ChannelError
from cebd.transport.channels.kind import TWO_FOLDERS, ChannelKind, ChannelSettings
from cebd.when_asked import left_out

if TYPE_CHECKING:
    from cebd.transport.channels.sftp_connection import Login

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


def _a_name_alone(host: str) -> str:
    if "/" in host or " " in host or "@" in host:
        raise mistake(
            "must be a name or an address alone: no sftp://, no user@, no folder; user and port are keys of their own",
            "只写主机名或地址，不带 sftp://、用户名@ 或目录；用户和端口另有 user、port 两项",
        )
    return host


def _one_or_several(given: object) -> object:
    return [given] if isinstance(given, str) else given


def _fingerprints(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        raise mistake("name at least one fingerprint", "至少写一个指纹")
    for fingerprint in given:
        _require_fingerprint(fingerprint)
    return given


def _require_fingerprint(given: str) -> None:
    if _FINGERPRINT.fullmatch(given):
        return
    right = "SHA256: and 43 characters, as ssh-keygen -lf KEY.pub prints it"
    right_zh = "应为 SHA256: 加 43 个字符，即 ssh-keygen -lf KEY.pub 显示的那一段"
    if given.startswith(("ssh-", "ecdsa-", "AAAA")):
        raise mistake(f"this is a public key, not its fingerprint; {right}", f"这是公钥本身，不是指纹；{right_zh}")
    if given.startswith("MD5:") or re.fullmatch(r"([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}", given):
        raise mistake(f"this is an MD5 fingerprint; needed is {right}", f"这是 MD5 指纹；{right_zh}")
    raise mistake(f"no fingerprint of a host key; needed is {right}", f"不是主机密钥的指纹；{right_zh}")


HostName = Annotated[Text, AfterValidator(_a_name_alone)]
Fingerprints = Annotated[tuple[str, ...], BeforeValidator(_one_or_several), AfterValidator(_fingerprints)]


class JumpHost(Table):
    """The host that an SFTP connection goes through; its keys are those of the same names for the server itself."""

    host: HostName
    port: int = Field(22, gt=0, lt=65536)
    user: Text
    key: Path | None = None
    agent: bool = False
    password: Secret | None = None
    host_key: Fingerprints


class SftpSettings(ChannelSettings):
    """SFTP. The host key is pinned: ask the other side for its fingerprint (ssh-keygen -lf KEY.pub)."""

    type: Literal["sftp"]
    host: HostName = Field(description="a name or an address alone", examples=["sftp.example.org"])
    port: int = Field(22, gt=0, lt=65536, description="22 unless the other side says otherwise")
    user: Text = Field(description="as the other side has named you", examples=["ent-4407961999"])
    key: Path | None = Field(
        None, description="a private key; or a password, or an agent's keys", examples=["secrets/sftp_key"]
    )
    agent: bool = Field(False, description="true: without `key`, log in with the keys of ssh-agent (SSH_AUTH_SOCK)")
    password: Secret | None = Field(
        None, description="with `key`: the passphrase of the key", examples=[{"env": "EPORT_PASSWORD"}]
    )
    host_key: Fingerprints = Field(
        description='the fingerprint of its host key; before a change, of the next one as well: ["SHA256:...", "SHA256:..."]',
        examples=["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
    )
    jump: JumpHost | None = Field(
        None,
        description="where the server is reached through another host alone: that host, with port, user, key, agent, password, host_key",
        examples=[
            {
                "host": "gate.example.org",
                "user": "ent",
                "key": "secrets/gate_key",
                "host_key": "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            }
        ],
    )
    send_dir: Text = Field("in", description="declarations go here")
    receive_dir: Text = Field("out", description="receipts are fetched from here")
    timeout_seconds: Seconds = Field(30.0, description="a silent connection is given up after so long")

    def paths(self) -> dict[str, Path]:
        of_jump = {} if self.jump is None else {f"jump.{key}": path for key, path in self.jump.paths().items()}
        return {**super().paths(), **of_jump}

    def secrets(self) -> dict[str, Secret]:
        of_jump = {} if self.jump is None else {f"jump.{key}": secret for key, secret in self.jump.secrets().items()}
        return {**super().secrets(), **of_jump}

    @model_validator(mode="after")
    def _two_folders(self) -> SftpSettings:
        if posixpath.normpath(self.send_dir) == posixpath.normpath(self.receive_dir):
            raise mistake(*TWO_FOLDERS)
        return self


def _login(wanted: SftpSettings | JumpHost, base: Path, timeout: float) -> Login:
    from cebd.transport.channels.sftp_connection import Login

    def read_password() -> str | None:
        try:
            return wanted.password.read(base) if wanted.password else None
        except SecretError as error:
            raise ChannelError("CEBD-1603", str(error)) from None

    key = base / wanted.key if wanted.key else None
    return Login(
        wanted.host, wanted.port, wanted.user, wanted.host_key, timeout, key, read_password, agent=wanted.agent
    )


def _open(wanted: SftpSettings, base: Path) -> Channel:
    with left_out("invoke"):  # paramiko would run commands of an SSH settings file with it
        from cebd.transport.channels.sftp import SftpInbound, SftpOutbound

    login = _login(wanted, base, wanted.timeout_seconds)
    if wanted.jump is not None:
        login = replace(login, jump=_login(wanted.jump, base, wanted.timeout_seconds))
    return Channel(SftpOutbound(login, wanted.send_dir), SftpInbound(login, wanted.receive_dir))


SFTP = ChannelKind("sftp", SftpSettings, _open, finds=True)
