"""The signers and channels of a station, opened when they are needed, each with its watcher.

Trouble with a signer or channel (token away, certificate expired, other host key, line down) is a condition that `status` names, and keeps
no message of the others waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import structlog

from cebd.clock import Clock
from cebd.records.ids import MessageId
from cebd.records.states import UNSENT_MESSAGES, MessageState
from cebd.settings import Settings
from cebd.signing.signer import TokenError
from cebd.station.failures import Failures
from cebd.station.turns import Waiting
from cebd.station.watcher import Watcher
from cebd.station.ways import ChannelWay, SignerWay
from cebd.store.conditions import Conditions
from cebd.store.messages import message_rows
from cebd.store.store import Store
from cebd.transport.channel import ChannelError, Outbound

log = structlog.get_logger("cebd")

_SIGNER_PAUSES = (1.0, 3.0)  # seconds: the first, the longest; whoever plugs a token in waits for it
_LONGEST_CHANNEL_PAUSE = 300.0  # seconds


class WaysOut:
    """Every signer and channel of the settings, each with its watcher."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        failures: Failures,
        channels: Mapping[str, Outbound],
        now: Callable[[], float] = time.monotonic,
        hear: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """`channels`: the sending half of each of the settings. `now`: seconds that never go back.

        `hear` reads what customs answered by the channel of that name while no station ran: before what is in doubt goes out again.
        """
        self._settings = settings
        self._store = store
        self._signers = {
            name: SignerWay(name, settings, store, clock, conditions, failures, self.keep) for name in settings.signer
        }
        self._channels = {
            name: ChannelWay(
                name, settings.channel[name].in_doubt_seconds, channel, store, clock, failures, partial(hear, name)
            )
            for name, channel in channels.items()
        }
        self._served = {enterprise.name for enterprise in settings.enterprise}
        used = {enterprise.signer for enterprise in settings.enterprise}
        self.signing = {
            name: Watcher(way, *_SIGNER_PAUSES, now, is_used=name in used) for name, way in self._signers.items()
        }
        self.sending = {
            name: Watcher(way, settings.channel[name].retry_seconds, _LONGEST_CHANNEL_PAUSE, now, is_used=False)
            for name, way in self._channels.items()
        }

    def keep(self, message_ids: Sequence[MessageId]) -> int:
        """Leave each message to the watcher of what it needs next; returns how many were left to one that did not have them.

        A message whose enterprise, signer or channel is not in use stands by (`cebd.operations.in_flight`).
        """
        with self._store.read() as transaction:
            rows = message_rows(transaction, message_ids)
        waiting: dict[Watcher, list[Waiting]] = {}
        for message in rows:
            if message.enterprise not in self._served or message.state not in UNSENT_MESSAGES:
                continue
            is_unsigned = message.state is MessageState.READY
            watcher = self.signing.get(message.signer) if is_unsigned else self.sending.get(message.channel)
            if watcher is not None:
                waiting.setdefault(watcher, []).append(Waiting(message.id, message.drop_id, message.enterprise))
        return sum(watcher.keep(messages) for watcher, messages in waiting.items())

    def keeps(self, message_id: MessageId) -> bool:
        """Whether the message is with one of the watchers."""
        return any(watcher.keeps(message_id) for watcher in (*self.signing.values(), *self.sending.values()))

    def is_at_rest(self) -> bool:
        """Whether every watcher has tried all that waits, once at least."""
        return all(watcher.is_at_rest() for watcher in (*self.signing.values(), *self.sending.values()))

    def check(self, refused: Mapping[str, ChannelError]) -> Exception | None:
        """Try every signer that an enterprise uses; `refused`: channels that cannot be used.

        Raises TokenError or ChannelError when no enterprise can declare anything. Else the first of what is wrong, if anything is: the
        others go on.
        """
        enterprises = self._settings.enterprise
        wrong: dict[tuple[str, str], Exception] = {}
        for name in dict.fromkeys(enterprise.signer for enterprise in enterprises):
            try:
                self._signers[name].check()
            except TokenError as error:
                wrong["signer", name] = error
            except Exception as error:
                log.exception("signer cannot be used", signer=name)
                wrong["signer", name] = TokenError(f"{name}: {type(error).__name__}")
        wrong |= {("channel", name): error for name, error in refused.items()}
        first = next(iter(wrong.values()), None)
        ways = [{("signer", enterprise.signer), ("channel", enterprise.channel)} for enterprise in enterprises]
        if first is not None and all(way & wrong.keys() for way in ways):
            raise first
        return first

    def watchers(self) -> dict[str, Watcher]:
        """Every watcher, by a name for its work."""
        return {
            **{f"watch over signer {name}": watcher for name, watcher in self.signing.items()},
            **{f"watch over channel {name}": watcher for name, watcher in self.sending.items()},
        }

    def close(self) -> None:
        """Let go of every token, hang up every channel; one that does not let go keeps no other."""
        for way in (*self._channels.values(), *self._signers.values()):
            with suppress(Exception):
                way.close()


__all__ = ["WaysOut"]
