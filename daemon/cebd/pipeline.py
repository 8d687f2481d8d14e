"""The one way through: a drop is converted, its messages are signed, sent and settled. Durable: DBOS and our own rows.

    declare_drop:  claimed file -> records and messages -> file put away -> each message to the watcher of its signer

DBOS runs it, and resumes it after a kill; each step may run twice and finds its own work done. From there on a message's own row says how
far it is: the watchers (`cebd.station.ways_out.watcher`) sign and send by it, many messages at a time, and each start reads it anew.

Earlier versions had a piece of work for the signing and one for the sending of each message. Those that they left are taken up and end
at once: the message goes to its watcher.

Each store has a pipeline of its own. The engine knows plain functions and the name of each piece of work; the store's identity in that
name says whose work it is (`docs/decisions/the-engine.md`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import structlog

from cebd.documents.convert import OpenFile
from cebd.records.ids import DropId, MessageId
from cebd.store.store import Store
from cebd.store.transaction import Transaction
from cebd.store.work import ALIVE, WorkKind, identity_in
from cebd.when_asked import imported_when_asked

with (
    imported_when_asked("psycopg", "psycopg.errors"),
    imported_when_asked("yaml"),
    imported_when_asked("croniter", contents=["croniter"]),
):
    from dbos import DBOS, SetWorkflowID, SQLAlchemyDatasource

log = structlog.get_logger("cebd")

SHAPE = "1"  # the workflow's shape: work in flight goes on only under the same one (`docs/decisions/`)


class Stages(Protocol):
    """What the pipeline has done at its steps; `cebd.station.work.stages` does it."""

    def claimed_file(self, drop_id: DropId) -> AbstractContextManager[OpenFile | None]:
        """The file to be converted, while it can be read; None when there is none to be read now."""
        ...

    def convert(self, transaction: Transaction, drop_id: DropId, opened: OpenFile | None) -> list[MessageId] | None:
        """Records and messages of the file; they are committed together with the engine's record of the step.

        None: nothing was written, and the file is to be opened once more, while the store is not held.
        """
        ...

    def put_away(self, drop_id: DropId) -> bool:
        """Whether its messages may go."""
        ...

    def go_on(self, message_ids: Sequence[MessageId]) -> None:
        """Each message is signed or sent, whichever is next. Killed before it, the next start finds them by their state."""
        ...

    # Work that broke in a way that nobody foresaw: our own rows tell of it, and it is resumed after a while.

    def drop_failed(self, drop_id: DropId, error: Exception) -> None: ...

    def drop_went_well(self, drop_id: DropId) -> None: ...


class Pipeline:
    """The way through of one store's drops and messages."""

    _stages: Stages
    _datasource: SQLAlchemyDatasource

    def __init__(self, store: Store) -> None:
        self.store = store
        self._ring: Callable[[str], None] = lambda _queue: None

    def open(self, stages: Stages, ring: Callable[[str], None]) -> None:
        """From now on the engine's work of this store is done by these stages. Before the engine is launched.

        `ring` lets the engine look at once into the queues whose names begin so; without it that would be some seconds later.
        """
        self._stages = stages
        self._ring = ring
        self._datasource = SQLAlchemyDatasource.create(self.store.database.url, engine=self.store.database.writing)
        _pipelines[self.store.identity] = self

    def close(self) -> None:
        """The engine's work of this store is left to the next start."""
        _pipelines.pop(self.store.identity, None)

    def start_drop(self, drop_id: DropId, *, again: bool = False) -> None:
        """Start the workflow of a claimed drop; starting it again is harmless. `again`: also where an earlier one has ended.

        That one's record is taken out first: the name is the same, and the engine's file does not grow with the attempts.
        """
        name = self.store.work_id(WorkKind.DROP, drop_id)
        if again and (status := DBOS.get_workflow_status(name)) is not None:
            if status.status in ALIVE:
                return
            # Killed here, the drop has no work at all, and the next start finds it so.
            DBOS.delete_workflow(name)
        with SetWorkflowID(name):
            DBOS.start_workflow(declare_drop, drop_id)

    # The work itself, as the engine's functions below hand it over. The names of the steps and their order are in every engine's file:
    # work that an earlier version left is replayed with these.

    def declare_drop(self, drop_id: DropId) -> int:
        """From a claimed file to messages on their way; returns how many."""
        try:
            message_ids = self.convert(drop_id)
            # False: the file is not what was read, and nothing of it goes out. (An earlier version's step says nothing.)
            if DBOS.run_step({"name": "put_away"}, self._stages.put_away, drop_id) is not False:
                self._stages.go_on(message_ids)
        except Exception as error:
            # What breaks here must not end in the engine alone, which would only log it: the next look finds the drop open, with no work.
            self._stages.drop_failed(drop_id, error)
            return 0
        self._stages.drop_went_well(drop_id)
        return len(message_ids)

    def convert(self, drop_id: DropId) -> list[MessageId]:
        """A step whose rows and whose record in the engine are committed together: our own store keeps both.

        Where it found that the file is to be opened once more, that is all it recorded, and a further step of the same name follows.
        """
        message_ids = None
        while message_ids is None:
            # Killed here after the first of them, the file is opened as if for the first time.
            with self._stages.claimed_file(drop_id) as opened, self.store.database.turn_to_write():
                message_ids = self._datasource.run_tx_step({"name": "convert"}, self._convert, drop_id, opened)
        return message_ids

    def _convert(self, drop_id: DropId, opened: OpenFile | None) -> list[MessageId] | None:
        return self._stages.convert(self._datasource.sql_session().connection(), drop_id, opened)

    def resume_message(self, message_id: MessageId, queue: str) -> None:
        """What an earlier version had put into a queue whose name begins so."""
        self._stages.go_on([message_id])
        self._ring(queue)  # there is room for another one


_pipelines: dict[str, Pipeline] = {}  # of the stations that run in this process, by the identity of their store


def _pipeline() -> Pipeline | None:
    """The pipeline whose work the engine has begun; None for work of a store that is not here."""
    name = DBOS.workflow_id
    pipeline = _pipelines.get(identity_in(name)) if name else None
    if pipeline is None:
        log.warning("work of another store is not done here", work=name)
    return pipeline


# The functions by whose names the engine's file knows the work. They are found again under these names and take numbers alone: work that
# was begun by functions cannot be continued by a class's methods.


@DBOS.workflow(name="declare_drop")
def declare_drop(drop_id: int) -> int:
    pipeline = _pipeline()
    return 0 if pipeline is None else pipeline.declare_drop(DropId(drop_id))


@DBOS.workflow(name="sign_message", max_recovery_attempts=1_000_000)
def sign_message(message_id: int) -> None:
    if (pipeline := _pipeline()) is not None:
        pipeline.resume_message(MessageId(message_id), "sign.")


@DBOS.workflow(name="send_message", max_recovery_attempts=1_000_000)
def send_message(message_id: int) -> None:
    if (pipeline := _pipeline()) is not None:
        pipeline.resume_message(MessageId(message_id), "send.")


__all__ = ["SHAPE", "Pipeline", "Stages"]
