"""The contract of a channel: its two halves, and the three outcomes of handing a message over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side has the message. `note` names the part that could not be confirmed."""

    note: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The message certainly did not arrive and may be sent again. `problem` is an id of the catalogue.

    `reason_zh`: the reason in Chinese; empty when the text of a library or of the other side stands in both languages.
    """

    problem: str
    reason: str
    reason_zh: str = ""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The message may have arrived. `problem`: an id of the catalogue when the other side could not be asked. `reason_zh`: as in Failed."""

    reason: str
    problem: str | None = None
    reason_zh: str = ""


Outcome = Sent | Failed | InDoubt

NOT_REMOVED = "CEBD-1610"
"""The problem of receipts that are stored here and cannot be removed on the other side."""

FOLDERS = "CEBD-1612"
"""The problem of folders among the receipts: their content is not read."""

Found = Literal["arrived", "not-arrived", "unknown"]


_PARTIES = {"CEBD-1601": "network", "CEBD-1604": "e-port", "CEBD-1611": "e-port"}


def party_of(problem: str) -> str:
    """Who deals with a channel's problem (`cebd.store.conditions.Party`)."""
    return _PARTIES.get(problem, "administrator")


class ChannelError(Exception):
    """The channel cannot be used now; nothing was handed over. `problem` is an id of the catalogue.

    `zh` is the reason in Chinese; without it, the reason of a library or of the other side stands in both languages.
    """

    @property
    def party(self) -> str:
        """Who deals with it (`cebd.store.conditions.Party`)."""
        return party_of(self.problem)

    def __init__(self, problem: str, reason: str, zh: str | None = None) -> None:
        self.problem = problem
        self.reason = reason
        self.zh = reason if zh is None else zh
        super().__init__(reason)


def _unrecorded() -> None:
    """Record nothing before the message becomes visible."""


@dataclass(frozen=True, slots=True)
class Handover:
    """One attempt to hand a message over.

    `attempt` numbers the hand-overs of one name, from 1: a message that does not have its final name yet is named after its attempt.
    `message_id` is the CopMsgId, for kinds whose other side recognises repeated messages by an id. `before_visible` is called right
    before the other side can have the whole message; its effect must be durable.
    """

    name: str
    content: bytes
    attempt: int = 1
    message_id: str = ""
    before_visible: Callable[[], None] = _unrecorded


class Outbound(Protocol):
    """The half that hands messages over. It has its own connection and is used by one thread at a time."""

    def deliver(self, handover: Handover) -> Outcome:
        """Hand the message over. Raises only the errors of `before_visible`; the message did not arrive then."""
        ...

    def find(self, handover: Handover) -> Found:
        """Find out whether a hand-over in doubt arrived. `not-arrived` is final: it cannot arrive any more. Raises ChannelError."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """A receipt that waits.

    `content` fetches it and raises ChannelError; CEBD-1604 concerns this receipt only. `accept` is called once it is stored here: it
    removes or acknowledges the receipt on the other side and raises ChannelError. If the other side forbids the removal, the receipt is
    left there (CEBD-1610), which is no error. `leave` leaves it there for the problem of that id: it does not arrive again as long as it
    looks the same.
    """

    name: str
    content: Callable[[], bytes]
    accept: Callable[[], None]
    leave: Callable[[str], None]


class Inbound(Protocol):
    """The half that receives receipts. It has its own connection and is used by one thread at a time."""

    def receive(self) -> Iterator[Arrival]:
        """The receipts that wait now; those whose last fetch failed come last. Raises ChannelError."""
        ...

    def left(self) -> Mapping[str, Sequence[str]]:
        """The sorted names of the files that the last look left there, by the id of the problem that says why."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """The two halves; each may be used while another thread uses the other."""

    outbound: Outbound
    inbound: Inbound
