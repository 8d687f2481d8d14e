"""Publishing: what became of a drop, as JSON and as the operator's own workbook, coloured, written beside where they work."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, case, func, select, update

from cebd.clock import Clock, iso
from cebd.disk import open_folder, sync_folder
from cebd.problems.problem import problem
from cebd.receipts.matching import OWN_NUMBER
from cebd.receipts.publishing.numbers import number_headings, numbers_in
from cebd.receipts.publishing.outbox import Books, BothInUse, InUse, Written, intend, named, remember, written_of
from cebd.receipts.publishing.record_json import records_of
from cebd.receipts.publishing.workbook import SheetRows, make_book
from cebd.records.states import FINAL, State
from cebd.store.store import Store
from cebd.store.tables import IS_BEHIND, about, drops, records

log = structlog.get_logger("cebd")

_WORKED = ("filing", "filed")  # what is on its way out of `working/` has been read
ReadSheets = Callable[[Path], list[SheetRows]]
# Of the original, where it lay below the enterprise's folder, and its name.
MarksOf = Callable[[Path, str, str], dict[str, str]]
_TOGETHER = 1000  # records asked about at once
_SHOWN = ("type", "key", "place", "state", "guid", "customs", "problems")  # of a record, in the workbook
_SOMETIMES = ("cancelled", "declared")
_OWN_TO_EACH = ("preNo", "invtNo", *OWN_NUMBER.values())  # of what customs say


def changed_drops(store: Store) -> list[int]:
    """Drops whose outbox files are behind the store."""
    with store.read() as connection:
        query = select(drops.c.id).where(drops.c.state.in_(_WORKED), IS_BEHIND)
        return list(connection.execute(query.order_by(drops.c.id)).scalars())


def publish(
    store: Store,
    drop_id: int,
    folder: Path,
    read_sheets: ReadSheets,
    clock: Clock,
    marks_of: MarksOf | None = None,
) -> dict[str, Any]:
    """Write the drop's outbox files; returns the receipt as the workbook shows it. Publishing twice is harmless.

    `marks_of` gives what the workbook is to remember of its original, beside what it shows.

    The JSON comes first. Raises OSError when a file cannot be written now, BothInUse when both workbooks are open: the drop
    stays behind and is tried again.
    """
    outbox = folder / "outbox"
    with store.read() as connection:
        drop = dict(connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())
        written = written_of(connection, drop_id)
    with open_folder(outbox, folder) as opened:
        books = Books(opened, drop["stem"], written, drop["published_at"], clock.now())
        if drop["outcome"] == "error":
            receipt, standing = _write_json(store, books, drop), written
        else:
            made = _Making(store, drop, _original(folder, drop), read_sheets, marks_of)
            try:
                receipt, standing = made.write(books, aside=books.is_open(books.name))
            except InUse:
                receipt, standing = made.write(books, aside=True)
    sync_folder(outbox)
    # Killed here, the same files are written once more.
    with store.write() as connection:
        published = drop["changed"] - books.kept_late  # one behind: once more, to tell what was kept
        values = {"published": published, "published_at": receipt["published"]}
        connection.execute(update(drops).where(drops.c.id == drop_id).values(values))
        remember(connection, drop_id, standing)
    return receipt


@dataclass(frozen=True)
class _Making:
    """What a drop's files are made of."""

    store: Store
    drop: dict[str, Any]
    original: Path
    read_sheets: ReadSheets
    marks_of: MarksOf | None

    def write(self, books: Books, *, aside: bool) -> tuple[dict[str, Any], Written]:
        """Write JSON and workbook; the receipt, and which workbooks stand there now. Raises InUse when the workbook is open after all."""
        drop, original = self.drop, self.original
        both_open = aside and books.is_open(books.aside)
        told = None if both_open else books.kept_as(books.aside if aside else books.name)
        receipt = _write_json(self.store, books, drop, aside=aside, told=told)
        if both_open:
            raise BothInUse(books.name)
        marks = self.marks_of(original, drop["source"], drop["name"]) if self.marks_of is not None else {}
        workbook = _workbook(receipt, original, self.read_sheets, marks)
        intend(self.store, drop["id"], books.written, workbook)
        return receipt, books.place(workbook, aside=aside, told=told)


def _write_json(
    store: Store, books: Books, drop: dict[str, Any], *, aside: bool = False, told: str | None = None
) -> dict[str, Any]:
    """The receipt JSON is written; what the workbook is to show of it."""
    with store.read() as connection:
        receipt = _about(connection, drop, iso(books.now))
        receipt["problems"] += [problem(id_, **facts).as_json() for id_, facts in named(books, aside=aside, told=told)]
        content, receipt["records"] = _as_json(receipt, records_of(connection, drop))
    books.folder.write(f"{drop['stem']}.receipt.json", content)
    return receipt


def _as_json(receipt: dict[str, Any], entries: Iterable[dict[str, Any]]) -> tuple[bytes, list[dict[str, Any]]]:
    """The JSON with these records, one on a line; and of each record what the workbook shows, which is all that is kept in memory."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    head = json.dumps(receipt, ensure_ascii=False, indent=1).removesuffix("\n}")
    content, shown = io.BytesIO(), []
    known: dict[Any, Any] = {}
    environment = receipt.get("environment")
    content.write(f'{head},\n "records": ['.encode())
    for number, entry in enumerate(entries):
        content.write(f"{',' if number else ''}\n  {encode(entry)}".encode())
        kept = _shown(entry, known)
        if environment is not None:
            kept["environment"] = environment
        shown.append(kept)
    content.write(b"\n ]\n}\n")
    return content.getvalue(), shown


def _shown(entry: dict[str, Any], known: dict[Any, Any]) -> dict[str, Any]:
    """What the workbook shows of a record. Much of what is said is the same on many rows: in memory it is there once, in `known`."""
    kept = {name: entry[name] for name in _SHOWN}
    if entry["customs"] is not None:
        told = {name: text for name, text in entry["customs"].items() if name not in _OWN_TO_EACH}
        told["time"] = (told["time"] or "")[:19]  # to the second: then it is the same for a whole message
        kept["customs"] = known.setdefault(tuple(told.items()), told)
    if number_headings(entry["type"]):
        kept["numbers"] = numbers_in(entry)
    for name in _SOMETIMES:
        if name in entry:
            kept[name] = entry[name]
    kept["problems"] = [
        {name: known.setdefault(value, value) if value.__class__ is str else value for name, value in one.items()}
        for one in entry["problems"]
    ]
    return kept


def _original(folder: Path, drop: dict[str, Any]) -> Path:
    """Where the file is: it may not have been possible to put it away yet."""
    place, working = folder / str(drop["place"]), folder / str(drop["working"] or drop["place"])
    return working if drop["state"] == "filing" and not place.exists() else place


def _workbook(receipt: dict[str, Any], original: Path, read_sheets: ReadSheets, marks: dict[str, str]) -> bytes:
    """The original's sheets, coloured; a table of the records where the original is no workbook, is gone, or defies copying."""
    try:
        return make_book(receipt, read_sheets(original) if original.exists() else [], marks)
    except OSError:
        raise
    except Exception:
        log.exception("the workbook cannot be copied; its records are published as a table", file=receipt["file"])
        return make_book(receipt, [])


def receipt_of(connection: Connection, drop: dict[str, Any], now: str) -> dict[str, Any]:
    """The receipt JSON, version 1."""
    return {**_about(connection, drop, now), "records": list(records_of(connection, drop))}


def _about(connection: Connection, drop: dict[str, Any], now: str) -> dict[str, Any]:
    """What the receipt says of the drop as a whole."""
    problems = json.loads(drop["problems"])
    if drop["repeat_of"]:
        name = connection.execute(select(drops.c.name).where(drops.c.id == drop["repeat_of"])).scalar_one()
        problems.append(problem("CEBD-1404", file=name).as_json())
    first = records.alias("first")
    state = case((records.c.state == State.REPEAT, first.c.state), else_=records.c.state)
    query = (
        select(state, func.count())
        .select_from(records.outerjoin(first, first.c.id == records.c.repeat_of))
        .where(records.c.drop_id == (drop["repeat_of"] or drop["id"]))
        .group_by(state)
    )
    counts = {str(one): int(count) for one, count in connection.execute(query)}
    environment = connection.execute(select(about.c.value).where(about.c.name == "environment")).scalar()
    return {
        "v": 1,
        **({"environment": environment} if environment is not None else {}),
        "file": drop["name"],
        "sha256": drop["sha256"],
        "enterprise": drop["enterprise"],
        "received": drop["received"],
        "published": now,
        "final": drop["state"] in _WORKED and counts.keys() <= FINAL,
        "counts": dict(sorted(counts.items())),
        "problems": problems,
    }
