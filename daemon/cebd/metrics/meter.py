"""What the station measures while it works, in memory: how long signatures take, when each channel answered last."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from cebd.signing.signer import PinTries

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds; a signature of a token takes between some hundredths and some seconds."""


@dataclass
class Signatures:
    """Of one signer. `counts`: how many took at most each of `BOUNDS`, not added up, the last: longer; `seconds`: all of them together."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0


class Meter:
    """Safe to use from several threads; costs a few microseconds each time."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._lock = threading.Lock()
        self._wall = wall
        self._signatures: dict[str, Signatures] = {}
        self._contacts: dict[str, float] = {}
        self._tries: dict[str, PinTries] = {}
        self._done: Counter[str] = Counter()

    def signed(self, signer: str, seconds: float) -> None:
        """A signature took so long."""
        with self._lock:
            of_signer = self._signatures.setdefault(signer, Signatures())
            self._done[f"signer:{signer}"] += 1
            of_signer.counts[bisect_left(BOUNDS, seconds)] += 1
            of_signer.seconds += seconds

    def heard(self, channel: str) -> None:
        """The channel has answered."""
        self._contacts[channel] = self._wall()

    def token_said(self, signer: str, tries: PinTries) -> None:
        """What the signer's token said of its PIN when it was opened last."""
        self._tries[signer] = tries

    def handed_over(self, channel: str) -> None:
        """A message went out by the channel."""
        with self._lock:
            self._done[f"channel:{channel}"] += 1

    def done(self, way: str) -> int:
        """How many messages were signed or sent so far by that way, `signer:NAME` or `channel:NAME`."""
        return self._done[way]

    def signatures(self) -> dict[str, Signatures]:
        """By signer, as of now."""
        with self._lock:
            return {name: Signatures([*one.counts], one.seconds) for name, one in self._signatures.items()}

    def tries(self) -> dict[str, PinTries]:
        """By signer, what its token said of its PIN; signers without a token are not there."""
        return dict(self._tries)

    def contacts(self) -> dict[str, float]:
        """By channel, when it answered last; seconds since 1970."""
        return dict(self._contacts)
