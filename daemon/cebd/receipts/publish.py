"""Publishing: what became of a drop, as JSON and as the operator's own workbook, coloured, written beside where they work."""

from __future__ import annotations

import errno
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, case, func, select, update

from cebd.clock import Clock, iso
from cebd.disk import open_folder, sync_folder
from cebd.messages.description import message_types
from cebd.receipts.book import SheetRows, make_book
from cebd.receipts.code_book import Entry, arrived, entry_for
from cebd.receipts.matching import OWN_NUMBER
from cebd.receipts.numbers import bill_of, numbers_in
from cebd.receipts.outbox import Books, InUse, Written, intend, named, remember, written_of
from cebd.rules.problem import problem
from cebd.store.states import CANCELLED, FINAL, State, Told, already_there, in_order
from cebd.store.store import KEY_SEPARATOR, Store
from cebd.store.tables import drops, history, messages, records

log = structlog.get_logger("cebd")

ReadSheets = Callable[[Path], list[SheetRows]]
# Of the original, where it lay below the enterprise's folder, and its name.
MarksOf = Callable[[Path, str, str], dict[str, str]]
_TOGETHER = 1000  # records asked about at once
_SHOWN = ("type", "key", "place", "state", "guid", "customs", "problems")  # of a record, in the workbook
_OWN_TO_EACH = ("preNo", "invtNo", *OWN_NUMBER.values())  # of what customs say


def changed_drops(store: Store) -> list[int]:
    """Drops whose outbox files are behind the store."""
    with store.read() as connection:
        query = select(drops.c.id).where(drops.c.state == "filed", drops.c.changed > drops.c.published)
        return list(connection.execute(query).scalars())


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

    The JSON comes first. Raises OSError when a file cannot be written now (open in Excel, say): the drop stays behind and is tried again.
    """
    outbox = folder / "outbox"
    with store.read() as connection:
        drop = dict(connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())
        written = written_of(connection, drop_id)
    with open_folder(outbox, folder) as opened:
        books = Books(opened, drop["stem"], written, drop["published_at"], clock.now())
        if drop["outcome"] == "error":
            receipt, standing = _write_json(store, books, drop, aside=False), written
        else:
            made = _Making(store, drop, folder / drop["place"], read_sheets, marks_of)
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
        if not (aside and books.is_open(books.aside)):
            books.keep_changed(books.aside if aside else books.name)
        receipt = _write_json(self.store, books, drop, aside=aside)
        if aside and books.is_open(books.aside):
            raise OSError(errno.EBUSY, "open somewhere, and so is the one beside it", books.name)
        marks = self.marks_of(original, drop["source"], drop["name"]) if self.marks_of is not None else {}
        workbook = _workbook(receipt, original, self.read_sheets, marks)
        intend(self.store, drop["id"], books.written, workbook)
        return receipt, books.place(workbook, aside=aside)


def _write_json(store: Store, books: Books, drop: dict[str, Any], *, aside: bool) -> dict[str, Any]:
    """The receipt JSON is written; what the workbook is to show of it."""
    with store.read() as connection:
        receipt = _about(connection, drop, iso(books.now))
        receipt["problems"] += [problem(id_, **facts).as_json() for id_, facts in named(books, aside=aside)]
        content, receipt["records"] = _as_json(receipt, _records(connection, drop))
    books.folder.write(f"{drop['stem']}.receipt.json", content)
    return receipt


def _as_json(receipt: dict[str, Any], entries: Iterable[dict[str, Any]]) -> tuple[bytes, list[dict[str, Any]]]:
    """The JSON with these records, one on a line; and of each record what the workbook shows, which is all that is kept in memory."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    head = json.dumps(receipt, ensure_ascii=False, indent=1).removesuffix("\n}")
    content, shown = io.BytesIO(), []
    known: dict[Any, Any] = {}
    content.write(f'{head},\n "records": ['.encode())
    for number, entry in enumerate(entries):
        content.write(f"{',' if number else ''}\n  {encode(entry)}".encode())
        shown.append(_shown(entry, known))
    content.write(b"\n ]\n}\n")
    return content.getvalue(), shown


def _shown(entry: dict[str, Any], known: dict[Any, Any]) -> dict[str, Any]:
    """What the workbook shows of a record. Much of what is said is the same on many rows: in memory it is there once, in `known`."""
    kept = {name: entry[name] for name in _SHOWN}
    if entry["customs"] is not None:
        told = {name: text for name, text in entry["customs"].items() if name not in _OWN_TO_EACH}
        told["time"] = (told["time"] or "")[:19]  # to the second: then it is the same for a whole message
        kept["customs"] = known.setdefault(tuple(told.items()), told)
    kept["numbers"] = numbers_in(entry)
    kept["problems"] = [
        {name: known.setdefault(value, value) if value.__class__ is str else value for name, value in one.items()}
        for one in entry["problems"]
    ]
    return kept


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
    return {**_about(connection, drop, now), "records": list(_records(connection, drop))}


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
    return {
        "v": 1,
        "file": drop["name"],
        "sha256": drop["sha256"],
        "enterprise": drop["enterprise"],
        "received": drop["received"],
        "published": now,
        "final": drop["state"] == "filed" and counts.keys() <= FINAL,
        "counts": dict(sorted(counts.items())),
        "problems": problems,
    }


def _records(connection: Connection, drop: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The drop's records as the JSON has them, a thousand at a time: of 100,000 each has a history."""
    for rows in _rows(connection, drop["repeat_of"] or drop["id"]):
        past = _history(connection, [row["told"] for row in rows])
        for row in rows:
            yield _record(row, past.get(row["told"], []))


def _rows(connection: Connection, drop_id: int) -> Iterator[list[dict[str, Any]]]:
    """The drop's records; a row declared before shows the record it repeats. `told`: whose history is shown."""
    first = records.alias("first")
    told = ("state", "status", "info", "time", "pre_no", "invt_no", "guid")
    query = (
        select(
            *(
                records.c[name]
                for name in ("id", "type", "key", "sheet", "row", "rows", "problems", "repeat_of", *told)
            ),
            messages.c.guid.label("message_guid"),
            messages.c.waiting,
            *(first.c[name].label(f"first_{name}") for name in told),
        )
        .outerjoin(first, first.c.id == records.c.repeat_of)
        .outerjoin(messages, messages.c.id == func.coalesce(records.c.message_id, first.c.message_id))
        .where(records.c.drop_id == drop_id)
        .order_by(records.c.row, records.c.id)
    )
    for some in connection.execute(query).mappings().partitions(_TOGETHER):
        rows = []
        for row in some:
            values = {**row, "told": row["repeat_of"] or row["id"]}
            if values["state"] == State.REPEAT:
                values |= {name: values[f"first_{name}"] for name in told}
            rows.append(values)
        yield rows


def _history(connection: Connection, told: list[int]) -> dict[int, list[Told]]:
    """What customs said of these records, by record."""
    columns = (history.c.record_id, history.c.status, history.c.info, history.c.time, history.c.evidence)
    past: dict[int, list[Told]] = {}
    for record_id, status, info, time, evidence in connection.execute(
        select(*columns).where(history.c.record_id.in_(told)).order_by(history.c.id)
    ):
        past.setdefault(record_id, []).append(Told(status, info, time, evidence))
    return past


def _record(row: dict[str, Any], past: list[Told]) -> dict[str, Any]:
    message = message_types()[row["type"]]
    told = in_order(past)
    bill = bill_of(told)
    return {
        "type": message.code,
        "key": dict(zip(message.key, row["key"].split(KEY_SEPARATOR), strict=False)),
        "place": {
            "sheet": row["sheet"] and sys.intern(row["sheet"]),  # one text for 100,000 records
            "row": row["row"],
            "rows": [int(one) for one in row["rows"].split(",")],
        },
        "state": State(row["state"]).value,
        "guid": row["guid"],
        "message": row["message_guid"],
        "customs": _customs(row),
        "history": [{"status": one.status, "time": one.time or None, "info": one.info} for one in told],
        **({"taxBill": bill} if bill is not None else {}),
        "problems": _problems(row),
    }


def _customs(row: dict[str, Any]) -> dict[str, Any] | None:
    if row["status"] is None:
        return None
    entry = meant(row)
    advice = {name: getattr(entry, name) for name in ("meaning_zh", "meaning_en", "next_zh", "next_en")}
    return {
        "status": row["status"],
        "text_zh": entry.zh,
        "text_en": entry.en,
        **(advice if entry.todo else {}),  # 100,000 records that went through need no advice
        "info": row["info"],
        "time": row["time"],
        "preNo": row["pre_no"],
        "invtNo": None if row["type"] in OWN_NUMBER else row["invt_no"],
        **({OWN_NUMBER[row["type"]]: row["invt_no"]} if row["type"] in OWN_NUMBER else {}),
    }


def meant(row: dict[str, Any]) -> Entry:
    """What the latest word of customs about a record (`type`, `state`, `status`, `info`) means."""
    taken = row["state"] == State.ACKNOWLEDGED and already_there(row["type"], row["status"], row["info"] or "")
    if taken:
        return arrived(row["type"])
    return entry_for(row["type"], row["status"], row["info"] or "")


def _problems(row: dict[str, Any]) -> list[dict[str, Any]]:
    """What cebd found, what customs refused, and that customs say nothing."""
    problems: list[dict[str, Any]] = json.loads(row["problems"]) if row["problems"] else []
    if row["state"] == State.REFUSED:
        problems.append(_refusal(row))
    if row["state"] == State.SENT and row["status"] is None and row["waiting"]:
        problems.append(json.loads(row["waiting"]))
    return problems


def _refusal(row: dict[str, Any]) -> dict[str, Any]:
    """What customs refused, and instead of advice for any refusal that for this one."""
    entry = meant(row)
    fix_zh, fix_en = f"{entry.meaning_zh}{entry.next_zh}", f"{entry.meaning_en} {entry.next_en}"
    id_ = "CEBD-1705" if row["status"] == CANCELLED else "CEBD-1702"
    return replace(problem(id_, status=row["status"], info=row["info"]), fix_zh=fix_zh, fix_en=fix_en).as_json()
