"""Says in `status` which card takes over from which, and when: before the day, and behind it."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from cebd.clock import Clock
from cebd.problems.problem import problem
from cebd.signing.duty import Days, on_duty
from cebd.store.conditions import Conditions, Party

log = structlog.get_logger("cebd")

_PREFIX = "card:"


def name_cards(enterprises: Mapping[str, tuple[str, ...]], days: Days, clock: Clock, conditions: Conditions) -> None:
    """Note it for each of these enterprises, given its signers."""
    today, noted = clock.now().date(), set()
    for enterprise, signers in enterprises.items():
        now = on_duty(signers, days, today)
        coming = min((day for signer in signers if (day := days.get(signer)) is not None and day > today), default=None)
        if coming is not None:
            which, new, old, day = "CEBD-1528", on_duty(signers, days, coming), now, coming
        elif len(now) < len(signers):
            which, new, old = "CEBD-1529", now, tuple(signer for signer in signers if signer not in now)
            day = max(filter(None, map(days.get, now)))
        else:
            continue
        noted.add(key := f"{_PREFIX}{enterprise}")
        said = problem(which, value=enterprise, date=day, new=", ".join(new), old=", ".join(old))
        if conditions.note(key, said, Party.ADMINISTRATOR, enterprise):
            log.info("card takes over", enterprise=enterprise, day=str(day), new=new, old=old)
    conditions.end_others(_PREFIX, noted)
