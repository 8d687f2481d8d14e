"""How a process lives that works for another one of cebd's: it hears nobody else, and ends with it."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Thread

from cebd.child.frames import Broken, Frame, Frames

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, prctl(2)
_NICE = 10
_THIS_PROCESS, _BELOW_NORMAL = -1, 0x4000  # GetCurrentProcess, BELOW_NORMAL_PRIORITY_CLASS (Windows)
_LAST_SECONDS = 30.0  # for what is not to be interrupted

_IN, _OUT, _ERRORS = 0, 1, 2

_uninterrupted = Lock()


def begin_life(parent: int, *, lasting: bool = False) -> Frames:
    """To be called first of all: the frames between this process and `parent`, which started it.

    `lasting`: it is there for as long as the other, not for one piece of work. Signals that are meant for the station are not heard.
    What a library prints goes to the standard error; what it reads from the standard input is nothing.
    """
    _end_with_parent(parent)
    for deaf in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, deaf):
            signal.signal(getattr(signal, deaf), signal.SIG_IGN)
    if not lasting:
        _be_first_to_go()
        gc.disable()  # rows become millions of short-lived values and no cycles
    frames = Frames(os.fdopen(os.dup(_IN), "rb"), os.fdopen(os.dup(_OUT), "wb"))
    _lead_nowhere(_IN)
    os.dup2(_ERRORS, _OUT)
    return frames


def step_back() -> None:
    """Let whatever people wait for go before this process."""
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetPriorityClass(ctypes.c_void_p(_THIS_PROCESS), _BELOW_NORMAL)
    else:
        with suppress(OSError):
            os.nice(_NICE)


def be_silent() -> None:
    """From now on nothing is written to the standard streams, whatever a library prints."""
    for stream in (_OUT, _ERRORS):
        _lead_nowhere(stream)


@contextmanager
def uninterrupted(parent: int) -> Iterator[None]:
    """The block is brought to its end although the other side has ended; then this process ends as well. A kill is a kill."""
    with _uninterrupted:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, 0)
        try:
            yield
        finally:
            _end_with_parent(parent)


def hear(frames: Frames, take: Callable[[Frame], object]) -> None:
    """Have all further frames taken in a thread of their own. When nobody can send any more, this process ends."""
    Thread(target=_hear, args=(frames, take), daemon=True).start()


def end_life(code: int = 0) -> None:
    """End at once: to take everything down in order takes longer, and the other side has all it wants."""
    sys.stderr.flush()
    os._exit(code)


def _hear(frames: Frames, take: Callable[[Frame], object]) -> None:
    with suppress(Broken, OSError):
        while (frame := frames.receive()) is not None:
            take(frame)
    _uninterrupted.acquire(timeout=_LAST_SECONDS)
    os._exit(1)


def _end_with_parent(parent: int) -> None:
    """Linux: killed when the thread that started it ends. Elsewhere the end of its stream says so, as soon as Python's turn comes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:  # it ended meanwhile
            os._exit(1)


def _be_first_to_go() -> None:
    """Where the system runs out of memory, it ends this process before the station's (Linux)."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _lead_nowhere(stream: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, stream)
    os.close(nowhere)
