"""Drops and records, looked up by a file's name or number, an order number, a guid."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import RowMapping, func, or_, select

from cebd.messages.description import message_types
from cebd.problems.problem import Problem
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.key import KEY_SEPARATOR, parts_of
from cebd.records.states import DropOutcome, DropState, MessageState, ReturnedStatus, State
from cebd.store.drops import Drop, drop_of
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


def latest_drops(transaction: Transaction, limit: int) -> list[ListedDrop]:
    """The latest drops with the states of their records."""
    query = select(drops).order_by(drops.c.id.desc()).limit(limit)
    listed = []
    for row in transaction.execute(query):
        counted = (
            select(state_of(), func.count())
            .where(records.c.drop_id == (row.repeat_of or row.id))
            .group_by(state_of())
            .order_by(state_of())
        )
        listed.append(
            ListedDrop(
                id=row.id,
                file=row.name,
                enterprise=row.enterprise,
                received=row.received,
                state=DropState(row.state),
                outcome=DropOutcome(row.outcome) if row.outcome else None,
                type=row.type,
                repeat_of=row.repeat_of,
                counts={str(state): int(count) for state, count in transaction.execute(counted)},
            )
        )
    return listed


def latest_records(transaction: Transaction, state: State | None, code: str | None, limit: int) -> list[ListedRecord]:
    """The latest records in that state, and with that code: the status of customs' latest answer, or customs' own code in its text."""
    query = (
        select(records, state_of().label("now"), drops.c.name.label("file"))
        .join(drops, drops.c.id == records.c.drop_id)
        .order_by(records.c.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(state_of() == state)
    if code is not None:
        in_text = func.lower(records.c.info).contains(f"[code:{code};", autoescape=True)
        query = query.where(or_(records.c.status == code, in_text))
    return [_listed(row) for row in transaction.execute(query).mappings()]


def drop_named(transaction: Transaction, ref: str) -> Drop | None:
    """The drop of that number, or the latest of that name."""
    wanted = drops.c.name == ref
    if ref.isdigit() and len(ref) < 10:
        wanted = or_(wanted, drops.c.id == int(ref))
    row = transaction.execute(select(drops).where(wanted).order_by(drops.c.id.desc()).limit(1)).mappings().first()
    return drop_of(row) if row is not None else None


def records_named(transaction: Transaction, ref: str) -> list[RecordInFull]:
    """The records of that number (any part of their business key), guid, message guid or CopMsgId, with their history."""
    wanted = ref.upper() if len(ref) == 36 else ref
    spread = KEY_SEPARATOR + records.c.key + KEY_SEPARATOR
    query = (
        select(
            records,
            state_of().label("now"),
            drops.c.name.label("file"),
            messages.c.guid.label("message_guid"),
            messages.c.cop_msg_id,
            messages.c.state.label("message_state"),
        )
        .join(drops, drops.c.id == records.c.drop_id)
        .outerjoin(messages, messages.c.id == records.c.message_id)
        .where(
            or_(
                records.c.guid == wanted,
                messages.c.guid == wanted,
                messages.c.cop_msg_id == wanted,
                spread.contains(KEY_SEPARATOR + ref + KEY_SEPARATOR, autoescape=True),
            )
        )
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


def _listed(row: RowMapping) -> ListedRecord:
    key = dict(zip(message_types()[row["type"]].key, parts_of(row["key"]), strict=False))
    problems = json.loads(row["problems"]) if row["problems"] else []
    return ListedRecord(
        id=row["id"],
        message_id=row["message_id"],
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
