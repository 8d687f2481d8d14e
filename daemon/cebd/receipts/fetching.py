"""Fetching: a receipt is stored before it is removed at the other side.

| waiting file | result |
| --- | --- |
| a receipt, or a possibly damaged receipt | stored, then removed there |
| a message of another system | left where it is (CEBD-1713) |
| a receipt that cannot be fetched, stored or removed now | tried at the next look; the receipts behind it are taken now |

A channel that is down, or differs from the settings, ends the look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import structlog

from cebd.clock import Clock, iso
from cebd.messages.returns import whose
from cebd.store.receipts import add_receipt
from cebd.store.store import Store
from cebd.store.transaction import StoreFault

log = structlog.get_logger("cebd")

FOREIGN = "CEBD-1713"
ONE_RECEIPT = "CEBD-1604"
_OF_ONE_RECEIPT = (ONE_RECEIPT, "CEBD-1605")
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
    new = 0
    failures: list[Exception] = []
    in_a_row = 0
    for arrival in channel.receive():
        try:
            new += _fetch(store, channel_name, arrival, clock)
            in_a_row = 0
        except StoreFault:
            raise
        except Exception as error:
            if getattr(error, "problem", ONE_RECEIPT) not in _OF_ONE_RECEIPT:
                raise
            failures.append(error)
            in_a_row += 1
            if in_a_row == _MAX_FAILURES_IN_A_ROW:
                break
    if len(failures) == 1:
        raise failures[0]
    if failures:
        more = f"; {len(failures) - _MAX_NAMED} more" if len(failures) > _MAX_NAMED else ""
        raise NotAllTaken("; ".join(map(str, failures[:_MAX_NAMED])) + more)
    return new


def _fetch(store: Store, channel_name: str, arrival: Arrival, clock: Clock) -> int:
    content = arrival.content()
    if _is_foreign(content):
        arrival.leave(FOREIGN)
        return 0
    with store.write() as transaction:
        is_new = add_receipt(transaction, channel_name, arrival.name, content, iso(clock.now()))
    # Killed here, the receipt is fetched once more and recognised by its digest.
    arrival.accept()
    return int(is_new)


def _is_foreign(content: bytes) -> bool:
    try:
        return whose(content) == "foreign"
    except Exception:  # applying it parks it with its bytes
        return False
