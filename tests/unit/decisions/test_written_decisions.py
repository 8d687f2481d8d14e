"""What people write on the sheet of decisions with their own words and slips."""

from __future__ import annotations

import pytest

from cebd.decisions.decision import EMPTY, NOT_DECLARED
from cebd.decisions.sheet import (
    ANSWER,
    EARLIER,
    FIELD,
    HEADINGS,
    MARK,
    OFFERED,
    REASON,
    REMEMBER,
    VALUE,
    SheetRead,
    read_sheet,
)


def read(answer: str, reason: str = "", remember: str = "", field: str = "consigneeAddress", earlier: str = ""):  # type: ignore[no-untyped-def]
    cells = {VALUE: "盒子", ANSWER: answer, REASON: reason, REMEMBER: remember, EARLIER: earlier}
    cells[MARK] = f"CEB311 CEBD-1201 {field}"
    return read_sheet([HEADINGS, [cells.get(heading, "") for heading in HEADINGS]])


@pytest.mark.parametrize("answer", ["不申报", "不报", "不用报了", "不申报。", "不要申报此行", "无需申报"])
def test_not_to_be_declared_is_never_taken_as_an_address(answer: str) -> None:
    (told,) = read(answer, reason="客户取消").told
    assert (told.answer, told.reason) == (NOT_DECLARED, "客户取消")
    without = read(answer)
    assert (without.told, [one.id for one in without.problems]) == ((), ["CEBD-1089"])


def test_a_reason_behind_the_choice_is_its_reason() -> None:
    (told,) = read("不申报，客户取消了订单").told
    assert (told.answer, told.reason) == (NOT_DECLARED, "客户取消了订单")


@pytest.mark.parametrize("answer", ["（空）", "(空)", "空", "留空", "不填"])
def test_nothing_is_never_taken_as_an_address(answer: str) -> None:
    (told,) = read(answer).told
    assert told.answer == EMPTY


@pytest.mark.parametrize("answer", ["√", "是", "同上", "待定", "？", "删除", "按建议"])
def test_what_says_no_value_is_named_and_not_declared(answer: str) -> None:
    sheet = read(answer)
    assert sheet.told == ()
    assert [(one.id, one.place.cell, one.value) for one in sheet.problems] == [("CEBD-1098", "F2", answer)]


def sheet_of(*lines: dict[str, str]) -> SheetRead:
    return read_sheet([HEADINGS, *([line.get(heading, "") for heading in HEADINGS] for line in lines)])


def a_line(value: str, offered: str, **cells: str) -> dict[str, str]:
    texts = {"answer": ANSWER, "reason": REASON, "remember": REMEMBER, "earlier": EARLIER}
    line = {VALUE: value, OFFERED: offered, MARK: "CEB311 CEBD-1220 unit"}
    return line | {texts[name]: text for name, text in cells.items()}


@pytest.mark.parametrize("answer", ["按建议", "采用建议", "As suggested"])
def test_as_suggested_is_the_only_suggestion_of_its_row(answer: str) -> None:
    (told,) = sheet_of(a_line("盒子", "140 盒？", answer=answer)).told
    assert told.answer == "140 盒"
    several = sheet_of(a_line("122 盒", "122 罐？ / 140 盒？", answer=answer))
    assert (several.told, [one.id for one in several.problems]) == ((), ["CEBD-1098"])


def test_a_yes_for_all_leaves_alone_what_a_person_has_said_or_taken_back() -> None:
    for_all = {FIELD: "全部按建议", ANSWER: "是", REMEMBER: "是", MARK: "* * *"}
    sheet = sheet_of(
        a_line("甲", "140 盒？"),
        a_line("乙", "140 盒？", answer="142"),
        a_line("丙", "140 盒？", earlier="140 盒"),  # taken back
        a_line("丁", "140 盒？ / 142 瓶？"),
        for_all,  # sorted to the end
    )
    assert [(one.key.value, one.answer, one.remember) for one in sheet.told] == [
        ("甲", "140 盒", True),
        ("乙", "142", False),
        ("丙", None, False),
        ("丁", None, False),
    ]
    assert sheet.problems == ()


def test_a_word_for_all_that_is_no_yes_is_named() -> None:
    sheet = sheet_of({FIELD: "全部按建议", ANSWER: "再看", MARK: "* * *"}, a_line("甲", "140 盒？"))
    assert [(one.id, one.place.cell) for one in sheet.problems] == [("CEBD-1098", "F2")]
    assert [one.answer for one in sheet.told] == [None]


def test_a_reason_to_cancel_may_say_whatever_it_likes() -> None:
    (told,) = read("取消", field="reason").told
    assert told.answer == "取消"


def test_a_reason_or_a_tick_without_a_decision_is_named() -> None:
    assert [(one.id, one.place.cell) for one in read("", reason="客户取消").problems] == [("CEBD-1098", "G2")]
    assert [(one.id, one.place.cell) for one in read("", remember="是").problems] == [("CEBD-1098", "H2")]
    (told,) = read("", reason="客户取消", earlier="不申报").told  # taken back
    assert told.is_taken_back


@pytest.mark.parametrize(
    ("remember", "kept", "problems"),
    [
        ("是", True, []),
        ("√", True, []),
        ("否", False, []),
        ("不", False, []),
        ("×", False, []),
        ("下次再说", False, ["H2"]),
    ],
)
def test_a_decision_is_remembered_where_the_person_says_yes(remember: str, kept: bool, problems: list[str]) -> None:
    sheet = read("140", remember=remember)
    assert [(one.answer, one.remember) for one in sheet.told] == [("140", kept)]
    assert [one.place.cell for one in sheet.problems] == problems
