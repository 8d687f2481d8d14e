"""The contract of a channel: its two halves, and the three outcomes of handing a message over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """It may have arrived. `problem`: an id of the catalogue where the other side could not even be asked about it."""

    reason: str
    problem: str | None = None


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


def _unrecorded() -> None:
    """Nobody has to be told."""


@dataclass(frozen=True, slots=True)
class Handover:
    """One attempt to hand a message over.

    `attempt` numbers the hand-overs of one name, from 1: until a message has its final name it stands under one of its attempt's own.
    `message_id` is the CopMsgId, for kinds whose other side tells repeated messages by an id. `before_visible` is called, and what it
    does must be durable, right before the other side can have the message whole.
    """

    name: str
    content: bytes
    attempt: int = 1
    message_id: str = ""
    before_visible: Callable[[], None] = _unrecorded


class Outbound(Protocol):
    """The half that hands messages over, with a connection of its own; used by one thread at a time."""

    def deliver(self, handover: Handover) -> Outcome:
        """Hand the message over. Raises nothing but what `before_visible` raises; it did not arrive then."""
        ...

    def find(self, handover: Handover) -> Found:
        """What became of a hand-over of unknown outcome. `not-arrived` is final: it cannot arrive any more. Raises ChannelError."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """A receipt that waits.

    `content` fetches it: raises ChannelError; with CEBD-1604 only this receipt is concerned. `accept` says that it is stored here: it is
    removed, or acknowledged, there; raises ChannelError. One that the other side does not let us remove is left, by CEBD-1610: that is
    no error. `leave` leaves it where it is for the problem of that id: it does not arrive again as long as it looks the same.
    """

    name: str
    content: Callable[[], bytes]
    accept: Callable[[], None]
    leave: Callable[[str], None]


class Inbound(Protocol):
    """The half that receipts come by, with a connection of its own; used by one thread at a time."""

    def receive(self) -> Iterator[Arrival]:
        """The receipts that wait now, those that could not be fetched before last. Raises ChannelError."""
        ...

    def left(self) -> Mapping[str, Sequence[str]]:
        """What stood there at the last look and is left, by the problem that says why: names in order."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """The two halves; each may be used while another thread uses the other."""

    outbound: Outbound
    inbound: Inbound
