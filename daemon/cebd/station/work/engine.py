"""The workflow engine of a process: its start, cleaning and end. The whole process has a single DBOS, with a single file of its work.

A station has an engine of its own, beside its store. Stations that run in one process at the same time share one: they are all made with
it before the first of them starts, and it ends as a whole.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog

from cebd import pipeline
from cebd.station.work.queues import SLOWLY_SECONDS, Queues
from cebd.store.databases.database import EngineWork
from cebd.store.work import executor_of

if TYPE_CHECKING:
    from dbos import DBOSConfig

log = structlog.get_logger("cebd")

_CONCURRENCY = 40  # pieces of work of a queue
_KEPT = timedelta(days=7)  # finished work, kept for inspection
_BATCH_SIZE = 200
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class _Served(NamedTuple):
    pipeline: pipeline.Pipeline
    stages: pipeline.Stages


class Engine:
    """DBOS, with its work in a store's place, or in a place that several stations of this process share."""

    def __init__(self, work: EngineWork) -> None:
        self._work = work
        self._served: list[_Served] = []
        self._queues = Queues()
        self._runs = False

    def add(self, way: pipeline.Pipeline, stages: pipeline.Stages) -> None:
        """Add a station's pipeline and its stages. Call before `start`."""
        self._served.append(_Served(way, stages))

    def start(self) -> None:
        """Resume the work in flight of all added pipelines; does nothing when the engine runs already."""
        if self._runs:
            return
        from dbos import DBOS

        executor = executor_of(self._served[0].pipeline.store.identity)
        self._work.prepare()
        self._work.adopt(executor)
        # Earlier versions put the messages into a queue for each signer and channel.
        queues = sorted(name for name in self._work.queues() if name.startswith(("sign.", "send.")))
        config: DBOSConfig = {
            "name": "cebd-station",
            "system_database_url": self._work.url,
            "db_engine_kwargs": self._work.engine_options,
            "executor_id": executor,
            "application_version": pipeline.SHAPE,
            "log_level": "WARNING",
            "scheduler_polling_interval_sec": 3600.0,  # nothing is scheduled
        }
        self._queues.take_over()
        dbos = DBOS(config=config)
        # Not earlier: an engine that was launched takes none, nor does what DBOS remembers of one that has ended.
        for served in self._served:
            served.pipeline.open(served.stages, self._queues.ring)
        DBOS.listen_queues(queues)
        DBOS.launch()
        registered = [
            DBOS.register_queue(
                name,
                worker_concurrency=_CONCURRENCY,
                polling_interval_sec=SLOWLY_SECONDS,
                on_conflict="always_update",  # an earlier version asked often
            )
            for name in queues
        ]
        self._queues.serve(dbos, registered)
        self._runs = True

    def under_way(self) -> set[str]:
        """Names of the work that is not finished."""
        return self._work.in_flight() or set()

    def forget_old_work(self, stop: threading.Event) -> int:
        """Remove work that ended over a week ago, a little at a time; returns the number of removed pieces.

        Our own rows record finished work; a name that is free again repeats no work.
        """
        from dbos import DBOS

        before = (datetime.now(UTC) - _KEPT).isoformat()
        forgotten = 0
        while not stop.is_set():
            batch = DBOS.list_workflows(
                status=_ENDED, completed_before=before, limit=_BATCH_SIZE, load_input=False, load_output=False
            )
            if not batch:
                break
            DBOS.delete_workflows([work.workflow_id for work in batch])
            forgotten += len(batch)
            stop.wait(1.0)  # others write meanwhile
        if forgotten:
            log.info("engine records of finished work deleted", count=forgotten)
        return forgotten

    def stop(self, seconds: float = 2.0) -> bool:
        """End. Steps under way get that many seconds; the next start resumes unfinished steps. True when all ended."""
        from dbos import DBOS

        # What it says of work that loses its database belongs to nobody: that work is resumed.
        logging.getLogger("dbos").setLevel(logging.CRITICAL + 1)
        DBOS.destroy(workflow_completion_timeout_sec=0)
        self._runs = False
        for served in self._served:
            served.pipeline.close()
        deadline = time.monotonic() + seconds
        for thread in threading.enumerate():
            if thread.name.startswith("dbos-executor-"):
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.name.startswith("dbos-executor-") for thread in threading.enumerate())
