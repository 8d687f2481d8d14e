"""The frame around one piece of work that a process is started for: it does the work, says how it failed, and ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cebd.child.failures import plain_failure
from cebd.child.frames import Frame, Frames
from cebd.child.life import begin_life, end_life, hear, step_back
from cebd.child.limits import without_limit


def work_for(
    parent: int,
    work: Callable[[Any, Frames], None],
    *,
    take: Callable[[Frame], object] | None = None,
    told: Callable[[BaseException], Frame] = plain_failure,
) -> None:
    """The whole life of the process, which ends here. People's work goes before its own.

    `parent`: the station's process, with which this one ends. `work`: is given the task and the frames, limits its memory
    (`limit_memory`) and sends its results; `Any`: both sides know the task. `take`: is given every further frame, in a thread of its
    own; None: none is expected. `told`: the frame that tells of an error of the work, which is sent last (`failures.py`).
    """
    frames = begin_life(parent)
    step_back()
    task = frames.receive_task()
    if take is not None:
        hear(frames, take)
    try:
        work(task, frames)
    except BaseException as error:
        without_limit()
        frames.send(*told(error))
    end_life()
