"""Claiming and filing. The row says where the file is going before it goes; after a kill both places are looked at.

| killed ... | found at restart | what follows |
| --- | --- | --- |
| before the row | file in the inbox, no row | claimed as if for the first time |
| after the row | file in the inbox | moved |
| after the rename | file in `working/` | row completed |
| while filing | file in `working/` or at its new place | moved, or row completed |

A file in `working/` is a row's when it has the row's SHA-256, or is the very file (device and inode) that was claimed. One that only has
the name may be left over from another store: it is never taken, and a claim goes round it.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from cebd.clock import Clock, iso
from cebd.disk import open_plain
from cebd.file_names import (
    NAME_BYTES,
    STEM_BYTES,
    fitting,
    fitting_stem,
    numbered,
    path_as_text,
    path_from_text,
    same_on_disk,
)
from cebd.intake.moves import move
from cebd.problems.problem import Problem
from cebd.records.states import State
from cebd.store.store import Store
from cebd.store.tables import drops, records


@dataclass(frozen=True, slots=True)
class Claim:
    """A file of ours: its row, and where it is."""

    drop_id: int
    path: Path


def claim(
    store: Store, enterprise: str, folder: Path, source: Path, clock: Clock, refused: Problem | None = None
) -> Claim | None:
    """Take a complete file out of the inbox. None: it went away meanwhile. `refused`: nothing of it is to be declared, for this reason.

    Raises OSError when it cannot be read or moved: then there is no row of it, and it is where it was.
    """
    try:
        digest = sha256_of(source)
        about = source.lstat()
    except FileNotFoundError:
        return None
    there = _names_in(folder, "working")  # before the store is held: a share may not answer
    with store.write() as connection:
        drop_id = record_drop(connection, enterprise, source, clock, digest, path_as_text(source.relative_to(folder)))
        values: dict[str, Any] = {"inode": f"{about.st_dev}:{about.st_ino}"}
        if refused is not None:
            told = json.dumps([refused.as_json()], ensure_ascii=False)
            values |= {"outcome": "error", "problems": told, "records": 0}
        place = _free_place(there, "working", f"{drop_id:06d}-{fitting(source.name)}")
        values |= {"place": place, "working": place}
        connection.execute(update(drops).where(drops.c.id == drop_id).values(values))
    return finish_claim(store, drop_id, folder)


def record_drop(
    connection: Connection, enterprise: str, source: Path, clock: Clock, digest: str = "", stated: str = ""
) -> int:
    """The row of a file about to be claimed. `stated` is its place below the enterprise's folder, as `path_as_text` gives it."""
    stem = _free_stem(connection, enterprise, fitting_stem(source.name))
    inserted = connection.execute(
        insert(drops).values(
            enterprise=enterprise,
            name=fitting(source.name),
            stem=stem,
            stem_key=same_on_disk(stem),
            sha256=digest,
            received=iso(clock.now()),
            state="claiming",
            source=stated or fitting(source.name),
            place="",
        )
    ).inserted_primary_key
    assert inserted is not None  # noqa: S101
    return int(inserted[0])


def finish_claim(store: Store, drop_id: int, folder: Path) -> Claim | None:
    """Bring a claim to its end, wherever it was interrupted. None: the file went away meanwhile.

    Raises OSError when the file cannot be moved; when it is still in the inbox then, its row is gone and it can be claimed anew.
    """
    with store.read() as connection:
        drop = dict(connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())
    source, target = folder / path_from_text(drop["source"]), folder / drop["place"]
    if drop["state"] != "claiming":
        return Claim(drop_id, target)
    if os.path.lexists(target) and not is_the_one(target, drop):
        # Not ours, whatever its name is: it stays, and is named.
        if not os.path.lexists(source):
            _withdraw(store, drop_id)
            return None
        place = _free_place(_names_in(folder, "working"), "working", f"{drop_id:06d}-{drop['name']}")
        with store.write() as connection:
            values = {"place": place, "working": place}
            connection.execute(update(drops).where(drops.c.id == drop_id).values(values))
        target = folder / place
    if not os.path.lexists(target):
        try:
            move(source, target)
        except FileNotFoundError:
            if not os.path.lexists(target):  # nobody else brought the same claim to its end meanwhile
                _withdraw(store, drop_id)
                return None
        except OSError:
            if os.path.lexists(source) and not os.path.lexists(target):
                with store.write() as connection:
                    connection.execute(delete(drops).where(drops.c.id == drop_id, drops.c.state == "claiming"))
            raise
    digest = sha256_of(target)  # the file may have been saved again between reading and moving
    with store.write() as connection:
        earlier = declared_as(connection, drop["enterprise"], digest, drops.c.id < drop_id)
        connection.execute(
            update(drops)
            .where(drops.c.id == drop_id, drops.c.state == "claiming")
            .values(state="claimed", sha256=digest, repeat_of=earlier, working=drops.c.place)
        )
    return Claim(drop_id, target)


def _withdraw(store: Store, drop_id: int) -> None:
    with store.write() as connection:
        connection.execute(update(drops).where(drops.c.id == drop_id).values(state="withdrawn"))


def is_the_one(path: Path, drop: Any) -> bool:
    """Whether the file is the row's: by what it holds, or because it is the very file that was claimed. Raises OSError."""
    about = path.lstat()
    return bool(drop["inode"] == f"{about.st_dev}:{about.st_ino}" or sha256_of(path) == drop["sha256"])


def working_place(drop: Any) -> str:
    """Where the file of the row is while it is ours, below the enterprise's folder; by number and name in rows of earlier versions."""
    return str(drop["working"] or f"working/{drop['id']:06d}-{drop['name']}")


def file_away(store: Store, drop_id: int, folder: Path, outcome: str, day: str) -> Path:
    """Move a worked file to `done/DAY/`, `error/` or `hold/`. Raises OSError when it cannot be moved now."""
    with store.read() as connection:
        drop = dict(connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())
    working, place = folder / working_place(drop), str(drop["place"])
    if drop["state"] == "filed":
        return folder / place
    is_there = os.path.lexists(working)
    both_are = is_there and drop["state"] == "filing" and os.path.lexists(folder / place)
    if both_are and not is_the_one(working, drop):
        is_there = both_are = False  # ours has arrived; what took its old name is a stranger
    if drop["state"] == "claimed" or both_are:
        parent = f"done/{day}" if outcome == "done" else outcome
        if both_are:
            parent = Path(place).parent.as_posix()  # somebody put a file where ours was to go: that is theirs
        place = _free_place(_names_in(folder, parent), parent, drop["name"])
        with store.write() as connection:
            connection.execute(
                update(drops).where(drops.c.id == drop_id).values(state="filing", outcome=outcome, place=place)
            )
    target = folder / place
    if is_there:
        move(working, target)
    with store.write() as connection:
        connection.execute(update(drops).where(drops.c.id == drop_id).values(state="filed"))
    return target


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hex. Raises OSError, also for what is no plain file."""
    with open_plain(path) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def declared_as(connection: Connection, enterprise: str, digest: str, among: ColumnElement[bool]) -> int | None:
    """The first drop of the same bytes of which anything was taken on; `among`: the drops that come into question."""
    of_no_use = (State.REJECTED, State.HELD)
    taken_on = select(records.c.drop_id).where(records.c.drop_id == drops.c.id, records.c.state.not_in(of_no_use))
    query = (
        select(drops.c.id)
        .where(
            drops.c.enterprise == enterprise,
            drops.c.sha256 == digest,
            among,
            drops.c.repeat_of.is_(None),
            drops.c.state != "withdrawn",
            taken_on.exists(),
        )
        .order_by(drops.c.id)
        .limit(1)
    )
    found: int | None = connection.execute(query).scalar()
    return found


def _free_stem(connection: Connection, enterprise: str, stem: str) -> str:
    """The outbox stem: numbered when a drop of that name is there already, in letters of either case."""
    stem = stem.removesuffix(".receipt") or stem
    begin = same_on_disk(stem)[:40]
    near = or_(
        drops.c.stem_key.between(begin, begin + chr(0x10FFFF)),
        and_(drops.c.stem_key.is_(None), drops.c.stem.startswith(stem, autoescape=True)),  # of an earlier version
    )
    query = select(drops.c.stem).where(drops.c.enterprise == enterprise, near)
    taken = {same_on_disk(one) for one in connection.execute(query).scalars()}
    number, free = 1, stem
    while same_on_disk(free) in taken:
        number += 1
        behind = f"-{number}"
        free = fitting(stem, STEM_BYTES - len(behind)) + behind
    return free


def _names_in(folder: Path, parent: str) -> set[str]:
    """The names there, as a disk compares them."""
    try:
        return {same_on_disk(one) for one in os.listdir(folder / parent)}  # noqa: PTH208
    except OSError:
        return set()  # not there yet; or not to be had, which moving will say


def _free_place(taken: set[str], parent: str, name: str) -> str:
    """A place for the file in the folder `parent`, where no disk takes its name for one of those `taken`."""
    number = 1
    while same_on_disk(free := numbered(name, number, NAME_BYTES + 10)) in taken:
        number += 1
    return f"{parent}/{free}"


__all__ = [
    "Claim",
    "claim",
    "declared_as",
    "file_away",
    "finish_claim",
    "is_the_one",
    "move",
    "record_drop",
    "sha256_of",
    "working_place",
]
