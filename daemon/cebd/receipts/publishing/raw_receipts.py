"""Raw receipts for people: copied to `outbox/customs/`; those that match no declaration, or cannot be read, to `outbox/unmatched/`.

| obstacle | result |
| --- | --- |
| the folder of an enterprise cannot be written | `receipt:copies/ENTERPRISE` (CEBD-1714); written at a later look, the others' now |
| the folder of an enterprise does not answer | the same; nobody waits for it (`cebd.apart`) |
| the settings lack the enterprise | `receipt:owed/ENTERPRISE` (CEBD-1715); written when it is back |
| the bytes are damaged in the store | left out; the audit names them |
"""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from cebd.apart import PATIENCE, Apart, NoAnswer
from cebd.disk.files import write_file
from cebd.disk.system import sync_folder, where_and_why
from cebd.file_names import fitting
from cebd.problems.problem import Problem, problem
from cebd.records.ids import ReceiptId
from cebd.records.states import ReceiptState
from cebd.store.conditions import Conditions, Party
from cebd.store.receipts import StoredReceipt, copy_again, load_receipts, mark_copied, owed_copies, receipts_to_copy
from cebd.store.store import Store
from cebd.store.transaction import batches

log = structlog.get_logger("cebd")

_BATCH_SIZE = 50  # receipts in memory at once
_SECONDS_EACH = PATIENCE / 2  # files of an enterprise that are not written by then are written at the next look
_MAX_FAILURES = 3  # receipts that cannot be written are a folder that cannot be
_REASONS = {ReceiptState.UNMATCHED: "CEBD-1701", ReceiptState.UNREADABLE: "CEBD-1704"}
_COPIES, _OWED = "receipt:copies/", "receipt:owed/"

_File = tuple[str, bytes]  # the path below an outbox, and the content


@dataclass
class _Look:
    """The folders of a look, and its obstacles: by enterprise, the number of failures and the reason."""

    folders: Mapping[str, Path]
    by_channel: Mapping[str, Sequence[str]]
    by_day: bool
    failures: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)

    def fail(self, enterprise: str, error: OSError) -> None:
        self.failures[enterprise] += 1
        self.reasons[enterprise] = where_and_why(error)


@dataclass(frozen=True, slots=True)
class _Copies:
    """The files of a receipt, by enterprise; and the missing enterprises, to which they are owed."""

    files: dict[str, list[_File]]
    owed: list[str]


def copy_out(
    store: Store,
    folders: Mapping[str, Path],
    by_channel: Mapping[str, Sequence[str]],
    conditions: Conditions | None = None,
    apart: Apart | None = None,
    *,
    by_day: bool = False,
) -> int:
    """Write receipts not written yet, each alone; returns their number. Writing a receipt again is harmless.

    `folders` by enterprise; `by_channel`: the enterprises that a receipt of that channel may be for when it names none.
    `by_day`: into folders by the day on which a receipt came. `apart`: the same for every call, so that a folder which does not
    answer is waited for only once.
    """
    apart = apart or Apart("copy receipts")
    _take_up_owed(store, folders)
    look = _Look(folders, by_channel, by_day)
    written = 0
    with store.read() as transaction:
        waiting = receipts_to_copy(transaction)
    for receipt_ids in batches(waiting, _BATCH_SIZE):
        with store.read() as transaction:
            loaded = load_receipts(transaction, receipt_ids)
        copies = {receipt.id: _copies_of(receipt, look) for receipt in loaded}
        given = _give(copies, look, apart)
        with store.write() as transaction:
            for receipt_id, copy in copies.items():
                if all(receipt_id in given[enterprise] for enterprise in copy.files):
                    mark_copied(transaction, receipt_id, copy.owed)
                    written += 1
    if conditions is not None:
        _note_conditions(store, look, conditions)
    return written


def _take_up_owed(store: Store, folders: Mapping[str, Path]) -> None:
    """Receipts that are owed to enterprises which are back in the settings wait to be copied again."""
    with store.read() as transaction:
        back = [owed for owed in owed_copies(transaction) if any(enterprise in folders for enterprise in owed)]
    if back:
        with store.write() as transaction:
            copy_again(transaction, back)


def _copies_of(receipt: StoredReceipt, look: _Look) -> _Copies:
    try:
        content = receipt.content()
    except zlib.error:  # the audit reports it; it must not delay the receipts behind it
        log.error("receipt damaged in the store", id="CEBD-1805", receipt=receipt.id)
        return _Copies({}, owed=[])
    day = f"{receipt.received[:10]}/" if look.by_day else ""
    name = day + copy_name(receipt.id, receipt.name)
    addressees = receipt.owed or receipt.enterprises
    files: list[tuple[str, _File]] = [(enterprise, (f"customs/{name}", content)) for enterprise in addressees]
    if receipt.state in _REASONS:
        reason = problem(_REASONS[receipt.state], value=receipt.name).as_text().encode()
        for enterprise in look.by_channel.get(receipt.channel, ()):
            files.append((enterprise, (f"unmatched/{name}.problem.txt", reason)))
            files.append((enterprise, (f"unmatched/{name}", content)))
    by_enterprise: dict[str, list[_File]] = {}
    for enterprise, file in files:
        if enterprise in look.folders:
            by_enterprise.setdefault(enterprise, []).append(file)
    return _Copies(by_enterprise, [enterprise for enterprise in addressees if enterprise not in look.folders])


def copy_name(receipt_id: ReceiptId, name: str) -> str:
    """The name of a receipt's copy in an outbox."""
    return fitting(f"{receipt_id:06d}-{Path(name).name}")


def _give(copies: Mapping[ReceiptId, _Copies], look: _Look, apart: Apart) -> dict[str, set[ReceiptId]]:
    """Write the files of every enterprise; returns by enterprise the receipts whose files are all certainly on the disk."""
    to_write: dict[str, dict[ReceiptId, list[_File]]] = {}
    for receipt_id, copy in copies.items():
        for enterprise, files in copy.files.items():
            to_write.setdefault(enterprise, {})[receipt_id] = files
    given: dict[str, set[ReceiptId]] = {enterprise: set() for enterprise in to_write}

    def give(enterprise: str) -> None:
        written = _write(enterprise, to_write[enterprise], look)
        given[enterprise] = written

    for enterprise in apart.in_turn({enterprise: partial(give, enterprise) for enterprise in to_write}):
        look.fail(enterprise, NoAnswer())
        given[enterprise] = set()
    return given


def _write(enterprise: str, to_write: Mapping[ReceiptId, list[_File]], look: _Look) -> set[ReceiptId]:
    outbox = look.folders[enterprise] / "outbox"
    end = time.monotonic() + _SECONDS_EACH
    written: dict[ReceiptId, set[Path]] = {}
    for receipt_id, files in to_write.items():
        if look.failures[enterprise] >= _MAX_FAILURES or (written and time.monotonic() > end):
            break
        try:
            for below, content in files:
                write_file(outbox / below, content, within=look.folders[enterprise])
        except OSError as error:
            look.fail(enterprise, error)
            continue
        written[receipt_id] = {(outbox / below).parent for below, _ in files}
    unsynced = _sync({folder for folders in written.values() for folder in folders}, enterprise, look)
    return {receipt_id for receipt_id, folders in written.items() if not folders & unsynced}


def _sync(folders: Collection[Path], enterprise: str, look: _Look) -> set[Path]:
    """Flush the folders to the disk; returns the folders where that failed."""
    unsynced = set()
    for folder in folders:
        try:
            sync_folder(folder)
        except OSError as error:
            look.fail(enterprise, error)
            unsynced.add(folder)
    return unsynced


def _note_conditions(store: Store, look: _Look, conditions: Conditions) -> None:
    """Say of each enterprise why its copies cannot be written, and how many are owed to it."""
    refusing = {
        enterprise: problem("CEBD-1714", value=str(look.folders[enterprise] / "outbox"), reason=reason)
        for enterprise, reason in look.reasons.items()
    }
    _note_each(conditions, _COPIES, refusing)
    owed: Counter[str] = Counter()
    with store.read() as transaction:
        for enterprises, count in owed_copies(transaction).items():
            for enterprise in enterprises:
                owed[enterprise] += count
    absent = {enterprise: problem("CEBD-1715", value=enterprise, count=count) for enterprise, count in owed.items()}
    _note_each(conditions, _OWED, absent)


def _note_each(conditions: Conditions, begin: str, problems: Mapping[str, Problem]) -> None:
    """These problems by enterprise, and no others, stand under keys that begin so; each is the administrator's matter."""
    for enterprise, reason in problems.items():
        if conditions.note(begin + enterprise, reason, Party.ADMINISTRATOR, enterprise):
            log.warning(reason.en, id=reason.id, enterprise=enterprise)
    conditions.end_others(begin, [begin + enterprise for enterprise in problems])
