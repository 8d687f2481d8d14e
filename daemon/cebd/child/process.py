"""A process that works for this one, as this one has it: started for one piece of work, or for as long as this one is there.

Of a piece of work nothing is left when the next one comes: no memory, and nothing that it may have damaged.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import structlog

import cebd
from cebd.child.failures import ChildEnded
from cebd.child.frames import Broken, Frame, Frames
from cebd.child.job import end_with_this_process

if sys.platform == "linux":
    import fcntl

log = structlog.get_logger("cebd")

# Of the environment it gets what Python and the system need: a PIN may stand beside.
_ENVIRONMENT = ("PATH", "LANG", "LC_", "LD_", "TZ", "TMP", "TEMP", "PYTHON", "SYSTEMROOT", "WINDIR", "COVERAGE_")
_CRASHES = ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP", "SIGXCPU")
_WINDOWS_EXCEPTIONS = 0xC0000000  # exit codes from here on, NTSTATUS
# Usual are 64 KiB: a message is longer, and whoever sends it would wait for the other side's turn.
_PIPE_BYTES = 1 << 20
_LAST_WORDS = 2000  # bytes
_LAST_SECONDS = 5.0  # for a process that was killed to be gone
_LOOK_SECONDS = (
    1.0  # a process that a library of the child's has forked keeps its streams open: they do not say that it ended
)


class ChildProcess:
    """Raises ChildEnded wherever the process is found to have ended before its time."""

    def __init__(
        self, module: str, task: object, *, descriptors: Collection[int] = (), hidden: Collection[str] | None = None
    ) -> None:
        """`module`: run as the program; its `main` lives as `cebd.child.life` says. `task`: what it is sent first.

        `descriptors`: of open files, which it has under the same numbers (not on Windows). `hidden`: for one that lasts, which has the
        whole environment but these variables; None: for one piece of work, ended with the thread that starts it.
        """
        self._last_words = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        environment = _environment() if hidden is None else _environment_but(hidden)

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(  # noqa: S603
                command(module),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._last_words,
                env=environment,
                pass_fds=descriptors,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )

        self._process = start() if hidden is None else _lasting_thread().submit(start).result()
        if sys.platform == "win32":
            end_with_this_process(int(self._process._handle))  # type: ignore[attr-defined]  # no other way to the handle
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101
        for stream in (self._process.stdin, self._process.stdout):
            _widen(stream.fileno())
        self._frames = Frames(self._process.stdout, self._process.stdin)
        self._received: SimpleQueue[Frame | None] = SimpleQueue()
        self._listener = Thread(target=self._listen, name="frames", daemon=True)
        self._listener.start()
        try:
            self._frames.send_task(task)
        except OSError:
            raise self._ended() from None

    def has_ended(self) -> bool:
        """Whether it is gone, and nobody has heard of it yet."""
        return self._process.poll() is not None

    def send(self, *values: object) -> None:
        try:
            self._frames.send(*values)
        except OSError:
            raise self._ended() from None

    def receive(self, seconds: float) -> Frame:
        """The next frame. Raises ChildEnded, too, when none comes for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            has_ended = self._process.poll() is not None
            try:
                frame = self._received.get(timeout=min(left, _LOOK_SECONDS))
            except Empty:
                if not has_ended:
                    continue
                frame = None
            if frame is None:
                raise self._ended()
            return frame
        self.close()
        raise ChildEnded(f"no answer for {seconds:.0f} s", crashed=True)

    def close(self) -> None:
        """End it, whatever it does. One that waits for a share that does not answer ends with that wait: nobody waits for it."""
        if self._process.poll() is None:
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_SECONDS)
            self._listener.join(_LOOK_SECONDS)
            if not self._listener.is_alive():
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


@cache
def _lasting_thread() -> ThreadPoolExecutor:
    """A thread that ends with this process: Linux ends a child with the thread that started it."""
    return ThreadPoolExecutor(1, thread_name_prefix="children")


def _widen(pipe: int) -> None:
    """Where the system has room for it: a user may have so much in pipes and no more."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


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
    return _importing({name: value for name, value in os.environ.items() if name.upper().startswith(_ENVIRONMENT)})


def _environment_but(hidden: Collection[str]) -> dict[str, str]:
    return _importing({name: value for name, value in os.environ.items() if name not in hidden})


def _importing(kept: dict[str, str]) -> dict[str, str]:
    """With the same cebd. Where it is installed among all libraries it is found there: their folder must not come before Python's own."""
    own = str(Path(cebd.__file__).parents[1])
    if own == sysconfig.get_path("purelib"):
        return kept
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (own, kept.get("PYTHONPATH"))))}


__all__ = ["ChildProcess", "command", "python"]
