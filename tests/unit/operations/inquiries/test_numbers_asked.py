"""Numbers dropped into `inbox/查询/`: each is answered with what became of it; who asks learns nothing of other enterprises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook
from sqlalchemy import event, update

from builders.customs_answers import LIST_NO, an_answer, declare_n1
from builders.declared import a_drop, an_open_store, declare, settle
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.operations.inquiries.numbers import reading
from cebd.operations.inquiries.numbers.answer import make_answer
from cebd.operations.inquiries.numbers.making import Question
from cebd.problems.problem import problem
from cebd.records.ids import MessageId
from cebd.store.across.finding.numbers import records_with_numbers
from cebd.store.messages import set_waiting
from cebd.store.store import Store
from cebd.store.tables import records


class Desk:
    """An enterprise that asks."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder

    def ask(self, name: str, content: bytes | list[list[Any]], enterprise: str = "甲") -> list[dict[str, Any]]:
        """The rows of the answer, by the headings, as calamine reads them."""
        path = self.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            book = Workbook()
            for row in content:
                book.worksheets[0].append(row)
            book.save(path)
        answer = self.folder / "answer.xlsx"
        answer.write_bytes(make_answer(self.store, Question(enterprise, path, name, "2026-03-05 09:00")))
        rows = CalamineWorkbook.from_path(answer).get_sheet_by_name("cebd 查询").to_python()
        self.above = [str(row[0]) for row in rows if str(row[0]) and not str(row[1])]
        heading = next(at for at, row in enumerate(rows) if row[0] == "查询编号")
        return [dict(zip(map(str, rows[heading]), row, strict=True)) for row in rows[heading + 1 :]]

    def answers(self, name: str, content: bytes | list[list[Any]]) -> list[tuple[str, str]]:
        return [(row["查询编号"], row["状态"]) for row in self.ask(name, content)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with an_open_store(tmp_path) as store:
        yield Desk(store, tmp_path)


@pytest.fixture
def a_list(desk: Desk) -> Desk:
    declare_n1(
        desk.store,
        "CEB621",
        drop=a_drop(desk.store, "清单.xlsx", type="CEB621"),
        order_no="O1\x1f9900000001",
        waybill_no="W1\x1f9900000003",
    )
    settle(desk.store, an_answer("CEB621", "800", "100000", invtNo=LIST_NO))
    return desk


@pytest.mark.parametrize("number", ["N1", "O1", "W1", LIST_NO, "B20260304000000001"])
def test_every_number_that_people_have_of_a_list_finds_it(a_list: Desk, number: str) -> None:
    (row,) = a_list.ask("编号.txt", number.encode())
    assert (row["查询编号"], row["状态"], row["单证"], row["编号"]) == (number, "已放行", "清单", "N1")
    assert (row["清单编号"], row["文件"], row["行"]) == (LIST_NO, "清单.xlsx", 2)


def test_an_order_is_found_by_its_number_and_by_its_guid_in_any_spelling(desk: Desk) -> None:
    (order,) = declare(desk.store, "D1", "D2")[:1]
    with desk.store.read() as transaction:
        guid = transaction.execute(records.select().where(records.c.id == order)).one().guid
    assert [row["编号"] for row in desk.ask("a.txt", f"D1\n{guid.lower()}".encode())] == ["D1", "D1"]


@pytest.mark.parametrize(
    "content",
    [
        "D2\r\nD1\r\n\r\nD9\r\n".encode("utf-16"),
        "D2, D1；D9".encode(),
        "﻿D2\tD1\nD2\nD9".encode(),
        "请查：D2、D1（订单），D9。".encode("gb18030"),
    ],
)
def test_a_text_may_part_its_numbers_as_people_do(desk: Desk, content: bytes) -> None:
    declare(desk.store, "D1", "D2")
    assert desk.answers("编号.txt", content) == [("D2", "待回执"), ("D1", "待回执"), ("D9", "没有找到")]


def test_the_first_lines_say_how_many_were_found_and_which_words_are_no_numbers(desk: Desk) -> None:
    declare(desk.store, "D1", "D2")
    desk.ask("编号.txt", "请查 3月的 D2 D9".encode())
    assert desk.above == [
        "查询“编号.txt”：2 个编号，1 个有结果，1 个没有找到；截至 2026-03-05 09:00。没有申报任何数据。",
        "以下文字不像编号，没有查：请查、3月的",
    ]


def test_an_unknown_number_is_said_plainly_with_what_it_means(desk: Desk) -> None:
    declare(desk.store, "D1")
    (row,) = desk.ask("a.txt", b"D9")
    assert row["状态"] == "没有找到"
    assert "贵企业没有在这里放入过这个编号的单证" in row["处理"]


def test_another_enterprises_declarations_are_not_found(desk: Desk) -> None:
    declare(desk.store, "D1", enterprise="乙")
    assert desk.answers("a.txt", b"D1") == [("D1", "没有找到")]


def test_of_a_workbook_the_column_with_known_numbers_is_asked_whatever_its_heading(a_list: Desk) -> None:
    rows = [["序号", "名称", "客户单号"], [1, "奶粉", "O1"], [2, "奶粉", "O77"], [3, "面霜", None]]
    assert a_list.answers("客户.xlsx", rows) == [("O1", "已放行"), ("O77", "没有找到")]


def test_a_row_with_several_known_numbers_is_answered_once(a_list: Desk) -> None:
    rows = [["订单编号", "运单编号", "清单编号"], ["O1", "W1", LIST_NO], ["O77", "W1", ""]]
    assert a_list.answers("表.xlsx", rows) == [("O1", "已放行"), ("W1", "已放行")]


def test_digits_that_excel_has_replaced_by_zeros_are_named_as_the_reason(desk: Desk) -> None:
    declare(desk.store, "D1")
    rows = desk.ask("表.xlsx", [["订单编号"], ["D1"], [6901234567890123000], [690123456789]])
    assert [row["状态"] for row in rows] == ["待回执", "没有找到", "没有找到"]
    assert "Excel 只保留前 15 位" in rows[1]["处理"]
    assert "Excel" not in rows[2]["处理"]


def test_a_workbook_of_unknown_numbers_says_so_of_each(desk: Desk) -> None:
    declare(desk.store, "D1")
    rows = [["日期", "编号"], ["三月", "X20260001"], ["三月", "X20260002"]]
    assert desk.answers("表.xlsx", rows) == [("X20260001", "没有找到"), ("X20260002", "没有找到")]


def test_of_a_number_that_was_not_declared_at_first_the_declared_row_is_shown(desk: Desk) -> None:
    declare(desk.store, "D1", drop=a_drop(desk.store, "a.xlsx"), state="rejected", sent_at=None)
    (first,) = declare(desk.store, "D1", drop=a_drop(desk.store, "b.xlsx"))
    again = a_drop(desk.store, "c.xlsx")
    declare(desk.store, "D1", drop=again, state="repeat", repeat_of=first, sent_at=None)
    (row,) = desk.ask("a.txt", b"D1")
    assert (row["状态"], row["文件"]) == ("待回执", "b.xlsx")


def test_who_waits_for_whom_is_said(desk: Desk) -> None:
    declare(desk.store, "D1", sent_at=None)
    with desk.store.write() as transaction:
        transaction.execute(update(records).values(state="ready"))
        set_waiting(transaction, MessageId(1), problem("CEBD-1501", value="token", reason="x"))
    (row,) = desk.ask("a.txt", b"D1")
    assert (row["状态"], "UKey" in row["处理"]) == ("待发送", True)


def test_more_numbers_than_are_answered_at_once_are_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_NUMBERS", 2)
    declare(desk.store, "D1")
    assert desk.answers("a.txt", b"D1 D2 D3 D4") == [("D1", "待回执"), ("D2", "没有找到")]
    assert "还有 2 个没有查" in desk.above[1]


@pytest.mark.parametrize(
    ("name", "content", "id_"),
    [
        ("a.txt", "请尽快答复，谢谢".encode(), "CEBD-1067"),
        ("a.xlsx", b"PK\x03\x04" + b"x" * 60, "CEBD-1021"),
        ("a.xml", b"<?xml version='1.0'?><CEB311Message/>", "CEBD-1024"),
        ("a.txt", b"", "CEBD-1027"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 60, "CEBD-1065"),
    ],
)
def test_what_cannot_be_answered_has_a_reason(desk: Desk, name: str, content: bytes, id_: str) -> None:
    with pytest.raises(Unreadable) as refused:
        desk.ask(name, content)
    assert refused.value.problem.id == id_


def test_the_answer_looks_like_the_ledger(desk: Desk) -> None:
    declare(desk.store, "D1")
    desk.ask("a.txt", b"D1 D9")
    sheet = load_workbook(desk.folder / "answer.xlsx").worksheets[0]
    assert (sheet["B3"].fill.fgColor.rgb, sheet["B4"].fill.fgColor.rgb) == ("00DDEBF7", "00FFE0B2")
    assert (sheet.freeze_panes, sheet["A4"].number_format) == ("C3", "@")


def test_each_number_enters_an_index(a_list: Desk) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    with a_list.store.read() as transaction:
        event.listen(transaction, "before_cursor_execute", note)
        assert records_with_numbers(transaction, "甲", {"O1", "0" * 36, "D1"}).keys() == {"O1"}
        event.remove(transaction, "before_cursor_execute", note)
        plans = [
            (step, statement)
            for statement, values in asked
            for *_, step in transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            if "json_each" in statement
        ]
    entered = [step for step, _ in plans if step.startswith("SEARCH records USING")]
    assert len(entered) > 5
    assert [one for one in plans if not one[0].startswith(("SEARCH records USING", "SCAN asked VIRTUAL TABLE"))] == []
    assert [one for one in plans if one[0].endswith("(type=?) LEFT-JOIN")] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1、DD001\n2. DD002", ["DD001", "DD002"]),
        ("订单DD001谢谢", ["DD001"]),
        ("ｄｄ００１", ["DD001"]),
        ("dd002", ["DD002"]),
    ],
)
def test_numbers_copied_out_of_a_chat_are_found(desk: Desk, text: str, found: list[str]) -> None:
    declare(desk.store, "DD001", "DD002")
    assert desk.answers("聊天.txt", text.encode()) == [(number, "待回执") for number in found]


def test_numbers_side_by_side_are_each_answered(desk: Desk) -> None:
    declare(desk.store, "DD001", "DD002")
    assert desk.answers("横排.xlsx", [["DD001", "DD002", "DD009"]]) == [
        ("DD001", "待回执"),
        ("DD002", "待回执"),
        ("DD009", "没有找到"),
    ]
