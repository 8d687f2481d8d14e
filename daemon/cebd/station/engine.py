"""The workflow engine of a running station: started, tidied up, ended."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from cebd import pipeline
from cebd.settings import Settings
from cebd.store.safety.private import open_private
from cebd.store.sqlite import TimedConnection
from cebd.store.store import Store
from cebd.store.work import ENGINE, adopt, queues_with_work

if TYPE_CHECKING:
    from dbos import SQLAlchemyDatasource

log = structlog.get_logger("cebd")

_AT_ONCE = 40  # pieces of work of one queue: most wait for their turn at the token or the channel
_KEPT = timedelta(days=7)  # finished work, for whoever looks for what happened
_PORTION = 200
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class Engine:
    """DBOS, on a file beside the store."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def start(self, stages: pipeline.Stages) -> SQLAlchemyDatasource:
        """Take up what is in flight. Returns the way by which steps commit in our own store, together with our rows."""
        from dbos import DBOS, SQLAlchemyDatasource

        settings = self._settings
        pipeline.serve(stages)
        # Work is found in the queue of a signer or channel that the settings had when it was put there.
        queues = {
            *map(pipeline.sign_queue, settings.signer),
            *map(pipeline.send_queue, settings.channel),
            *(one for one in queues_with_work(settings.store_dir) if one.startswith(("sign.", "send."))),
        }
        datasource = SQLAlchemyDatasource.create(
            f"sqlite:///{settings.store_dir / 'cebd.sqlite'}", engine=self._store.writing
        )
        executor = self._store.work_id("store", 0)  # the store's, not the station's name: that may change
        config: Any = {
            "name": "cebd-station",
            "system_database_url": f"sqlite:///{settings.store_dir / ENGINE}",
            "db_engine_kwargs": {"connect_args": {"factory": TimedConnection}},
            "run_admin_server": False,
            "executor_id": executor,
            "application_version": pipeline.SHAPE,
            "log_level": "WARNING",
        }
        open_private(settings.store_dir / ENGINE).close()  # before SQLite makes it for everybody to read
        adopt(settings.store_dir, executor)
        DBOS(config=config)
        DBOS.listen_queues(sorted(queues))
        DBOS.launch()
        for queue in sorted(queues):
            DBOS.register_queue(queue, worker_concurrency=_AT_ONCE, polling_interval_sec=0.2)
        return datasource

    def forget_old_work(self, stop: threading.Event) -> int:
        """Take out what ended over a week ago, a little at a time; returns how many pieces of work that was.

        Our own rows say what is done; a name that is free again does no work a second time.
        """
        from dbos import DBOS

        before = (datetime.now(UTC) - _KEPT).isoformat()
        forgotten = 0
        while not stop.is_set():
            found = DBOS.list_workflows(
                status=_ENDED, completed_before=before, limit=_PORTION, load_input=False, load_output=False
            )
            if not found:
                break
            DBOS.delete_workflows([one.workflow_id for one in found])
            forgotten += len(found)
            stop.wait(1.0)  # others write meanwhile
        if forgotten:
            log.info("old work forgotten", pieces=forgotten)
        return forgotten

    def stop(self, seconds: float = 2.0) -> bool:
        """End. Steps under way get so many seconds; those left are taken up again by the next start. True when none is left."""
        from dbos import DBOS

        # What it says of work that loses its database belongs to nobody: that work is taken up again.
        logging.getLogger("dbos").setLevel(logging.CRITICAL + 1)
        DBOS.destroy(workflow_completion_timeout_sec=0)
        pipeline.serve(None)
        deadline = time.monotonic() + seconds
        for thread in threading.enumerate():
            if thread.name.startswith("dbos-executor-"):
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.name.startswith("dbos-executor-") for thread in threading.enumerate())
