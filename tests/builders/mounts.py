"""File systems of programs (FUSE), mounted for a test: an NFS client's habits, and a real Samba's share by smbnetfs."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from builders.ordinary_user import runs_as_root
from builders.samba import PASSWORD, Samba

NFS_HABITS = Path(__file__).parents[1] / "daemons" / "nfs_habits.py"
_KINDS = ("fuse.nfs_habits", "fuse.smbnetfs")
_DIES_WITH_THE_TESTS = ("setpriv", "--pdeathsig", "TERM", "--")  # told to end, it unmounts


def why_not() -> str | None:
    """Why nothing can be mounted here; None where it can."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is not here, or not ours to open"
    if not runs_as_root():
        return "a mount that every process of a test sees needs root"
    if shutil.which("fusermount3") is None:
        return "fusermount3 is not installed (apt-get install fuse3)"
    return None


def unmount_what_was_left() -> None:
    """Mounts of tests that were killed together with their program: nobody answers there any more, nor will."""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        about, _, kind = line.partition(" - ")
        place = about.split()[4]
        if kind.startswith(_KINDS) and _is_dead(place):
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)


def _is_dead(place: str) -> bool:
    try:
        os.statvfs(place)
    except OSError as error:
        return error.errno == errno.ENOTCONN
    return False


class Mounted:
    """A program that shows a folder at `place`. Use as a context manager. `is_up`: whether it shows something there.

    It ends with the tests, however they end.
    """

    def __init__(
        self,
        place: Path,
        command: Sequence[str | Path],
        log: Path,
        is_up: Callable[[], bool] = lambda: True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.place, self._command, self._log, self._is_up = place, command, log, is_up
        self._environment = None if environment is None else {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Mounted:
        unmount_what_was_left()
        self.place.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_DIES_WITH_THE_TESTS, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError):
                if os.path.ismount(self.place) and self._is_up():
                    return self
            time.sleep(0.05)
        self.__exit__()
        raise AssertionError(self._log.read_text(encoding="utf-8", errors="replace"))

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        subprocess.run(["umount", "-l", self.place], check=False, capture_output=True)
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)


class NfsHabits:
    """What lies in `server` is seen at `place` as through NFS. Use as a context manager; `has` and `no_more` say which habits it has."""

    def __init__(self, folder: Path) -> None:
        self.server, self.place, self._control = (folder / name for name in ("server", "mounted", "control"))
        for path in (self.server, self.place, self._control):
            path.mkdir(parents=True)
        command = [sys.executable, NFS_HABITS, self.server, self.place, self._control]
        self._mounted = Mounted(self.place, command, folder / "mount.log")

    def has(self, habit: str, what: str = "") -> None:
        """From now on; the table in nfs_habits.py has their names."""
        new = self._control / f"{habit}.new"
        new.write_text(what, encoding="utf-8")
        new.rename(self._control / habit)

    def no_more(self, habit: str) -> None:
        (self._control / habit).unlink(missing_ok=True)

    def is_over(self, habit: str) -> bool:
        """Whether a habit that shows itself once has."""
        return not (self._control / habit).exists()

    def __enter__(self) -> NfsHabits:
        self._mounted.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._mounted.__exit__()


_SMBNETFS = """\
smb_query_browsers "false"
use_libsecret "false"
free_space_size 1000000
config_update_period 0
time_step 1
auth "{address}" "{user}" "{password}"
"""


def smbnetfs(folder: Path, server: Samba, share: str) -> Mounted:
    """That share of a Samba at port 445, the only one that smbnetfs asks. `place` of it is above: see `place_of`."""
    (folder / ".smb").mkdir(parents=True)
    settings = folder / ".smb" / "smbnetfs.conf"
    text = _SMBNETFS.format(address=server.address, user=server.user, password=PASSWORD)
    settings.write_text(text, encoding="ascii")
    settings.chmod(0o600)
    (folder / ".smb" / "smb.conf").write_text("[global]\nunix charset = UTF-8\n", encoding="ascii")
    place = folder / "network"
    shown = place_of(place, server, share)
    options = f"allow_other,config={settings}"
    return Mounted(
        place,
        ["smbnetfs", "-f", place, "-o", options],
        folder / "smbnetfs.log",
        shown.is_dir,
        {"HOME": str(folder), "LC_ALL": "C.UTF-8"},
    )


def place_of(network: Path, server: Samba, share: str) -> Path:
    """Where a share is seen below the place that smbnetfs has mounted."""
    return network / server.address / share
