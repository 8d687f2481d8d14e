"""One SFTP connection: made within a time limit, to the one host whose key is pinned, and told apart from what the server answers.

The host key is pinned by its SHA-256 fingerprint (RFC 4255 hashes it the same way); nothing is sent to another host.
"""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import paramiko

from cebd.transport.channel import ChannelError
from cebd.transport.ripeness import readable

BROKEN = (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError)
"""What a connection that breaks, or a server that answers no, makes paramiko raise."""


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


class Connection:
    """An open connection. Raises ChannelError when it cannot be made."""

    def __init__(self, login: Login) -> None:
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
            self.sftp = self._greet(login)
        except BaseException as error:
            reachable = self._transport.is_active()
            self.close()
            raw.close()
            if isinstance(error, paramiko.AuthenticationException) and reachable:
                raise ChannelError("CEBD-1603", "login refused") from None
            if isinstance(error, BROKEN):
                raise ChannelError("CEBD-1601", reason(error)) from None
            raise
        finally:
            limit.cancel()

    def _greet(self, login: Login) -> paramiko.SFTPClient:
        transport = self._transport
        transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = 2 * login.timeout
        transport.start_client(timeout=login.timeout)
        if fingerprint(transport.get_remote_server_key()) != login.host_key.rstrip("="):
            raise ChannelError("CEBD-1602", "host key differs")
        _log_in(transport, login)
        if not transport.is_authenticated():
            raise ChannelError("CEBD-1603", "the server asks for more than one way to log in")
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
        """Hang up, whatever state it is in."""
        self._transport.close()


def fingerprint(key: paramiko.PKey) -> str:
    """`SHA256:…` as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def reason(error: BaseException) -> str:
    """What broke, in a few words."""
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
    except Exception as error:  # cryptography and paramiko have many; none is shown, for it might quote what it read
        raise ChannelError(
            "CEBD-1603", f"{login.key}: no OpenSSH or PEM key, or a wrong passphrase ({type(error).__name__})"
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
