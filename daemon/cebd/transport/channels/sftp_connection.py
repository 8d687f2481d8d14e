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

import paramiko

from cebd.transport.channel import ChannelError
from cebd.transport.channels.sftp_client import Client

BROKEN = (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError)
"""The exceptions of paramiko for a broken connection or a server's refusal."""


@dataclass(frozen=True)
class Login:
    """Where to connect, as whom, and the only host keys that are accepted. `read_password` may raise ChannelError.

    `agent`: without a key of its own, log in with those of ssh-agent. `jump`: the host that the connection goes through, as
    OpenSSH's ProxyJump; its key is pinned as well, and what passes through it is encrypted for the server alone.
    """

    host: str
    port: int
    user: str
    host_key: str | tuple[str, ...]
    timeout: float
    key: Path | None
    read_password: Callable[[], str | None]
    agent: bool = False
    jump: Login | None = None

    @property
    def pinned(self) -> tuple[str, ...]:
        """The fingerprints of its host keys: several while a change is announced."""
        return (self.host_key,) if isinstance(self.host_key, str) else self.host_key


class _OtherKey(Exception):
    """The server showed a key that is not pinned."""

    def __init__(self, key: paramiko.PKey) -> None:
        self.kind = key.get_name()
        self.fingerprint = fingerprint(key)


class _Entered:
    """A host that one is logged in to. Raises ChannelError when that is not possible.

    `kind`: the kind of host key that the server is asked for first; afterwards that of the key which was pinned.
    """

    kind: str | None

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
            f"host key differs: {login.host} shows {seen}; pinned {', '.join(login.pinned)}",
            f"主机密钥不符：{login.host} 出示 {seen}；设置为 {', '.join(login.pinned)}",
        )

    def _connect(self, login: Login, kind: str | None, but: Collection[str]) -> None:
        """Raises ChannelError, _OtherKey, IncompatiblePeer. `but`: kinds of host key not to ask for."""
        raw = self._reach(login)
        self._transport = paramiko.Transport(raw)
        # Not every step of the greeting has a limit of its own in paramiko: a server that falls silent would hold us for ever.
        limit = Timer(login.timeout, self.close)
        limit.daemon = True
        limit.start()
        try:
            self._ask_for(kind, but)
            self._greet(login)
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

    def _reach(self, login: Login) -> socket.socket | paramiko.Channel:
        """A way for bytes to the host. Raises ChannelError."""
        try:
            reached = socket.create_connection((login.host, login.port), login.timeout)
        except OSError as error:
            raise ChannelError("CEBD-1601", reason(error)) from None
        reached.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # no request waits for an answer to the one before
        return reached

    def _ask_for(self, kind: str | None, but: Collection[str]) -> None:
        """The order in which kinds of host key are asked for; without any, the server is not asked at all. Raises IncompatiblePeer."""
        options = self._transport.get_security_options()
        wanted = [key_type for key_type in options.key_types if _kind(key_type) not in but]
        if not wanted:
            raise paramiko.ssh_exception.IncompatiblePeer("no kind of host key is left to ask for")
        options.key_types = sorted(wanted, key=lambda key_type: _kind(key_type) != kind)
        options.ciphers = sorted(
            options.ciphers, key=lambda cipher: "gcm" not in cipher
        )  # one pass over the bytes, not two

    def _greet(self, login: Login) -> None:
        transport = self._transport
        transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = 2 * login.timeout
        transport.start_client(timeout=login.timeout)
        shown = transport.get_remote_server_key()
        if fingerprint(shown) not in [pinned.rstrip("=") for pinned in login.pinned]:
            raise _OtherKey(shown)
        self.kind = shown.get_name()
        _log_in(transport, login)
        if not transport.is_authenticated():
            raise ChannelError("CEBD-1603", "the server asks for more than one way to log in", "服务器要求多种登录方式")

    def close(self) -> None:
        """Close the connection in any state."""
        self._transport.close()


class _JumpHost(_Entered):
    """A host that connections go through."""

    def way_to(self, login: Login) -> paramiko.Channel:
        """Raises ChannelError."""
        try:
            return self._transport.open_channel(
                "direct-tcpip", (login.host, login.port), ("127.0.0.1", 0), timeout=login.timeout
            )
        except BROKEN as error:
            raise ChannelError("CEBD-1601", reason(error)) from None


class Connection(_Entered):
    """An open SFTP connection. Raises ChannelError when it cannot be made."""

    opens_as_new = True  # as far as is known: some servers open files in one way only
    _jump: _JumpHost | None = None

    def _reach(self, login: Login) -> socket.socket | paramiko.Channel:
        if login.jump is None:
            return super()._reach(login)
        through = f"{login.jump.host}:{login.jump.port}"
        try:
            self._jump = _JumpHost(login.jump)
            return self._jump.way_to(login)
        except ChannelError as error:
            raise ChannelError(
                error.problem,
                f"by way of {through}: {error.reason}",
                f"经由跳板机 {through}：{error.zh}",
            ) from None

    def _greet(self, login: Login) -> None:
        super()._greet(login)
        channel = self._transport.open_session()
        channel.settimeout(login.timeout)
        channel.invoke_subsystem("sftp")
        self._channel = channel
        self.sftp = Client(channel)

    def is_alive(self) -> bool:
        """Whether anything can still be asked."""
        return self._transport.is_active() and not self._channel.closed

    def answered(self, error: BaseException) -> bool:
        """Whether the error is the server's answer (then nothing was done), and not a broken connection (then who knows)."""
        lost = isinstance(error, TimeoutError | ConnectionError)
        return isinstance(error, OSError) and not lost and self.is_alive()

    def close(self) -> None:
        super().close()
        if self._jump is not None:
            self._jump.close()


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


def _log_in_by_agent(transport: paramiko.Transport, login: Login) -> None:
    agent = paramiko.Agent()
    try:
        keys = agent.get_keys()
        if not keys:
            raise ChannelError("CEBD-1603", "ssh-agent has no key", "ssh-agent 中没有密钥")
        for key in keys[:-1]:
            try:
                transport.auth_publickey(login.user, key)
            except paramiko.AuthenticationException:
                continue
            return
        transport.auth_publickey(login.user, keys[-1])
    finally:
        agent.close()


def _log_in(transport: paramiko.Transport, login: Login) -> None:
    if login.key is None and login.agent:
        _log_in_by_agent(transport, login)
        return
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
