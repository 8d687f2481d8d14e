"""Whether the station's clock is right, as customs' receipts prove it: nothing else that comes from outside has a time of its own.

What customs say of a message they say after it was handed over and before it comes here. So a receipt tells by how many seconds our clock
is ahead of theirs: at least from its time to our hand-over, at most from its time to our fetching it. Only this much is proof:

| a receipt dated ... | proves |
| --- | --- |
| more than a minute after it came | that our clock is slow, or theirs fast |
| more than a minute before the hand-over of the message that it answers | that our clock is fast, or theirs slow |

The second is asked only where it is certain which message is answered (told without our clock: see `cebd.receipts.versions`) and when it
was handed over (once, and not in doubt). Tax bills and the platform's word on an envelope give no time that counts.

Customs' side has clocks too, and a receipt may be of another system's declaration with the same number. So the latest receipts are taken
as far back as they agree. If nothing among them says otherwise, the first proof counts, at once; if an older receipt says otherwise (our
clock was set, or one of theirs is wrong), it takes receipts of two messages. A newer one that says otherwise ends it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection, or_, select

from cebd.messages.returns import Return
from cebd.problems.problem import Problem, problem
from cebd.receipts.matching import Declared
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store
from cebd.store.tables import receipts, submissions

log = structlog.get_logger("cebd")

CONDITION = "clock:station"
_ALLOWED = 60.0  # seconds
_ROUNDED = 1.0  # our times, and many of customs', are cut to the second
_LATEST = 20  # receipts


@dataclass(frozen=True, slots=True)
class Ahead:
    """By how many seconds our clock is ahead of customs' (negative: behind), as one receipt tells, and the message that it answers."""

    least: float
    most: float
    message: int | None

    def as_text(self) -> str:
        """As the store keeps it."""
        return json.dumps([None if math.isinf(self.least) else self.least, self.most, self.message])

    @classmethod
    def of_text(cls, text: str) -> Ahead:
        """The other way round."""
        least, most, message = json.loads(text)
        return cls(-math.inf if least is None else least, most, message)


def told_by(
    connection: Connection, received: str, said: Iterable[tuple[Return, Sequence[Declared], bool]]
) -> Ahead | None:
    """What the returns of one receipt tell: each with the records it speaks of, and whether that is certain. None: nothing, or nonsense."""
    dated = [one for one in said if one[0].time and not one[0].notice and not one[0].by_platform]
    once = _handed_over_once(connection, {record.message_id for _, found, sure in dated if sure for record in found})
    came = datetime.fromisoformat(received)
    least, most, message = -math.inf, math.inf, None
    for one, found, _ in dated:
        made = datetime.fromisoformat(one.time)
        most = min(most, (came - made).total_seconds() + _ROUNDED)
        for record in found:
            if record.message_id in once:
                message = record.message_id
                least = max(least, (datetime.fromisoformat(record.began) - made).total_seconds() - _ROUNDED)
    return None if math.isinf(most) or least > most else Ahead(least, most, message)


def _handed_over_once(connection: Connection, message_ids: set[int]) -> set[int]:
    query = select(submissions.c.message_id, submissions.c.outcome, submissions.c.detail).where(
        submissions.c.message_id.in_(sorted(message_ids)),
        submissions.c.phase == "handing-over",
        or_(submissions.c.outcome.is_(None), submissions.c.outcome != "failed"),
    )
    attempts: dict[int, list[bool]] = {}
    for message_id, outcome, detail in connection.execute(query):
        sure = outcome in (None, "sent") and detail != "receipts came"
        attempts.setdefault(message_id, []).append(sure)
    return {message_id for message_id, sure in attempts.items() if sure == [True]}


def judged(latest_first: Iterable[Ahead]) -> float | None:
    """By how many seconds our clock is proved to be ahead (negative: behind) of customs', at least; None when it is not proved wrong."""
    least, most = -math.inf, math.inf
    messages: set[int | None] = set()
    disputed = False
    for one in latest_first:
        if max(least, one.least) > min(most, one.most) + _ROUNDED:
            disputed = True
            break
        least, most = max(least, one.least), min(most, one.most)
        messages.add(one.message)
    if disputed and len(messages) < 2:
        return None
    if least > _ALLOWED:
        return least
    return most if most < -_ALLOWED else None


def name_clock(store: Store, conditions: Conditions) -> None:
    """Note the condition `clock:station` when the latest receipts prove our clock wrong; end it when they do no longer."""
    query = select(receipts.c.clock).where(receipts.c.clock.is_not(None)).order_by(receipts.c.id.desc()).limit(_LATEST)
    with store.read() as connection:
        ahead = judged(Ahead.of_text(text) for text in connection.execute(query).scalars())
    if ahead is None:
        if conditions.end(CONDITION):
            log.info("the clock agrees with customs' receipts again")
        return
    said = _problem(ahead)
    if conditions.note(CONDITION, said, Party.ADMINISTRATOR):
        log.warning(said.en, id=said.id)


def _problem(ahead: float) -> Problem:
    minutes = int(abs(ahead) // 60)
    far = f"{minutes // 60} h {minutes % 60} min" if minutes >= 120 else f"{minutes} min"
    far_zh = f"{minutes // 60} 小时 {minutes % 60} 分钟" if minutes >= 120 else f"{minutes} 分钟"
    return problem("CEBD-1710" if ahead > 0 else "CEBD-1711", far=far, far_zh=far_zh)
