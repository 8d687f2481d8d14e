"""What there is to tell: the conditions of the store, and the reasons why messages wait that no condition names already.

There is no other truth about trouble: what `cebd status` shows is what is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cebd.alarms.whose import party_waited_for
from cebd.problems.problem import Problem
from cebd.store.across.counts import WaitingMessages
from cebd.store.across.sending.order import WAITS_FOR_TURN
from cebd.store.conditions import Condition, Party

OWN = "alarm:"
"""Begins the key of the condition that an alarm cannot be delivered."""

_ONLY_SLOW = "CEBD-1703"  # it is waited for; a later problem says that it is time to ask
_CERTIFICATE = "certificate:"  # told at each stage: 60, 30, 15, 7 days and 1 day before its end
_TOLD_NOTES = (_CERTIFICATE, "backup:")


@dataclass(frozen=True, slots=True)
class Matter:
    """A trouble. `since` is ISO 8601; `stage` changes where the same trouble is to be told once more; `waiting`: how many messages wait for
    it, where that is known. `enterprise` None: it concerns the station.
    """

    key: str
    stage: str
    party: Party
    enterprise: str | None
    since: str
    problem: Problem
    waiting: int = 0

    @property
    def began(self) -> datetime:
        return datetime.fromisoformat(self.since)

    def as_json(self) -> dict[str, object]:
        """For webhooks of the generic kind."""
        problem = self.problem
        return {
            "key": self.key,
            "id": problem.id,
            "party": str(self.party),
            "enterprise": self.enterprise,
            "since": self.since,
            "waiting": self.waiting,
            "zh": problem.zh,
            "en": problem.en,
            "fix_zh": problem.fix_zh,
            "fix_en": problem.fix_en,
        }


def matters(conditions: Iterable[Condition], waiting: Iterable[WaitingMessages]) -> dict[str, Matter]:
    """The troubles of now, by key."""
    found: dict[str, Matter] = {}
    for condition in conditions:
        is_note = condition.problem.severity == "notice" and not condition.key.startswith(_TOLD_NOTES)
        if not is_note:
            stage = condition.problem.en if condition.key.startswith(_CERTIFICATE) else ""
            found[condition.key] = Matter(
                condition.key, stage, condition.party, condition.enterprise, condition.since, condition.problem
            )
    named = {matter.problem.id: matter.key for matter in found.values()}
    for messages in waiting:
        if messages.reason in (*WAITS_FOR_TURN, _ONLY_SLOW):
            continue
        key = named.get(messages.reason) or f"waiting:{messages.enterprise}:{messages.reason}"
        before = found.get(key)
        if before is None:
            party = party_waited_for(messages.state, messages.reason)
            before = Matter(key, "", party, messages.enterprise, messages.since, messages.problem)
        since = before.since if key in named.values() else min(before.since, messages.since)
        found[key] = Matter(
            key,
            before.stage,
            before.party,
            before.enterprise,
            since,
            before.problem,
            before.waiting + messages.number,
        )
    return found
