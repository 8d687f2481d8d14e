"""Faults of the settings as problems and conditions of the station."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from cebd.problems.problem import Problem, problem
from cebd.settings import Fault, Part
from cebd.store.conditions import Conditions, Party

log = structlog.get_logger("cebd")


def as_problem(mistake: Fault) -> Problem:
    """The fault as a problem of the catalogue, for `status`."""
    line = mistake.line
    where, where_zh = (f"line {line}: ", f"第 {line} 行：") if line is not None else ("", "")
    name, key, en, zh = mistake.name, mistake.key, mistake.en, mistake.zh
    return problem(mistake.id, value=name, key=key, where=where, where_zh=where_zh, en=en, zh=zh)


def note_faults(faults: Iterable[Fault], conditions: Conditions, kind: str = "mistake") -> None:
    """Note and log every fault as a condition, and end corrected faults. A fault of an enterprise is its own condition."""
    keys = set()
    for mistake in faults:
        key = f"settings:{kind}:{mistake.key}" + (f":{mistake.name}" if mistake.follows else "")
        keys.add(key)
        enterprise = mistake.name if mistake.part is Part.ENTERPRISE else None
        condition = as_problem(mistake)
        if conditions.note(key, condition, Party.ADMINISTRATOR, enterprise):
            log.warning(condition.en, id=condition.id)
    conditions.end_others(f"settings:{kind}:", keys)
