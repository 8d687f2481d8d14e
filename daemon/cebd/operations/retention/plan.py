"""What `cebd retention` would remove, by month and kind: files and their messages of which all is final, and has been for years.

The store is only read; the daemon may run meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from cebd.apart import answered
from cebd.file_names import path_from_text
from cebd.operations.text import Text
from cebd.receipts.publishing.outbox import outbox_files
from cebd.receipts.publishing.raw_receipts import copy_name
from cebd.settings import Settings
from cebd.store.across.retention import (
    FileToRemove,
    OldFile,
    OldReceipt,
    old_files,
    old_receipts,
    old_signatures,
    pending_files,
    stored_of,
)
from cebd.store.transaction import Transaction

YEARS = 3  # trade data and their papers are kept so long


class Kind(StrEnum):
    """What is removed."""

    ORIGINALS = "originals"
    RECEIPT_FILES = "receipt files"
    MESSAGES = "messages"
    RECEIPTS = "customs receipts"
    ANSWERS = "answers"
    SIGNATURES = "signatures given"


KINDS = {
    Kind.ORIGINALS: Text("原文件", "files as they were dropped"),
    Kind.RECEIPT_FILES: Text("outbox 中的回执文件", "receipt files in the outboxes"),
    Kind.MESSAGES: Text("数据库中的报文", "messages in the store"),
    Kind.RECEIPTS: Text("数据库中的回执原文", "receipts of customs in the store"),
    Kind.ANSWERS: Text("早已被后来状态取代的回执记录", "answers that later ones replaced"),
    Kind.SIGNATURES: Text("代签记录", "notes of signatures given to others"),
}


@dataclass(frozen=True, slots=True)
class Sum:
    """How many, and how many bytes; rows alone have none."""

    number: int = 0
    size: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.number + other.number, self.size + other.size)

    def as_json(self) -> dict[str, object]:
        return {"number": self.number, "bytes": self.size}


Sums = dict[str, dict[Kind, Sum]]
"""By month (2023-11), then by kind."""


@dataclass(frozen=True)
class Plan:
    """`before` (ISO 8601): all of it was final before then. `on_the_disk`: the files of each old file and receipt, by its number.

    `pending`: what an earlier retention, which was stopped, has left on the disk. `closed`: enterprises whose folder does not answer, or
    is not there: nothing of theirs is removed.
    """

    before: str
    files: tuple[OldFile, ...]
    receipts: tuple[OldReceipt, ...]
    of_files: dict[int, list[FileToRemove]] = field(repr=False)
    of_receipts: dict[int, list[FileToRemove]] = field(repr=False)
    pending: tuple[FileToRemove, ...]
    closed: tuple[str, ...]
    sums: Sums

    def total(self) -> dict[Kind, Sum]:
        """By kind, over all months."""
        totals: dict[Kind, Sum] = {}
        for kinds in self.sums.values():
            for kind, found in kinds.items():
                totals[kind] = totals.get(kind, Sum()) + found
        return totals

    def as_json(self) -> dict[str, object]:
        """For `retention --json`."""
        return {
            "before": self.before,
            "months": {
                month: {kind.value: found.as_json() for kind, found in sorted(kinds.items())}
                for month, kinds in sorted(self.sums.items())
            },
            "pending": [file.path for file in self.pending],
            "closed": list(self.closed),
        }


def years_before(now: datetime, years: int) -> str:
    """The beginning of the day so many years ago, ISO 8601."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return day.replace(year=day.year - years).isoformat()
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - years, day=28).isoformat()


def plan_retention(transaction: Transaction, settings: Settings, now: datetime, years: int = YEARS) -> Plan:
    """What would be removed now."""
    before = years_before(now, years)
    folders = {enterprise.name: settings.folder(enterprise) for enterprise in settings.enterprise}
    closed = tuple(name for name, folder in folders.items() if not _is_there(folder))
    served = [name for name in folders if name not in closed]
    files = tuple(old_files(transaction, before, served))
    receipts = tuple(
        receipt
        for receipt in old_receipts(transaction, before, [file.id for file in files])
        if set(receipt.enterprises) <= set(served)
    )
    of_files = {int(file.id): list(_of_file(file)) for file in files}
    of_receipts = {int(receipt.id): list(_of_receipt(receipt)) for receipt in receipts}
    sums: Sums = {}

    def count(month: str, kind: Kind, number: int, size: int = 0) -> None:
        if number:
            kinds = sums.setdefault(month, {})
            kinds[kind] = kinds.get(kind, Sum()) + Sum(number, size)

    stored = stored_of(transaction, [file.id for file in files])
    for file in files:
        month = file.received[:7]
        for position, one in enumerate(of_files[file.id]):
            size = _size(folders[one.enterprise] / path_from_text(one.path))
            count(month, Kind.RECEIPT_FILES if position else Kind.ORIGINALS, size is not None, size or 0)
        if file.id in stored:
            count(month, Kind.MESSAGES, stored[file.id].messages, stored[file.id].size)
            count(month, Kind.ANSWERS, stored[file.id].answers)
    for receipt in receipts:
        month = receipt.received[:7]
        count(month, Kind.RECEIPTS, 1, receipt.size)
        for one in of_receipts[receipt.id]:
            size = _size(folders[one.enterprise] / path_from_text(one.path))
            count(month, Kind.RECEIPT_FILES, size is not None, size or 0)
    for month, number in old_signatures(transaction, before).items():
        count(month, Kind.SIGNATURES, number)
    return Plan(before, files, receipts, of_files, of_receipts, tuple(pending_files(transaction)), closed, sums)


def _is_there(folder: Path) -> bool:
    try:
        return answered(partial(os.path.isdir, folder / "outbox"), folder, seconds=10)
    except OSError:
        return False


def _of_file(file: OldFile) -> Iterator[FileToRemove]:
    """The file itself, then what stands in the outbox of it; a workbook that a person has changed is left to the person."""
    yield FileToRemove(file.enterprise, file.place, (file.sha256,))
    told, *books = outbox_files(file.stem)
    yield FileToRemove(file.enterprise, f"outbox/{told.as_posix()}", ())
    for book in books:
        yield FileToRemove(file.enterprise, f"outbox/{book.as_posix()}", file.books or (_ANY_OF_OURS,))


_ANY_OF_OURS = "as we wrote it"  # of versions that kept no digests: the seal inside it tells


def _of_receipt(receipt: OldReceipt) -> Iterator[FileToRemove]:
    name = copy_name(receipt.id, receipt.name)
    for enterprise in receipt.enterprises:
        for day in ("", f"{receipt.received[:10]}/"):  # as the settings were then
            yield FileToRemove(enterprise, f"outbox/customs/{day}{name}", (receipt.sha256,))


def _size(path: Path) -> int | None:
    try:
        return os.stat(path, follow_symlinks=False).st_size  # noqa: PTH116  (of any length)
    except OSError:
        return None
