"""The order in which messages go through a signer or channel: enterprises take turns, and so do the files of each.

A file of one message waits for the batch under way and not for the thousand messages that came before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import NamedTuple

from cebd.records.ids import DropId, MessageId


class Waiting(NamedTuple):
    """A message that waits, and whose turn it takes."""

    message_id: MessageId
    drop_id: DropId
    enterprise: str


class Turns:
    """Messages in that order; of each file the oldest message first."""

    def __init__(self) -> None:
        self._enterprises: OrderedDict[str, OrderedDict[DropId, list[MessageId]]] = OrderedDict()

    def add(self, messages: Iterable[Waiting]) -> None:
        """Each message is to be added once."""
        for message in messages:
            files = self._enterprises.setdefault(message.enterprise, OrderedDict())
            heappush(files.setdefault(message.drop_id, []), message.message_id)

    def take(self, count: int) -> list[Waiting]:
        """The next messages, at most that many; they are not in here any more."""
        taken: list[Waiting] = []
        while self._enterprises and len(taken) < count:
            enterprise, files = self._enterprises.popitem(last=False)
            drop_id, message_ids = files.popitem(last=False)
            taken.append(Waiting(heappop(message_ids), drop_id, enterprise))
            # Whoever had a turn comes last.
            if message_ids:
                files[drop_id] = message_ids
            if files:
                self._enterprises[enterprise] = files
        return taken


__all__ = ["Turns", "Waiting"]
