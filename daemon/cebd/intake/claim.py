"""Claiming and filing. The row says where the file is going before it goes; after a kill both places are looked at.

| killed ... | found at restart | what follows |
| --- | --- | --- |
| before the row | file in the inbox, no row | claimed as if for the first time |
| after the row | file in the inbox | moved |
| after the rename | file in `working/` | row completed |
| while filing | file in `working/` or at its new place | moved, or row completed |
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from cebd.clock import Clock, iso
from cebd.disk import sync_folder
from cebd.store.states import State
from cebd.store.store import Store
from cebd.store.tables import drops, records


@dataclass(frozen=True, slots=True)
class Claim:
    """A file of ours: its row, and where it is."""

    drop_id: int
    path: Path


def claim(store: Store, enterprise: str, folder: Path, source: Path, clock: Clock) -> Claim | None:
    """Take a complete file out of the inbox. None: it went away meanwhile."""
    try:
        digest = sha256_of(source)
    except FileNotFoundError:
        return None
    with store.write() as connection:
        drop_id = record_drop(connection, enterprise, source, clock, digest, source.relative_to(folder).as_posix())
        place = f"working/{drop_id:06d}-{source.name}"
        connection.execute(update(drops).where(drops.c.id == drop_id).values(place=place))
    return finish_claim(store, drop_id, folder)


def record_drop(
    connection: Connection, enterprise: str, source: Path, clock: Clock, digest: str = "", stated: str = ""
) -> int:
    """The row of a file about to be claimed. `stated` is its place below the enterprise's folder."""
    inserted = connection.execute(
        insert(drops).values(
            enterprise=enterprise,
            name=source.name,
            stem=_free_stem(connection, enterprise, source.stem),
            sha256=digest,
            received=iso(clock.now()),
            state="claiming",
            source=stated or source.name,
            place="",
        )
    ).inserted_primary_key
    assert inserted is not None  # noqa: S101
    return int(inserted[0])


def finish_claim(store: Store, drop_id: int, folder: Path) -> Claim | None:
    """Bring a claim to its end, wherever it was interrupted."""
    with store.read() as connection:
        drop = connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one()
    source, target = folder / drop["source"], folder / drop["place"]
    if not target.exists():
        try:
            move(source, target)
        except FileNotFoundError:
            if not target.exists():  # nobody else brought the same claim to its end meanwhile
                with store.write() as connection:
                    connection.execute(update(drops).where(drops.c.id == drop_id).values(state="withdrawn"))
                return None
    digest = sha256_of(target)  # the file may have been saved again between reading and moving
    with store.write() as connection:
        earlier = _declared_before(connection, drop["enterprise"], digest, drop_id)
        connection.execute(
            update(drops)
            .where(drops.c.id == drop_id, drops.c.state == "claiming")
            .values(state="claimed", sha256=digest, repeat_of=earlier)
        )
    return Claim(drop_id, target)


def file_away(store: Store, drop_id: int, folder: Path, outcome: str, day: str) -> Path:
    """Move a worked file to `done/DAY/`, `error/` or `hold/`."""
    with store.read() as connection:
        drop = connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one()
    working = folder / f"working/{drop_id:06d}-{drop['name']}"
    if drop["state"] == "claimed":
        parent = f"done/{day}" if outcome == "done" else outcome
        place = _free_place(folder, parent, drop["name"])
        with store.write() as connection:
            connection.execute(
                update(drops).where(drops.c.id == drop_id).values(state="filing", outcome=outcome, place=place)
            )
    else:
        place = drop["place"]
    target = folder / place
    if working.exists():
        move(working, target)
    with store.write() as connection:
        connection.execute(update(drops).where(drops.c.id == drop_id).values(state="filed"))
    return target


def move(source: Path, target: Path) -> None:
    """Rename, durable when it returns. Raises FileNotFoundError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
    for folder in {source.parent, target.parent}:
        sync_folder(folder)


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hex."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _declared_before(connection: Connection, enterprise: str, digest: str, drop_id: int) -> int | None:
    """An earlier drop of the same bytes of which anything was taken on."""
    taken_on = select(records.c.drop_id).where(records.c.drop_id == drops.c.id, records.c.state != State.REJECTED)
    query = (
        select(drops.c.id)
        .where(
            drops.c.enterprise == enterprise,
            drops.c.sha256 == digest,
            drops.c.id < drop_id,
            drops.c.repeat_of.is_(None),
            taken_on.exists(),
        )
        .order_by(drops.c.id)
        .limit(1)
    )
    found: int | None = connection.execute(query).scalar()
    return found


def _free_stem(connection: Connection, enterprise: str, stem: str) -> str:
    """The outbox stem: numbered when a drop of that name is there already."""
    stem = stem.removesuffix(".receipt")
    taken = set(
        connection.execute(
            select(drops.c.stem).where(drops.c.enterprise == enterprise, drops.c.stem.startswith(stem, autoescape=True))
        ).scalars()
    )
    number, free = 1, stem
    while free in taken:
        number += 1
        free = f"{stem}-{number}"
    return free


def _free_place(folder: Path, parent: str, name: str) -> str:
    path = Path(name)
    number, free = 1, name
    while (folder / parent / free).exists():
        number += 1
        free = f"{path.stem}-{number}{path.suffix}"
    return f"{parent}/{free}"
