"""The SFTP server of the simulated customs side: paramiko, one folder of which `in/` and `out/` are seen."""

from __future__ import annotations

import base64
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_OK

from cebd.sandbox.desk import Desk, Say
from cebd.sandbox.home import USER, prepare
from cebd.sandbox.scenario import Scenario

_SEEN = ("in", "out")


class SandboxServer:
    """A customs side that listens. `port` 0 takes a free one; use it as a context manager, or `start` and `stop`."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        scenario: Scenario | None = None,
        say: Say = lambda _text: None,
    ) -> None:
        self.home = prepare(folder)
        self.desk = Desk(folder, scenario or Scenario(), say)
        self._address = (host, port)
        self._host_key = paramiko.Ed25519Key.from_private_key_file(str(self.home.host_key))
        self._socket: socket.socket | None = None
        self._transports: list[paramiko.Transport] = []
        self._stopping = threading.Event()

    @property
    def port(self) -> int:
        """The port it listens at, once started."""
        assert self._socket is not None  # noqa: S101
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Listen and work. Raises OSError when the port is taken."""
        listening = socket.create_server(self._address)
        listening.settimeout(0.2)
        self._socket = listening
        self.desk.start()
        threading.Thread(target=self._accept, args=(listening,), name="customs-sftp", daemon=True).start()

    def stop(self) -> None:
        """Hang up; what is pending stays for the next start."""
        self._stopping.set()
        for transport in self._transports:
            transport.close()
        if self._socket is not None:
            self._socket.close()
        self.desk.stop()

    def __enter__(self) -> SandboxServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _accept(self, listening: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self._host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, root=self.home.folder)
            try:
                transport.start_server(server=_Door(self.home.authorized_keys), event=threading.Event())
            except (paramiko.SSHException, EOFError, OSError):
                transport.close()
                continue
            self._transports = [one for one in self._transports if one.is_active()] + [transport]


class _Door(paramiko.ServerInterface):
    """Lets in whoever holds a key of `authorized_keys`."""

    def __init__(self, authorized_keys: Path) -> None:
        lines = authorized_keys.read_text(encoding="ascii").splitlines()
        self._keys = {base64.b64decode(line.split()[1]) for line in lines if len(line.split()) > 1}

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = username == USER and key.asbytes() in self._keys
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del chanid
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _Files(paramiko.SFTPServerInterface):
    """The files of `in/` and `out/`; no path leads elsewhere."""

    def __init__(self, server: paramiko.ServerInterface, *, root: Path) -> None:
        super().__init__(server)
        self._root = root

    def _real(self, path: str) -> Path:
        parts = [part for part in PurePosixPath(self.canonicalize(path)).parts if part != "/"]
        if parts and parts[0] not in _SEEN:
            raise FileNotFoundError(path)
        return self._root.joinpath(*parts)

    def list_folder(self, path: str) -> Any:
        try:
            real = self._real(path)
            names = list(_SEEN) if real == self._root else sorted(entry.name for entry in real.iterdir())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 2)
        entries = []
        for name in names:
            try:
                entries.append(paramiko.SFTPAttributes.from_stat((real / name).stat(), name))
            except FileNotFoundError:
                continue  # taken up meanwhile
        return entries

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 2)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        del attr
        try:
            real = self._real(path)
            descriptor = os.open(real, flags, 0o600)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 2)
        writing = flags & (os.O_WRONLY | os.O_RDWR)
        opened: Any = os.fdopen(descriptor, "wb" if flags & os.O_WRONLY else "r+b" if writing else "rb")
        handle: Any = paramiko.SFTPHandle(flags)
        handle.filename, handle.readfile, handle.writefile = str(real), opened, opened
        return handle

    def remove(self, path: str) -> int:
        return self._done(lambda: self._real(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        def without_overwriting() -> None:
            self._real(newpath).hardlink_to(self._real(oldpath))
            self._real(oldpath).unlink()

        return self._done(without_overwriting)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return self._done(lambda: self._real(oldpath).replace(self._real(newpath)))

    @staticmethod
    def _done(act: Callable[[], object]) -> int:
        try:
            act()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 2)
        return SFTP_OK
