"""`cebd status` answers first what people ask first: is anything wrong, since when, whose matter is it, what is to be done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from builders.declared import a_drop, an_open_store
from cebd.cli.status import lines_of
from cebd.operations.inquiries.overview import Overview, WaitingMessage, overview
from cebd.operations.inquiries.status import StationStatus
from cebd.problems.problem import problem
from cebd.records.ids import DropId, MessageId
from cebd.records.states import MessageState, SignatureMode
from cebd.store.across.counts import StateCounts
from cebd.store.conditions import Condition, Party
from cebd.store.messages import MessageRow
from cebd.store.safety.holder import Holder, holder_of
from cebd.store.safety.lock import StoreLock

RUNS = Holder(True, 42)


def told(language: str = "zh", holder: Holder = RUNS, environment: str = "production", **facts: Any) -> list[str]:
    nothing: dict[str, Any] = {"counts": StateCounts({}, {}, {}), "waiting": [], "conditions": [], "tokens": []}
    found = StationStatus("s", environment, holder, Overview(**{**nothing, "behind": [], **facts}))
    return list(lines_of(found, language))


def a_message(number: int, channel: str = "sandbox") -> WaitingMessage:
    why = problem("CEBD-1601", channel="sandbox", reason="refused")
    message = MessageRow(
        id=MessageId(number),
        drop_id=DropId(1),
        enterprise="甲",
        type="CEB311",
        guid=str(number),
        cop_msg_id=str(number),
        signer="a",
        channel=channel,
        signature_mode=SignatureMode.DETACHED,
        state=MessageState.SIGNED,
        created=f"2026-03-04T10:{number:02d}:00+08:00",
        sender="D",
        receiver="R",
        sent_at=None,
        waiting=why,
    )
    return WaitingMessage(message, why)


def test_a_station_that_is_well_says_so_in_its_first_lines() -> None:
    assert told()[:3] == ["站点 Station s", "cebd 正在运行（进程 42）。", "一切正常，没有要处理的事。"]


def test_a_daemon_that_does_not_run_is_the_first_thing_said_and_nothing_is_called_well() -> None:
    lines = told(holder=Holder(False))
    assert "没有运行" in lines[1]
    assert not any("一切正常" in line for line in lines)


def test_messages_that_wait_for_one_reason_are_said_once_with_their_number() -> None:
    lines = told(waiting=[a_message(number) for number in range(12)])
    assert [line for line in lines if "CEBD-1601" in line] == [
        line for line in lines if "12 份报文等待" in line and "10:00" in line
    ]
    assert len([line for line in lines if "CEBD-1601" in line]) == 1
    assert "1 件事不正常" in lines[2]


def test_what_waits_for_another_channel_is_another_thing() -> None:
    lines = told(waiting=[a_message(1), a_message(2, channel="other")])
    assert len([line for line in lines if "1 份报文等待" in line]) == 2


def test_each_condition_says_since_when_whose_matter_it_is_and_what_to_do() -> None:
    found = problem("CEBD-1742", value="/srv/outbox", reason="disk full")
    condition = Condition("outbox:甲", Party.ADMINISTRATOR, "甲", "2026-03-04T09:00:00+08:00", found)
    lines = told(conditions=[condition])
    assert lines[2] == "有 1 件事不正常，最早自 2026-03-04T09:00:00+08:00："
    assert "[管理员] 自 2026-03-04T09:00:00+08:00" in lines[3]
    assert lines[4].strip().startswith("→ 请检查文件夹")


def test_it_speaks_the_stations_language_or_both() -> None:
    assert told("en")[1:3] == ["cebd runs (pid 42).", "All is well; nothing needs to be done."]
    assert told("both")[1:5] == [*told("zh")[1:2], *told("en")[1:2], *told("zh")[2:3], *told("en")[2:3]]


def test_trial_is_named_in_the_first_line() -> None:
    assert told(environment="trial")[0] == "站点 Station s  [试运行 trial]"


def test_files_whose_receipts_are_behind_are_named(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        a_drop(store, "订单.xlsx")
        with store.read() as connection:
            facts = overview(connection)
    assert [file.file for file in facts.behind] == ["订单.xlsx"]
    assert any("订单.xlsx" in line for line in told(behind=facts.behind))
    assert facts.waiting == []


def test_whether_a_daemon_has_the_store_is_told_without_taking_it(tmp_path: Path) -> None:
    assert holder_of(tmp_path) == Holder(False)
    lock = StoreLock.take(tmp_path)
    assert holder_of(tmp_path).runs is True
    assert holder_of(tmp_path).pid in (os.getpid(), None)
    lock.release()
    assert holder_of(tmp_path) == Holder(False)


def test_what_is_only_to_be_noted_is_no_alarm_and_is_listed_below() -> None:
    found = problem("CEBD-1713", channel="sandbox", count=1, names="other.xml")
    noted = Condition("receipt:sandbox:foreign", Party.ADMINISTRATOR, None, "2026-03-04T09:00:00+08:00", found)
    lines = told(conditions=[noted])
    assert lines[2:4] == ["一切正常，没有要处理的事。", "留意（不影响申报）："]
    assert "CEBD-1713" in lines[4]
    lines = told(conditions=[noted], waiting=[a_message(1)])
    assert "1 件事不正常" in lines[2]
