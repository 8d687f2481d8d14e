"""Receipt awareness: a message that was sent and not answered for too long is named, and again when it is time for an alarm
(`cebd.receipts.deadlines`); the answer takes that back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cebd.clock import Clock, iso
from cebd.problems.problem import Problem, problem
from cebd.receipts.deadlines import Deadline, Deadlines
from cebd.store.across.unanswered import Unanswered, unanswered_messages
from cebd.store.messages import set_waiting, touch
from cebd.store.store import Store

OVERDUE, ALARM = "CEBD-1703", "CEBD-1718"


def overdue(store: Store, clock: Clock, deadlines: Deadlines) -> list[Problem]:
    """What is newly said of messages with a record without a receipt: that they are overdue, or that it is time for an alarm.

    It is kept with the message (`messages.waiting`) and its drop's outbox files are written anew; receipts take it away.
    """
    now = clock.now()
    sent_before = iso(now - timedelta(seconds=deadlines.first))
    with store.read() as transaction:
        if not _steps(unanswered_messages(transaction, sent_before, ALARM), deadlines, now):
            return []
    with store.write() as transaction:
        steps = _steps(unanswered_messages(transaction, sent_before, ALARM), deadlines, now)
        for message, said in steps:
            set_waiting(transaction, message.id, said)
        touch(transaction, sorted({message.drop_id for message, _ in steps}))
    return [said for _, said in steps]


def _steps(messages: list[Unanswered], deadlines: Deadlines, now: datetime) -> list[tuple[Unanswered, Problem]]:
    steps = []
    for message in messages:
        deadline = deadlines.of(message.type)
        sent_at = datetime.fromisoformat(message.sent_at)
        elapsed = (now - sent_at).total_seconds()
        due = ALARM if elapsed >= deadline.alarm else OVERDUE if elapsed >= deadline.overdue else None
        if due is not None and message.said in {None, OVERDUE} - {due}:
            steps.append((message, _said(due, message, deadline, sent_at, elapsed)))
    return steps


def _said(due: str, message: Unanswered, deadline: Deadline, sent_at: datetime, elapsed: float) -> Problem:
    usual_zh, usual_en = usual_texts(deadline)
    alarm = sent_at + timedelta(seconds=deadline.alarm)
    return problem(
        due,
        value=message.guid,
        minutes=int(elapsed // 60),
        usual_zh=usual_zh,
        usual_en=usual_en,
        alarm=f"{alarm:%m-%d %H:%M}",
    )


def usual_texts(deadline: Deadline) -> tuple[str, str]:
    """How long answers usually take, in Chinese and English."""
    if deadline.usual is None:
        return "此类报文的回执还不够多，没有平时的时间可比", "too few answers of this type are known to compare with"
    if deadline.usual < 90:
        seconds = max(1, round(deadline.usual))
        return f"平时 {seconds} 秒内", f"usually within {seconds} s"
    minutes = round(deadline.usual / 60)
    return f"平时 {minutes} 分钟内", f"usually within {minutes} min"
