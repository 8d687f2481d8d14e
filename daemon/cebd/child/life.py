"""How a process lives that works for another one of cebd's: it hears nobody else, and ends with it."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from cebd.child.frames import Broken, Frame, Frames

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, prctl(2)


def begin_life(parent: int) -> Frames:
    """To be called first of all: the frames between this process and `parent`, which started it.

    Signals that are meant for the station are not heard. What a library prints goes to the standard error.
    """
    _end_with_parent(parent)
    for deaf in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, deaf):
            signal.signal(getattr(signal, deaf), signal.SIG_IGN)
    _be_first_to_go()
    gc.disable()  # rows become millions of short-lived values and no cycles
    frames = Frames(sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return frames


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
