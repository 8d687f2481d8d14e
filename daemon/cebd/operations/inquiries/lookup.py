"""Lists of files and records, and everything about a single file, record or message. The daemon may run meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cebd.operations.inquiries.life import FileInFull, RecordsInFull, life_of
from cebd.store.across.finding.listings import ListedDrop, ListedRecord
from cebd.store.across.finding.pages import Filter, Page, Place, drop_page, record_page
from cebd.store.store import Store
from cebd.store.transaction import Transaction


def list_files(store_dir: Path, wanted: Filter, limit: int, before: Place | None = None) -> Page[ListedDrop]:
    """The files that fit, the latest first, at most `limit`. Raises StoreError."""
    with reading(store_dir) as transaction:
        return drop_page(transaction, wanted, limit, before)


def list_records(store_dir: Path, wanted: Filter, limit: int, before: Place | None = None) -> Page[ListedRecord]:
    """The records that fit, the latest first, at most `limit`. Raises StoreError."""
    with reading(store_dir) as transaction:
        return record_page(transaction, wanted, limit, before)


def look_up(store_dir: Path, ref: str) -> FileInFull | RecordsInFull | None:
    """What that file name, number or guid means, with its whole life (`life_of`); None when there is no match. Raises StoreError."""
    with reading(store_dir) as transaction:
        return life_of(transaction, ref)


@contextmanager
def reading(store_dir: Path) -> Iterator[Transaction]:
    """The store of a station, for a question. Raises StoreError."""
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        yield transaction


__all__ = ["FileInFull", "Filter", "Page", "Place", "RecordsInFull", "list_files", "list_records", "look_up", "reading"]
