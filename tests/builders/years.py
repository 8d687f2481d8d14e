"""Years pass: all that a store has is settled, and its content is removed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import update

from cebd.store.across.retention import OldFile, let_go, old_files
from cebd.store.tables import drops, records
from cebd.store.transaction import Transaction

LONG_AGO = "2020-03-04T09:00:00+08:00"
TODAY = "2030-01-02T08:00:00+08:00"


def settle(transaction: Transaction) -> None:
    """What waits to be sent was sent and has succeeded."""
    transaction.execute(update(records).where(records.c.state == "ready").values(state="succeeded", status="120"))


def grow_old(transaction: Transaction) -> None:
    """Every file was received and put away years ago."""
    put_away = {"state": "filed", "outcome": "done", "received": LONG_AGO}
    transaction.execute(update(drops).values(**put_away, published=drops.c.changed))


def remove_old(transaction: Transaction, enterprises: Collection[str]) -> list[OldFile]:
    """Remove the content of the old files; which they were."""
    files = old_files(transaction, TODAY, enterprises)
    let_go(transaction, files, (), (), TODAY)
    return files
