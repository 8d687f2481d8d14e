"""Claiming and filing. The row names the file's next place before the file moves; after a kill both places are checked.

| killed ... | found at restart | what follows |
| --- | --- | --- |
| before the row | file in the inbox, no row | claimed as if for the first time |
| after the row | file in the inbox | moved |
| after the rename | file in `working/` | row completed |
| while filing | file in `working/` or at its new place | moved, or row completed |

A file in `working/` is a row's when it has the row's SHA-256, or is the very file (device and inode) that was claimed. A file that only has
the name may be left over from another store: it is never taken, and a claim goes round it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cebd.clock import Clock, iso
from cebd.disk.files import open_plain
from cebd.file_names import (
    NAME_BYTES,
    PREVIEWED,
    STEM_BYTES,
    fitting,
    fitting_stem,
    free_name,
    path_as_text,
    path_from_text,
    same_on_disk,
)
from cebd.intake.moves import is_there, move
from cebd.problems.problem import Problem
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, DropState
from cebd.store.console.imports import is_decided_anew
from cebd.store.drops import (
    Drop,
    add_drop,
    begin_filing,
    drop_of_same_content,
    finish_claiming,
    finish_filing,
    forget_claim,
    load_drop,
    refuse_drop,
    set_working_place,
    stems_taken,
    withdraw_drop,
)
from cebd.store.store import Store
from cebd.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Claim:
    """A file of ours: its row, and where it is."""

    drop_id: DropId
    path: Path


def claim(
    store: Store,
    enterprise: str,
    folder: Path,
    source: Path,
    clock: Clock,
    refused: Problem | None = None,
    *,
    by_day: bool = False,
) -> Claim | None:
    """Take a complete file out of the inbox. None: it went away meanwhile. `refused`: the reason why nothing of it may be declared.
    `by_day`: its receipts will lie in a folder of today's.

    Raises OSError when the file cannot be read or moved: then it has no row and is still in its place.
    """
    try:
        digest = sha256_of(source)
        stats = source.lstat()
    except FileNotFoundError:
        return None
    names = _names_in(folder, "working")  # before the store is held: a share may not answer
    with store.write() as transaction:
        stated = path_as_text(source.relative_to(folder))
        drop_id = record_drop(transaction, enterprise, source, clock, digest, stated, by_day=by_day)
        if refused is not None:
            refuse_drop(transaction, drop_id, refused)
        place = _free_place(names, "working", f"{drop_id:06d}-{fitting(source.name)}")
        set_working_place(transaction, drop_id, place, _inode(stats))
    return finish_claim(store, drop_id, folder)


def record_drop(
    transaction: Transaction,
    enterprise: str,
    source: Path,
    clock: Clock,
    digest: str = "",
    stated: str = "",
    *,
    by_day: bool = False,
) -> DropId:
    """The row of a file about to be claimed. `stated` is its place below the enterprise's folder, as `path_as_text` gives it."""
    name, now = fitting(source.name), clock.now()
    return add_drop(
        transaction,
        enterprise=enterprise,
        name=name,
        stem=_free_stem(transaction, enterprise, fitting_stem(source.name), f"{now:%Y-%m-%d}/" if by_day else ""),
        sha256=digest,
        received=iso(now),
        source=stated or name,
    )


def finish_claim(store: Store, drop_id: DropId, folder: Path) -> Claim | None:
    """Finish a claim that was interrupted at any step. None: the file went away meanwhile.

    Raises OSError when the file cannot be moved, or nobody tells where it is; when it is still in the inbox then, its row is gone and it
    can be claimed anew.
    """
    with store.read() as transaction:
        drop = load_drop(transaction, drop_id)
    source, target = folder / path_from_text(drop.source), folder / drop.place
    if drop.state is not DropState.CLAIMING:
        return Claim(drop_id, target)
    if is_there(target) and not is_the_one(target, drop):
        # Another file under the claimed name: it stays there and is reported.
        if not is_there(source):
            _withdraw(store, drop_id)
            return None
        place = _free_place(_names_in(folder, "working"), "working", f"{drop_id:06d}-{drop.name}")
        with store.write() as transaction:
            set_working_place(transaction, drop_id, place)
        target = folder / place
    if not is_there(target):
        try:
            move(source, target)
        except FileNotFoundError:
            # Unless somebody else brought the same claim to its end, or a share did and its answer was lost. It is listed: a share
            # may remember that the name was free. With the folder away nothing is known, and the claim waits (FileNotFoundError).
            if target.name not in os.listdir(target.parent):  # noqa: PTH208
                _withdraw(store, drop_id)
                return None
        except OSError:
            if is_there(source) and not is_there(target):
                with store.write() as transaction:
                    forget_claim(transaction, drop_id)
            raise
    digest = sha256_of(target)  # the file may have been saved again between reading and moving
    with store.write() as transaction:
        repeat_of = drop_of_same_content(transaction, drop.enterprise, digest, drop_id, only_earlier=True)
        if repeat_of is not None and is_decided_anew(transaction, drop.enterprise, drop.name, digest, drop_id):
            repeat_of = None  # its rows that were declared are known one by one
        finish_claiming(transaction, drop_id, digest, repeat_of)
    return Claim(drop_id, target)


def _withdraw(store: Store, drop_id: DropId) -> None:
    with store.write() as transaction:
        withdraw_drop(transaction, drop_id)


def is_the_one(path: Path, drop: Drop) -> bool:
    """Whether the file is the drop's, by its content or because it is the claimed file itself. Raises OSError."""
    return drop.inode == _inode(path.lstat()) or sha256_of(path) == drop.sha256


def _inode(stats: os.stat_result) -> str:
    return f"{stats.st_dev}:{stats.st_ino}"


def file_away(store: Store, drop_id: DropId, folder: Path, outcome: DropOutcome, day: str) -> Path:
    """Move a worked file to `done/DAY/`, `error/` or `hold/`. Raises OSError when it cannot be moved now."""
    with store.read() as transaction:
        drop = load_drop(transaction, drop_id)
    working, place = folder / drop.working_place, drop.place
    if drop.state is DropState.FILED:
        return folder / place
    is_here = is_there(working)
    if not is_here:
        working.parent.lstat()  # FileNotFoundError: a share that is not mounted has lost nothing
    both_are = is_here and drop.state is DropState.FILING and is_there(folder / place)
    if both_are and not is_the_one(working, drop):
        is_here = both_are = False  # the claimed file has arrived; the file under its old name is another
    if drop.state is DropState.CLAIMED or both_are:
        parent = f"done/{day}" if outcome == DropOutcome.DONE else str(outcome)
        if both_are:
            parent = Path(place).parent.as_posix()  # somebody put a file where ours was to go: that is theirs
        place = _free_place(_names_in(folder, parent), parent, drop.name)
        with store.write() as transaction:
            begin_filing(transaction, drop_id, outcome, place)
    target = folder / place
    if is_here:
        move(working, target)
    with store.write() as transaction:
        finish_filing(transaction, drop_id)
    return target


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hex. Raises OSError, also for entries that are not plain files."""
    with open_plain(path) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _free_stem(transaction: Transaction, enterprise: str, stem: str, day: str) -> str:
    """The outbox stem: numbered when a drop of that name is there already, in letters of either case; behind its `day`, if any."""
    for word in (".receipt", f".{PREVIEWED}"):  # of a receipt workbook that was corrected
        stem = stem.removesuffix(word) or stem
    taken = stems_taken(transaction, enterprise, day + stem)
    number, free = 1, day + stem
    while same_on_disk(free) in taken:
        number += 1
        behind = f"-{number}"
        free = day + fitting(stem, STEM_BYTES - len(behind)) + behind
    return free


def _names_in(folder: Path, parent: str) -> set[str]:
    """The names there, as a disk compares them."""
    try:
        return {same_on_disk(name) for name in os.listdir(folder / parent)}  # noqa: PTH208
    except OSError:
        return set()  # not there yet; or not to be had, which moving will say


def _free_place(taken: set[str], parent: str, name: str) -> str:
    """A place for the file in the folder `parent`, where no disk takes its name for one of those `taken`."""
    return f"{parent}/{free_name(name, lambda free: same_on_disk(free) in taken, NAME_BYTES + 10)}"


__all__ = [
    "Claim",
    "claim",
    "file_away",
    "finish_claim",
    "is_the_one",
    "move",
    "record_drop",
    "sha256_of",
]
