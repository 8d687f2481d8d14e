"""A person decides once of a mistake that stands in many rows, on the second sheet of the receipt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from builders.decided_books import FIRST_ROW, book_of, decide, lines_on, receipt_at
from builders.desk import Desk, orders
from cebd.decisions.sheet import (
    ALL,
    ANSWER,
    BY,
    EARLIER,
    FIELD,
    HEADINGS,
    OFFERED,
    REMEMBER,
    ROWS,
    SHEETS,
    VALUE,
    choice_of_yes,
)
from cebd.decisions.wording import Language, worded
from cebd.documents.convert import ClaimedFile, convert
from cebd.receipts.publishing.book import decisions_sheet
from cebd.signing.dropped_signature import judge_of
from cebd.store.decided.decisions import decisions, remembered
from cebd.store.messages import message_body
from cebd.store.tables import messages
from cebd.trial.rows import write_workbook


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def with_units(*units: str) -> list[dict[str, str]]:
    rows = orders(len(units))
    return [row | {"line.unit": unit} for row, unit in zip(rows, units, strict=True)]


def a_file(desk: Desk, *units: str, name: str = "o.xlsx") -> Path:
    path = desk.folder / name
    write_workbook(path, "order", with_units(*units))
    return path


def declared(desk: Desk) -> str:
    """All messages together."""
    with desk.store.read() as transaction:
        ids = transaction.execute(select(messages.c.id).order_by(messages.c.id)).scalars().all()
        return "".join(message_body(transaction, one).decode() for one in ids)


def test_equal_mistakes_are_one_row_with_what_may_be_meant(desk: Desk) -> None:
    original = a_file(desk, "盒子", "122", "盒子", "某种", "盒子")
    desk.convert(original)
    lines = lines_on(book_of(desk, original, desk.folder / "r.xlsx"))
    assert [(line[ROWS], line[VALUE], line[OFFERED]) for line in lines] == [
        ("3", "盒子", "140 盒？"),
        ("1", "某种", ""),
    ]


def test_a_decision_holds_for_all_rows_of_the_file_and_each_cell_says_so(desk: Desk) -> None:
    original = a_file(desk, "盒子", "122", "盒子")
    assert [row["state"] for row in desk.convert(original)] == ["rejected", "ready", "rejected"]
    book = book_of(desk, original, desk.folder / "r.xlsx")
    decide(book, {"盒子": "140 盒"}, who="张三")
    again = desk.convert(book)
    assert [row["state"] for row in again] == ["ready", "repeat", "ready"]
    told = [[(one["id"], one["value"]) for one in row["problems"] if one["id"] == "CEBD-1224"] for row in again]
    assert told == [[("CEBD-1224", "盒子")], [], [("CEBD-1224", "盒子")]]
    assert "张三" in again[0]["problems"][0]["zh"]
    assert declared(desk).count("<ceb:unit>140</ceb:unit>") == 2
    assert "盒子" not in declared(desk)
    shown = load_workbook(book_of(desk, book, desk.folder / "r2.xlsx")).worksheets[0]
    noted = [cell for row in shown.iter_rows() for cell in row if cell.value == "盒子"]
    assert len(noted) == 2
    assert all(cell.comment is not None and "140 盒" in cell.comment.text for cell in noted)
    assert {cell.fill.fgColor.rgb for cell in noted} == {"00CCC0DA"}
    assert [one["decision"] for one in receipt_at(desk).as_json()["decisions"]] == ["140 盒"]


@pytest.mark.parametrize(
    ("language", "not_declared", "yes", "empty"),
    [("zh", "不申报", "是", "（空）"), ("en", "not declared", "yes", "(empty)"), ("both", "不申报", "是", "（空）")],
)
def test_the_sheet_speaks_the_station_s_language_and_is_read_in_it(
    desk: Desk, language: Language, not_declared: str, yes: str, empty: str
) -> None:
    original = a_file(desk, "盒子", "", "某种")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx", language)
    shown = [str(cell) for row in load_workbook(book).worksheets[1].iter_rows(values_only=True) for cell in row if cell]
    own = [text for text in shown if text not in ("盒子", "某种", "140 盒？") and not text.startswith("CEB311 ")]
    if language == "en":
        chosen = re.compile(
            "盒子|某种|不申报|是"
        )  # what she wrote, and the choices in Chinese, which are taken as well
        assert [text for text in own if re.search("[\u4e00-\u9fff]", chosen.sub("", text))] == []
    if language == "zh":
        assert [text for text in own if re.search("[A-Za-z]{4}", text.replace("inbox", ""))] == []
    assert {line[VALUE] for line in lines_on(book)} == {"盒子", empty, "某种"}
    decide(book, {"盒子": "140", empty: "122"}, remember=True)
    decide(book, {"某种": not_declared}, reason="样品")
    assert [record["ids"] for record in desk.convert(book)] == [["CEBD-1224"], ["CEBD-1224"], ["CEBD-1226"]]
    again = book_of(desk, book, desk.folder / "r2.xlsx", language)
    told = {line[VALUE]: (line[ANSWER], line[REMEMBER]) for line in lines_on(again)}
    assert told == {"盒子": ("140", yes), empty: ("122", yes), "某种": (not_declared, "")}
    desk.convert(again)  # in whichever language it is written, an unchanged sheet changes nothing
    with desk.store.read() as transaction:
        kept = remembered(transaction, desk.settings.enterprise[0].name)
    assert sorted((one.key.value, one.answer) for one in kept) == [("", "122"), ("盒子", "140")]


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_one_yes_takes_every_only_suggestion_and_each_cell_shows_it(desk: Desk, language: Language) -> None:
    original = a_file(desk, "盒子", "罐装", "122 盒", "某种", "罐装")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx", language)
    for_all, *lines = lines_on(book)
    assert (for_all[FIELD], for_all[ROWS]) == (worded(ALL, language), "3")
    assert {line[VALUE]: line[OFFERED] for line in lines} == {
        "罐装": "122 罐？",
        "盒子": "140 盒？",
        "122 盒": "122 罐？ / 140 盒？",
        "某种": "",
    }
    saved = load_workbook(book)
    saved[SHEETS[language]].cell(FIRST_ROW, HEADINGS.index(ANSWER) + 1).value = choice_of_yes(language)
    saved.save(book)
    records = desk.convert(book)
    assert [record["state"] for record in records] == ["ready", "ready", "rejected", "rejected", "ready"]
    assert [record["ids"] for record in records if record["state"] == "ready"] == [["CEBD-1224"]] * 3
    again = lines_on(book_of(desk, book, desk.folder / "r2.xlsx", language))
    assert {line[VALUE]: line[ANSWER] for line in again} == {
        "122 盒": "",
        "某种": "",
        "罐装": "122 罐",
        "盒子": "140 盒",
    }


def test_with_a_single_suggestion_there_is_no_row_for_all(desk: Desk) -> None:
    original = a_file(desk, "盒子", "某种")
    desk.convert(original)
    assert [line[VALUE] for line in lines_on(book_of(desk, original, desk.folder / "r.xlsx"))] == ["盒子", "某种"]


def test_it_does_not_hold_for_other_files(desk: Desk) -> None:
    original = a_file(desk, "盒子")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx")
    decide(book, {"盒子": "140"})
    desk.convert(book)
    write_workbook(desk.folder / "later.xlsx", "order", [row | {"head.orderNo": "LATER"} for row in with_units("盒子")])
    assert [row["state"] for row in desk.convert(desk.folder / "later.xlsx")] == ["rejected"]


def test_remembered_it_holds_for_later_files_until_it_is_taken_back(desk: Desk) -> None:
    original = a_file(desk, "盒子")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx")
    decide(book, {"盒子": "140"}, remember=True)
    desk.convert(book)
    later = desk.folder / "later.xlsx"
    write_workbook(later, "order", [row | {"head.orderNo": "LATER"} for row in with_units("盒子")])
    [record] = desk.convert(later)
    assert (record["state"], record["ids"]) == ("ready", ["CEBD-1224"])
    listed = book_of(desk, later, desk.folder / "r3.xlsx")
    [line] = lines_on(listed)
    assert (line[ANSWER], line[REMEMBER], line[EARLIER]) == ("140", "是", "140（已记住）")
    assert line[BY].startswith("张三 ")
    decide(listed, {"盒子": ""}, who="李四")
    desk.convert(listed)
    with desk.store.read() as transaction:
        assert remembered(transaction, desk.settings.enterprise[0].name) == ()
        rows = transaction.execute(select(decisions).order_by(decisions.c.id)).mappings().all()
    assert [(row["answer"], row["before"], row["who"], row["ended_by"]) for row in rows] == [
        ("140", None, "张三", "李四"),
        (None, "140", "李四", None),
    ]
    last = desk.folder / "last.xlsx"
    write_workbook(last, "order", [row | {"head.orderNo": "LAST"} for row in with_units("盒子")])
    assert [row["state"] for row in desk.convert(last)] == ["rejected"]


def test_an_old_workbook_does_not_bring_back_what_was_taken_back(desk: Desk) -> None:
    original = a_file(desk, "盒子")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx")
    decide(book, {"盒子": "140"}, remember=True)
    desk.convert(book)
    old = book_of(desk, book, desk.folder / "old.xlsx")
    taken = book_of(desk, book, desk.folder / "taken.xlsx")
    decide(taken, {"盒子": ""})
    desk.convert(taken)
    desk.convert(old)
    with desk.store.read() as transaction:
        assert remembered(transaction, desk.settings.enterprise[0].name) == ()


def test_what_one_file_takes_back_stays_remembered_where_another_remembers_it(desk: Desk) -> None:
    mine, hers = a_file(desk, "盒子", name="mine.xlsx"), desk.folder / "hers.xlsx"
    write_workbook(hers, "order", [row | {"head.orderNo": "HERS"} for row in with_units("盒子")])
    desk.convert(mine)
    my_book = book_of(desk, mine, desk.folder / "my.xlsx")
    decide(my_book, {"盒子": "140"})
    desk.convert(my_book)
    my_next = book_of(desk, my_book, desk.folder / "my-next.xlsx")
    desk.convert(hers)
    her_book = book_of(desk, hers, desk.folder / "her.xlsx")
    decide(her_book, {"盒子": "140"}, remember=True)
    desk.convert(her_book)
    decide(my_next, {"盒子": ""})
    desk.convert(my_next)
    with desk.store.read() as transaction:
        assert len(remembered(transaction, desk.settings.enterprise[0].name)) == 1


def test_rows_are_not_declared_for_a_reason(desk: Desk) -> None:
    original = a_file(desk, "盒子", "122")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx")
    decide(book, {"盒子": "不申报"})
    first, _ = desk.convert(book)
    assert first["ids"] == ["CEBD-1220"]  # without a reason it stays as it was
    assert [one.id for one in desk.converted.problems if one.place.sheet] == ["CEBD-1089"]
    decide(book, {"盒子": "不申报"}, reason="客户已取消")
    first, _ = desk.convert(book.rename(desk.folder / "reason.xlsx"))
    assert (first["state"], first["ids"]) == ("rejected", ["CEBD-1226"])
    assert "客户已取消" in first["problems"][0]["zh"]
    shown = load_workbook(book_of(desk, desk.folder / "reason.xlsx", desk.folder / "r2.xlsx")).worksheets[0]
    states = [str(cell.value) for row in shown.iter_rows(min_row=2) for cell in row if "不申报" in str(cell.value)]
    assert states
    [line] = lines_on(desk.folder / "r2.xlsx")
    assert (line[VALUE], line[ANSWER], line[ROWS]) == ("盒子", "不申报", "1")


def test_skipped_rows_do_not_hold_the_file(desk: Desk) -> None:
    enterprise = desk.settings.enterprise[0].model_copy(update={"on_bad_rows": "hold-file"})
    desk.settings = desk.settings.model_copy(update={"enterprise": (enterprise,)})
    original = a_file(desk, "盒子", "122")
    assert [row["state"] for row in desk.convert(original)] == ["rejected", "held"]
    book = book_of(desk, original, desk.folder / "r.xlsx")
    decide(book, {"盒子": "不申报"}, reason="客户已取消")
    assert [row["state"] for row in desk.convert(book)] == ["rejected", "ready"]


def test_a_decision_that_does_not_do_changes_nothing_and_says_why(desk: Desk) -> None:
    original = a_file(desk, "盒子")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx")
    decide(book, {"盒子": "140 台"})
    [record] = desk.convert(book)
    assert (record["state"], record["ids"]) == ("rejected", ["CEBD-1220", "CEBD-1225"])
    [line] = lines_on(book_of(desk, book, desk.folder / "r2.xlsx"))
    assert (line[VALUE], line[ANSWER]) == ("盒子", "140 台")  # to be decided otherwise


def test_taken_back_before_it_was_declared_nothing_of_it_is_left(desk: Desk) -> None:
    original = a_file(desk, "盒子", "某种")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx")
    decide(book, {"某种": "不申报"}, reason="待定")
    desk.convert(book)
    back = book_of(desk, book, desk.folder / "r2.xlsx")
    decide(back, {"某种": ""})
    assert [row["ids"] for row in desk.convert(back)] == [["CEBD-1220"], ["CEBD-1220"]]
    assert {line[ANSWER] for line in lines_on(book_of(desk, back, desk.folder / "r3.xlsx"))} == {""}


def test_what_ends_in_the_middle_has_decided_nothing(desk: Desk) -> None:
    original = a_file(desk, "盒子")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx")
    decide(book, {"盒子": "140"}, remember=True)

    class Killed(Exception):
        pass

    enterprise = desk.settings.enterprise[0]
    with pytest.raises(Killed), desk.store.write() as transaction:
        file = ClaimedFile(desk.drop_id, book, book.name)
        convert(transaction, file, enterprise, desk.settings.reading_options, desk.clock, judge_of(transaction))
        raise Killed
    with desk.store.read() as transaction:
        assert remembered(transaction, enterprise.name) == ()
    assert [row["state"] for row in desk.convert(book)] == ["ready"]
    with desk.store.read() as transaction:
        assert [one.answer for one in remembered(transaction, enterprise.name)] == ["140"]
    assert declared(desk).count("</ceb:Order>") == 1


def test_what_finds_no_room_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions_sheet, "_MAX_LINES", 1)
    original = a_file(desk, "盒子", "某种", "盒子")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx")
    assert [line[VALUE] for line in lines_on(book)] == ["盒子"]
    assert "另有 1 种问题" in str(load_workbook(book).worksheets[1]["A1"].value)


def test_a_row_of_the_sheet_without_its_mark_is_named(desk: Desk) -> None:
    original = a_file(desk, "盒子")
    desk.convert(original)
    book = book_of(desk, original, desk.folder / "r.xlsx")
    opened = load_workbook(book)
    sheet = opened.worksheets[1]
    sheet["F3"].value, sheet["L3"].value = "140", None
    opened.save(book)
    desk.convert(book)
    assert [(one.id, one.place.cell) for one in desk.converted.problems if one.id == "CEBD-1088"] == [
        ("CEBD-1088", "F3")
    ]
