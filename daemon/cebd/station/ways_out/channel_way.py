"""A channel, as its watcher uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import structlog

from cebd.clock import Clock
from cebd.messages.envelope import EnvelopeForm
from cebd.metrics.meter import Meter
from cebd.records.ids import MessageId
from cebd.station.failures import Failures
from cebd.station.ways_out.message_way import MessageWay
from cebd.station.ways_out.way import Tried, Unusable
from cebd.store.conditions import Party
from cebd.store.messages import NoSuchMessage
from cebd.store.store import Store
from cebd.store.submissions import messages_in_doubt
from cebd.transport.channel import OF_THE_CHANNEL, Failed, InDoubt, Outbound, Sent, party_of
from cebd.transport.sending_order import SendingOrder
from cebd.transport.submit import SubmissionBatch

log = structlog.get_logger("cebd")


class ChannelWay(MessageWay):
    """The sending half of a channel. The frequent look for receipts reports the channel's trouble (`channel:NAME`)."""

    def __init__(
        self,
        name: str,
        in_doubt_seconds: float,
        form: EnvelopeForm,
        order: SendingOrder,
        channel: Outbound,
        store: Store,
        clock: Clock,
        failures: Failures,
        hear: Callable[[], None],
        meter: Meter | None = None,
    ) -> None:
        super().__init__(name, f"sending by {name}", store, clock, failures)
        self._channel = channel
        self._batch = SubmissionBatch(store, channel, clock, in_doubt_seconds, hear, form, name)
        self._order = order
        self._meter = meter or Meter()
        self._are_doubts_settled = False

    def try_out(self) -> Unusable | None:
        return None

    def _act(self, message_id: MessageId) -> Tried | Unusable:
        if not self._are_doubts_settled:
            unusable = self._settle_doubts()
            if unusable is not None:
                return unusable
        return Tried.LATER if self._order.keeps_back(message_id) else self._submit(message_id)

    def _settle_doubts(self) -> Unusable | None:
        """At the start, before anything new goes: the other side is asked about each hand-over whose outcome is not known."""
        with self._store.read() as transaction:
            doubtful = messages_in_doubt(transaction, self._name)
        for message_id in doubtful:
            with suppress(NoSuchMessage):
                outcome = self._submit(message_id)
                if isinstance(outcome, Unusable):
                    return outcome
        self._are_doubts_settled = True
        return None

    def _submit(self, message_id: MessageId) -> Tried | Unusable:
        outcome = self._batch.submit(message_id)
        match outcome:
            case Sent():
                self._meter.handed_over(self._name)
                return Tried.DONE
            case Failed() | InDoubt():
                if outcome.problem is None or outcome.problem not in OF_THE_CHANNEL:
                    return Tried.DOUBT if isinstance(outcome, InDoubt) else Tried.WAITS
                party = Party(party_of(outcome.problem))
                return self._unusable(outcome.problem, outcome.reason, party, outcome.reason_zh)

    def _expected(self, message_ids: Iterable[MessageId]) -> Iterable[MessageId]:
        batch = list(message_ids)
        self._batch.expect([] if self._order.is_one_by_one else batch)
        return batch

    def _store_outcomes(self) -> None:
        self._batch.store()

    def follow_up(self, message_ids: Sequence[MessageId]) -> None:  # noqa: ARG002  nothing comes after sending
        return

    def closed(self, why: Unusable) -> None:
        log.warning(
            "messages wait because the channel cannot be used",
            channel=self._name,
            id=why.problem.id,
            reason=why.problem.en,
        )

    def opened(self) -> None:
        log.info("channel sends messages again", channel=self._name)

    def close(self) -> None:
        """Hang up."""
        self._channel.close()
