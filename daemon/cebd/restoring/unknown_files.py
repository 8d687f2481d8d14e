"""Files that were declared and put away after the store was copied: the restored store does not know them.

They are never sent by themselves. Each is converted once more, so that the store has its rows, and each row takes the state that the
receipt JSON in the outbox gives it:

| the JSON says | the row becomes |
| --- | --- |
| sent, acknowledged, succeeded, refused | that; its message counts as sent, under the guid that the JSON names |
| rejected, held | that |
| ready, signed, in doubt; or there is no JSON, or it does not name the row | in doubt: a person decides (`store/undecided.py`) |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from cebd.clock import CST, Clock, iso
from cebd.documents.convert import ClaimedFile, Converted, Unreadable, convert
from cebd.file_names import fitting, path_as_text, same_on_disk
from cebd.intake.claim import move, sha256_of
from cebd.problems.problem import problem
from cebd.records.ids import DropId
from cebd.restoring.receipt_files import ReceiptFile
from cebd.restoring.rows import Rows
from cebd.settings import Enterprise, Settings
from cebd.signing.xmldsig import signature_holds
from cebd.store.drops import drop_of_same_content
from cebd.store.store import Store
from cebd.store.tables import drops, records

log = structlog.get_logger("cebd")

_NUMBERED = re.compile(r"^(?:[0-9a-f]{4,12}-)?\d{6,}-")  # what `working/` has in front of a name


@dataclass(frozen=True)
class Fixed:
    """A clock that stands at the moment when the file came in: it is judged as it was then."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass(frozen=True)
class _Unknown:
    path: Path
    digest: str
    received: str
    receipt: ReceiptFile | None
    drop_id: int | None


def take_in(
    store: Store,
    settings: Settings,
    enterprise: Enterprise,
    told: list[ReceiptFile],
    unconverted: list[int],
    clock: Clock,
) -> int:
    """Take the files in `done/` (and what was left in `working/`) that the store does not know into it; returns how many.

    `unconverted`: drops whose file is in `done/` and whose rows the store does not have (`place_open_drops`).
    """
    folder = settings.folder(enterprise)
    _empty_working(store, enterprise, folder, clock)
    by_digest: dict[str, list[ReceiptFile]] = {}
    for receipt in told:
        by_digest.setdefault(receipt.sha256, []).append(receipt)
    unknown = sorted(_unknown(store, enterprise, folder, by_digest, unconverted), key=lambda one: one.received)
    for one in unknown:
        try:
            with store.write() as connection:
                _take_in(connection, settings, enterprise, folder, one, clock)
        except SQLAlchemyError:
            raise
        except Exception:  # one file's matter: it is never sent, and the others are taken in
            log.exception("a file in done/ cannot be taken in", file=one.path.name)
    return len(unknown)


def _empty_working(store: Store, enterprise: Enterprise, folder: Path, clock: Clock) -> None:
    """What lies in `working/` and belongs to no row may have been declared as well: it goes where declared files are."""
    with store.read() as connection:
        query = select(drops.c.place, drops.c.working).where(drops.c.enterprise == enterprise.name)
        places = {place for row in connection.execute(query) for place in row}
    for path in sorted((folder / "working").glob("*")):
        if path.is_file() and not path.is_symlink() and path_as_text(path.relative_to(folder)) not in places:
            name, number = _NUMBERED.sub("", path.name) or path.name, 1
            target = folder / "done" / f"{clock.now():%Y-%m-%d}" / name
            while target.exists():
                number += 1
                target = target.with_name(f"{Path(name).stem}-{number}{Path(name).suffix}")
            move(path, target)
            log.warning("a file in working/ that the restored store does not know was put to done/", file=path.name)


def _unknown(
    store: Store, enterprise: Enterprise, folder: Path, told: dict[str, list[ReceiptFile]], unconverted: list[int]
) -> Iterator[_Unknown]:
    with store.read() as connection:
        query = select(drops).where(drops.c.enterprise == enterprise.name, drops.c.state.in_(("filing", "filed")))
        known = {str(row["place"]): row for row in connection.execute(query).mappings()}
    for path in sorted((folder / "done").rglob("*")):
        if path.name.startswith(".") or path.is_symlink() or not path.is_file():
            continue
        row = known.get(path_as_text(path.relative_to(folder)))
        if row is not None and row["state"] == "filed" and row["id"] not in unconverted:
            continue
        try:
            digest = sha256_of(path)
        except OSError as error:
            log.warning("a file in done/ cannot be read", file=path.name, reason=str(error.strerror))
            continue
        if row is not None and row["state"] == "filing":
            if digest == row["sha256"]:
                continue  # ours has arrived, and the copy was made before its row said so
            row = None  # somebody put a file where ours is to go
        files = told.get(digest, [])
        receipt = max(files, key=lambda file: (len(file.records), file.published), default=None)
        modified = iso(datetime.fromtimestamp(path.stat().st_mtime, CST))
        received = row["received"] if row is not None else receipt.received if receipt is not None else modified
        yield _Unknown(path, digest, received, receipt, row["id"] if row is not None else None)


def _take_in(
    connection: Connection, settings: Settings, enterprise: Enterprise, folder: Path, one: _Unknown, clock: Clock
) -> None:
    drop_id = one.drop_id if one.drop_id is not None else _row_of(connection, enterprise, folder, one)
    repeats = drop_of_same_content(connection, enterprise.name, one.digest, DropId(drop_id), only_earlier=False)
    about = update(drops).where(drops.c.id == drop_id)
    if repeats is not None:
        connection.execute(about.values(repeat_of=repeats))
        return
    result = _converted(connection, drop_id, settings, enterprise, one)
    rows = Rows(connection, drop_id, enterprise, one.received, iso(clock.now()))
    rows.take_states(one.receipt)
    if one.receipt is not None:
        problems = one.receipt.problems
    else:
        of_conversion = result.problems if result is not None else ()
        problems = (*of_conversion, problem("CEBD-2122", value=fitting(one.path.name)))
    counted = len(list(connection.execute(select(records.c.id).where(records.c.drop_id == drop_id))))
    types = set(connection.execute(select(records.c.type).where(records.c.drop_id == drop_id)).scalars())
    texts = json.dumps([problem.as_json() for problem in problems], ensure_ascii=False)
    connection.execute(about.values(records=counted, type=next(iter(sorted(types)), None), problems=texts))
    known_as = "its receipt" if one.receipt is not None else "nothing"
    log.info("a file that the restored store did not know", file=one.path.name, drop=drop_id, known_by=known_as)


def _row_of(connection: Connection, enterprise: Enterprise, folder: Path, one: _Unknown) -> int:
    name = one.receipt.file if one.receipt is not None else fitting(one.path.name)
    taken = set(connection.execute(select(drops.c.stem).where(drops.c.enterprise == enterprise.name)).scalars())
    wanted = one.receipt.stem if one.receipt is not None else Path(fitting(one.path.name)).stem
    stem, number = wanted, 1
    while stem in taken:
        number += 1
        stem = f"{wanted}-{number}"
    made = connection.execute(
        insert(drops).values(
            enterprise=enterprise.name,
            name=name,
            stem=stem,
            stem_key=same_on_disk(stem),
            sha256=one.digest,
            received=one.received,
            state="filed",
            outcome="done",
            source=f"inbox/{name}",
            place=path_as_text(one.path.relative_to(folder)),
        )
    ).inserted_primary_key
    assert made is not None  # noqa: S101
    return int(made[0])


def _converted(
    connection: Connection, drop_id: int, settings: Settings, enterprise: Enterprise, one: _Unknown
) -> Converted | None:
    """Convert it as it was converted then: the subfolder that told its kind is not known any more, so each is tried."""
    name = one.receipt.file if one.receipt is not None else fitting(one.path.name)
    clock = Fixed(datetime.fromisoformat(one.received))
    types = {record.type for record in one.receipt.records} if one.receipt is not None else set()
    for hint in (None, *enterprise.mapping, *sorted(types)):
        nested = connection.begin_nested()
        with suppress(Unreadable, KeyError, ValueError):
            file = ClaimedFile(DropId(drop_id), one.path, name, hint)
            result = convert(connection, file, enterprise, settings.reading_options, clock, signature_holds)
            if _fits(connection, drop_id, one.receipt):
                nested.commit()
                return result
        if nested.is_active:
            nested.rollback()
    log.warning("a file cannot be converted as it was then", file=one.path.name)
    return None


def _fits(connection: Connection, drop_id: int, receipt: ReceiptFile | None) -> bool:
    query = select(records.c.sheet, records.c.row).where(records.c.drop_id == drop_id)
    found = {(row.sheet, row.row) for row in connection.execute(query)}
    if receipt is None:
        return bool(found)
    wanted = {(record.place.sheet, record.place.row) for record in receipt.records}
    return not wanted or len(found & wanted) * 2 > len(wanted)
