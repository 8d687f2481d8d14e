"""How long an answer may take: learned for each message type from the station's own answers, never less than a stated minimum.

| step | begins | what is said |
| --- | --- | --- |
| waiting | at the hand-over | the status counts such messages, and says how long answers usually take |
| overdue | after three times what nine of ten answers took, at least the stated minimum | CEBD-1703: slower than usual; nothing to do |
| alarm | after three times as long | CEBD-1718: ask the e-port |

Until twenty messages of a type were answered the minimum stands alone. A night in which nobody fetched receipts must not teach that
answers take half a day: what is learned has a limit, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cebd.store.across.unanswered import answers_took
from cebd.store.transaction import Transaction

LEARNED_FROM = 20  # answered messages of a type
_LATEST = 200
_TIMES = 3.0  # what is usual, and again from overdue to the alarm
_LONGEST_SECONDS = 8 * 3600.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """In seconds after the hand-over. `usual`: nine of ten answers came by then; None: too few answers are known."""

    usual: float | None
    overdue: float

    @property
    def alarm(self) -> float:
        return _TIMES * self.overdue


class Deadlines:
    """The deadlines of all types: `minimum` (seconds) is that of a type of which too few answers are known."""

    def __init__(self, minimum: float, took: Mapping[str, Sequence[float]]) -> None:
        """`took`: by type, the seconds that answers took."""
        self._unknown = Deadline(None, minimum)
        self._known = {
            type_: _learned(minimum, seconds) for type_, seconds in took.items() if len(seconds) >= LEARNED_FROM
        }

    def of(self, type_: str) -> Deadline:
        return self._known.get(type_, self._unknown)

    @property
    def first(self) -> float:
        """No message is overdue before."""
        return self._unknown.overdue


def learn_deadlines(transaction: Transaction, minimum: float) -> Deadlines:
    """The deadlines that the latest answers in the store teach; `minimum` in seconds."""
    return Deadlines(minimum, answers_took(transaction, _LATEST))


def _learned(minimum: float, seconds: Sequence[float]) -> Deadline:
    usual = sorted(seconds)[(9 * len(seconds) - 1) // 10]
    return Deadline(usual, max(minimum, min(_TIMES * usual, _LONGEST_SECONDS)))
