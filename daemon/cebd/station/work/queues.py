"""When the engine asks its queues: as soon as something was put into one, often while work goes on, and hardly ever else.

The engine knows queues that are asked at fixed intervals. Often costs an idle station four percent of a core, seldom costs every message
that wait twice. So each queue has a bell, which the pipeline rings when it puts work in and when a piece of work ends, as that leaves room
for another. The slow look finds what a crash left, and what another process put there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from dbos import DBOS, Queue

log = structlog.get_logger("cebd")

SLOWLY_SECONDS = 5.0
_HARDLY_EVER_SECONDS = 3600.0
_OFTEN_SECONDS = 0.2  # between two looks while there is work
_A_WHILE_SECONDS = 0.5  # after a ring: work that ends is counted as under way a little longer
_AT_START_SECONDS = 3.0  # the engine puts back what was under way, beside us


class Bell(threading.Event):
    """The event that ends the worker of a queue; waiting for it, the worker also wakes up when the bell rings."""

    def __init__(self, often_for: float = 0.0) -> None:
        """`often_for`: for so many seconds from now on the queue is asked often."""
        super().__init__()
        self._rung = threading.Event()
        self._often_until = time.monotonic() + often_for

    def ring(self) -> None:
        """There may be something in the queue."""
        self._often_until = max(self._often_until, time.monotonic() + _A_WHILE_SECONDS)
        self._rung.set()

    def set(self) -> None:
        """End the worker."""
        super().set()
        self._rung.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Until the next look at the queue is due; whether the worker is to end. `timeout`: what the engine would wait, in seconds."""
        if self.is_set():
            return True  # whoever asks again has been told already
        if time.monotonic() < self._often_until:
            super().wait(_OFTEN_SECONDS)
        else:
            self._rung.wait(max(timeout or 0.0, SLOWLY_SECONDS))
        self._rung.clear()
        return self.is_set()


class Queues:
    """The queues that the engine of this process serves."""

    def __init__(self) -> None:
        self._bells: dict[str, Bell] = {}

    def ring(self, name: str) -> None:
        """There may be something in the queues whose names begin so."""
        for queue, bell in list(self._bells.items()):
            if queue.startswith(name):
                bell.ring()

    def take_over(self) -> None:
        """Let the engine that is launched next ask no queue by itself, nor each second for what it has for other users of it.

        These are names inside DBOS, which has no setting for them: `pyproject.toml` says of which version.
        """
        from dbos import _dbos, _workflow_commands

        _dbos.queue_thread = _until_it_ends  # type: ignore[attr-defined]  # it is a name for others' use there, and ours to replace
        # Work that was put off or has a time limit: ours has neither.
        _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = _HARDLY_EVER_SECONDS

    def serve(self, dbos: DBOS, queues: Iterable[Queue]) -> None:
        """Begin to ask these, each in a thread of its own, until the engine ends."""
        # A drop that was under way comes back by the engine's own queue.
        for queue in (*queues, dbos._registry.get_internal_queue()):
            bell = self._bells[queue.name] = Bell(_AT_START_SECONDS)
            dbos.background_thread_stop_events.append(bell)
            name = f"queue {queue.name}"
            worker = threading.Thread(target=_ask_until_it_ends, args=(bell, dbos, queue), name=name, daemon=True)
            dbos._background_threads.append(worker)  # the engine waits for it before it lets go of its file
            worker.start()


def _ask_until_it_ends(bell: Bell, dbos: DBOS, queue: Queue) -> None:
    """Ask the queue until the engine ends. A worker that has ended before is begun anew, as the engine's own thread would do it."""
    from dbos import _queue

    while not bell.is_set():
        try:
            _queue.queue_worker_thread(bell, dbos, queue)
        except Exception:
            log.exception("worker of an engine's queue broke; it begins anew", queue=queue.name)
        bell.wait(SLOWLY_SECONDS)


def _until_it_ends(stop_event: threading.Event, dbos: DBOS) -> None:  # noqa: ARG001  called as the engine's own
    """In the place of the thread by which the engine looks for queues."""
    stop_event.wait()


__all__ = ["SLOWLY_SECONDS", "Bell", "Queues"]
