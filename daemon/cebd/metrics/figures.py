"""The figures of a station at a moment, put together of the store, the conditions and what the station measures."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from cebd.metrics.meter import Meter, Signatures
from cebd.receipts.clock_evidence import clock_ahead
from cebd.records.states import State
from cebd.signing.signer import PinTries
from cebd.store.across.figures import StoreFigures, records_by_outcome, store_figures
from cebd.store.conditions import Condition, Conditions
from cebd.store.store import Store
from cebd.store.tokens import tokens_in_use

_FRESH_SECONDS = 5.0
_SHARE = 200.0  # counting every record may take one part in so many of the time


@dataclass(frozen=True, slots=True)
class Figures:
    """`certificates`: by signer, when its certificate ends (ISO 8601); `ahead`: seconds by which our clock is proved to be ahead of
    customs' (negative: behind; 0: nothing is proved); `contacts`: by channel, seconds since 1970.
    """

    store: StoreFigures
    records: dict[tuple[str, State], int]
    certificates: dict[str, str]
    ahead: float
    conditions: tuple[Condition, ...]
    signatures: dict[str, Signatures]
    contacts: dict[str, float]
    signers: tuple[str, ...]
    channels: tuple[str, ...]
    tries: dict[str, PinTries] = field(default_factory=dict)
    backed_up: datetime | None = None


@dataclass
class _Counted:
    records: dict[tuple[str, State], int] = field(default_factory=dict)
    due: float = 0.0
    mark: object = None


class FigureMaker:
    """Makes the figures when they are asked for; not more often than they change, and the dear ones seldom."""

    def __init__(
        self,
        store: Store,
        conditions: Conditions,
        meter: Meter,
        signers: Collection[str],
        channels: Collection[str],
        backed_up: Callable[[], datetime | None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._conditions, self._meter = store, conditions, meter
        self._signers, self._channels = tuple(signers), tuple(channels)
        self._backed_up, self._now = backed_up, now
        self._counted = _Counted()
        self._made: tuple[float, Figures] | None = None

    def figures(self) -> Figures:
        """As of some seconds ago at most; the counts of records may be older. Raises StoreFault where the store does not answer."""
        if self._made is not None and self._now() - self._made[0] < _FRESH_SECONDS:
            return self._made[1]
        with self._store.read() as transaction:
            of_store = store_figures(transaction)
            certificates = {
                token.signer: token.recorded.identity.valid_until
                for token in tokens_in_use(transaction)
                if token.state == "known" and token.recorded.identity.valid_until
            }
        made = Figures(
            of_store,
            self._records(),
            certificates,
            clock_ahead(self._store) or 0.0,
            tuple(self._conditions.current()),
            self._meter.signatures(),
            self._meter.contacts(),
            self._signers,
            self._channels,
            self._meter.tries(),
            self._backed_up(),
        )
        self._made = self._now(), made
        return made

    def _records(self) -> dict[tuple[str, State], int]:
        counted, mark, begin = self._counted, self._store.database.mark(), self._now()
        if begin < counted.due or mark == counted.mark:
            return counted.records
        with self._store.read() as transaction:
            found = records_by_outcome(transaction)
        took = self._now() - begin
        self._counted = _Counted(found, begin + _SHARE * took, mark)
        return found
