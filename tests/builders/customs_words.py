"""What customs and the e-port may say of a list, and which of it counts: the ranks, written down apart from the code under test."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import NamedTuple

# A rank is never undone by one before it; within a rank the later time counts, at one time what stands further on.
RANKS = (
    ("1", "2", "3", "4", "-"),
    ("100", "120", "300", "500", "501", "502", "503", "505", "600"),
    ("399", "599", "700", "800", "899"),
)
REFUSED = ("4", "100", "599", "700")
SUCCEEDED = ("399", "800", "899")
REPEATED = ("-621004", "清单[L1]已经申报过，请勿重复申报")
SAID = (*(status for rank in RANKS for status in rank if status != "-"), "-621003", REPEATED[0])


class Word(NamedTuple):
    """A status, said at that second after ten o'clock; None: without a time."""

    status: str
    second: int | None

    @property
    def time(self) -> str:
        """As receipts write it."""
        return "" if self.second is None else f"20260304{100000 + self.second}000"

    @property
    def info(self) -> str:
        return REPEATED[1] if self.status == REPEATED[0] else f"回执{self.status}"

    @property
    def rank(self) -> int:
        return self._place[0]

    @property
    def weight(self) -> tuple[int, int, int, str]:
        """Of two words the one of greater weight counts."""
        rank, place = self._place
        return rank, -1 if self.second is None else self.second, place, self.status

    @property
    def state(self) -> str:
        if self.status.startswith("-") or self.status in REFUSED:
            return "refused"
        return "succeeded" if self.status in SUCCEEDED else "acknowledged"

    @property
    def _place(self) -> tuple[int, int]:
        name = "-" if self.status.startswith("-") else self.status
        return next((rank, one.index(name)) for rank, one in enumerate(RANKS) if name in one)


def counts(words: Iterable[Word]) -> Word:
    """The word that counts among these."""
    return max(words, key=lambda word: word.weight)


def a_history(chance: random.Random) -> list[Word]:
    """Some words about one list in the order of their coming: in any order, in the same second, twice, the e-port after customs, and a
    repeat after the release."""
    words = [Word(chance.choice(SAID), chance.choice((0, 0, 1, 2, 3, None))) for _ in range(chance.randint(2, 7))]
    if chance.random() < 0.5:
        words += [Word("800", 1), Word(REPEATED[0], chance.choice((1, 2, 59)))]
    words += chance.sample(words, chance.randint(0, 2))
    chance.shuffle(words)
    return words
