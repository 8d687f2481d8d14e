"""A signer, as its watcher uses it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from cebd.clock import Clock
from cebd.metrics.meter import Meter
from cebd.records.ids import MessageId
from cebd.settings import Settings
from cebd.signing.known_token import KnownToken, TokenRevoked, require_not_revoked
from cebd.signing.sign_message import SignatureBatch
from cebd.signing.signer import SaysTries, Signer, TokenAway, TokenError, require_valid
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.tokens.usage import Logins
from cebd.station.failures import Failures
from cebd.station.ways_out.message_way import MessageWay
from cebd.station.ways_out.way import Tried, Unusable
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store
from cebd.store.tokens import revocation

log = structlog.get_logger("cebd")


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
