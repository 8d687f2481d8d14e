"""Receipts that lie in a folder, here or at a server: they are listed, read and removed by their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import partial

from cebd.transport.channel import Arrival
from cebd.transport.complete_receipts import StableReceipts


class PolledInbound(ABC):
    """An `Inbound` made of a folder's verbs."""

    def __init__(self, receipts: StableReceipts) -> None:
        self._receipts = receipts

    def receive(self) -> Iterator[Arrival]:
        for name in self.waiting():
            yield Arrival(name, partial(self.fetch, name), partial(self.remove, name), partial(self.leave, name))

    @abstractmethod
    def waiting(self) -> list[str]:
        """Names of waiting receipts; those whose last fetch failed come last. Raises ChannelError."""

    @abstractmethod
    def fetch(self, name: str) -> bytes:
        """A receipt's bytes. Raises ChannelError; with CEBD-1604 only this receipt is concerned."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a receipt that is stored here, unless it has changed since it was fetched. Raises ChannelError.

        If the other side forbids the removal, the receipt is left there (CEBD-1610), which is no error.
        """

    def leave(self, name: str, problem: str) -> None:
        """Leave a receipt where it is: as long as it looks the same, this object does not hand its name out again."""
        self._receipts.leave(name, problem)

    def left(self) -> dict[str, list[str]]:
        return self._receipts.left()
