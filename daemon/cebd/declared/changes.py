"""A key that was declared before: whether a record may change or delete it, or be declared under it again."""

from __future__ import annotations

from cebd.customs.statuses import CANCELLED, rests
from cebd.declared.checked_file import Checking
from cebd.messages.parse import heads_by_guid
from cebd.problems.problem import Problem
from cebd.records.key import joined
from cebd.records.record import ONLY_STORED, Record
from cebd.records.states import STATES_IN_CHINESE, State
from cebd.store.across.earlier.declared import in_force
from cebd.store.messages import message_body
from cebd.store.records import ActiveRecord, message_of

_UNDER_WAY = (State.READY, State.SIGNED, State.SENT, State.IN_DOUBT)
STORED = "1"  # the e-port keeps it, and nobody has declared it
FINAL_STATUSES = ("700", "800", "899")  # a list in this status is changed no more


def is_cancelled(earlier: ActiveRecord) -> bool:
    """Whether the record is a list whose cancellation customs have granted: its number is used up."""
    return earlier.state == State.REFUSED and earlier.status == CANCELLED


def blocks(checking: Checking, record: Record, earlier: ActiveRecord) -> bool:
    """Whether a new declaration (appType 1) must yield to the record that holds its key.

    It need not after a refusal or a deletion, nor where the e-port only stores the earlier one, as it asked for, nor when a logistics
    enterprise uses the number of an old waybill again.
    """
    if record.app_type != "1" or _is_deleted(record.type, earlier) or _is_only_stored(checking, earlier):
        return False
    if earlier.state == State.REFUSED:
        # A refused change or deletion left the changed version in force.
        was_change = earlier.app_type in ("2", "3")
        return was_change and in_force(checking.transaction, checking.file.enterprise, record.type, joined(record.key))
    return not (record.type == "CEB511" and earlier.received < checking.waybills_since)


def problem_of_key(checking: Checking, record: Record, earlier: ActiveRecord | None) -> Problem | None:
    """Why the record may not use its key: the key is used up, or there is no declaration to change or delete."""
    if earlier is not None and is_cancelled(earlier):
        return checking.problem("CEBD-1416", record, "copNo", record.key[0], file=earlier.file)
    if record.app_type == "1":
        return None
    number = record.number
    if earlier is None or _is_deleted(record.type, earlier):
        return checking.problem("CEBD-1405", record, "appType", number, app_type=record.app_type)
    is_final = earlier.status in FINAL_STATUSES
    if earlier.state in _UNDER_WAY or (record.type == "CEB621" and is_final):
        state = f"status {earlier.status}" if is_final else earlier.state
        state_zh = f"状态 {earlier.status}" if is_final else STATES_IN_CHINESE[State(earlier.state)]
        return checking.problem("CEBD-1406", record, "appType", number, state=state, state_zh=state_zh)
    return None


def _is_deleted(type_: str, earlier: ActiveRecord) -> bool:
    """Whether the record is a deletion that is through: no list comes after it, so that one of an order rests where the e-port has it."""
    at_rest = earlier.state == State.ACKNOWLEDGED and rests(type_, earlier.status or "")
    return earlier.app_type == "3" and (earlier.state == State.SUCCEEDED or at_rest)


def _is_only_stored(checking: Checking, earlier: ActiveRecord) -> bool:
    """Whether the record asked to be stored, and is: a declaration may come after it. Status 1 alone may be on the way to a declaration."""
    if earlier.status != STORED or earlier.state != State.ACKNOWLEDGED:
        return False
    stored = message_of(checking.transaction, earlier.id)
    if stored is None:
        return False
    known = checking.only_stored
    if stored.message_id not in known:  # read once for its hundred records
        heads = heads_by_guid(message_body(checking.transaction, stored.message_id))
        only = (guid for guid, head in heads.items() if head.get("appStatus") == ONLY_STORED)
        known[stored.message_id] = frozenset(only)
    return stored.guid.upper() in known[stored.message_id]
