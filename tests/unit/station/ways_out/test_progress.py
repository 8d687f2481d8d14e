"""Long work says how far it is, at the rate of these minutes: in the status, in the state file, in the receipt. Time is simulated."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from builders.clocks import StillClock
from builders.declared import a_drop, an_open_store, declare
from cebd.clock import CST
from cebd.metrics.meter import Meter
from cebd.problems.problem import problem
from cebd.receipts.publishing.drop_receipt import receipt_head
from cebd.receipts.publishing.state_file import Served, StateFiles
from cebd.records.ids import DropId
from cebd.station.ways_out.progress import Progress
from cebd.store.conditions import Conditions, Party
from cebd.store.drops import load_drop
from cebd.store.messages import messages
from cebd.store.store import Store


class Desk:
    """A station that has forty messages to send, at the rate that the test says."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.meter, self.seconds = store, StillClock(), Meter(), 0.0
        self.clock.moment = datetime(2026, 3, 4, 10, 0, tzinfo=CST)
        self.drops = [a_drop(store, f"{number}.xlsx") for number in range(40)]
        for number, drop in enumerate(self.drops):
            declare(store, f"A{number}", drop=drop, sent_at=None)
        self.conditions = Conditions(store, self.clock)
        self.progress = Progress(store, self.clock, self.conditions, self.meter, lambda: self.seconds)

    def look(self, seconds: float, sent: int = 0) -> None:
        self.seconds += seconds
        self.clock.moment += timedelta(seconds=seconds)
        for _ in range(sent):
            self.meter.handed_over("sftp")
        self.progress.look()

    def said(self) -> list[str]:
        return [condition.problem.zh for condition in self.conditions.current()]


@pytest.fixture
def desk(tmp_path: Path) -> object:
    with an_open_store(tmp_path) as store:
        yield Desk(store)


def test_long_sending_says_its_rate_and_when_it_ends(desk: Desk) -> None:
    desk.look(0.0)
    assert desk.said() == []
    desk.look(30.0, sent=6)
    # Forty are left, one in five seconds: 200 seconds from 10:00:30 on.
    assert desk.said() == ["经 sftp 发送：还有 40 份报文，每秒 0.2 份，约 10:03 完成"]


def test_a_new_queue_is_told_at_once_at_the_rate_of_the_last_one_but_not_for_long(desk: Desk) -> None:
    desk.look(0.0)
    desk.look(30.0, sent=6)
    with desk.store.write() as transaction:
        transaction.execute(update(messages).values(state="sent"))
    desk.look(600.0)
    assert desk.said() == []
    with desk.store.write() as transaction:
        transaction.execute(update(messages).values(state="signed"))
    desk.look(15.0)
    assert desk.said() == ["经 sftp 发送：还有 40 份报文，每秒 0.2 份，约 10:14 完成"]
    desk.look(45.0)  # and still nothing is done
    assert desk.said() == []


def test_what_is_done_within_a_minute_is_not_told(desk: Desk) -> None:
    desk.look(0.0)
    desk.look(30.0, sent=60)
    assert desk.said() == []


def test_while_the_channel_is_away_there_is_no_end_to_be_told(desk: Desk) -> None:
    desk.look(0.0)
    desk.look(30.0, sent=6)
    desk.conditions.note("channel:sftp", problem("CEBD-1601", channel="sftp", reason="x"), Party.NETWORK)
    desk.look(15.0)
    assert [condition.key for condition in desk.conditions.current()] == ["channel:sftp"]


def test_the_state_file_and_the_receipt_tell_it_too(desk: Desk, tmp_path: Path) -> None:
    desk.look(0.0)
    desk.look(30.0, sent=6)
    served = [
        Served("甲", tmp_path / "甲", frozenset({"channel:sftp"})),
        Served("乙", tmp_path / "乙", frozenset({"channel:x"})),
    ]
    for one in served:
        one.folder.mkdir()
    StateFiles(desk.store, desk.clock, desk.conditions, lambda: served, "zh").write_changes()
    first, second = ((one.folder / "状态.txt").read_text(encoding="utf-8-sig").splitlines() for one in served)
    assert first[:2] == ["一切正常", "经 sftp 发送：还有 40 份报文，每秒 0.2 份，约 10:03 完成。"]
    assert second[1] == "没有要处理的事。"
    with desk.store.read() as transaction:
        head = receipt_head(transaction, load_drop(transaction, DropId(desk.drops[0])), "")
    assert [found.id for found in head.problems] == ["CEBD-2408"]
