"""Whoever has to write waits in turn: a small file is not passed over while receipts are applied one batch after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from builders.enterprise_station import Enterprise
from builders.stations import until
from cebd.documents.convert import OpenFile
from cebd.records.ids import DropId
from cebd.station.work.stages import Stages
from cebd.store.databases.sqlite import SqliteDatabase


def test_a_file_to_be_converted_waits_in_the_same_line_as_all_others_who_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator: "While the large file was worked off, my five orders took four seconds." SQLite wakes nobody who waits for it, and so
    who did not stand in the line of this process found the store taken again and again."""
    may_open, in_line = threading.Event(), set[str]()
    opens, turn = Stages.claimed_file, SqliteDatabase.turn_to_write

    @contextmanager
    def opens_later(stages: Stages, drop_id: DropId) -> Iterator[OpenFile | None]:
        assert may_open.wait(30)
        with opens(stages, drop_id) as opened:
            yield opened

    def watched(database: SqliteDatabase) -> AbstractContextManager[None]:
        in_line.add(threading.current_thread().name)
        return turn(database)

    monkeypatch.setattr(Stages, "claimed_file", opens_later)
    one = Enterprise(tmp_path, "one")
    one.station.start()
    one.drop("small")
    until(lambda: one.claims("small"), "the file claimed")
    monkeypatch.setattr(SqliteDatabase, "turn_to_write", watched)
    with one.station.store.write():
        may_open.set()
        until(lambda: any(name.startswith("dbos-executor") for name in in_line), "the file to stand in line")
    until(lambda: one.has_sent(2) and one.has_filed(1), "its orders sent")
    one.stop()
