"""A way out of a station: a signer or a channel, as its watcher uses it."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

import structlog

from cebd.clock import Clock
from cebd.messages.envelope import EnvelopeForm
from cebd.metrics.meter import Meter
from cebd.problems.problem import Problem, problem
from cebd.records.ids import MessageId
from cebd.settings import Settings
from cebd.signing.known_token import KnownToken, TokenRevoked, require_not_revoked
from cebd.signing.sign_message import SignatureBatch
from cebd.signing.signer import SaysTries, Signer, TokenAway, TokenError, require_valid
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.tokens.usage import Logins
from cebd.station.failures import Failures
from cebd.station.watcher import GoesOn, Tried, Unusable
from cebd.store.conditions import Conditions, Party
from cebd.store.messages import NoSuchMessage, set_waiting
from cebd.store.store import Store
from cebd.store.submissions import messages_in_doubt
from cebd.store.tokens import revocation
from cebd.store.transaction import TransactionFailed
from cebd.transport.channel import OF_THE_CHANNEL, Failed, InDoubt, Outbound, Sent, party_of
from cebd.transport.sending_order import SendingOrder
from cebd.transport.submit import SubmissionBatch

log = structlog.get_logger("cebd")


class MessageWay(ABC):
    """The common part of signers and channels: an unforeseen error with a message concerns only this message, and is noted."""

    def __init__(self, name: str, work: str, store: Store, clock: Clock, failures: Failures) -> None:
        """`work`: the name of this work in the log and in `status`, for failures."""
        self._name = name
        self._work = work
        self._store = store
        self._clock = clock
        self._failures = failures

    def act(self, message_ids: Iterable[MessageId], goes_on: GoesOn) -> list[Tried | Unusable]:
        broken: dict[MessageId, Exception] = {}
        outcomes: list[Tried | Unusable] = []
        tried: list[MessageId] = []
        for message_id in self._expected(message_ids):
            tried.append(message_id)
            try:
                outcome = self._act(message_id)
            except NoSuchMessage:
                outcome = Tried.GONE
            except Exception as error:
                broken[message_id] = error
                outcome = Tried.WAITS
            outcomes.append(outcome)
            if not goes_on(outcome):
                break
        try:
            self._store_outcomes()
        except TokenRevoked as error:  # meanwhile
            outcomes = [Unusable(error.said(self._name), Party(error.party))] * len(outcomes)
        except Exception as error:  # as if none had been tried
            broken = dict.fromkeys(tried, error)
            outcomes = [Tried.WAITS] * len(outcomes)
        self._note_errors(broken)
        return outcomes

    def say_why(self, message_ids: Iterable[MessageId], why: Unusable) -> None:
        self._say(dict.fromkeys(message_ids, why.problem))

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _act(self, message_id: MessageId) -> Tried | Unusable:
        """Try one message."""

    def _expected(self, message_ids: Iterable[MessageId]) -> Iterable[MessageId]:
        """A batch of these messages begins."""
        return message_ids

    @abstractmethod
    def _store_outcomes(self) -> None:
        """Let the outcomes of the batch be durable, as far as they are not."""

    def _unusable(self, problem_id: str, reason: str, party: Party, reason_zh: str = "") -> Unusable:
        name, zh = self._name, reason_zh or reason
        return Unusable(problem(problem_id, value=name, channel=name, reason=reason, reason_zh=zh), party)

    def _note_errors(self, errors: Mapping[MessageId, Exception]) -> None:
        for message_id, error in errors.items():
            self._failures.note(self._work, error, message=message_id)
        if not errors:
            self._failures.over(self._work)
        internal = {
            message_id: problem("CEBD-1911", value=str(message_id), reason=type(error).__name__)
            for message_id, error in errors.items()
        }
        self._say(internal)

    def _say(self, reasons: Mapping[MessageId, Problem]) -> None:
        if not reasons:
            return
        with (
            suppress(TransactionFailed),
            self._store.write() as transaction,
        ):  # a full disk must not end the work as well
            for message_id, why in reasons.items():
                set_waiting(transaction, message_id, why)


class SignerWay(MessageWay):
    """A signer. `send` hands signed messages to their channels."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        failures: Failures,
        send: Callable[[Sequence[MessageId]], object],
        meter: Meter | None = None,
    ) -> None:
        super().__init__(name, f"signing with {name}", store, clock, failures)
        self._settings = settings
        self._conditions = conditions
        self._send = send
        self._meter = meter or Meter()
        self._signer: Signer | None = None
        self._opening = threading.Lock()  # the signing endpoint may ask for it, too
        self._batch = SignatureBatch(store, clock, name, self._opened)
        self._revoked: str | None = None  # when
        # Of a version that remembered a refused PIN in the store, and not which: none is shown that the token has not taken since.
        self._refused_before = settings.store_dir / f"pin-refused.{name}"

    def check(self) -> None:
        """Raises TokenError, for a certificate that is not valid too."""
        self._let_go_of_what_is_revoked()
        require_valid(self._opened().certificate(), self._clock.now())
        if self._refused_before.exists():  # a person has had the PIN shown
            self._refused_before.unlink()
            self._let_go()

    def for_others(self) -> Signer:
        """The same signer, for the signing endpoint: one login, one PIN guard, one after the other. Raises TokenError."""
        with self._store.read() as transaction:
            require_not_revoked(transaction, self._name)
        return self._opened()

    def try_out(self) -> Unusable | None:
        try:
            self.check()
        except TokenError as error:
            return self._refused(error)
        except Exception as error:
            self._failures.note(self._work, error)
            return self._unusable("CEBD-1912", type(error).__name__, Party.CEBD)
        finally:
            self._note_tries()
        self._failures.over(self._work)
        return None

    def _note_tries(self) -> None:
        if isinstance(self._signer, SaysTries) and self._signer.tries is not None:
            self._meter.token_said(self._name, self._signer.tries)

    def _act(self, message_id: MessageId) -> Tried | Unusable:
        begin = time.perf_counter()
        try:
            self._batch.sign(message_id)
        except TokenError as error:
            self._note_tries()
            return self._refused(error)
        self._meter.signed(self._name, time.perf_counter() - begin)
        return Tried.DONE

    def _store_outcomes(self) -> None:
        self._batch.store()

    def follow_up(self, message_ids: Sequence[MessageId]) -> None:
        self._send(message_ids)

    def closed(self, why: Unusable) -> None:
        if self._conditions.note(f"signer:{self._name}", why.problem, why.party):
            log.warning("signer not usable", signer=self._name, id=why.problem.id, reason=why.problem.en)

    def opened(self) -> None:
        if self._conditions.end(f"signer:{self._name}"):
            log.info("signer usable again", signer=self._name)

    def close(self) -> None:
        """Let go of the token."""
        if self._signer is not None:
            self._signer.close()

    def _opened(self) -> Signer:
        with self._opening:
            if self._signer is None:
                wanted = self._settings.signer[self._name]
                number, code = wanted.certificate_number(), wanted.credit_code
                gate = KnownToken(self._store, self._clock, self._name, number, code)
                by = Logins.ONLY_AS_BEFORE if self._refused_before.exists() else Logins.BY_ITSELF
                context = SignerContext(self._settings.base, gate, by=by)
                self._signer = open_signer(wanted, context)
            return self._signer

    def _refused(self, error: TokenError) -> Unusable:
        if isinstance(error, TokenAway):
            with self._store.read() as transaction:
                revoked = revocation(transaction, self._name)
            error = error if revoked is None else TokenRevoked(self._name, revoked)
        return Unusable(error.said(self._name), Party(error.party))

    def _let_go_of_what_is_revoked(self) -> None:
        """A token that was logged in to when it was revoked; the next one is looked at as if for the first time."""
        with self._store.read() as transaction:
            revoked = revocation(transaction, self._name)
        if revoked is not None and revoked.since != self._revoked:
            self._revoked = revoked.since
            self._let_go()

    def _let_go(self) -> None:
        with self._opening:
            self.close()
            self._signer = None


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


__all__ = ["ChannelWay", "SignerWay"]
