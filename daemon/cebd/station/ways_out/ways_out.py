"""The signers and channels of a station, opened when they are needed, each with its watcher.

Trouble with a signer or channel (token away, certificate expired, other host key, line down) is a condition that `status` names, and keeps
no message of the others waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial

import structlog

from cebd.clock import Clock
from cebd.messages.envelope import EnvelopeForm
from cebd.metrics.meter import Meter
from cebd.records.ids import MessageId
from cebd.records.states import UNSENT_MESSAGES, MessageState, SignatureMode
from cebd.settings import Enterprise, Settings
from cebd.signing.signer import Signer, TokenError
from cebd.station.failures import Failures
from cebd.station.pauses import Pauses
from cebd.station.ways_out.channel_way import ChannelWay
from cebd.station.ways_out.signer_way import SignerWay
from cebd.station.ways_out.turns import Waiting, WaitingLine
from cebd.station.ways_out.watcher import Watcher
from cebd.store.across.sending.who_signs import have_signed, leave_unsigned
from cebd.store.conditions import Conditions
from cebd.store.messages import MessageRow, message_rows
from cebd.store.store import Store
from cebd.transport.channel import ChannelError, Outbound
from cebd.transport.channels.kind import ChannelSettings
from cebd.transport.sending_order import SendingOrder

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
        meter: Meter | None = None,
    ) -> None:
        """`channels`: the sending half of each of the settings. `now`: seconds that never go back.

        `hear` reads what customs answered by the channel of that name while no station ran: before what is in doubt goes out again.
        """
        self._settings = settings
        self._store = store
        self._signers = {
            name: SignerWay(name, settings, store, clock, conditions, failures, self.keep, meter)
            for name in settings.signer
        }
        self._channels = {
            name: ChannelWay(
                name,
                settings.channel[name].in_doubt_seconds,
                _form_of(settings.channel[name]),
                SendingOrder(
                    store,
                    clock,
                    name,
                    first=settings.channel[name].first,
                    list_minutes=settings.station.list_minutes,
                ),
                channel,
                store,
                clock,
                failures,
                partial(hear, name),
                meter,
            )
            for name, channel in channels.items()
        }
        self._served = {enterprise.name for enterprise in settings.enterprise}
        self._clock = clock
        line = WaitingLine(Pauses[MessageId](*_SIGNER_PAUSES, now), self._on_duty)
        self.signing = {
            name: Watcher(way, *_SIGNER_PAUSES, now, is_used=partial(self._is_used, name), line=line, name=name)
            for name, way in self._signers.items()
        }
        self.sending = {
            name: Watcher(
                way,
                settings.channel[name].retry_seconds,
                _LONGEST_CHANNEL_PAUSE,
                now,
                is_used=_only_by_messages,
                starts_slowly=True,
            )
            for name, way in self._channels.items()
        }

    def keep(self, message_ids: Sequence[MessageId]) -> int:
        """Leave each message to the watcher of what it needs next; returns how many were left to one that did not have them.

        A message whose enterprise, signer or channel is not in use stands by (`cebd.operations.in_flight`).
        """
        with self._store.read() as transaction:
            rows = message_rows(transaction, message_ids)
        rows = self._signed_by_whom_the_channel_says(rows)
        waiting: dict[Watcher, list[Waiting]] = {}
        for message in rows:
            if message.enterprise not in self._served or message.state not in UNSENT_MESSAGES:
                continue
            if message.state is MessageState.READY:
                watchers, ways = self.signing, self._settings.signers_for(message.enterprise, message.signer)
                one_of_them = ways[0] if ways else None
            else:
                watchers, ways, one_of_them = self.sending, (), message.channel
            if one_of_them in watchers:
                waits = Waiting(message.id, message.drop_id, message.enterprise, ways)
                waiting.setdefault(watchers[one_of_them], []).append(waits)
        new = sum(watcher.keep(messages) for watcher, messages in waiting.items())
        for name in {name for messages in waiting.values() for message in messages for name in message.ways}:
            self.signing[name].bell.set()
        return new

    def _signed_by_whom_the_channel_says(self, rows: list[MessageRow]) -> list[MessageRow]:
        """The messages as they are once those that a client signs need no signer, and those that it signed before do."""
        bare, ours = list[MessageId](), dict[str, list[MessageId]]()
        for message in rows:
            channel = self._settings.channel.get(message.channel)
            if channel is None or message.enterprise not in self._served:
                continue
            if message.state is MessageState.READY and channel.is_signed_by_client:
                bare.append(message.id)
            elif message.signature_mode is SignatureMode.CLIENT and not channel.is_signed_by_client:
                ours.setdefault(message.enterprise, []).append(message.id)
        if not bare and not ours:
            return rows
        with self._store.write() as transaction:
            leave_unsigned(transaction, bare)
            for enterprise, message_ids in ours.items():
                have_signed(transaction, message_ids, self._settings.enterprise_named(enterprise).first_signer)
            return message_rows(transaction, [message.id for message in rows])

    def move(self, message_ids: Sequence[MessageId], from_channel: str) -> None:
        """They have another channel from now on."""
        if from_channel in self.sending:
            self.sending[from_channel].withdraw(message_ids)
        self.keep(message_ids)

    def try_all_now(self, enterprise: str) -> None:
        """A person of the enterprise wants all tried at once that its signers and channels pause with."""
        wanted = self._settings.enterprise_named(enterprise)
        for name in self._signers_of(wanted):
            self.signing[name].try_now()
        for name in wanted.channel.names:
            if name in self.sending:
                self.sending[name].try_now()

    def try_now(self, message_ids: Sequence[MessageId]) -> None:
        """A person wants these tried at once."""
        for watcher in (*self.signing.values(), *self.sending.values()):
            watcher.try_now(message_ids)

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
        for name in filter(self._is_used, self._signers):
            try:
                self._signers[name].check()
            except TokenError as error:
                wrong["signer", name] = error
            except Exception as error:
                log.exception("signer cannot be used", signer=name)
                wrong["signer", name] = TokenError(f"{name}: {type(error).__name__}")
        wrong |= {("channel", name): error for name, error in refused.items()}
        first = next(iter(wrong.values()), None)
        signers_wrong = {name for part, name in wrong if part == "signer"}
        if first is not None and all(
            all(("channel", name) in wrong for name in enterprise.channel.names)
            or (enterprise.signer and signers_wrong.issuperset(self._signers_of(enterprise)))
            for enterprise in enterprises
        ):
            raise first
        return first

    def _signers_of(self, enterprise: Enterprise) -> tuple[str, ...]:
        """Those that sign for it now."""
        return self._on_duty(self._settings.signers_of(enterprise))

    def _on_duty(self, signers: Collection[str]) -> tuple[str, ...]:
        return self._settings.signers_on_duty(signers, self._clock.now().date())

    def _is_used(self, signer: str) -> bool:
        return any(signer in self._signers_of(enterprise) for enterprise in self._settings.enterprise)

    def watchers(self) -> dict[str, Watcher]:
        """Every watcher, by a name for its work."""
        return {
            **{f"watch over signer {name}": watcher for name, watcher in self.signing.items()},
            **{f"watch over channel {name}": watcher for name, watcher in self.sending.items()},
        }

    def signer_for_others(self, name: str) -> Callable[[], Signer]:
        """See `SignerWay.for_others`."""
        return self._signers[name].for_others

    def close(self) -> None:
        """Let go of every token, hang up every channel; one that does not let go keeps no other."""
        for way in (*self._channels.values(), *self._signers.values()):
            with suppress(Exception):
                way.close()


def _form_of(channel: ChannelSettings) -> EnvelopeForm:
    return EnvelopeForm(channel.envelope_kind, channel.envelope_prefix, channel.from_node or "", channel.to_node or "")


def _only_by_messages() -> bool:
    """A channel is tried out by what waits for it."""
    return False


__all__ = ["WaysOut"]
