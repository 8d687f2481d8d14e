"""A record with mistakes that were decided on: it is read once more with what was decided, and says so on each cell.

| decided | the record |
| --- | --- |
| a text | is read as if its cells said that; each gets a notice (DECIDED) |
| a text that does not do there | stays as it was; the cell gets a notice why (UNFIT) |
| that it is not declared | is kept back with the reason alone (SKIPPED) |

A decided text may make another mistake of the record known that was decided on, too: then it is read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from cebd.decisions.decision import DECIDED, EMPTY, NOT_DECLARED, UNFIT, Decision, InForce, key_of
from cebd.problems.problem import Place, Problem, problem
from cebd.records.record import SKIPPED, Record

Changes = Mapping[Place, str]  # what cells are taken to say


class Rereading(Protocol):
    """The rows of a record, which can be read again."""

    def read(self, changes: Changes) -> Record:
        """The record as if these cells said that."""
        ...

    def cells(self, place: Place) -> Sequence[Place]:
        """The cells that say the same for the record as this one does: the head's are repeated on every row."""
        ...


def decided(
    record: Record, decisions: InForce, rows: Rereading, corrections: Mapping[Place, Decision] = MappingProxyType({})
) -> Record:
    """The record by the decisions on its mistakes and by the corrections of its cells; the same record where there is none."""
    first, changes, unfit = record, dict[Place, Decision](), dict[Place, Problem]()
    news: dict[Place, Decision] = dict(corrections)
    while news or (
        news := {
            found.place: one
            for found, one in _decided_mistakes(record, decisions)
            if found.place not in changes and found.place not in unfit
        }
    ):
        for place, one in news.items():
            if one.answer == NOT_DECLARED:
                return _skipped(record, place, one)
        changes |= {cell: decision for place, decision in news.items() for cell in rows.cells(place)}
        record, news = _read(rows, changes), {}
        while bad := [one for one in record.problems if one.severity == "error" and one.place in changes]:
            for found in bad:
                if found.place in changes:
                    decision = changes[found.place]
                    unfit |= {cell: _unfit(cell, decision, found) for cell in rows.cells(found.place)}
                    changes = {cell: other for cell, other in changes.items() if cell not in unfit}
            record = _read(rows, changes) if changes else first
    notices = [_notice(cell, decision) for cell, decision in changes.items()]
    return record.with_problems(*unfit.values(), *notices) if notices or unfit else record


def _decided_mistakes(record: Record, decisions: InForce) -> list[tuple[Problem, Decision]]:
    keys = [(found, key_of(record.type, found)) for found in record.problems]
    return [(found, decisions[key]) for found, key in keys if key is not None and key in decisions]


def _read(rows: Rereading, changes: Mapping[Place, Decision]) -> Record:
    return rows.read({cell: decision.text for cell, decision in changes.items()})


def _notice(cell: Place, decision: Decision) -> Problem:
    key, (by_zh, by) = decision.key, _by(decision)
    told = problem(DECIDED, cell, value=key.value or EMPTY, answer=decision.answer, by_zh=by_zh, by=by)
    return replace(told, field=key.field)


def _unfit(cell: Place, decision: Decision, why: Problem) -> Problem:
    by_zh, by = _by(decision)
    told = problem(UNFIT, cell, value=decision.answer, reason=why.en, reason_zh=why.zh, by_zh=by_zh, by=by)
    return replace(told, field=decision.key.field)


def _skipped(record: Record, place: Place, decision: Decision) -> Record:
    key, (by_zh, by) = decision.key, _by(decision)
    told = problem(SKIPPED, place, value=key.value or EMPTY, reason=decision.reason, by_zh=by_zh, by=by)
    return record._replace(problems=(replace(told, field=key.field),), xml="", shape=b"", texts=None)


def _by(decision: Decision) -> tuple[str, str]:
    """Whose it is, behind a sentence in Chinese and in English."""
    by = decision.by
    return (f"（{by}）", f" ({by})") if by else ("", "")
