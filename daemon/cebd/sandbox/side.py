"""A customs side without a way in: its folder, held by one process alone, and the desk at work in it. A server adds its way in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cebd.sandbox.desk import Desk, Say
from cebd.sandbox.home import prepare
from cebd.sandbox.scenario import Scenario


class CannotListen(Exception):
    """What the way in stands on is not there; the message says what."""


class FolderInUse(Exception):
    """Another customs side works in that folder: two would judge every file twice."""


class CustomsSide:
    """What lies in the folder's `in/` is judged, answers appear in `out/`: enough for a channel of folders.

    Use it as a context manager, or `start` and `stop`, once. `say` is told of each arrival and each answer in one short line, from
    another thread. `being_written` says of a path in `in/` whether a client still writes it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        scenario: Scenario | None = None,
        say: Say = lambda _text: None,
        being_written: Callable[[Path], bool] = lambda _path: False,
    ) -> None:
        """`port`: where the way in listens, if it does; 0 takes a free one."""
        self.home = prepare(folder)
        self.scenario = scenario or Scenario()
        self._wanted_port = port
        self._desk = Desk(folder, self.scenario, say, being_written)
        self._lock: IO[bytes] | None = None

    @property
    def port(self) -> int:
        """The port it listens at, once started; 0 where it does not listen."""
        return 0

    def start(self) -> None:
        """Listen and work. Raises OSError when the port is taken, FolderInUse when the folder is, CannotListen."""
        lock = _hold(self.home.folder / "lock")
        try:
            self._listen()
        except BaseException:
            lock.close()
            raise
        self._lock = lock
        self._desk.start()
        self._serve()

    def stop(self) -> None:
        """Hang up; what is pending stays for the next start."""
        if self._lock is None:
            return
        self._hang_up()
        self._desk.stop()
        self._lock.close()
        self._lock = None

    def _listen(self) -> None:
        """Take the port. Raises OSError, CannotListen."""

    def _serve(self) -> None:
        """Begin to answer, now that the desk works."""

    def _hang_up(self) -> None:
        """Answer nobody any more, give the port back."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _hold(path: Path) -> IO[bytes]:
    """Hold the folder until the file is closed, or the process ends however it does. Raises FolderInUse."""
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise FolderInUse(os.fspath(path.parent)) from None
    return file
