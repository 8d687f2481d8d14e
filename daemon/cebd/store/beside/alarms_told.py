"""What each alarm has told: so that a start tells nothing again, and what is over is taken back although the daemon was away."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete, insert, select

from cebd.problems.problem import Problem
from cebd.store.beside.tables import alarms_told
from cebd.store.transaction import Transaction


class Told(NamedTuple):
    """A trouble that was told; `since` (ISO 8601): when it began; `stage`: which of its stages."""

    key: str
    stage: str
    since: str
    problem: Problem


def told_by(transaction: Transaction, alarm: str) -> dict[str, Told]:
    """What the alarm has told and not taken back, by key."""
    query = select(alarms_told).where(alarms_told.c.alarm == alarm)
    return {
        row.key: Told(row.key, row.stage, row.since, Problem.from_json(json.loads(row.problem)))
        for row in transaction.execute(query)
    }


def note_told(transaction: Transaction, alarm: str, told: Iterable[Told], taken_back: Iterable[str]) -> None:
    """The alarm has told these, and taken those back (by key)."""
    new = list(told)
    gone = [*taken_back, *(one.key for one in new)]
    transaction.execute(delete(alarms_told).where(alarms_told.c.alarm == alarm, alarms_told.c.key.in_(gone)))
    for one in new:
        problem = json.dumps(one.problem.as_stored(), ensure_ascii=False)
        transaction.execute(
            insert(alarms_told).values(alarm=alarm, key=one.key, stage=one.stage, since=one.since, problem=problem)
        )
