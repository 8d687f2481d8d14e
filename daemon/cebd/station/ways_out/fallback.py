"""Where an enterprise's channel has certainly failed for a while, its other channel takes over what certainly did not arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from cebd.clock import Clock, iso
from cebd.records.ids import MessageId
from cebd.settings import Settings
from cebd.store.across.sending.order import give_to_channel, not_delivered
from cebd.store.store import Store
from cebd.transport.channel import DOWN

log = structlog.get_logger("cebd")

AFTER = timedelta(minutes=5)  # a line that is away for a moment changes nothing


class Fallback:
    """`hand_over(messages, from, to)` tells the watchers of the two channels.

    Killed before it, the messages name their new channel already, and the next start hands them to its watcher. A message that may have
    arrived, or whose attempt is under way, stays with its channel: the same transaction that moves a message asks.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        hand_over: Callable[[Sequence[MessageId], str], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._hand_over = hand_over
        self.is_wanted = any(enterprise.channel.fallback for enterprise in settings.enterprise)

    def look(self) -> None:
        """Move what waits since long enough."""
        before = iso(self._clock.now() - AFTER)
        for enterprise in self._settings.enterprise:
            fallback = enterprise.channel.fallback
            for channel in enterprise.channel.names:
                if fallback is not None and channel != fallback:
                    self._move(enterprise.name, channel, fallback, before)

    def _move(self, enterprise: str, channel: str, fallback: str, before: str) -> None:
        with self._store.read() as transaction:
            waiting = not_delivered(transaction, channel, enterprise, before, DOWN)
        if not waiting:
            return
        with self._store.write() as transaction:
            moved = give_to_channel(transaction, waiting, fallback)
        if moved:
            log.warning("messages go by the other channel", channel=channel, fallback=fallback, count=len(moved))
            self._hand_over(moved, channel)
