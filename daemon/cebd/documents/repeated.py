"""Records that were declared before with the same content: they are not declared again."""

from __future__ import annotations

from cebd.declared.checks import is_cancelled
from cebd.problems.problem import problem
from cebd.records.record import Record
from cebd.records.states import State
from cebd.store.records import ActiveRecord


def repeats(record: Record, before: ActiveRecord) -> bool:
    """Whether the same was declared before and need not go again: refused content may; a list cancelled at the enterprise's own wish was
    not refused."""
    if before.content != record.content:
        return False
    return before.state != State.REFUSED or is_cancelled(before)


def said_again(record: Record, before: ActiveRecord) -> Record:
    """The record of a row, or of a message of which all is said again."""
    return record.with_problems(problem("CEBD-1403", record.place, value=" ".join(record.key), file=before.file))


def among_others(record: Record, before: ActiveRecord) -> Record:
    """The record of a message that holds others beside it: it goes as a whole, which would take this one along a second time, or not."""
    return record.with_problems(problem("CEBD-1074", record.place, value=" ".join(record.key), file=before.file))
