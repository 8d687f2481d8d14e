"""Fetching: a receipt is stored before it is removed at the other side.

| waiting file | result |
| --- | --- |
| a receipt, or a possibly damaged receipt | stored, then removed there |
| a message of another system | left where it is (CEBD-1713) |
| a receipt that cannot be fetched, stored or removed now | tried at the next look; the receipts behind it are taken now |

A channel that is down, or differs from the settings, ends the look. Receipts are stored several together, and removed after that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

import structlog

from cebd.clock import Clock, iso
from cebd.messages.returns import whose
from cebd.store.receipts import add_receipt
from cebd.store.store import Store
from cebd.store.transaction import StoreFault

log = structlog.get_logger("cebd")

FOREIGN = "CEBD-1713"
ONE_RECEIPT = "CEBD-1604"
_OF_ONE_RECEIPT = (ONE_RECEIPT, "CEBD-1605", "CEBD-1606", "CEBD-1607")
# Receipts stored in one transaction: so many, so large together, or so long in coming.
_TOGETHER = 100
_BYTES_TOGETHER = 8 * 1024**2
_SECONDS_TOGETHER = 1.0
_MAX_FAILURES_IN_A_ROW = 20  # then the channel itself does not work
_MAX_NAMED = 3  # failures reported in full


class NotAllTaken(Exception):
    """Several receipts could not be fetched, stored or removed (CEBD-1604); the message names the first."""


class Arrival(Protocol):
    """A receipt that waits at the other side (`cebd.transport.channel` has such)."""

    @property
    def name(self) -> str: ...

    @property
    def content(self) -> Callable[[], bytes]: ...

    @property
    def accept(self) -> Callable[[], None]: ...

    @property
    def leave(self) -> Callable[[str], None]: ...


class ReceiptSource(Protocol):
    """Where receipts wait: the inbound half of a channel."""

    def receive(self) -> Iterable[Arrival]: ...


def fetch_receipts(store: Store, channel_name: str, channel: ReceiptSource, clock: Clock) -> int:
    """Bring every waiting receipt into the store; returns the number of new receipts. Raises the channel's errors.

    Errors of single receipts are raised at the end, when all others are stored: a single error as it is, several as NotAllTaken.
    """
    fetch = _Fetch(store, channel_name, clock)
    try:
        for arrival in channel.receive():
            fetch.take(arrival)
            if fetch.failed_in_a_row >= _MAX_FAILURES_IN_A_ROW:
                break
    except StoreFault:
        raise
    except Exception:
        # A line that breaks again and again must get on, too.
        with suppress(Exception):
            fetch.finish()
        raise
    fetch.finish()
    failures = fetch.failures
    if len(failures) == 1:
        raise failures[0]
    if failures:
        more = f"; {len(failures) - _MAX_NAMED} more" if len(failures) > _MAX_NAMED else ""
        raise NotAllTaken("; ".join(map(str, failures[:_MAX_NAMED])) + more)
    return fetch.new


class _Fetched(NamedTuple):
    arrival: Arrival
    content: bytes
    received: str  # ISO 8601


class _Fetch:
    """A look: receipts are fetched one by one, stored several together (each commit waits for the disk), and then removed there."""

    def __init__(self, store: Store, channel_name: str, clock: Clock) -> None:
        self.new = 0
        self.failures: list[Exception] = []
        self.failed_in_a_row = 0
        self._store = store
        self._channel_name = channel_name
        self._clock = clock
        self._fetched: list[_Fetched] = []
        self._began = 0.0

    def take(self, arrival: Arrival) -> None:
        """Fetch a receipt, and store those fetched when they are many. Raises what concerns more than a receipt."""
        with self._alone():
            content = arrival.content()
            if _is_foreign(content):
                arrival.leave(FOREIGN)
            else:
                self._fetched.append(_Fetched(arrival, content, iso(self._clock.now())))
        if len(self._fetched) == 1:
            self._began = time.monotonic()
        size = sum(len(receipt.content) for receipt in self._fetched)
        waited = time.monotonic() - self._began
        if len(self._fetched) >= _TOGETHER or size >= _BYTES_TOGETHER or waited >= _SECONDS_TOGETHER:
            self.finish()

    def finish(self) -> None:
        """Store the receipts fetched until now; only then remove each at the other side."""
        fetched, self._fetched = self._fetched, []
        for receipt in self._stored(fetched):
            # Killed here, the receipt is fetched once more and recognised by its digest.
            with self._alone():
                receipt.arrival.accept()

    def _stored(self, fetched: list[_Fetched]) -> list[_Fetched]:
        """Those that are in the store now: all, if each can be stored."""
        try:
            self._store_together(fetched)
        except StoreFault:
            raise
        except Exception:
            return [receipt for receipt in fetched if self._is_stored_alone(receipt)]
        return fetched

    def _is_stored_alone(self, receipt: _Fetched) -> bool:
        with self._alone():
            self._store_together([receipt])
            return True
        return False

    def _store_together(self, fetched: list[_Fetched]) -> None:
        if not fetched:
            return
        with self._store.write() as transaction:
            new = sum(
                add_receipt(transaction, self._channel_name, receipt.arrival.name, receipt.content, receipt.received)
                for receipt in fetched
            )
        self.new += new

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """An error that concerns a single receipt is kept for the end."""
        try:
            yield
            self.failed_in_a_row = 0
        except StoreFault:
            raise
        except Exception as error:
            if getattr(error, "problem", ONE_RECEIPT) not in _OF_ONE_RECEIPT:
                raise
            self.failures.append(error)
            self.failed_in_a_row += 1


def _is_foreign(content: bytes) -> bool:
    try:
        return whose(content) == "foreign"
    except Exception:  # applying it parks it with its bytes
        return False
