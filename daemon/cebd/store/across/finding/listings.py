"""Drops, records and messages as lists and commands show them, read by their numbers (`cebd.store.across.finding` has found them)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, select

from cebd.messages.description import message_types
from cebd.problems.problem import Problem
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.key import parts_of
from cebd.records.states import DropOutcome, DropState, MessageState, ReturnedStatus, State
from cebd.store.across.finding.groups import count_records_of_drops
from cebd.store.history import statuses_of
from cebd.store.submissions import Submission, submissions_of
from cebd.store.tables import drops, messages, records, state_of
from cebd.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ListedDrop:
    """A file that was taken in; `counts`: its records by state; for a repeated file (`repeat_of`), the records of the earlier file."""

    id: DropId
    file: str
    enterprise: str
    received: str
    state: DropState
    outcome: DropOutcome | None
    type: str | None
    repeat_of: DropId | None
    counts: dict[str, int]

    def as_json(self) -> dict[str, object]:
        """For `list --json`."""
        return {
            "id": self.id,
            "enterprise": self.enterprise,
            "received": self.received,
            "state": self.state,
            "outcome": self.outcome,
            "type": self.type,
            "repeat_of": self.repeat_of,
            "file": self.file,
            "counts": self.counts,
        }


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """A record as lists show it. `key`: its business key by element; `status` to `invt_no`: the latest word of customs."""

    id: RecordId
    message_id: MessageId | None
    drop_id: DropId
    enterprise: str
    received: str
    type: str
    guid: str
    state: State
    status: str | None
    info: str | None
    time: str | None
    pre_no: str | None
    invt_no: str | None
    file: str
    sheet: str | None
    row: int | None
    key: dict[str, str]
    problems: tuple[Problem, ...]

    def as_json(self) -> dict[str, object]:
        """For `list --state --json`."""
        return {
            "id": self.id,
            "enterprise": self.enterprise,
            "received": self.received,
            "type": self.type,
            "guid": self.guid,
            "state": self.state,
            "status": self.status,
            "info": self.info,
            "time": self.time,
            "pre_no": self.pre_no,
            "invt_no": self.invt_no,
            "file": self.file,
            "sheet": self.sheet,
            "row": self.row,
            "key": self.key,
            "problems": [problem.as_json() for problem in self.problems],
        }


@dataclass(frozen=True, slots=True)
class MessageOfRecord:
    """The message that carries a record, with the attempts to hand it over, the first first."""

    guid: str
    cop_msg_id: str
    state: MessageState
    attempts: tuple[Submission, ...]


@dataclass(frozen=True, slots=True)
class RecordInFull:
    """A record with all answers of customs, the earliest first, and its message; None if it has no message."""

    record: ListedRecord
    history: tuple[ReturnedStatus, ...]
    message: MessageOfRecord | None

    def as_json(self) -> dict[str, object]:
        """For `show --json`."""
        message = self.message
        return {
            **self.record.as_json(),
            "message": message and message.guid,
            "cop_msg_id": message and message.cop_msg_id,
            "message_state": message and message.state,
            "history": [
                {"status": returned.status, "time": returned.time, "info": returned.info} for returned in self.history
            ],
            "submissions": [
                {
                    "intent": attempt.intent,
                    "phase": attempt.phase,
                    "outcome": attempt.outcome,
                    "detail": attempt.detail,
                }
                for attempt in (message.attempts if message is not None else ())
            ],
        }


def drop_rows(transaction: Transaction, drop_ids: Sequence[DropId]) -> list[ListedDrop]:
    """These drops, in the order given, with the states of their records."""
    rows = {row.id: row for row in transaction.execute(select(drops).where(drops.c.id.in_(drop_ids)))}
    counted_as = {row.id: DropId(row.repeat_of or row.id) for row in rows.values()}
    counts = count_records_of_drops(transaction, set(counted_as.values()))
    return [
        ListedDrop(
            id=row.id,
            file=row.name,
            enterprise=row.enterprise,
            received=row.received,
            state=DropState(row.state),
            outcome=DropOutcome(row.outcome) if row.outcome else None,
            type=row.type,
            repeat_of=row.repeat_of,
            counts=counts[counted_as[row.id]],
        )
        for row in (rows[drop_id] for drop_id in drop_ids if drop_id in rows)
    ]


def record_rows(transaction: Transaction, record_ids: Sequence[RecordId]) -> list[ListedRecord]:
    """These records, in the order of their ids."""
    query = _RECORDS.where(records.c.id.in_(record_ids)).order_by(records.c.id)
    return [_listed(row) for row in transaction.execute(query).mappings()]


def records_in_full(transaction: Transaction, record_ids: Sequence[RecordId]) -> list[RecordInFull]:
    """These records, in the order of their ids, with their history and their message."""
    query = (
        _RECORDS.add_columns(
            messages.c.guid.label("message_guid"), messages.c.cop_msg_id, messages.c.state.label("message_state")
        )
        .outerjoin(messages, messages.c.id == records.c.message_id)
        .where(records.c.id.in_(record_ids))
        .order_by(records.c.id)
    )
    rows = list(transaction.execute(query).mappings())
    histories = statuses_of(transaction, {row["id"] for row in rows})
    return [
        RecordInFull(
            _listed(row),
            tuple(sorted(histories.get(row["id"], ()), key=lambda returned: returned.time)),
            _message(transaction, row),
        )
        for row in rows
    ]


def records_of_messages(transaction: Transaction, message_ids: Sequence[MessageId]) -> list[RecordId]:
    """The records in these messages."""
    query = select(records.c.id).where(records.c.message_id.in_(message_ids)).order_by(records.c.id)
    return [RecordId(number) for number in transaction.execute(query).scalars()]


_OF_RECORD = (
    *("id", "message_id", "drop_id", "enterprise", "type", "key", "guid", "sheet", "row"),
    *("status", "info", "time", "pre_no", "invt_no", "problems"),
)
_RECORDS = select(
    *(records.c[name] for name in _OF_RECORD),
    state_of().label("now"),
    drops.c.name.label("file"),
    drops.c.received,
).join(drops, drops.c.id == records.c.drop_id)


def _listed(row: RowMapping) -> ListedRecord:
    key = dict(zip(message_types()[row["type"]].key, parts_of(row["key"]), strict=False))
    problems = json.loads(row["problems"]) if row["problems"] else []
    return ListedRecord(
        id=row["id"],
        message_id=row["message_id"],
        drop_id=row["drop_id"],
        enterprise=row["enterprise"],
        received=row["received"],
        type=row["type"],
        guid=row["guid"],
        state=State(row["now"]),
        status=row["status"],
        info=row["info"],
        time=row["time"],
        pre_no=row["pre_no"],
        invt_no=row["invt_no"],
        file=row["file"],
        sheet=row["sheet"],
        row=row["row"],
        key=key,
        problems=tuple(map(Problem.from_json, problems)),
    )


def _message(transaction: Transaction, row: RowMapping) -> MessageOfRecord | None:
    if row["message_id"] is None:
        return None
    attempts = submissions_of(transaction, row["message_id"])
    return MessageOfRecord(row["message_guid"], row["cop_msg_id"], MessageState(row["message_state"]), tuple(attempts))
