"""`状态.txt`: what an operator without any command learns of the station, in three lines, in her words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, update

from builders.clocks import StillClock
from builders.declared import SENT_AT, an_open_store, declare
from cebd.problems.problem import problem
from cebd.receipts.deadlines import Deadlines
from cebd.receipts.overdue import overdue
from cebd.receipts.publishing import state_file
from cebd.receipts.publishing.state_file import NAME, Served, StateFiles
from cebd.store.across.counts import messages_waiting
from cebd.store.conditions import Conditions, Party
from cebd.store.messages import set_waiting
from cebd.store.published import drops_with_a_book_aside
from cebd.store.store import Store
from cebd.store.tables import about, messages
from cebd.store.tokens import Identity, record


class Desk:
    def __init__(self, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, language: str = "zh") -> None:
        self.store, self.clock, self.folder = store, StillClock(), folder
        self.conditions = Conditions(store, self.clock)
        self.served = served = [
            Served("甲", folder / "甲", frozenset({"signer:a", "channel:sftp"})),
            Served("乙", folder / "乙", frozenset({"signer:b", "channel:sftp"})),
        ]
        for one in served:
            one.folder.mkdir()
        self.seconds = 0.0
        monkeypatch.setattr(state_file.time, "monotonic", lambda: self.seconds)
        self.files = StateFiles(store, self.clock, self.conditions, lambda: served, language)

    def look(self, seconds: float = 10.0) -> None:
        self.seconds += seconds
        self.clock.moment += timedelta(seconds=seconds)
        self.files.write_changes()

    def lines(self, name: str = "甲") -> list[str]:
        return (self.folder / name / NAME).read_text(encoding="utf-8-sig").splitlines()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    with an_open_store(tmp_path) as store:
        yield Desk(store, tmp_path, monkeypatch)


def test_it_says_in_three_lines_that_all_is_well_and_when_that_was_written(desk: Desk) -> None:
    desk.look()
    assert desk.lines()[:2] == ["一切正常", "没有要处理的事。"]
    assert len(desk.lines()) == 3
    assert "写于 2026-03-04 05:06" in desk.lines()[2]
    assert "程序没有运行" in desk.lines()[2]


def test_it_counts_the_files_that_are_only_previewed_and_says_how_they_are_declared(desk: Desk) -> None:
    desk.served[0] = replace(desk.served[0], previews=2)
    desk.served[1] = replace(desk.served[1], previews=1, way_on="申报")
    desk.look()
    told = "预检文件夹里有 2 个文件，没有申报；看过预检结果后，移到 inbox 即申报。"
    assert desk.lines("甲")[:2] == ["一切正常", told]
    assert desk.lines("乙")[1] == "预检文件夹里有 1 个文件，没有申报；看过预检结果后，移到 inbox/申报 即申报。"
    desk.conditions.note("channel:sftp", problem("CEBD-1601", channel="x", reason="x"), Party.NETWORK)
    desk.look()
    assert desk.lines("甲")[1].endswith(told)
    assert len(desk.lines("甲")) == 3


def test_it_says_what_is_wrong_since_when_whose_matter_and_what_to_do_without_a_command(desk: Desk) -> None:
    found = problem("CEBD-1601", channel="sandbox", reason="connection refused")
    desk.conditions.note("channel:sftp", found, Party.NETWORK)
    desk.look()
    first, second, _ = desk.lines()
    assert first == "有问题：与电子口岸的连接不通，报文等待发送"
    assert second.startswith("自：2026-03-04 05:06　由谁处理：网络　怎么办：")
    assert "无需处理" in second
    assert "sandbox" not in first + second


def test_what_she_can_end_herself_comes_first_and_the_others_are_counted(desk: Desk) -> None:
    desk.conditions.note("clock:station", problem("CEBD-1601", channel="x", reason="x"), Party.ADMINISTRATOR)
    hers = problem("CEBD-1743", value="订单\n二.xlsx", reason="odd")
    desk.conditions.note("file:甲:inbox/x", hers, Party.OPERATOR, "甲")
    desk.look()
    assert desk.lines()[0] == "有问题：订单\\u000a二.xlsx 的回执暂时无法生成（odd）（另有 1 件）"
    assert len(desk.lines()) == 3


def test_a_folder_that_is_not_ours_is_said_before_the_receipts_that_cannot_be_written_for_it(desk: Desk) -> None:
    desk.conditions.note("outbox:甲", problem("CEBD-1742", value="outbox", reason="x"), Party.ADMINISTRATOR, "甲")
    desk.look()
    desk.conditions.note("file:甲:outbox", problem("CEBD-1050", value="outbox/"), Party.ADMINISTRATOR, "甲")
    desk.look()
    assert desk.lines()[0] == "有问题：outbox/ 不是系统建立的文件夹（可能是链接），不会使用（另有 1 件）"


def test_another_enterprises_trouble_and_its_token_are_not_hers(desk: Desk) -> None:
    desk.conditions.note("signer:b", problem("CEBD-1501", reason="away"), Party.TOKEN)
    desk.conditions.note("outbox:乙", problem("CEBD-1742", value="x", reason="full"), Party.ADMINISTRATOR, "乙")
    desk.look()
    assert desk.lines("甲")[0] == "一切正常"
    assert desk.lines("乙")[0].startswith("有问题")


def test_the_last_week_of_a_certificate_is_told_to_those_who_sign_with_it(desk: Desk) -> None:
    about = {"signer": "b", "number": "a1", "date": "2026-03-11"}
    desk.conditions.note("certificate:b", problem("CEBD-1523", days=60, **about), Party.ADMINISTRATOR)
    desk.look()
    assert desk.lines("乙")[0] == "一切正常"
    desk.conditions.note("certificate:b", problem("CEBD-1524", days=7, **about), Party.ADMINISTRATOR)
    desk.look()
    assert desk.lines("甲")[0] == "一切正常"
    assert desk.lines("乙")[0] == "有问题：签名证书几天内到期，到期后不能签名"


def test_messages_that_wait_are_told_though_no_condition_stands(desk: Desk) -> None:
    declare(desk.store, "A1", sent_at=None)
    with desk.store.write() as connection:
        set_waiting(connection, 1, problem("CEBD-1601", channel="sandbox", reason="refused"))
    desk.look()
    assert desk.lines()[0] == "有问题：与电子口岸的连接不通，报文等待发送"
    assert desk.lines("乙")[0] == "一切正常"
    with desk.store.write() as connection:
        connection.execute(update(messages).values(waiting=None))
    desk.look()
    assert desk.lines()[0] == "一切正常"


def test_a_slow_receipt_is_waited_for_and_only_a_missing_one_is_to_be_asked_for(desk: Desk) -> None:
    declare(desk.store, "A1")
    overdue(desk.store, StillClock(SENT_AT + timedelta(minutes=12)), Deadlines(600, {}))
    desk.look()
    assert desk.lines()[0] == "有问题：有报文的回执比平时慢，继续等待"
    assert "暂不用处理" in desk.lines()[1]
    overdue(desk.store, StillClock(SENT_AT + timedelta(minutes=31)), Deadlines(600, {}))
    desk.look()
    assert desk.lines()[0] == "有问题：有报文发送后迟迟没有回执"
    assert "向电子口岸查询" in desk.lines()[1]


def test_messages_that_cannot_be_signed_are_told_in_one_sentence_with_whose_card_they_wait_for(desk: Desk) -> None:
    for number in range(3):
        declare(desk.store, f"A{number}", sent_at=None)
    away = problem("CEBD-1501", reason="no token EPORT")
    with desk.store.write() as connection:
        connection.execute(update(messages).values(state="ready"))
        for number in range(1, 4):
            set_waiting(connection, number, away)
    desk.conditions.note("signer:a", away, Party.TOKEN)
    desk.look()
    assert desk.lines()[0] == "有问题：3 份报文等待电子口岸卡"
    with desk.store.write() as connection:
        record(
            connection,
            "a",
            Identity("0001", "a model", organisation="示例公司"),
            "first use",
            "2026-03-04T05:06:07+08:00",
        )
    desk.look()
    assert desk.lines()[0] == "有问题：3 份报文等待电子口岸卡 示例公司"
    assert "由谁处理：UKey 保管人" in desk.lines()[1]


def test_it_is_written_when_it_changes_or_is_minutes_old_or_gone_and_else_left_alone(desk: Desk) -> None:
    path = desk.folder / "甲" / NAME
    desk.look()
    before = path.stat().st_ino
    for _ in range(5):
        desk.look()
    assert path.stat().st_ino == before
    desk.look(300)
    assert "05:12" in desk.lines()[2]
    path.unlink()
    desk.look()
    assert path.exists()


def test_a_stopped_station_says_so_and_nothing_overwrites_that(desk: Desk) -> None:
    desk.look()
    desk.files.say_stopped()
    desk.look(600)
    assert desk.lines()[0].startswith("程序已停止（2026-03-04 05:06）")
    assert len(desk.lines()) == 3


def test_trial_is_called_trial(desk: Desk) -> None:
    with desk.store.write() as connection:
        connection.execute(insert(about).values(name="environment", value="trial"))
    desk.look()
    assert desk.lines()[0] == "一切正常（试运行）"


def test_a_link_in_its_place_is_not_followed_and_a_folder_that_is_gone_harms_nobody(desk: Desk) -> None:
    target = desk.folder / "target"
    target.write_text("somebody's", encoding="utf-8")
    (desk.folder / "甲" / NAME).symlink_to(target)
    (desk.folder / "乙").rmdir()
    (desk.folder / "乙").write_text("no folder", encoding="utf-8")
    desk.look()
    assert target.read_text(encoding="utf-8") == "somebody's"
    assert desk.lines()[0] == "一切正常"


def test_it_speaks_both_languages_where_the_station_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with an_open_store(tmp_path) as store:
        desk = Desk(store, tmp_path, monkeypatch, "both")
        desk.look()
        assert len(desk.lines()) == 6
        assert desk.lines()[3] == "All is well"


def test_what_is_asked_every_few_seconds_reads_no_message(tmp_path: Path) -> None:
    asked: list[str] = []
    with an_open_store(tmp_path) as store, store.read() as connection:
        event.listen(connection, "before_cursor_execute", lambda *called: asked.append(called[2]))
        messages_waiting(connection)
        drops_with_a_book_aside(connection)
        plans = [str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}").all()) for one in asked[:2]]
    assert "COVERING INDEX messages_that_wait" in plans[0]
    assert "INDEX books_set_aside" in plans[1]


def test_a_foreign_message_left_at_the_other_side_is_no_alarm(desk: Desk) -> None:
    said = problem("CEBD-1713", channel="sftp", count=1, names="other.xml")
    desk.conditions.note("receipt:sftp:foreign", said, Party.ADMINISTRATOR)
    desk.look()
    assert desk.lines()[:2] == ["一切正常", "没有要处理的事。"]
