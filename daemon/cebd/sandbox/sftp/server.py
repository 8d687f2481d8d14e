"""The SFTP server of the simulated customs side: listens, lets in who has a key, and keeps the desk at work."""

from __future__ import annotations

import base64
import binascii
import socket
import threading
from itertools import pairwise
from pathlib import Path

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from cebd.sandbox.desk import Say
from cebd.sandbox.home import USER
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.sftp.files import BeingWritten, Files
from cebd.sandbox.side import CustomsSide, FolderInUse


class SandboxServer(CustomsSide):
    """A customs side with an SFTP server; see `CustomsSide`."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        scenario: Scenario | None = None,
        say: Say = lambda _text: None,
    ) -> None:
        self._being_written = BeingWritten()
        super().__init__(folder, port=port, scenario=scenario, say=say, being_written=self._being_written)
        self._host = host
        self._host_key = paramiko.Ed25519Key.from_private_key_file(str(self.home.host_key))
        self._socket: socket.socket | None = None
        self._transports: list[paramiko.Transport] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="customs-sftp", daemon=True)

    @property
    def port(self) -> int:
        assert self._socket is not None  # noqa: S101
        return int(self._socket.getsockname()[1])

    def _listen(self) -> None:
        self._socket = socket.create_server((self._host, self._wanted_port))
        self._socket.settimeout(0.2)

    def _serve(self) -> None:
        self._thread.start()

    def _hang_up(self) -> None:
        self._stopping.set()
        self._thread.join()
        for transport in self._transports:
            transport.close()
        if self._socket is not None:
            self._socket.close()

    def _accept(self) -> None:
        assert self._socket is not None  # noqa: S101
        while not self._stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:  # the caller hung up before it was greeted
                self._stopping.wait(0.05)
                continue
            try:
                self._transports = [one for one in self._transports if one.is_active()] + [self._greet(connection)]
            except (paramiko.SSHException, EOFError, OSError):
                connection.close()

    def _greet(self, connection: socket.socket) -> paramiko.Transport:
        connection.settimeout(None)
        # Small answers at once: else each waits some 40 ms for the other side's delayed acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(connection)
        transport.add_server_key(self._host_key)
        transport.set_subsystem_handler(
            "sftp", paramiko.SFTPServer, Files, root=self.home.folder, being_written=self._being_written
        )
        # With an event, the greeting goes on in the connection's own thread and a slow caller keeps nobody waiting.
        transport.start_server(server=_Door(self.home.authorized_keys), event=threading.Event())
        return transport


class _Door(paramiko.ServerInterface):
    """Lets in whoever holds a key of `authorized_keys`, as the file is at that moment."""

    def __init__(self, authorized_keys: Path) -> None:
        self._keys = _read_keys(authorized_keys)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = username == USER and key.asbytes() in self._keys
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del chanid
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


def _read_keys(path: Path) -> set[bytes]:
    """The public keys of the file. Options before a key and comments after it are passed over."""
    keys = set()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        for kind, word in pairwise(words):
            try:
                blob = base64.b64decode(word, validate=True)
            except (ValueError, binascii.Error):
                continue
            # A key's blob begins with the name of its kind (RFC 4253 section 6.6).
            if blob[4 : 4 + len(kind)] == kind.encode():
                keys.add(blob)
                break
    return keys


__all__ = ["FolderInUse", "SandboxServer"]
