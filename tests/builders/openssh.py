"""A real sshd of one's own, and a wire to it that can be cut.

Configuration, port, host key and user key are in a test's folder; nothing of the system is touched.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OpenSsh:
    """An sshd that serves SFTP from `root`. Use as a context manager; `stop` and `start` for one that goes away and comes back."""

    def __init__(
        self,
        folder: Path,
        root: Path,
        *,
        kinds: tuple[str, ...] = ("ed25519",),
        largest_file: int | None = None,
        settings: str = "",
    ) -> None:
        """`kinds` of host key; `largest_file`: bytes (in steps of 512) after which a file cannot grow, as on a disk that is full;
        `settings`: further lines of sshd_config(5)."""
        self.kinds = kinds
        self._largest_file = largest_file
        self.folder = folder
        self.root = root
        self.port = free_port()
        self.user = getpass.getuser()
        folder.mkdir(parents=True, exist_ok=True)
        for name, kind in (("user_key", "ed25519"), *((f"host_key_{kind}", kind) for kind in kinds)):
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(folder / name)], check=True)
        host_keys = "".join(f"HostKey {folder}/host_key_{kind}\n" for kind in kinds)
        (folder / "authorized_keys").write_bytes((folder / "user_key.pub").read_bytes())
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\n{host_keys}PidFile {folder}/pid\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            f"PermitRootLogin prohibit-password\nMaxStartups 100\nSubsystem sftp internal-sftp -d {root}\n{settings}",
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def user_key(self) -> Path:
        return self.folder / "user_key"

    @property
    def fingerprint(self) -> str:
        """That of the first kind."""
        return self.fingerprint_of(self.kinds[0])

    def fingerprint_of(self, kind: str) -> str:
        """As OpenSSH's own tool prints it."""
        public = str(self.folder / f"host_key_{kind}.pub")
        told = subprocess.run(["ssh-keygen", "-lf", public], check=True, capture_output=True, text=True)
        return told.stdout.split()[1]

    def announce_host_key(self, kind: str) -> str:
        """Make the host key that will follow the first one; returns its fingerprint."""
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(self.folder / "host_key_coming")], check=True
        )
        return self.fingerprint_of("coming")

    def change_host_key(self) -> None:
        """From the next start on the announced key is the only one."""
        config = self.folder / "sshd_config"
        lines = config.read_text(encoding="utf-8").splitlines()
        others = [line for line in lines if not line.startswith("HostKey ")]
        config.write_text("\n".join([f"HostKey {self.folder}/host_key_coming", *others, ""]), encoding="utf-8")

    def start(self) -> None:
        """Listen; returns when connections are taken."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where sshd puts its unprivileged half
        log = (self.folder / "sshd.log").open("ab")
        command = [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        if self._largest_file is not None:
            # Without its signal the limit is what a full disk is: a write that fails.
            limited = f"trap '' XFSZ; ulimit -f {self._largest_file // 512}; exec \"$@\""
            command = ["sh", "-c", limited, "sh", *command]
        self._process = subprocess.Popen(command, stdout=log, stderr=log)
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


class Wire:
    """A TCP connection to `port` that can be cut, or frozen, at an exact point. Use as a context manager; connect to `port` of the wire."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._left: dict[str, int | None] = {"requests": None, "answers": None, "bytes": None}
        self._frozen = False
        self.connections = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def cut(self) -> None:
        """Cut every connection now."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _hang_up(pair)

    def cut_instead_of_request(self, number: int) -> None:
        """The `number`th request from now (0: the next) is lost, and the connection with it."""
        self._left["requests"] = number

    def cut_instead_of_answer(self, number: int) -> None:
        """The `number`th answer from now (0: the next) is lost: the server has done what it was asked."""
        self._left["answers"] = number

    def cut_after_bytes(self, number: int) -> None:
        """So many bytes more come through to the server."""
        self._left["bytes"] = number

    @property
    def cut_is_pending(self) -> bool:
        """Whether a cut that was asked for has not been made."""
        return any(left is not None for left in self._left.values())

    def cut_nothing(self) -> None:
        """From now on everything comes through."""
        self._left = dict.fromkeys(self._left)

    def freeze(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self._frozen = True

    def thaw(self) -> None:
        """New connections pass again."""
        self._frozen = False

    def __enter__(self) -> Wire:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                near.close()
                continue
            with self._lock:
                self._pairs.append((near, far))
            self.connections += 1
            for source, to, kind in ((near, far, "requests"), (far, near, "answers")):
                threading.Thread(target=self._pass_on, args=(source, to, kind), daemon=True).start()

    def _pass_on(self, source: socket.socket, to: socket.socket, kind: str) -> None:
        try:
            while piece := source.recv(65536):
                if self._frozen:
                    continue
                left = self._left[kind]
                if left is not None:
                    self._left[kind] = left - 1 if left else None
                    if not left:
                        break
                allowed = self._left["bytes"] if kind == "requests" else None
                if allowed is not None:
                    if len(piece) > allowed:
                        self._left["bytes"] = None
                        break
                    self._left["bytes"] = allowed - len(piece)
                to.sendall(piece)
        except OSError:
            pass
        _hang_up((source, to))


def _hang_up(pair: tuple[socket.socket, socket.socket]) -> None:
    for end in pair:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
