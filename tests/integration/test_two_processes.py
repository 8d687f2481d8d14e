"""A large workbook is read, composed and checked in a process of its own: with the same result.

Most tests have that side of the conversation in a thread, with all that it says going through marshal as between processes.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import insert, select

from builders.clocks import StillClock
from builders.new_station import new_station
from builders.workbooks import a_workbook, an_order, sheet_xml, table, with_sheet_xml
from cebd.clock import iso
from cebd.documents import convert as conversion
from cebd.documents import drafting
from cebd.documents.convert import ClaimedFile, Converted, ConvertedBeside, convert, task_of
from cebd.documents.drafting import LocalDrafting, Task
from cebd.documents.open_file import open_file
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.worker.drafting import RemoteDrafting
from cebd.documents.worker.failures import plain_failure
from cebd.documents.worker.serving import serve
from cebd.records.ids import DropId
from cebd.records.record import Record
from cebd.settings import Enterprise, Settings, load_settings
from cebd.store.messages import message_body
from cebd.store.store import Store
from cebd.store.tables import drops, messages, records
from cebd.trial.rows import Line, order_rows, write_workbook


class InAThread:
    """The process that reads, as the station's process has it, but for the process."""

    def __init__(self, _module: str, task: Task) -> None:
        self._requests: SimpleQueue[Any] = SimpleQueue()
        self._said: SimpleQueue[Any] = SimpleQueue()
        Thread(target=self._read, args=(task,), daemon=True).start()

    def _read(self, task: Task) -> None:
        try:
            serve(task, _Saying(self._said), self._requests)
        except Exception as error:
            _Saying(self._said).send(*plain_failure(error))

    def send(self, *values: Any) -> None:
        _Saying(self._requests).send(*values)

    def receive(self, seconds: float) -> Any:
        return self._said.get(timeout=seconds)

    def close(self) -> None: ...


class _Saying:
    def __init__(self, heard: SimpleQueue[Any]) -> None:
        self._heard = heard

    def send(self, *values: Any) -> None:
        self._heard.put(marshal.loads(marshal.dumps(values)))


class OpenedInAThread:
    """A workbook that is open already."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def drafting(self) -> RemoteDrafting:
        return RemoteDrafting(self.task, InAThread)  # type: ignore[arg-type]


BESIDE = "beside the store"
WAYS: dict[str, Callable[[Task], Any]] = {
    "one process": LocalDrafting,
    "two sides": lambda task: RemoteDrafting(task, InAThread),  # type: ignore[arg-type]
    "two processes": RemoteDrafting,
    BESIDE: lambda task: RemoteDrafting(task, InAThread),  # type: ignore[arg-type]
}


class Desk:
    """A station's store, into which files are converted in one of the ways."""

    def __init__(self, folder: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
        new_station(folder / "station", port=2222)
        self._settings: Settings = load_settings(folder / "station" / "cebd.toml")
        self.enterprise: Enterprise = self._settings.enterprise[0]
        self._store = Store.open(self._settings.store_dir)
        self._way = WAYS[way]
        self._is_beside = way == BESIDE
        self._patch = monkeypatch

    def convert(self, path: Path) -> Converted:
        with self._store.write() as transaction:
            facts = {"enterprise": self.enterprise.name, "name": path.name, "stem": path.stem, "sha256": str(path)}
            facts |= {"received": iso(StillClock().now()), "state": "claimed", "source": path.name, "place": path.name}
            drop_id = transaction.execute(insert(drops).values(**facts)).inserted_primary_key[0]
        file = ClaimedFile(DropId(drop_id), path, path.name)
        self._patch.setattr(conversion, "drafting_of", self._way)
        options = self._settings.reading_options
        if self._is_beside:
            opened = OpenedInAThread(task_of(file, self.enterprise, options, StillClock()))
            with (
                closing(ConvertedBeside(self._store, self._settings.store_dir, file, StillClock(), opened)) as beside,  # type: ignore[arg-type]
                self._store.write() as transaction,
            ):
                return beside.bring_in(transaction)
        with self._store.write() as transaction:
            return convert(transaction, file, self.enterprise, options, StillClock(), lambda _root: False)

    def stored(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Every record by its row and the text of every message, in their order, without the random numbers.

        Which of two rows is stored first depends on when a message comes back; so records are numbered by their rows.
        """
        with self._store.read() as transaction:
            rows = (
                transaction.execute(select(records).order_by(records.c.drop_id, records.c.row, records.c.id))
                .mappings()
                .all()
            )
            ids = transaction.execute(select(messages.c.id, messages.c.guid).order_by(messages.c.id)).all()
            bodies = [message_body(transaction, message_id).decode().replace(guid, "GUID") for message_id, guid in ids]
        for row in rows:
            bodies = [body.replace(row["guid"], "guid") for body in bodies]
        nth = {None: None} | {row["id"]: number for number, row in enumerate(rows)}
        numbered = ({name: nth[row[name]] for name in ("id", "repeat_of", "edit_of")} for row in rows)
        return [{**row, **numbers, "guid": ""} for row, numbers in zip(rows, numbered, strict=True)], bodies


@pytest.fixture
def converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, ...]]:
    """The results of converting these files one after the other, and all that is stored then, in one of the ways."""
    monkeypatch.setattr(drafting, "_RECORDS_PER_BATCH", 30)

    def done(way: str, *paths: Path, hold: bool = False) -> tuple[Any, ...]:
        desk = Desk(tmp_path / way, way, monkeypatch)
        if hold:
            desk.enterprise = desk.enterprise.model_copy(update={"on_bad_rows": "hold-file"})
        results = []
        for path in paths:
            try:
                results.append(desk.convert(path))
            except Unreadable as error:
                results.append(error.problem)
        return (results, *desk.stored())

    return done


def orders(path: Path, count: int, change: Callable[[int, Line], Line] = lambda _number, row: row) -> Path:
    rows = [change(number, row) for number, row in enumerate(order_rows(count))]
    write_workbook(path, "order", rows)
    return path


def mixed(number: int, row: Line) -> Line:
    """Every seventh is wrong in one way or another, and a number stands twice."""
    wrong = (
        {"head.freight": "包邮"},
        {"line.totalPrice": "1.00"},
        {"head.buyerName": ""},
        {"head.orderNo": "1.23E+17"},
    )
    return {**row, **wrong[number // 7 % 4]} if number % 7 == 3 else row


def test_good_orders(tmp_path: Path, converted: Any) -> None:
    path = orders(tmp_path / "o.xlsx", 250)
    one, two = converted("one process", path), converted("two processes", path)
    assert one == two
    assert (one[0][0].read, one[0][0].ready, len(one[2])) == (250, 250, 3)


@pytest.mark.parametrize("way", ["two sides", BESIDE])
@pytest.mark.parametrize("hold", [False, True])
def test_good_and_bad_orders(tmp_path: Path, converted: Any, hold: bool, way: str) -> None:
    path = orders(tmp_path / "o.xlsx", 230, mixed)
    one, two = converted("one process", path, hold=hold), converted(way, path, hold=hold)
    assert one == two
    assert {row["state"] for row in one[1]} == {"rejected", "held" if hold else "ready"}
    assert one[0][0].read == 230


def test_a_held_file_without_a_bad_row(tmp_path: Path, converted: Any) -> None:
    path = orders(tmp_path / "o.xlsx", 130)
    one, two = converted("one process", path, hold=True), converted("two sides", path, hold=True)
    assert one == two
    assert len(one[2]) == 2


@pytest.mark.parametrize("way", ["two sides", BESIDE])
def test_orders_whose_rows_stand_apart(tmp_path: Path, converted: Any, way: str) -> None:
    rows = [an_order(f"D-{number % 40}", **{"商品序号": str(number // 40 + 1)}) for number in range(80)]
    path = a_workbook(tmp_path / "o.xlsx", table(rows))
    one, two = converted("one process", path), converted(way, path)
    assert one == two
    assert one[0][0].read == 40


@pytest.mark.parametrize("way", ["two sides", BESIDE])
def test_a_file_dropped_again_with_other_cells(tmp_path: Path, converted: Any, way: str) -> None:
    first = orders(tmp_path / "o.xlsx", 70)
    again = orders(
        tmp_path / "p.xlsx", 100, lambda number, row: row if number % 3 else {**row, "head.buyerName": "另一人"}
    )
    one, two = converted("one process", first, again), converted(way, first, again)
    assert one == two
    assert {row["state"] for row in one[1]} == {"ready", "repeat", "rejected"}
    edited = [json.loads(row["edits"]) for row in one[1] if row["edits"]]
    assert edited
    assert all([field["field"] for field in fields] == ["buyerName"] for fields in edited)


def test_a_file_that_is_no_declaration(tmp_path: Path, converted: Any) -> None:
    path = a_workbook(tmp_path / "o.xlsx", [["name", "price"], ["tea", 1]])
    one, two = converted("one process", path), converted("two sides", path)
    assert one == two
    assert [found.id for found in one[0][0].problems] == ["CEBD-1002"]


def test_a_file_without_a_row(tmp_path: Path, converted: Any) -> None:
    path = a_workbook(tmp_path / "o.xlsx", table([an_order()])[:1])
    one, two = converted("one process", path), converted("two sides", path)
    assert one == two
    assert "CEBD-1003" in [found.id for found in one[0][0].problems]


@pytest.mark.parametrize("way", ["two sides", BESIDE])
def test_a_file_cut_off_further_down(tmp_path: Path, converted: Any, way: str) -> None:
    rows = table([an_order(f"D-{number}") for number in range(2000)])
    part = sheet_xml(rows)
    path = with_sheet_xml(tmp_path / "o.xlsx", part[: len(part) * 9 // 10])
    one, two = converted("one process", path), converted(way, path)
    assert one == two
    assert (one[0][0].id, one[1:]) == ("CEBD-1021", ([], []))


def test_records_that_only_the_schema_refuses(tmp_path: Path, converted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_misfits(*values: Any, **named: Any) -> Any:
        reader = open_file(*values, **named)
        return replace(reader, records=(misfit(number, record) for number, record in enumerate(reader.records)))

    def misfit(number: int, record: Record) -> Record:
        without = re.sub("<ceb:currency>.*?</ceb:currency>", "", record.xml)
        return record._replace(xml=without, shape=b"") if number in (7, 120, 121) else record

    monkeypatch.setattr(drafting, "open_file", with_misfits)
    path = orders(tmp_path / "o.xlsx", 122)
    one, two = converted("one process", path), converted("two sides", path)
    assert one == two
    rejected = [row for row in one[1] if row["state"] == "rejected"]
    assert [[found["id"] for found in json.loads(row["problems"])] for row in rejected] == [["CEBD-1299"]] * 3
    assert [body.count("<ceb:Order>") for body in one[2]] == [99, 20]
