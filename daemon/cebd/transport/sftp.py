"""SFTP: a temporary name, its size checked, then a rename. The rename is the one moment of doubt, and it can be asked about.

The host key is pinned by its SHA-256 fingerprint; nothing is sent to another host.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import posixpath
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import TypeVar

import paramiko

from cebd.transport.channel import ChannelError, Failed, Found, InDoubt, Outcome, Sent

T = TypeVar("T")

_TEMPORARY = ".part"
_LEFT_ALONE = (".part", ".tmp", ".filepart")
_LARGEST_RECEIPT = 64 * 1024**2


def fingerprint(key: paramiko.PKey) -> str:
    """`SHA256:…` as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


class SftpChannel:
    """One SFTP connection, opened when needed and again after it broke; used by one thread at a time."""

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        user: str,
        host_key: str,
        send_dir: str,
        receive_dir: str,
        timeout: float,
        key: Path | None,
        read_password: Callable[[], str | None],
    ) -> None:
        self._name = name
        self._address = (host, port)
        self._user = user
        self._host_key = host_key.rstrip("=")
        self._send_dir = send_dir
        self._receive_dir = receive_dir
        self._timeout = timeout
        self._key = key
        self._read_password = read_password
        self._lock = RLock()
        self._transport: paramiko.Transport | None = None
        self._sftp: paramiko.SFTPClient | None = None

    def deliver(self, name: str, content: bytes, before_visible: Callable[[], None]) -> Outcome:
        final = posixpath.join(self._send_dir, name)
        temporary = final + _TEMPORARY
        with self._lock:
            try:
                sftp = self._open()
                with sftp.open(temporary, "wb") as remote:
                    remote.set_pipelined(True)
                    remote.write(content)
                written = sftp.stat(temporary).st_size
                if written != len(content):
                    return Failed("CEBD-1601", f"{written} of {len(content)} bytes written")
            except ChannelError as error:
                return Failed(error.problem, error.reason)
            except (OSError, EOFError, paramiko.SSHException) as error:
                self.close()
                return Failed("CEBD-1601", _reason(error))
            before_visible()
            try:
                sftp.posix_rename(temporary, final)
            except (OSError, EOFError, paramiko.SSHException) as error:
                self.close()
                return InDoubt(_reason(error))
            return Sent()

    def probe(self, name: str, size: int) -> Found:
        final = posixpath.join(self._send_dir, name)
        with self._lock:
            if self._size(final) == size:
                return "arrived"
            # The temporary file was whole before the rename was asked for: where it still is, there was no rename.
            if self._size(final + _TEMPORARY) is not None:
                return "not-arrived"
            return "unknown"

    def _size(self, path: str) -> int | None:
        def ask(sftp: paramiko.SFTPClient) -> int | None:
            try:
                return sftp.stat(path).st_size
            except FileNotFoundError:
                return None

        return self._asking(ask)

    def waiting(self) -> list[str]:
        def ask(sftp: paramiko.SFTPClient) -> list[str]:
            entries = sftp.listdir_attr(self._receive_dir)
            return sorted(
                entry.filename
                for entry in entries
                if stat.S_ISREG(entry.st_mode or 0)
                and not entry.filename.startswith(".")
                and not entry.filename.endswith(_LEFT_ALONE)
            )

        return self._asking(ask)

    def fetch(self, name: str) -> bytes:
        def ask(sftp: paramiko.SFTPClient) -> bytes:
            path = posixpath.join(self._receive_dir, name)
            size = sftp.stat(path).st_size or 0
            if size > _LARGEST_RECEIPT:
                raise ChannelError("CEBD-1601", f"{name}: {size} bytes are no receipt")
            with sftp.open(path, "rb") as remote:
                remote.prefetch(size)
                content = remote.read()
            if len(content) != size:
                raise ChannelError("CEBD-1601", f"{name}: {len(content)} of {size} bytes read")
            return content

        return self._asking(ask)

    def remove(self, name: str) -> None:
        def ask(sftp: paramiko.SFTPClient) -> None:
            with contextlib.suppress(FileNotFoundError):
                sftp.remove(posixpath.join(self._receive_dir, name))

        self._asking(ask)

    def close(self) -> None:
        with self._lock:
            transport, self._transport, self._sftp = self._transport, None, None
            if transport is not None:
                transport.close()

    def _asking(self, ask: Callable[[paramiko.SFTPClient], T]) -> T:
        """Ask the server; whatever the network does becomes a ChannelError."""
        with self._lock:
            try:
                return ask(self._open())
            except (OSError, EOFError, paramiko.SSHException) as error:
                self.close()
                raise ChannelError("CEBD-1601", _reason(error)) from None

    def _open(self) -> paramiko.SFTPClient:
        if self._sftp is not None and self._transport is not None and self._transport.is_active():
            return self._sftp
        self.close()
        try:
            raw = socket.create_connection(self._address, self._timeout)
        except OSError as error:
            raise ChannelError("CEBD-1601", _reason(error)) from None
        transport = paramiko.Transport(raw)
        try:
            transport.start_client(timeout=self._timeout)
            if fingerprint(transport.get_remote_server_key()) != self._host_key:
                raise ChannelError("CEBD-1602", "host key differs")
            self._log_in(transport)
            sftp = paramiko.SFTPClient.from_transport(transport)
            if sftp is None:
                raise ChannelError("CEBD-1601", "no SFTP subsystem")
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(self._timeout)
        except ChannelError:
            transport.close()
            raise
        except paramiko.AuthenticationException:
            transport.close()
            raise ChannelError("CEBD-1603", "login refused") from None
        except (OSError, EOFError, paramiko.SSHException) as error:
            transport.close()
            raise ChannelError("CEBD-1601", _reason(error)) from None
        self._transport, self._sftp = transport, sftp
        return sftp

    def _log_in(self, transport: paramiko.Transport) -> None:
        if self._key is not None:
            try:
                key = paramiko.PKey.from_path(self._key, self._read_password())
            except (OSError, ValueError, paramiko.SSHException) as error:
                raise ChannelError("CEBD-1603", f"{self._key}: {type(error).__name__}") from None
            transport.auth_publickey(self._user, key)
        else:
            transport.auth_password(self._user, self._read_password() or "")


def _reason(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
