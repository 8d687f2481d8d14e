"""`cebd restore`: puts an older store in the place of a lost store, so that nothing is declared twice and nothing is lost.

    look over -> copy beside -> raise its numbers -> doubt what it thinks unsent -> hear the outboxes -> take in files it does not know
              -> put the present store aside -> give the copy its name -> evidence

All of it happens to a copy in `store/restoring/`; until that has its name, no station starts. Killed before the copy is finished,
the restore begins anew; killed while the files change places, the next restore only gives the finished copy its name. The
engine's file is not restored: its work is begun anew from our own rows, each step of which looks first whether it was done.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from cebd.clock import Clock, iso
from cebd.disk.system import sync_folder
from cebd.documents.reading.options import ReadingOptions
from cebd.enterprise import Enterprise, StationFolders
from cebd.receipts.settle import apply_stored
from cebd.restoring.doubts import place_open_drops
from cebd.restoring.listing import list_undecided
from cebd.restoring.receipt_files import read_raw_receipts, receipt_files
from cebd.restoring.unknown_files import UnknownFiles
from cebd.restoring.words import apply_words
from cebd.store.across.restoring import doubt_unsent
from cebd.store.across.undecided import settle_answered, undecided_records
from cebd.store.databases.migrations import NewerStore, note, require_known
from cebd.store.drops import last_drop_id
from cebd.store.safety.copies import BadCopy, Copy, copy_store, files_unknown_to, read_copy, without_side_files
from cebd.store.safety.evidence import furthest, put_evidence, read_evidence
from cebd.store.safety.new_store import ASIDE, put_aside
from cebd.store.safety.private import make_private_folder
from cebd.store.safety.progress import Progress, advance, continue_above, progress
from cebd.store.safety.trust import StoreRefused, present_progress
from cebd.store.store import STORE, Store, StoreError
from cebd.store.work import ENGINE

log = structlog.get_logger("cebd")

MAKING = "restoring"
_FINISHED = "finished.sqlite"  # its name there once the copy is complete
_MARGIN = 1000  # numbers of the last second may have no evidence


@dataclass(frozen=True)
class Plan:
    """The plan of a restore. `source` None: the present store is kept. `present` and `outside`: the station's progress
    according to the present store and to the evidence; None without a readable store or evidence. `unknown`: how many files
    the present store has that the backup does not know; None if it cannot be counted.
    """

    source: Path | None
    copied: Progress
    present: Progress | None
    outside: Progress | None
    unknown: int | None = None
    is_finished: bool = False  # by a restore that was killed while the files changed places: only its name is missing

    @property
    def furthest(self) -> Progress:
        """The furthest known progress."""
        progresses = [progress for progress in (self.copied, self.present, self.outside) if progress is not None]
        return max(progresses, key=lambda progress: progress.step)

    @property
    def is_counted(self) -> bool:
        """Whether `unknown` is all: the present store is there, and no evidence says that more was done."""
        return self.unknown is not None and self.present is not None and self.furthest.step <= self.present.step

    @property
    def most_unknown(self) -> int | None:
        """How many files the backup does not know, at most: numbers of which the rows are lost, and numbers left out by an
        earlier restore, count as files. None if neither a store nor evidence tells.
        """
        if self.present is None and self.outside is None:
            return None
        if self.unknown is None or self.present is None:
            return max(0, self.furthest.drops - self.copied.drops)
        return self.unknown + max(0, self.furthest.drops - max(self.present.drops, self.copied.drops))


@dataclass
class Restored:
    """The result of a restore, in counts; `asked`: rows that wait for a person's decision, listed in `lists`."""

    doubted: int = 0
    heard: int = 0
    receipts: int = 0
    files: int = 0
    asked: int = 0
    lists: list[Path] = field(default_factory=list)
    aside: Path | None = None


def plan_restore(folders: StationFolders, source: Path | None) -> Plan:
    """Look at the backup (or at the present store) and at the evidence. The lock is ours. Raises StoreError."""
    folder = folders.store
    finished = _finished(folders, source)
    if finished is not None:
        return finished
    shutil.rmtree(folder / MAKING, ignore_errors=True)  # of a restore that was killed
    make_private_folder(folder / MAKING)
    try:
        if source is None:
            made = copy_store(folder / STORE, folder / MAKING / STORE)
        else:
            _require_as_written(read_copy(source))
            made = copy_store(source, folder / MAKING / STORE)
        require_known(made.version, folder)
    except (BadCopy, NewerStore, OSError) as error:
        raise StoreError(f"the backup cannot be used: {error}", "此备份不能用") from None
    copied = present_progress(folder / MAKING)
    assert copied is not None  # noqa: S101  it was looked over
    try:
        present = present_progress(folder)
    except StoreRefused:
        present = None
    evidence = read_evidence(folders)
    own = furthest([found for found in evidence if found.place.enterprise is None])
    if own is not None and own.progress is not None and own.progress.identity != copied.identity:
        raise StoreError(
            f"{source}: it is a backup of another store (identity {copied.identity}); {own.place.path} is of {own.progress.identity}",
            f"{source} 是另一个数据库（标识 {copied.identity}）的备份，{own.place.path} 属于 {own.progress.identity}",
        )
    if present is not None and present.identity != copied.identity:
        raise StoreError(
            f"{source}: it is a backup of another store (identity {copied.identity}) than {folder / STORE}",
            f"{source} 是另一个数据库（标识 {copied.identity}）的备份，不是 {folder / STORE} 的",
        )
    most = furthest(evidence, copied.identity)
    unknown = files_unknown_to(folder / MAKING / STORE, folder / STORE) if present is not None else None
    return Plan(source, copied, present, most.progress if most is not None else None, unknown)


def _finished(folders: StationFolders, source: Path | None) -> Plan | None:
    """A restore that was killed after it had finished its copy: the earlier store is set aside, and no station has run since."""
    folder = folders.store
    path = folder / MAKING / _FINISHED
    if (folder / STORE).exists() or not path.exists():
        return None
    try:
        made = read_copy(path)
    except (BadCopy, OSError) as error:
        if source is not None:
            return None
        raise StoreError(
            f"{error}; the earlier store is in {folder / ASIDE}", f"恢复好的数据库不能用，原来的在 {folder / ASIDE}"
        ) from None
    copied = present_progress(folder / MAKING, _FINISHED)
    assert copied is not None  # noqa: S101  it was looked over
    most = furthest(read_evidence(folders), made.identity)
    return Plan(path, copied, None, most.progress if most is not None else None, is_finished=True)


def _require_as_written(backup: Copy) -> None:
    """Where the digest lies beside the backup, it must be the backup's. Raises BadCopy."""
    beside = backup.path.with_name(f"{backup.path.name}.sha256")
    if beside.exists() and backup.sha256 != beside.read_text(encoding="ascii").split()[0]:
        raise BadCopy(f"{backup.path}: its SHA-256 is not the one in {beside.name}")


def restore(
    folders: StationFolders,
    enterprises: Sequence[Enterprise],
    options: ReadingOptions,
    plan: Plan,
    clock: Clock,
    *,
    by_day: bool = False,
) -> Restored:
    """Do it. The lock is ours. `options`: how files are read; `by_day`: receipts lie in folders by day. Raises StoreError, OSError; the
    present store is as it was then.
    """
    folder = folders.store
    done = Restored()
    if plan.is_finished:
        done.aside = folder / ASIDE
        _change_places(folders, plan.copied)
        return done
    with closing(Store.open(folder / MAKING)) as store:
        _begin(store, plan, clock)
        unconverted = place_open_drops(store, folders.enterprises)
        with store.write() as transaction:
            done.doubted = doubt_unsent(transaction)
        receipts = {name: receipt_files(name, theirs) for name, theirs in folders.enterprises.items()}
        in_order = sorted((file for files in receipts.values() for file in files), key=lambda file: file.received)
        done.heard = apply_words(store, in_order, clock)
        for enterprise in enterprises:
            theirs = folders.enterprises[enterprise.name]
            unknown = UnknownFiles(store, enterprise, theirs, options, clock, by_day=by_day)
            done.files += unknown.take_in(receipts[enterprise.name], unconverted)
        apply_words(store, in_order, clock)
        with store.write() as transaction:
            for enterprise in enterprises:
                raw = read_raw_receipts(transaction, enterprise, folders.enterprises[enterprise.name])
                done.receipts += len(raw)
        apply_stored(store)
        settle_answered(store, iso(clock.now()))
        with store.write() as transaction:
            done.asked = len(undecided_records(transaction))
            note(transaction, "restored", f"from {plan.source or 'the present store'}; {done}; before: {plan.furthest}")
            made = advance(transaction, iso(clock.now()))
        with store.read() as transaction:
            done.lists = list_undecided(transaction, folders.enterprises, clock)
    _require_whole(folder / MAKING / STORE)
    (folder / MAKING / STORE).rename(folder / MAKING / _FINISHED)
    sync_folder(folder / MAKING)
    done.aside = _change_places(folders, made)
    return done


def _change_places(folders: StationFolders, made: Progress) -> Path:
    """Set the present store aside and give the finished copy its name; returns the new place of the present store."""
    folder = folders.store
    aside = put_aside(folder, (STORE, ENGINE))
    # Killed here, there is no store: the station does not start, and the next restore goes on from here.
    (folder / MAKING / _FINISHED).rename(folder / STORE)
    sync_folder(folder)
    put_evidence(folders, made)
    shutil.rmtree(folder / MAKING, ignore_errors=True)
    return aside


def _begin(store: Store, plan: Plan, clock: Clock) -> None:
    most = plan.furthest
    with store.write() as transaction:
        numbers = (max(most.drops, last_drop_id(transaction)) + _MARGIN, most.messages + _MARGIN)
        continue_above(transaction, most.step + 1, *numbers)
        advance(transaction, iso(clock.now()))
        log.info("numbering continues above the numbers used before the restore", **vars(progress(transaction)))


def _require_whole(path: Path) -> None:
    """Verify that the copy is complete in a single file. Raises StoreError otherwise."""
    if not without_side_files(path):
        raise StoreError(f"{path}: it could not be written completely", f"{path} 未能完整写出")


__all__ = ["Plan", "Restored", "plan_restore", "restore"]
