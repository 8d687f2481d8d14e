"""Checks the station's clock against customs' receipts: only they bring a time from outside.

Customs answer a message after it was handed over and before the answer comes here. So a receipt bounds how far our clock is
ahead of theirs: at least from its time to our hand-over, at most from its time to our fetching it. Proof is only this:

| a receipt dated ... | proves |
| --- | --- |
| more than a minute after it came | that our clock is slow, or theirs fast |
| more than a minute before the hand-over of the message that it answers | that our clock is fast, or theirs slow |

The second counts only if it is certain which message is answered (decided without our clock: see `cebd.receipts.versions`) and when it
was handed over (once, and not in doubt). The times of tax bills and of the platform's answers to envelopes do not count.

Clocks at customs can be wrong too, and a receipt may be about another system's declaration with the same number. So the latest receipts
are taken as far back as they agree. If none contradicts, the first proof counts at once; if an older receipt contradicts (our clock was
set, or a clock of theirs is wrong), receipts of two messages are needed. A newer receipt that contradicts ends the proof.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from cebd.problems.problem import Problem, problem
from cebd.receipts.known import KnownDeclarations
from cebd.receipts.matching import MatchedReturn
from cebd.records.ids import MessageId
from cebd.store.conditions import Conditions, Party
from cebd.store.receipts import latest_clock_evidence
from cebd.store.store import Store

log = structlog.get_logger("cebd")

CONDITION = "clock:station"
_ALLOWED_SECONDS = 60.0
_ROUNDED_SECONDS = 1.0  # our times, and many of customs', are cut to the second
_LATEST_RECEIPTS = 20


@dataclass(frozen=True, slots=True)
class Ahead:
    """Bounds, from a receipt, of the seconds by which our clock is ahead of customs' (negative: behind), and the answered message."""

    least: float
    most: float
    message: int | None

    def as_text(self) -> str:
        """As the store keeps it."""
        return json.dumps([None if math.isinf(self.least) else self.least, self.most, self.message])

    @classmethod
    def of_text(cls, text: str) -> Ahead:
        """The value that `as_text` gave."""
        least, most, message = json.loads(text)
        return cls(-math.inf if least is None else least, most, message)


def ahead_by(known: KnownDeclarations, received: str, returns: Iterable[MatchedReturn]) -> Ahead | None:
    """The bounds from the returns of a receipt that came at `received` (ISO 8601). None: no bounds, or contradictory bounds."""
    dated = [
        matched
        for matched in returns
        if matched.returned.time and not matched.returned.notice and not matched.returned.by_platform
    ]
    answered = {record.message_id for matched in dated if matched.certain for record in matched.records}
    once = {message_id for message_id in answered if known.hand_overs(message_id).once}
    came = datetime.fromisoformat(received)
    least, most = -math.inf, math.inf
    message: MessageId | None = None
    for returned, records, _ in dated:
        made = datetime.fromisoformat(returned.time)
        most = min(most, (came - made).total_seconds() + _ROUNDED_SECONDS)
        for record in records:
            if record.message_id in once:
                message = record.message_id
                handed_over_at = datetime.fromisoformat(record.handed_over_at)
                least = max(least, (handed_over_at - made).total_seconds() - _ROUNDED_SECONDS)
    return None if math.isinf(most) or least > most else Ahead(least, most, message)


def judged(latest_first: Iterable[Ahead]) -> float | None:
    """The proved minimum of seconds by which our clock is ahead of customs' (negative: behind); None when nothing is proved."""
    least, most = -math.inf, math.inf
    messages: set[int | None] = set()
    disputed = False
    for ahead in latest_first:
        if max(least, ahead.least) > min(most, ahead.most) + _ROUNDED_SECONDS:
            disputed = True
            break
        least, most = max(least, ahead.least), min(most, ahead.most)
        messages.add(ahead.message)
    if disputed and len(messages) < 2:
        return None
    if least > _ALLOWED_SECONDS:
        return least
    return most if most < -_ALLOWED_SECONDS else None


def clock_ahead(store: Store) -> float | None:
    """What the latest receipts prove (`judged`)."""
    with store.read() as transaction:
        return judged(map(Ahead.of_text, latest_clock_evidence(transaction, _LATEST_RECEIPTS)))


def name_clock(store: Store, conditions: Conditions) -> None:
    """Note the condition `clock:station` when the latest receipts prove our clock wrong; end it when they do no longer."""
    wrong_clock = proved_ahead(store)
    if wrong_clock is None:
        if conditions.end(CONDITION):
            log.info("the clock agrees with customs' receipts again")
        return
    if conditions.note(CONDITION, wrong_clock, Party.ADMINISTRATOR):
        log.warning(wrong_clock.en, id=wrong_clock.id)


def proved_ahead(store: Store) -> Problem | None:
    """What the latest receipts prove of our clock; None where they do not contradict it."""
    ahead = clock_ahead(store)
    return None if ahead is None else _problem(ahead)


def _problem(ahead: float) -> Problem:
    minutes = int(abs(ahead) // 60)
    far = f"{minutes // 60} h {minutes % 60} min" if minutes >= 120 else f"{minutes} min"
    far_zh = f"{minutes // 60} 小时 {minutes % 60} 分钟" if minutes >= 120 else f"{minutes} 分钟"
    return problem("CEBD-1710" if ahead > 0 else "CEBD-1711", far=far, far_zh=far_zh)
