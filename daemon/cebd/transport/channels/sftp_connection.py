"""One SFTP connection: made within a time limit, to the one host whose key is pinned, and told apart from what the server answers.

The host key is pinned by its SHA-256 fingerprint (RFC 4255 hashes it the same way); nothing is sent to another host. A server has a
key of each kind and shows the one that the client likes best: which kind is pinned does not show in the fingerprint, so the others are
asked for in turn.
"""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import paramiko

from cebd.transport.channel import ChannelError
from cebd.transport.complete_receipts import readable

BROKEN = (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError)
"""The exceptions of paramiko for a broken connection or a server's refusal."""


@dataclass(frozen=True)
class Login:
    """Where to connect, as whom, and the only host key that is accepted. `read_password` may raise ChannelError."""

    host: str
    port: int
    user: str
    host_key: str
    timeout: float
    key: Path | None
    read_password: Callable[[], str | None]


class _OtherKey(Exception):
    """The server showed a key that is not pinned."""

    def __init__(self, key: paramiko.PKey) -> None:
        self.kind = key.get_name()
        self.fingerprint = fingerprint(key)


class Connection:
    """An open connection. Raises ChannelError when it cannot be made.

    `kind`: the kind of host key that the server is asked for first; afterwards that of the key which was pinned.
    """

    kind: str | None
    opens_as_new = True  # as far as is known: some servers open files in one way only

    def __init__(self, login: Login, kind: str | None = None) -> None:
        shown: dict[str, str] = {}
        while True:
            try:
                self._connect(login, kind, shown)
                return
            except _OtherKey as other:
                is_told_again = other.kind in shown
                shown[other.kind] = other.fingerprint
                if is_told_again:  # it was asked for another kind
                    raise self._refused(login, shown) from None
            except paramiko.ssh_exception.IncompatiblePeer as error:
                if shown:  # it has no key of another kind
                    raise self._refused(login, shown) from None
                raise ChannelError("CEBD-1611", reason(error)) from None

    @staticmethod
    def _refused(login: Login, shown: dict[str, str]) -> ChannelError:
        seen = ", ".join(f"{kind} {fingerprint}" for kind, fingerprint in sorted(shown.items()))
        return ChannelError(
            "CEBD-1602",
            f"host key differs: {login.host} shows {seen}; pinned {login.host_key}",
            f"主机密钥不符：{login.host} 出示 {seen}；设置为 {login.host_key}",
        )

    def _connect(self, login: Login, kind: str | None, but: Collection[str]) -> None:
        """Raises ChannelError, _OtherKey, IncompatiblePeer. `but`: kinds of host key not to ask for."""
        try:
            raw = socket.create_connection((login.host, login.port), login.timeout)
        except OSError as error:
            raise ChannelError("CEBD-1601", reason(error)) from None
        self._transport = paramiko.Transport(raw)
        # Not every step of the greeting has a limit of its own in paramiko: a server that falls silent would hold us for ever.
        limit = Timer(login.timeout, self.close)
        limit.daemon = True
        limit.start()
        try:
            self._ask_for(kind, but)
            self.sftp = self._greet(login)
        except BaseException as error:
            reachable = self._transport.is_active()
            self.close()
            raw.close()
            if isinstance(error, paramiko.AuthenticationException) and reachable:
                who = f"{login.user}@{login.host}"
                raise ChannelError("CEBD-1603", f"{who}: login refused", f"{who}：登录被拒绝") from None
            if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
                raise
            if isinstance(error, BROKEN):
                raise ChannelError("CEBD-1601", reason(error)) from None
            raise
        finally:
            limit.cancel()

    def _ask_for(self, kind: str | None, but: Collection[str]) -> None:
        """The order in which kinds of host key are asked for; without any, the server is not asked at all. Raises IncompatiblePeer."""
        options = self._transport.get_security_options()
        wanted = [key_type for key_type in options.key_types if _kind(key_type) not in but]
        if not wanted:
            raise paramiko.ssh_exception.IncompatiblePeer("no kind of host key is left to ask for")
        options.key_types = sorted(wanted, key=lambda key_type: _kind(key_type) != kind)

    def _greet(self, login: Login) -> paramiko.SFTPClient:
        transport = self._transport
        transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = 2 * login.timeout
        transport.start_client(timeout=login.timeout)
        shown = transport.get_remote_server_key()
        if fingerprint(shown) != login.host_key.rstrip("="):
            raise _OtherKey(shown)
        self.kind = shown.get_name()
        _log_in(transport, login)
        if not transport.is_authenticated():
            raise ChannelError("CEBD-1603", "the server asks for more than one way to log in", "服务器要求多种登录方式")
        channel = transport.open_session()
        channel.settimeout(login.timeout)
        channel.invoke_subsystem("sftp")
        self._channel = channel
        return _Client(channel)

    def is_alive(self) -> bool:
        """Whether anything can still be asked."""
        return self._transport.is_active() and not self._channel.closed

    def answered(self, error: BaseException) -> bool:
        """Whether the error is the server's answer (then nothing was done), and not a broken connection (then who knows)."""
        lost = isinstance(error, TimeoutError | ConnectionError)
        return isinstance(error, OSError) and not lost and self.is_alive()

    def close(self) -> None:
        """Close the connection in any state."""
        self._transport.close()


def _kind(algorithm: str) -> str:
    """The kind of key for a signature algorithm: an RSA key signs by several algorithms."""
    return "ssh-rsa" if "rsa" in algorithm else algorithm


def fingerprint(key: paramiko.PKey) -> str:
    """`SHA256:…` as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def reason(error: BaseException) -> str:
    """The reason of a failure, in a few words."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _log_in(transport: paramiko.Transport, login: Login) -> None:
    password = login.read_password()
    if login.key is None:
        transport.auth_password(login.user, password or "")
        return
    try:
        # As bytes: paramiko hands it on to cryptography, which takes no text.
        key = paramiko.PKey.from_path(login.key, password.encode() if password else None)  # type: ignore[arg-type]
    except OSError as error:
        raise ChannelError("CEBD-1603", f"{login.key}: {error.strerror}") from None
    except (
        Exception
    ) as error:  # cryptography and paramiko have many errors; their texts are not shown, for they might quote the key
        kind = type(error).__name__
        raise ChannelError(
            "CEBD-1603",
            f"{login.key}: no OpenSSH or PEM key, or a wrong passphrase ({kind})",
            f"{login.key}：不是 OpenSSH 或 PEM 格式的密钥，或口令不对（{kind}）",
        ) from None
    transport.auth_publickey(login.user, key)


class _Client(paramiko.SFTPClient):
    """paramiko takes every name and every error text for UTF-8, and breaks on servers that write GBK."""

    def _request(self, t: int, *args: Any) -> Any:
        kind, message = super()._request(t, *args)  # type: ignore[misc]
        return kind, _AnyText(message.get_remainder())

    def _convert_status(self, msg: paramiko.Message) -> None:
        super()._convert_status(_AnyErrorText(msg.get_remainder()))  # type: ignore[misc]


class _AnyText(paramiko.Message):
    """Names keep their bytes (as surrogates): they go back to the server as they came."""

    def get_text(self) -> str:
        return self.get_string().decode("utf-8", errors="surrogateescape")


class _AnyErrorText(paramiko.Message):
    def get_text(self) -> str:
        return readable(self.get_string())
