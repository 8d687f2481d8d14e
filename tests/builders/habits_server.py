"""An SFTP server with the habits of partners' servers: whatever the protocol says, these are met in the field."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import paramiko
from paramiko.common import AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import CMD_CLOSE, SFTP_FAILURE, SFTP_OK, SFTP_OP_UNSUPPORTED, SFTP_PERMISSION_DENIED

from cebd.transport.channels.sftp_connection import Login, fingerprint

HABITS = {
    "takes": "a file is moved into a hidden folder the moment it is closed",
    "no-stat": "nobody is told anything about a file",
    "no-size": "what is told of a file leaves out its size",
    "late-size": "a file that is open has no bytes yet, by what is told of it",
    "full-at-closing": "what is left of the disk does not show before a file is closed: its end is lost then, and closing refused",
    "appends": "a file opened to be overwritten, or as new, is appended to",
    "no-new": "a file cannot be opened as new",
    "no-write": "nothing may be written",
    "no-remove": "nothing may be removed",
    "no-posix-rename": "only the rename of the protocol is known, which overwrites nothing",
}


class HabitsServer:
    """Serves `root` (`in`, `out`) with some habits. Use as a context manager."""

    def __init__(self, root: Path, *habits: str) -> None:
        assert set(habits) <= HABITS.keys()
        self.root = root
        self.habits = frozenset(habits)
        self.taken: list[tuple[str, bytes]] = []  # what left the folder `in`, in order
        self.opened: list[str] = []  # every name opened for writing
        for name in ("in", "out"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self._key = paramiko.ECDSAKey.generate()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._transports: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def login(self, port: int | None = None) -> Login:
        """How to log in, through another port when there is something in between."""
        return Login("127.0.0.1", port or self.port, "ent", fingerprint(self._key), 10.0, None, lambda: "any")

    def arrived(self) -> list[tuple[str, bytes]]:
        """What the other side has by now: taken, or standing there under a name that is not temporary."""
        standing = [path for path in sorted((self.root / "in").iterdir()) if path.suffix != ".part"]
        return [*self.taken, *((path.name, path.read_bytes()) for path in standing)]

    def leftovers(self) -> list[str]:
        return sorted(path.name for path in (self.root / "in").iterdir() if path.suffix == ".part")

    def __enter__(self) -> HabitsServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for transport in self._transports:
            transport.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self._key)
            transport.set_subsystem_handler("sftp", _Server, _Files, partner=self)
            transport.start_server(server=_Door(), event=threading.Event())
            self._transports.append(transport)


class _Door(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        return AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class _Server(paramiko.SFTPServer):
    """paramiko's own answers to every closing that all is well."""

    _closes_in_vain = False

    def _process(self, t: int, request_number: int, msg: paramiko.Message) -> None:
        self._closes_in_vain = t == CMD_CLOSE and "full-at-closing" in self.server._server.habits
        super()._process(t, request_number, msg)

    def _send_status(self, request_number: int, code: int, desc: str | None = None) -> None:
        super()._send_status(request_number, SFTP_FAILURE if self._closes_in_vain else code, desc)


class _Handle(paramiko.SFTPHandle):
    def __init__(self, server: HabitsServer, path: Path, flags: int) -> None:
        super().__init__(flags)
        self._server = server
        self._path = path
        self._written = bool(flags & os.O_WRONLY)
        self._appends = self._written and "appends" in server.habits
        descriptor = os.open(path, flags & ~(os.O_TRUNC | os.O_EXCL) if self._appends else flags, 0o644)
        self._file = os.fdopen(descriptor, "ab" if self._appends else "wb" if self._written else "rb")

    def read(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length)

    def write(self, offset: int, data: bytes) -> int:
        if not self._appends:
            self._file.seek(offset)
        self._file.write(data)
        self._file.flush()
        return SFTP_OK

    def close(self) -> None:
        self._file.close()
        if self._written and "full-at-closing" in self._server.habits:
            os.truncate(self._path, self._path.stat().st_size // 2)
        if self._written and "takes" in self._server.habits:
            hidden = self._server.root / ".taken"
            hidden.mkdir(exist_ok=True)
            target = hidden / f"{len(self._server.taken)}-{self._path.name}"
            self._path.rename(target)
            self._server.taken.append((self._path.name, target.read_bytes()))

    def stat(self) -> Any:
        if "no-stat" in self._server.habits:
            return SFTP_PERMISSION_DENIED
        told = paramiko.SFTPAttributes.from_stat(self._path.stat())
        if "late-size" in self._server.habits:
            told.st_size = 0
        if "no-size" in self._server.habits:
            told.st_size = None  # type: ignore[assignment]
        return told


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: Any, *_: object, **named: Any) -> None:
        super().__init__(server)
        self._server: HabitsServer = named["partner"]

    def _real(self, path: str) -> Path:
        return self._server.root / path.lstrip("/")

    def open(self, path: str, flags: int, attr: Any) -> Any:
        if flags & os.O_WRONLY:
            self._server.opened.append(path)
        if flags & os.O_WRONLY and "no-write" in self._server.habits:
            return SFTP_PERMISSION_DENIED
        if flags & os.O_EXCL and "no-new" in self._server.habits:
            return SFTP_OP_UNSUPPORTED
        return self._answer(lambda: _Handle(self._server, self._real(path), flags))

    def list_folder(self, path: str) -> Any:
        def facts() -> list[paramiko.SFTPAttributes]:
            return [paramiko.SFTPAttributes.from_stat(one.stat(), one.name) for one in self._real(path).iterdir()]

        return self._answer(facts)

    def stat(self, path: str) -> Any:
        if "no-stat" in self._server.habits:
            return SFTP_PERMISSION_DENIED

        def facts() -> paramiko.SFTPAttributes:
            told = paramiko.SFTPAttributes.from_stat(self._real(path).stat())
            if "no-size" in self._server.habits:
                told.st_size = None  # type: ignore[assignment]
            return told

        return self._answer(facts)

    lstat = stat

    def remove(self, path: str) -> int:
        if "no-remove" in self._server.habits:
            return SFTP_PERMISSION_DENIED
        return self._done(lambda: self._real(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        def rename_new() -> None:
            if self._real(newpath).exists():
                raise FileExistsError(17, "there is one")
            self._real(oldpath).rename(self._real(newpath))

        return self._done(rename_new)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        if "no-posix-rename" in self._server.habits:
            return SFTP_OP_UNSUPPORTED
        return self._done(lambda: self._real(oldpath).replace(self._real(newpath)))

    def _done(self, act: Any) -> int:
        answer = self._answer(act)
        return answer if isinstance(answer, int) else SFTP_OK

    @staticmethod
    def _answer(act: Any) -> Any:
        try:
            return act()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
