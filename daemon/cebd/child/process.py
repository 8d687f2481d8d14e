"""A process that works for this one, as this one has it: started for one piece of work, and gone with it.

So nothing is left of a large file when the next one comes: no memory, and nothing that it may have damaged.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import structlog

import cebd
from cebd.child.frames import Broken, Frame, Frames

log = structlog.get_logger("cebd")

# Of the environment it gets what Python and the system need: a PIN may stand beside.
_ENVIRONMENT = ("PATH", "LANG", "LC_", "LD_", "TZ", "TMP", "TEMP", "PYTHON", "SYSTEMROOT", "WINDIR", "COVERAGE_")
_CRASHES = ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP", "SIGXCPU")
_WINDOWS_EXCEPTIONS = 0xC0000000  # exit codes from here on, NTSTATUS
_LAST_WORDS = 2000  # bytes
_LAST_SECONDS = 5.0  # for a process that was killed to be gone


class ChildEnded(Exception):
    """A process that works for this one was killed, crashed, or says nothing any more."""

    def __init__(self, how: str, *, crashed: bool = False) -> None:
        """`crashed`: what it worked on may be the reason, nobody has killed it."""
        super().__init__(how)
        self.how = how
        self.crashed = crashed


class ChildProcess:
    """Raises ChildEnded wherever the process is found to have ended before its time."""

    def __init__(self, module: str, task: object, *, descriptors: Collection[int] = ()) -> None:
        """`module`: run as the program; its `main` lives as `cebd.child.life` says. `task`: what it is sent first.

        `descriptors`: of open files, which it has under the same numbers (not on Windows).
        """
        self._last_words = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self._process = subprocess.Popen(  # noqa: S603
            command(module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._last_words,
            env=_environment(),
            pass_fds=descriptors,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101
        self._frames = Frames(self._process.stdout, self._process.stdin)
        self._received: SimpleQueue[Frame | None] = SimpleQueue()
        self._listener = Thread(target=self._listen, name="frames", daemon=True)
        self._listener.start()
        try:
            self._frames.send_task(task)
        except OSError:
            raise self._ended() from None

    def send(self, *values: object) -> None:
        try:
            self._frames.send(*values)
        except OSError:
            raise self._ended() from None

    def receive(self, seconds: float) -> Frame:
        """The next frame. Raises ChildEnded, too, when none comes for so long."""
        try:
            frame = self._received.get(timeout=seconds)
        except Empty:
            self.close()
            raise ChildEnded(f"no answer for {seconds:.0f} s", crashed=True) from None
        if frame is None:
            raise self._ended()
        return frame

    def close(self) -> None:
        """End it, whatever it does. One that waits for a share that does not answer ends with that wait: nobody waits for it."""
        if self._process.poll() is None:
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_SECONDS)
            self._listener.join()
            with suppress(OSError):  # for what was not sent any more
                self._frames.close()
        self._last_words.close()

    def _listen(self) -> None:
        """Frames come in as they are sent, so that neither side waits for the other to read."""
        with suppress(Broken, OSError, ValueError):
            while (frame := self._frames.receive()) is not None:
                self._received.put(frame)
        self._received.put(None)

    def _ended(self) -> ChildEnded:
        try:
            code = self._process.wait(_LAST_SECONDS)
        except subprocess.TimeoutExpired:
            self.close()
            return ChildEnded("says nothing any more", crashed=True)
        self._last_words.seek(max(0, self._last_words.seek(0, os.SEEK_END) - _LAST_WORDS))
        words = self._last_words.read().decode("utf-8", "replace").strip()
        self.close()
        log.warning("a process of cebd's has ended before its time", code=code, words=words)
        return ChildEnded(f"ended with {code}", crashed=_is_crash(code))


def command(module: str) -> list[str]:
    """The same interpreter and the same cebd, and nothing from the working folder; the child is told whose child it is."""
    return [python(), "-P", "-m", module, str(os.getpid())]


def python() -> str:
    """The interpreter; under the Windows service manager the running program is another one."""
    running = Path(sys.executable)
    return str(Path(sys.exec_prefix) / "python.exe" if running.stem.lower() == "pythonservice" else running)


def _is_crash(code: int) -> bool:
    """Whether it ended by itself: not killed from outside, by a person or for want of memory."""
    crashes = {-getattr(signal, name) for name in _CRASHES if hasattr(signal, name)}
    return code in crashes or code >= _WINDOWS_EXCEPTIONS


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(_ENVIRONMENT)}
    own = str(Path(cebd.__file__).parents[1])
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (own, kept.get("PYTHONPATH"))))}


__all__ = ["ChildEnded", "ChildProcess", "command", "python"]
