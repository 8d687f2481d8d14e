"""Large files are read one at a time; a small .xls, which needs a process of its own as well, does not wait for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from builders.clocks import StillClock
from builders.hostile_files import an_xls
from builders.waiting import until
from builders.workbooks import some_settings
from cebd.documents.convert import ClaimedFile, task_of
from cebd.documents.worker import choice
from cebd.problems.problem import Problem
from cebd.records.ids import DropId
from cebd.station.work import readings as of_a_station
from cebd.station.work.readings import Readings
from cebd.trial.rows import order_rows, write_workbook


class OpenedWithoutAProcess:
    def __init__(self, _task: object) -> None: ...

    def close(self) -> None: ...


class Noted:
    """Conditions in memory."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}
        self.ever: list[str] = []

    def note(self, key: str, found: Problem, _party: object, _enterprise: object) -> bool:
        self.standing[key] = found.zh
        self.ever.append(found.zh)
        return True

    def end(self, key: str) -> bool:
        return self.standing.pop(key, None) is not None


class Reader:
    """Reads files, each in a thread of its own, until the test says that it is read. `seen`: what happened, in its order."""

    def __init__(self) -> None:
        self.conditions: Any = Noted()
        self._readings = Readings(self.conditions, StillClock())
        self._begun: dict[str, Event] = {}
        self._may_end: dict[str, Event] = {}
        self.seen: list[str] = []

    def begin(self, path: Path) -> None:
        self._begun[path.name], self._may_end[path.name] = Event(), Event()
        Thread(target=self._read, args=(path,), daemon=True).start()

    def is_being_read(self, name: str) -> bool:
        return self._begun[name].wait(10)

    def end(self, name: str) -> None:
        self._may_end[name].set()

    def _read(self, path: Path) -> None:
        settings = some_settings()
        file = ClaimedFile(DropId(1), path, path.name)
        task = task_of(file, settings.enterprise[0], settings.reading_options, StillClock())
        with self._readings.opened(task):
            self.seen.append(f"{path.name} begun")
            self._begun[path.name].set()
            self._may_end[path.name].wait(30)
            self.seen.append(f"{path.name} read")


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.setattr(of_a_station, "OpenedAhead", OpenedWithoutAProcess)
    monkeypatch.setattr(choice, "LARGE_BYTES", 0)
    monkeypatch.setattr(choice, "cores", lambda: 2)
    made = Reader()
    yield made
    for name in made._may_end:
        made.end(name)


def a_large_workbook(path: Path) -> Path:
    write_workbook(path, "order", list(order_rows(1)))
    return path


def a_large_xls(path: Path) -> Path:
    os.truncate(an_xls(path), 5 << 20)
    return path


def test_a_small_old_workbook_does_not_wait_for_a_large_file(tmp_path: Path, reader: Reader) -> None:
    reader.begin(a_large_workbook(tmp_path / "large.xlsx"))
    assert reader.is_being_read("large.xlsx")
    reader.begin(an_xls(tmp_path / "small.xls"))
    reader.begin(an_xls(tmp_path / "other.xls"))
    assert reader.is_being_read("small.xls")
    assert reader.is_being_read("other.xls")


def test_a_small_old_workbook_that_hangs_keeps_no_large_file_waiting(tmp_path: Path, reader: Reader) -> None:
    reader.begin(an_xls(tmp_path / "hangs.xls"))
    assert reader.is_being_read("hangs.xls")
    reader.begin(a_large_workbook(tmp_path / "large.xlsx"))
    assert reader.is_being_read("large.xlsx")


@pytest.mark.parametrize(("make", "first"), [(a_large_workbook, "first.xlsx"), (a_large_xls, "first.xls")])
def test_large_files_are_read_one_after_the_other(tmp_path: Path, reader: Reader, make: Any, first: str) -> None:
    reader.begin(make(tmp_path / first))
    assert reader.is_being_read(first)
    reader.begin(a_large_workbook(tmp_path / "second.xlsx"))
    reader.end(first)
    assert reader.is_being_read("second.xlsx")
    assert reader.seen == [f"{first} begun", f"{first} read", "second.xlsx begun"]


def test_a_large_file_is_told_while_it_is_read_and_from_the_second_on_when_that_ends(
    tmp_path: Path, reader: Reader
) -> None:
    for name in ("a.xls", "b.xls"):
        reader.begin(a_large_xls(tmp_path / name))
        assert reader.is_being_read(name)
        assert list(reader.conditions.standing) == [f"progress:file:{name}"]
        reader.end(name)
        until(lambda: not reader.conditions.standing, "the note taken back")
    first, second = reader.conditions.ever
    assert first == "正在读取 a.xls（5.2 MB）"
    assert second.startswith("正在读取 b.xls（5.2 MB），约 05:06:")
