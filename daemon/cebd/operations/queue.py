"""What a person wants of work in flight: hold it, let it go, give it up, have it tried at once. The daemon may run meanwhile."""

from __future__ import annotations

import getpass
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cebd.clock import SystemClock, iso
from cebd.operations.text import Refused
from cebd.store.across import undecided
from cebd.store.across.intervening import holding
from cebd.store.across.intervening.holding import Choice, ChosenMessage
from cebd.store.across.undecided import UndecidedRecord
from cebd.store.store import Store


@dataclass(frozen=True)
class Decided:
    """The scope of a decision: numbers of rows and of their messages."""

    rows: int
    messages: int


def person() -> str:
    """Who gives the command, by the account's name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return "?"


def unfinished_messages(store_dir: Path, choice: Choice) -> list[ChosenMessage]:
    """The messages of the choice that are not sent. Raises StoreError."""
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        return holding.chosen_messages(transaction, choice)


def hold(store_dir: Path, choice: Choice, reason: str) -> int:
    """Keep messages back that have certainly not left; returns how many. Raises StoreError."""
    with closing(Store.open(store_dir, create=False, change=True)) as store, store.write() as transaction:
        return holding.hold(transaction, choice, person(), reason, iso(SystemClock().now()))


def retry(store_dir: Path, choice: Choice, reason: str) -> int:
    """Have messages tried at once that keep a pause after a failure; returns how many. Raises StoreError."""
    with closing(Store.open(store_dir, create=False, change=True)) as store, store.write() as transaction:
        return holding.wish_retry(transaction, choice, person(), reason, iso(SystemClock().now()))


def rows_to_decide(store_dir: Path, choice: Choice = undecided.ALL) -> list[UndecidedRecord]:
    """The rows that wait for a decision: all, or those of a choice. Raises StoreError."""
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        return undecided.undecided_records(transaction, choice)


def decide(store_dir: Path, choice: Choice, reason: str, *, declare: bool) -> Decided:
    """Declare these rows, or give them up; the whole message of a row goes. The daemon may run. Who did it, and why, is in the journal.

    Rows that customs have answered meanwhile are left alone. Raises StoreError, and Refused where a message cannot be declared as it was.
    """
    with closing(Store.open(store_dir, create=False, change=True)) as store, store.write() as transaction:
        rows = undecided.undecided_records(transaction, choice)
        try:
            change = undecided.release if declare else undecided.give_up
            return Decided(len(rows), change(transaction, rows, f"{person()}: {reason}"))
        except undecided.CannotRelease as error:
            raise Refused(error.zh, error.en) from None
