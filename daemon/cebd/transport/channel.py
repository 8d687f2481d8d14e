"""The contract of a channel, and the three outcomes of handing a message over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side has it. `note` says what it did not let us confirm."""

    note: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It certainly did not arrive: it may be sent again. `problem` is an id of the catalogue."""

    problem: str
    reason: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may have arrived."""

    reason: str


Outcome = Sent | Failed | InDoubt

NOT_REMOVED = "CEBD-1610"
"""The problem of receipts that are stored here and that the other side does not let us remove."""

FOLDERS = "CEBD-1612"
"""The problem of folders among the receipts: what lies in them is not read."""

Found = Literal["arrived", "not-arrived", "unknown"]


_PARTIES = {"CEBD-1601": "network", "CEBD-1604": "e-port", "CEBD-1611": "e-port"}


def party_of(problem: str) -> str:
    """Whose matter a channel's problem is (`cebd.store.conditions.Party`)."""
    return _PARTIES.get(problem, "administrator")


class ChannelError(Exception):
    """The channel cannot be used now; nothing was handed over. `problem` is an id of the catalogue."""

    @property
    def party(self) -> str:
        """Whose matter it is (`cebd.store.conditions.Party`)."""
        return party_of(self.problem)

    def __init__(self, problem: str, reason: str) -> None:
        self.problem = problem
        self.reason = reason
        super().__init__(reason)


class Channel(Protocol):
    """Hands messages over and fetches receipts.

    `attempt` numbers the hand-overs of one name, from 1: until a message has its final name it stands under one of its attempt's own.
    """

    def deliver(self, name: str, content: bytes, before_visible: Callable[[], None], attempt: int = 1) -> Outcome:
        """Hand over `content` under `name`.

        `before_visible` is called, and what it does must be durable, right before the other side can have it whole.
        """
        ...

    def probe(self, name: str, size: int, attempt: int = 1) -> Found:
        """What became of a hand-over of unknown outcome. `not-arrived` is final: it cannot arrive any more. Raises ChannelError."""
        ...

    def waiting(self) -> list[str]:
        """Names of the receipts that wait, those that could not be fetched before last. Raises ChannelError."""
        ...

    def fetch(self, name: str) -> bytes:
        """A receipt's bytes. Raises ChannelError; with CEBD-1604 only this receipt is concerned."""
        ...

    def remove(self, name: str) -> None:
        """Remove a receipt that is stored here, unless it has changed since it was fetched. Raises ChannelError.

        One that the other side does not let us remove is left, by CEBD-1610: that is no error.
        """
        ...

    def leave(self, name: str, problem: str) -> None:
        """Leave a receipt where it is: as long as it looks the same, this object does not hand its name out again.

        `problem` is the id of the catalogue that says why.
        """
        ...

    def left(self) -> Mapping[str, Sequence[str]]:
        """What stood there at the last look and is left, by the problem that says why: names in order."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...
