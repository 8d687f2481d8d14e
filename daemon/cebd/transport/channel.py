"""The contract of a channel: its two halves, and the three outcomes of handing a message over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable


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
    """The message may have arrived. `problem`: an id of the catalogue when the other side could not be asked, or said what a person should
    see. `reason_zh`: as in Failed."""

    reason: str
    problem: str | None = None
    reason_zh: str = ""


Outcome = Sent | Failed | InDoubt

NOT_REMOVED = "CEBD-1610"
"""The problem of receipts that are stored here and cannot be removed on the other side."""

FOLDERS = "CEBD-1612"
"""The problem of folders among the receipts: their content is not read."""

ASLEEP = "CEBD-1641"
"""The problem of messages that an access client does not take from its folder."""

Found = Literal["arrived", "not-arrived", "unknown"]


_PARTIES = {
    "CEBD-1601": "network",
    "CEBD-1604": "e-port",
    "CEBD-1611": "e-port",
    "CEBD-1631": "e-port",
    "CEBD-1632": "e-port",
    "CEBD-1663": "e-port",
    "CEBD-1664": "e-port",
    "CEBD-1665": "e-port",
    "CEBD-1667": "e-port",
    "CEBD-1671": "e-port",
    "CEBD-1672": "e-port",
    "CEBD-1673": "e-port",
}


DISK_FULL = "CEBD-1606"
"""The problem of a disk at the other side that takes no more."""

NOT_PERMITTED = "CEBD-1607"
"""The problem of a folder in which something may not be done."""

DOWN = (
    *("CEBD-1601", "CEBD-1602", "CEBD-1603", DISK_FULL, NOT_PERMITTED, "CEBD-1611", "CEBD-1913"),
    *("CEBD-1630", "CEBD-1631", "CEBD-1632", "CEBD-1633", "CEBD-1637", "CEBD-1670"),  # of brokers and certificates
    *("CEBD-1660", "CEBD-1661", "CEBD-1662", "CEBD-1666"),
)
"""Problems that concern every message of a channel: nothing can be sent by it."""

NO_ANSWER = "CEBD-1667"
"""The problem of an other side that took a message, or may have, and gives no proper answer: whatever goes to it next is in doubt, too."""

OF_THE_CHANNEL = (*DOWN, "CEBD-1663", NO_ANSWER)
"""Problems that hold up every message of a channel: it is down, takes no more for the moment, or does not answer."""


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
    before the other side can have the whole message; its effect must be durable. `may_be_there`: an earlier attempt of the same bytes is
    open or succeeded, so that "already there" means that it arrived. `was_sent`: an earlier attempt succeeded, and a person says that the
    other side lost it; a copy that the other side keeps of what it took may be of that attempt, and proves nothing of this one.
    """

    name: str
    content: bytes
    attempt: int = 1
    message_id: str = ""
    before_visible: Callable[[], None] = _unrecorded
    may_be_there: bool = False
    was_sent: bool = False


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


@runtime_checkable
class Begins(Protocol):
    """An outbound half that may write the next message, all but what makes it visible, while it hands over the one before it."""

    def begin(self, following: Callable[[], Handover]) -> None:
        """Called during a hand-over, once the intent of the one that follows is durable. That it does follow is not certain."""
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


class Memory(Protocol):
    """What a channel keeps beyond the life of the process, a text under each name: how far it has fetched receipts."""

    def read(self, name: str) -> str | None:
        """None when nothing is kept under the name."""
        ...

    def write(self, name: str, text: str) -> None:
        """Durable when it returns."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """The two halves; each may be used while another thread uses the other. `remember` takes the memory, for kinds that need one."""

    outbound: Outbound
    inbound: Inbound
    remember: Callable[[Memory], None] | None = None
