"""A real Samba of one's own, and its smbclient: a folder as other people see it, on a port of this machine alone.

Settings, databases, log and sockets are in a folder of its own; nothing of the system is touched. Needs smbd and smbclient; as root the
files belong to an ordinary user, else to whoever runs the tests.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

from smbprotocol.connection import Connection
from smbprotocol.file_info import FileAttributes
from smbprotocol.open import CreateDisposition, CreateOptions, FilePipePrinterAccessMask, ImpersonationLevel, Open
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

from builders.openssh import free_port
from builders.ordinary_user import a_folder_for_the_user, runs_as_root

SMBD = shutil.which("smbd") or "/usr/sbin/smbd"
WRITER, PASSWORD = "daemon", "trial"  # a user of every Debian, for whom Samba keeps a password of its own

_GLOBAL = """\
[global]
workgroup = TRIAL
server role = standalone server
smb ports = {port}
interfaces = 127.0.0.1/8
bind interfaces only = yes
disable netbios = yes
disable spoolss = yes
load printers = no
printcap name = /dev/null
private dir = {folder}/private
lock directory = {folder}/lock
state directory = {folder}/state
cache directory = {folder}/cache
pid directory = {folder}/pid
ncalrpc dir = {folder}/rpc
usershare path =
log file = {folder}/smbd.log
log level = 1
unix charset = UTF-8
guest account = games
passdb backend = tdbsam
"""


def why_not() -> str | None:
    """Why no Samba can be had here; None where it can."""
    missing = [
        name for name in ("smbd", "smbclient") if shutil.which(name, path=f"{os.defpath}:/usr/sbin:/sbin") is None
    ]
    return f"{', '.join(missing)} not installed (apt-get install samba smbclient)" if missing else None


class Samba:
    """An smbd that gives `folders` out under their names. Use as a context manager; `stop` and `start` for one that goes away.

    `owner`: whom everything belongs to that clients write, when the tests are root. `more`: further settings of a share.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        *,
        owner: str = "nobody",
        more: Mapping[str, Sequence[str]] = MappingProxyType({}),
        port: int | None = None,
    ) -> None:
        # Its clients' processes are ordinary users, and look there which others are alive: else no share mode holds.
        self.folder = folder = a_folder_for_the_user()
        self.address, self.port = "127.0.0.1", port or free_port()
        self.user = WRITER if runs_as_root() else getpass.getuser()
        for name in ("private", "lock", "state", "cache", "pid", "rpc"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "private").chmod(0o700)
        force = (f"force user = {owner}",) if runs_as_root() else ()
        shares = "".join(
            "\n".join([f"[{name}]", f"path = {path}", "read only = no", *force, *more.get(name, ()), ""])
            for name, path in folders.items()
        )
        self.settings = folder / "smb.conf"
        text = _GLOBAL.format(folder=folder, port=self.port)
        self.settings.write_text(text + shares, encoding="utf-8")
        (folder / "login").write_text(f"username = {self.user}\npassword = {PASSWORD}\n", encoding="ascii")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve; returns when connections are taken."""
        subprocess.run(
            ["pdbedit", "-s", self.settings, "-a", "-t", "-u", self.user],
            input=f"{PASSWORD}\n{PASSWORD}\n".encode(),
            check=True,
            capture_output=True,
        )
        with (self.folder / "out").open("ab") as log:
            command = [SMBD, "--foreground", "--no-process-group", f"--configfile={self.settings}"]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError):
                socket.create_connection((self.address, self.port), 1).close()
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "out").read_text() + (self.folder / "smbd.log").read_text())

    def stop(self) -> None:
        """End it, and the connections it has."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(timeout=10)
            self._process = None

    def __enter__(self) -> Samba:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def client(self, share: str, commands: str) -> list[str]:
        """The words of an smbclient that does these commands there."""
        return [
            *("smbclient", "-s", str(self.settings), "-A", str(self.folder / "login")),
            *("-p", str(self.port), f"//{self.address}/{share}", "-c", commands),
        ]

    def do(self, share: str, *commands: str) -> str:
        """Commands of smbclient, one after the other; what it printed. Fails where one is refused."""
        done = self.try_to(share, *commands)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def try_to(self, share: str, *commands: str) -> subprocess.CompletedProcess[str]:
        """The same, and how it ended."""
        return subprocess.run(
            self.client(share, ";".join(commands)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
            env=_environment(),
        )

    def writer(self, share: str, name: str) -> subprocess.Popen[bytes]:
        """An smbclient that has the file open and writes what comes on its standard input, until that ends."""
        return subprocess.Popen(
            self.client(share, f'put - "{name}"'),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )

    @contextmanager
    def opened(self, share: str, name: str, *, others_may: int = 0, writes: bool = True) -> Iterator[None]:
        """A client's program that has the file open as programs of Windows do. `others_may`: what others may do meanwhile (`ShareAccess`).

        In the end the client is gone, as with a cable that is pulled: the server closes the file.
        """
        may = FilePipePrinterAccessMask
        connection = Connection(uuid4(), self.address, self.port)
        connection.connect()
        try:
            session = Session(connection, self.user, PASSWORD, require_encryption=False)
            session.connect()
            tree = TreeConnect(session, rf"\\{self.address}\{share}")
            tree.connect()
            Open(tree, name.replace("/", "\\")).create(
                ImpersonationLevel.Impersonation,
                may.FILE_READ_DATA | (may.FILE_WRITE_DATA if writes else 0),
                FileAttributes.FILE_ATTRIBUTE_NORMAL,
                others_may,
                CreateDisposition.FILE_OPEN,
                CreateOptions.FILE_NON_DIRECTORY_FILE,
            )
            yield
        finally:
            connection.disconnect(close=False)


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8"}
