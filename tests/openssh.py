"""A real sshd of one's own: its configuration, port, host key and user key in a test's folder; nothing of the system is touched."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OpenSsh:
    """An sshd that serves SFTP from `root`. Use as a context manager; `stop` and `start` for one that goes away and comes back."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.root = root
        self.port = free_port()
        self.user = getpass.getuser()
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        (folder / "authorized_keys").write_bytes((folder / "user_key.pub").read_bytes())
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile {folder}/pid\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            f"PermitRootLogin prohibit-password\nMaxStartups 100\nSubsystem sftp internal-sftp -d {root}\n",
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def user_key(self) -> Path:
        return self.folder / "user_key"

    @property
    def fingerprint(self) -> str:
        """As OpenSSH's own tool prints it."""
        told = subprocess.run(
            ["ssh-keygen", "-lf", str(self.folder / "host_key.pub")], check=True, capture_output=True, text=True
        )
        return told.stdout.split()[1]

    def start(self) -> None:
        """Listen; returns when connections are taken."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where sshd puts its unprivileged half
        log = (self.folder / "sshd.log").open("ab")
        self._process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")], stdout=log, stderr=log
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "sshd.log").read_text(encoding="utf-8"))

    def stop(self) -> None:
        """End it, and the connections it has."""
        if self._process is not None:
            subprocess.run(["pkill", "-P", str(self._process.pid)], check=False)
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def __enter__(self) -> OpenSsh:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
