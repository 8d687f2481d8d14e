"""A way out of a station: a signer or a channel, as its watcher uses it; and the outcomes of a try at a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from cebd.problems.problem import Problem
from cebd.records.ids import MessageId
from cebd.store.conditions import Party


class Tried(Enum):
    """The outcome of a try at a message."""

    DONE = "done"
    WAITS = "waits"  # only this message, with its reason noted; the signer or channel itself answered
    DOUBT = "doubt"  # likewise; whether it arrived is not known, which shows nothing about the channel
    LATER = "later"  # its turn has not come: nothing was asked of the signer or channel
    GONE = "gone"  # taken back by the store, as its file had changed: nothing is left to do


@dataclass(frozen=True)
class Unusable:
    """The signer or channel cannot be used now: nothing that waits for it can go on."""

    problem: Problem
    party: Party


GoesOn = Callable[[Tried | Unusable], bool]


class Way(Protocol):
    """A signer or a channel, as its watcher uses it; by a single thread at a time. Nothing here raises."""

    def try_out(self) -> Unusable | None:
        """Test without a message whether it can be used. A channel is tested with the first waiting message instead."""
        ...

    def act(self, message_ids: Iterable[MessageId], goes_on: GoesOn) -> list[Tried | Unusable]:
        """Sign or send messages, one after the other; doing it twice is harmless. Returns the outcomes, which are durable then.

        What is not taken out of `message_ids` is left to others. `goes_on` is told each outcome and says whether the next is to be tried.
        """
        ...

    def follow_up(self, message_ids: Sequence[MessageId]) -> None:
        """Begin the next step of the messages. Killed before this, the next start finds them by their state."""
        ...

    def say_why(self, message_ids: Iterable[MessageId], why: Unusable) -> None:
        """Let these messages say why they wait."""
        ...

    def closed(self, why: Unusable) -> None:
        """It has become unusable, or is so for another reason than before."""
        ...

    def opened(self) -> None:
        """It can be used."""
        ...
