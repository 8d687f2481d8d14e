"""The declarations that a receipt may concern: records that were handed over, with their message."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.key import KEY_SEPARATOR
from cebd.records.states import State
from cebd.store.submissions import MAY_HAVE_ARRIVED
from cebd.store.tables import messages, records, submissions
from cebd.store.transaction import Transaction, batches


@dataclass(frozen=True, slots=True)
class Declaration:
    """A record that may have reached the other side.

    `pre_no`, `invt_no`: the numbers that the platform and customs gave it. `channel`: its message's. `first_hand_over`: the number (of
    `submissions`) of its message's first hand-over that may have succeeded; `handed_over_at`: when that began, ISO 8601.
    """

    state: State
    id: RecordId
    drop_id: DropId
    type: str
    enterprise: str
    key: str
    guid: str
    pre_no: str | None
    invt_no: str | None
    message_id: MessageId
    message_guid: str
    channel: str
    first_hand_over: int
    handed_over_at: str


def declarations_with_keys(transaction: Transaction, type_: str, keys: Collection[str]) -> list[Declaration]:
    """Every declaration of that type with one of these keys."""
    return [
        declaration
        for batch in batches(sorted(keys))
        for declaration in _declarations(transaction, records.c.type == type_, records.c.key.in_(batch))
    ]


def declarations_with_first_part(transaction: Transaction, type_: str, first: str) -> list[Declaration]:
    """Every declaration of that type whose key begins with that part."""
    start = first + KEY_SEPARATOR  # a range and not LIKE: it is answered from the index
    end = first + chr(ord(KEY_SEPARATOR) + 1)
    return _declarations(transaction, records.c.type == type_, records.c.key >= start, records.c.key < end)


def declarations_with_numbers(transaction: Transaction, numbers: Collection[str]) -> list[Declaration]:
    """Every declaration, of whatever type, that has one of these numbers from the platform or from customs."""
    by_id = {
        declaration.id: declaration
        for batch in batches(sorted(numbers))
        for column in (records.c.pre_no, records.c.invt_no)
        # A query for each index: for one with OR, or with the type, SQLite reads every record of the type.
        for declaration in _declarations(transaction, column.in_(batch))
    }
    return [by_id[record_id] for record_id in sorted(by_id)]


def declarations_in_envelopes(transaction: Transaction, envelope_ids: Sequence[str]) -> list[Declaration]:
    """Every declaration of a message that went in an envelope with one of these ids (CopMsgId)."""
    return _declarations(transaction, messages.c.cop_msg_id.in_(envelope_ids))


def declarations_in_messages(transaction: Transaction, guids: Sequence[str]) -> list[Declaration]:
    """Every declaration of a message with one of these guids."""
    return _declarations(transaction, messages.c.guid.in_(guids))


def _declarations(transaction: Transaction, *conditions: ColumnElement[bool]) -> list[Declaration]:
    rows = transaction.execute(_select_declarations().where(*conditions))
    return [Declaration(State(state), *others) for state, *others in rows]


@cache
def _select_declarations() -> Select[Any]:
    """Records with their message, for messages that were handed over (or may have been)."""
    first = (
        select(func.min(submissions.c.id))
        .where(submissions.c.message_id == records.c.message_id, MAY_HAVE_ARRIVED)
        .correlate(records)
        .scalar_subquery()
    )
    # In the order of the fields of Declaration.
    own = ("state", "id", "drop_id", "type", "enterprise", "key", "guid", "pre_no", "invt_no", "message_id")
    return (
        select(
            *(records.c[name] for name in own),
            messages.c.guid.label("message_guid"),
            messages.c.channel,
            submissions.c.id.label("first_hand_over"),
            submissions.c.intent.label("handed_over_at"),
        )
        .join(messages, messages.c.id == records.c.message_id)
        .join(submissions, submissions.c.id == first)
        .order_by(records.c.id)
    )
