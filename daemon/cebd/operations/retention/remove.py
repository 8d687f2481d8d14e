"""Removing what `plan` found: the store lets go of a batch and notes its files, the files go, and the note goes.

| killed | what the next `cebd retention --yes` does |
| --- | --- |
| before the store has let go | as if nothing had been |
| between the store and the files, or among them | it finds the noted files first, and removes them |
| while the store is made smaller | SQLite undoes it; the room stays free inside the file, until the next time |

`tests/system/test_retention.py` kills there. The station's lock is held for all of it: no daemon, and no other command that changes the
store, works meanwhile; who only reads keeps the view of the store that it began with.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from cebd.clock import iso
from cebd.declared.goods_archive import learn_goods
from cebd.disk.entering import open_folder
from cebd.documents.workbooks.own_marks import is_as_we_wrote_it
from cebd.file_names import path_from_text
from cebd.operations.backup import sound_backup_of
from cebd.operations.queue import person
from cebd.operations.retention.plan import YEARS, Kind, Plan, Sum, plan_retention
from cebd.operations.text import Refused
from cebd.receipts.statements.taking_bills import take_up_bills
from cebd.settings import Settings
from cebd.store.across.retention import (
    FileToRemove,
    OldFile,
    OldReceipt,
    forget_files,
    forget_signatures,
    let_go,
    pending_files,
)
from cebd.store.databases.migrations import note
from cebd.store.store import STORE, Store
from cebd.store.transaction import batches

_FILES_AT_ONCE, _RECEIPTS_AT_ONCE = 20, 500
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ROOM = 2.2  # of the store's size: what making it smaller takes for a while


@dataclass(frozen=True)
class Removed:
    """What was done. `kept`: files that a person has changed, or that are no plain files: they stay. `stuck`: files that the system did not
    let go of (open, no rights): the next retention tries again. `shrunk`: bytes given back; None where the disk lacks the room for it.
    """

    plan: Plan
    kept: tuple[str, ...]
    stuck: tuple[str, ...]
    shrunk: int | None

    def as_json(self) -> dict[str, object]:
        """For `retention --yes --json`."""
        return {
            **self.plan.as_json(),
            "kept": list(self.kept),
            "stuck": list(self.stuck),
            "shrunk": self.shrunk,
        }


def require_backup(settings: Settings, now: datetime, without: str | None) -> str:
    """What stands behind a removal: today's backup, or a person's reason to do without. Raises Refused."""
    if without is not None:
        return f"without a backup: {without}"
    backup = sound_backup_of(settings.store_dir, now.date())
    if backup is None:
        raise Refused(
            "今天还没有经过校验的备份：请先运行 cebd backup 文件夹；确实不需要备份时加 --without-backup 原因。",
            "There is no verified backup of today: make one first (cebd backup FOLDER), "
            "or say why none is needed: --without-backup REASON",
        )
    return f"backup {backup}"


def retain(settings: Settings, store: Store, now: datetime, why: str, years: int = YEARS) -> Removed:
    """Remove it. The caller holds the station's lock. `why`: what `require_backup` gave. Raises StoreError, TransactionFailed."""
    folders = {enterprise.name: settings.folder(enterprise) for enterprise in settings.enterprise}
    disk = _Disk(store, folders)
    disk.remove_pending()
    _take_up(store)
    with store.read() as transaction:
        plan = plan_retention(transaction, settings, now, years)
    reason = f"all final before {plan.before[:10]}; by {person()}; {why}"
    for month, of_month in groupby(plan.files, key=lambda file: file.received[:7]):
        for files in batches(list(of_month), _FILES_AT_ONCE):
            _let_go(store, plan, files, (), iso(now), f"{month}: {len(files)} files with their messages; {reason}")
            disk.remove_pending()
    for receipts in batches(plan.receipts, _RECEIPTS_AT_ONCE):
        span = f"{receipts[0].received[:7]} to {receipts[-1].received[:7]}"
        _let_go(store, plan, (), receipts, iso(now), f"{span}: {len(receipts)} receipts of customs; {reason}")
        disk.remove_pending()
    total = plan.total()
    if total:
        with store.write() as transaction:
            forget_signatures(transaction, plan.before)
            told = ", ".join(f"{found.number} {kind} ({found.size} bytes)" for kind, found in sorted(total.items()))
            note(transaction, "retention", f"removed: {told}; {reason}")
    return Removed(plan, tuple(disk.kept), tuple(disk.stuck), _shrink(store) if total else 0)


def _take_up(store: Store) -> None:
    """What the goods archive and the statements of tax bills take from lists and receipts is taken before these go: a store of an earlier
    version may be behind."""
    while take_up_bills(store):
        pass
    while learn_goods(store):
        pass


def _let_go(
    store: Store, plan: Plan, files: Sequence[OldFile], receipts: Sequence[OldReceipt], now: str, said: str
) -> None:
    """In one transaction: what is removed of the store, which files are to follow, and what the journal says of it."""
    on_the_disk = [one for file in files for one in plan.of_files[file.id]]
    on_the_disk += [one for receipt in receipts for one in plan.of_receipts[receipt.id]]
    with store.write() as transaction:
        let_go(transaction, files, receipts, on_the_disk, now)
        note(transaction, "retention", said)
    # Killed here, the files are noted: the next retention removes them.


class _Disk:
    """The files that the store has let go of; what became of those that are still there."""

    def __init__(self, store: Store, folders: dict[str, Path]) -> None:
        self._store = store
        self._folders = folders
        self.kept: list[str] = []
        self.stuck: list[str] = []

    def remove_pending(self) -> None:
        with self._store.read() as transaction:
            pending = [file for file in pending_files(transaction) if file.path not in self.stuck]
        done = [file for file in pending if file.enterprise in self._folders and self._remove(file)]
        if done:
            with self._store.write() as transaction:
                forget_files(transaction, done)

    def _remove(self, file: FileToRemove) -> bool:
        """Remove it; False where it has to be tried again."""
        folder = self._folders[file.enterprise]
        path = folder / path_from_text(file.path)
        try:
            with open_folder(path.parent, folder, make=False) as opened:
                about = opened.stat(path.name)
                if about is None:
                    return True
                content = opened.read(path.name)
                if content is None or not _is_ours(file, content):
                    self.kept.append(file.path)
                    return True
                opened.remove(path.name)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            self.stuck.append(file.path)
            return False
        with suppress(OSError):  # the folder of a day that is empty now; no other is
            if _DAY.fullmatch(path.parent.name):
                path.parent.rmdir()
        return True


def _is_ours(file: FileToRemove, content: bytes) -> bool:
    """Whether nobody has changed it since."""
    if not file.digests or sha256(content).hexdigest() in file.digests:
        return True
    return file.path.startswith("outbox/") and file.path.endswith(".xlsx") and is_as_we_wrote_it(content)


def _shrink(store: Store) -> int | None:
    """Give back the room in the store's file; the number of bytes, None where the disk lacks the room."""
    path = store.folder / STORE
    before = path.stat().st_size
    if shutil.disk_usage(store.folder).free < _ROOM * before:
        return None
    store.let_go_of_caches()
    store.database.shrink()
    return max(0, before - path.stat().st_size)


__all__ = ["Kind", "Removed", "Sum", "require_backup", "retain"]
