"""`cebd status` answers first what people ask first: is anything wrong, since when, whose matter is it, what is to be done."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from builders.clocks import StillClock
from builders.declared import SENT_AT, a_drop, an_open_store, declare
from cebd.cli.frame.language import Language
from cebd.cli.questions.status import lines_of
from cebd.operations.inquiries.awaited import answers_awaited
from cebd.operations.inquiries.overview import Overview, WaitingMessage, overview
from cebd.operations.inquiries.status import StationStatus
from cebd.problems.problem import problem
from cebd.receipts.deadlines import Deadlines
from cebd.receipts.overdue import overdue
from cebd.records.ids import DropId, MessageId
from cebd.records.states import MessageState, SignatureMode
from cebd.store.across.counts import StateCounts
from cebd.store.conditions import Condition, Party
from cebd.store.messages import MessageRow
from cebd.store.safety.holder import Holder, holder_of
from cebd.store.safety.last_ending import LastEnding, forget_ending, last_ending, note_ending
from cebd.store.safety.lock import StoreLock

RUNS = Holder(True, 42)
NOTHING = Overview(StateCounts({}, {}, {}), [], [], [], [])


def told(language: str = "zh", holder: Holder = RUNS, environment: str = "production", **facts: Any) -> list[str]:
    nothing: dict[str, Any] = {"counts": StateCounts({}, {}, {}), "waiting": [], "conditions": [], "tokens": []}
    found = StationStatus("s", environment, holder, Overview(**{**nothing, "behind": [], **facts}))
    return list(lines_of(found, Language(language)))


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
    assert told()[:2] == ["一切正常，没有要处理的事。", "站点 s；cebd 正在运行（进程 42）。"]


def test_a_daemon_that_does_not_run_is_the_first_thing_said_and_nothing_is_called_well() -> None:
    lines = told(holder=Holder(False))
    assert "没有运行" in lines[0]
    assert "管理员" in lines[1]
    assert not any("一切正常" in line for line in lines)


def test_messages_that_wait_for_one_reason_are_said_once_with_their_number() -> None:
    lines = told(waiting=[a_message(number) for number in range(12)])
    assert [number for number, line in enumerate(lines) if "CEBD-1601" in line] == [0]
    assert lines[0].startswith("有 1 件事不正常，最早自 2026-03-04T10:00:00+08:00：CEBD-1601 ")
    assert lines[0].endswith("（12 份报文等待）")
    assert "由谁处理：网络" in lines[1]
    assert not any("→" in line for line in lines)


def test_a_channel_that_is_down_is_said_once_with_the_messages_that_wait_for_it() -> None:
    down = problem("CEBD-1601", channel="sandbox", reason="refused")
    condition = Condition("channel:sandbox", Party.NETWORK, None, "2026-03-04T09:00:00+08:00", down)
    lines = told(conditions=[condition], waiting=[a_message(1), a_message(2)])
    assert [line for line in lines if "CEBD-1601" in line] == [
        f"有 1 件事不正常，最早自 2026-03-04T09:00:00+08:00：CEBD-1601 {down.zh}（2 份报文等待）"
    ]
    english = told("en", conditions=[condition], waiting=[a_message(1)])
    assert english[0].startswith("1 problem, the oldest since 2026-03-04T09:00:00+08:00: CEBD-1601 ")
    assert english[0].endswith("(1 message waits)")


def test_a_message_that_waits_its_turn_is_no_problem() -> None:
    turn = problem("CEBD-1643", documents="order", documents_zh="订单")
    waits = replace(a_message(1), problem=turn)
    lines = told(waiting=[waits])
    assert lines[0] == "一切正常，没有要处理的事。"
    assert "1 份报文等待" in lines[3]


def test_messages_that_customs_do_not_answer_are_the_matter_of_customs() -> None:
    late = problem("CEBD-1718", value="1", minutes=90, usual_en="5 min", usual_zh="5 分钟")
    message = replace(a_message(1).message, state=MessageState.SENT, sent_at="2026-03-04T10:00:00+08:00")
    assert "由谁处理：海关" in told(waiting=[WaitingMessage(message, late)])[1]


def test_each_condition_says_since_when_whose_matter_it_is_and_what_to_do() -> None:
    found = problem("CEBD-1742", value="/srv/outbox", reason="disk full")
    condition = Condition("outbox:甲", Party.ADMINISTRATOR, "甲", "2026-03-04T09:00:00+08:00", found)
    lines = told(conditions=[condition])
    assert lines[0].startswith("有 1 件事不正常，最早自 2026-03-04T09:00:00+08:00：CEBD-1742 ")
    assert lines[1].startswith("由谁处理：管理员　怎么办：请检查文件夹")
    assert not any("CEBD-1742" in line for line in lines[1:])
    older = Condition(
        "clock:station",
        Party.ADMINISTRATOR,
        None,
        "2026-03-04T08:00:00+08:00",
        problem("CEBD-1710", far="9 min", far_zh="9 分钟"),
    )
    lines = told(conditions=[older, condition])
    assert lines[0].startswith("有 2 件事不正常，最早自 2026-03-04T08:00:00+08:00：CEBD-1742 ")
    assert "[管理员] 自 2026-03-04T08:00:00+08:00" in lines[3]
    assert lines[4].strip().startswith("→ ")


def test_a_daemon_that_ended_by_itself_is_said_with_the_reason_and_what_to_do(tmp_path: Path) -> None:
    refused = problem("CEBD-2103", file="s/cebd.sqlite", backup="s/backups/b", traces="done/")
    note_ending(tmp_path, LastEnding("2026-03-04T09:00:00+08:00", Party.ADMINISTRATOR, refused))
    lines = list(
        lines_of(StationStatus("s", "production", Holder(False), NOTHING, ending=last_ending(tmp_path)), Language("en"))
    )
    assert lines[0].startswith("cebd does not run, it ended at 2026-03-04T09:00:00+08:00: CEBD-2103 ")
    assert lines[1] == f"Handled by: administrator  To do: {refused.fix_en}"
    forget_ending(tmp_path)
    assert last_ending(tmp_path) is None


def test_it_speaks_the_stations_language_or_both() -> None:
    assert told("en")[:2] == ["All is well; nothing needs to be done.", "Station s; cebd runs (pid 42)."]
    assert told("both")[:4] == [*told("zh")[:1], *told("en")[:1], *told("zh")[1:2], *told("en")[1:2]]


def test_trial_is_named_with_the_station() -> None:
    assert told(environment="trial")[1] == "站点 s [试运行]；cebd 正在运行（进程 42）。"


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
    assert (lines[0], lines[2]) == ("一切正常，没有要处理的事。", "留意（不影响申报）：")
    assert "CEBD-1713" in lines[3]
    lines = told(conditions=[noted], waiting=[a_message(1)])
    assert "1 件事不正常" in lines[0]


def test_the_messages_that_wait_for_their_answer_are_counted_beside_what_is_usual(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        declare(store, "A1")
        declare(store, "A2")
        declare(store, "L1", code="CEB621")
        overdue(store, StillClock(SENT_AT + timedelta(minutes=31)), Deadlines(600, {}))
        with store.read() as transaction:
            awaited = tuple(answers_awaited(transaction, 600))
    found = StationStatus("s", "production", RUNS, Overview(StateCounts({}, {}, {}), [], [], [], []), (), awaited)
    (orders,) = [line for line in lines_of(found, Language("zh")) if "等待回执 CEB311" in line]
    assert "2 份" in orders
    assert "超过 10 分钟的 0 份" in orders
    assert "应查询的 2 份" in orders
    listed: Any = found.as_json()["awaited"]
    assert [(one["type"], one["waiting"], one["alarm_seconds"]) for one in listed] == [
        ("CEB311", 2, 1800),
        ("CEB621", 1, 1800),
    ]
