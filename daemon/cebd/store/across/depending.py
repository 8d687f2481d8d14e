"""The amount of work in flight of every enterprise, signer and channel, in the settings or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select, text

from cebd.customs.book_files import PLATFORM
from cebd.customs.statuses import resting_types
from cebd.records.states import UNSENT_MESSAGES, DropState, MessageState, State
from cebd.store.tables import IS_BEHIND, IS_OPEN, drops, messages, records, state_of
from cebd.store.transaction import Transaction

_ACTIVE = text("records.active")  # in the letters of the index; `active = 1` does not find it


@dataclass(frozen=True, slots=True)
class WorkInFlight:
    """The amount of work of a name: files not finished or not published, messages not sent, messages without a final answer."""

    files: int = 0
    unsent: int = 0
    unanswered: int = 0


def work_of_enterprises(transaction: Transaction, served: Collection[str]) -> dict[str, WorkInFlight]:
    """By enterprise, in order. `served`: enterprises of the settings; their unanswered messages are not counted: there are always many."""
    # Asked in two parts, so that each finds its few rows by an index.
    behind = _counts(transaction, drops.c.enterprise, and_(drops.c.state == DropState.FILED, IS_BEHIND))
    files = Counter(_counts(transaction, drops.c.enterprise, IS_OPEN)) + Counter(behind)
    unsent = _counts(transaction, messages.c.enterprise, messages.c.state.in_(UNSENT_MESSAGES))
    unanswered = _unanswered(transaction, served)
    return {
        name: WorkInFlight(files.get(name, 0), unsent.get(name, 0), unanswered.get(name, 0))
        for name in sorted({*files, *unsent, *unanswered})
    }


def work_of_signers(transaction: Transaction) -> dict[str, WorkInFlight]:
    """The messages that are not signed, by signer; without those that their channel's client signs."""
    has_signer = (messages.c.state == MessageState.READY) & (messages.c.signer != "")
    unsigned = _counts(transaction, messages.c.signer, has_signer)
    return {name: WorkInFlight(unsent=count) for name, count in sorted(unsigned.items())}


def work_of_channels(transaction: Transaction) -> dict[str, WorkInFlight]:
    """The messages that are not sent, by channel."""
    unsent = _counts(transaction, messages.c.channel, messages.c.state.in_(UNSENT_MESSAGES))
    return {name: WorkInFlight(unsent=count) for name, count in sorted(unsent.items())}


def _unanswered(transaction: Transaction, served: Collection[str]) -> dict[str, int]:
    gone: list[str] = []
    name: str | None = ""
    # From name to name by the index: asked every few seconds.
    while name := transaction.execute(select(func.min(drops.c.enterprise)).where(drops.c.enterprise > name)).scalar():
        if name not in served:
            gone.append(name)
    if not gone:
        return {}
    at_rest = and_(records.c.type.in_(sorted(resting_types())), records.c.status.not_like(f"{PLATFORM}%"))
    query = select(records.c.enterprise, func.count(records.c.message_id.distinct())).where(
        records.c.enterprise.in_(gone),
        _ACTIVE,
        or_(state_of() == State.SENT, and_(records.c.state == State.ACKNOWLEDGED, ~at_rest)),
    )
    return {str(name): int(count) for name, count in transaction.execute(query.group_by(records.c.enterprise))}


def _counts(transaction: Transaction, column: ColumnElement[str], where: ColumnElement[bool]) -> dict[str, int]:
    query = select(column, func.count()).where(where).group_by(column)
    return {str(name): int(count) for name, count in transaction.execute(query)}
