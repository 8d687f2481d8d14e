"""Lists of files and records, and everything about a single file, record or message. The daemon may run meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cebd.customs.book_files import Entry
from cebd.receipts.publishing.drop_receipt import meaning_of, receipt_of
from cebd.receipts.publishing.receipt import Receipt
from cebd.records.states import State
from cebd.store.across import listings
from cebd.store.across.listings import ListedDrop, ListedRecord, RecordInFull
from cebd.store.drops import Drop
from cebd.store.store import Store
from cebd.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class FileInFull:
    """A file that was taken, with its receipt as of now."""

    drop: Drop
    receipt: Receipt

    def as_json(self) -> dict[str, object]:
        """For `show --json`."""
        drop = self.drop
        return {"drop": {**self.receipt.as_json(), "id": drop.id, "place": drop.place, "state": drop.state}}


@dataclass(frozen=True, slots=True)
class ExplainedRecord:
    """A record, and the meaning of the latest answer of customs; None when customs have not answered."""

    record: RecordInFull
    meaning: Entry | None

    def as_json(self) -> dict[str, object]:
        """For `show --json`."""
        meaning = self.meaning
        customs = None
        if meaning is not None:
            customs = {
                "text_zh": meaning.zh,
                "text_en": meaning.en,
                "meaning_zh": meaning.meaning_zh,
                "meaning_en": meaning.meaning_en,
                "next_zh": meaning.next_zh,
                "next_en": meaning.next_en,
            }
        return {**self.record.as_json(), "customs": customs}


@dataclass(frozen=True, slots=True)
class RecordsInFull:
    """The records that a number or guid names."""

    records: tuple[ExplainedRecord, ...]

    def as_json(self) -> dict[str, object]:
        """For `show --json`."""
        return {"records": [record.as_json() for record in self.records]}


def latest_files(store_dir: Path, limit: int) -> list[ListedDrop]:
    """The files taken in, the latest first; at most so many. Raises StoreError."""
    with _reading(store_dir) as transaction:
        return listings.latest_drops(transaction, limit)


def latest_records(store_dir: Path, state: State | None, code: str | None, limit: int) -> list[ListedRecord]:
    """The records in that state, with that code of customs (None: any), the latest first; at most so many. Raises StoreError."""
    with _reading(store_dir) as transaction:
        return listings.latest_records(transaction, state, code, limit)


def look_up(store_dir: Path, ref: str) -> FileInFull | RecordsInFull | None:
    """The file of that number or name, else the records of that order number, copNo, guid or CopMsgId; None when there is no match.

    Raises StoreError.
    """
    with _reading(store_dir) as transaction:
        drop = listings.drop_named(transaction, ref)
        if drop is not None:
            return FileInFull(drop, receipt_of(transaction, drop, drop.published_at or ""))
        records = listings.records_named(transaction, ref)
    if not records:
        return None
    return RecordsInFull(tuple(ExplainedRecord(record, _meaning(record.record)) for record in records))


def _meaning(record: ListedRecord) -> Entry | None:
    if record.status is None:
        return None
    return meaning_of(record.type, record.state, record.status, record.info)


@contextmanager
def _reading(store_dir: Path) -> Iterator[Transaction]:
    with closing(Store.open(store_dir, create=False)) as store, store.read() as transaction:
        yield transaction
