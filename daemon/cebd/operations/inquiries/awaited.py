"""The answers that are waited for: of each message type how many messages wait, how long answers usually take, when it is time to ask."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cebd.operations.text import Text
from cebd.receipts.deadlines import Deadline, learn_deadlines
from cebd.receipts.overdue import ALARM, OVERDUE, usual_texts
from cebd.store.across.unanswered import unanswered_messages
from cebd.store.transaction import Transaction

_ALL = "9"  # a time after all times


@dataclass(frozen=True, slots=True)
class Awaited:
    """The messages of a type without an answer: so many wait, of them so many are overdue and for so many there is an alarm."""

    type: str
    waiting: int
    overdue: int
    alarm: int
    deadline: Deadline

    def as_json(self) -> dict[str, object]:
        """For `status --json`. Times in seconds after the hand-over."""
        deadline = self.deadline
        return {
            "type": self.type,
            "waiting": self.waiting,
            "overdue": self.overdue,
            "alarm": self.alarm,
            "usual_seconds": deadline.usual,
            "overdue_seconds": deadline.overdue,
            "alarm_seconds": deadline.alarm,
        }

    @property
    def text(self) -> Text:
        """In words."""
        usual = Text(*usual_texts(self.deadline))
        due, ask = round(self.deadline.overdue / 60), round(self.deadline.alarm / 60)
        return Text(
            f"等待回执 {self.type}：{self.waiting} 份（{usual.zh}），"
            f"其中超过 {due} 分钟的 {self.overdue} 份，超过 {ask} 分钟、应查询的 {self.alarm} 份",
            f"{self.type}: {self.waiting} messages wait for their answer ({usual.en}), "
            f"{self.overdue} of them for over {due} min, {self.alarm} for over {ask} min: ask",
        )


def answers_awaited(transaction: Transaction, minimum: float) -> list[Awaited]:
    """By type, where any message waits; `minimum`: the stated minimum of the deadlines, in seconds."""
    deadlines = learn_deadlines(transaction, minimum)
    counts: dict[str, Counter[str | None]] = {}
    for message in unanswered_messages(transaction, _ALL):
        counts.setdefault(message.type, Counter())[message.said] += 1
    return [
        Awaited(type_, said.total(), said[OVERDUE], said[ALARM], deadlines.of(type_))
        for type_, said in sorted(counts.items())
    ]
