"""A rule's screen names every record that breaks the rule; of records that are right it leaves the rule nothing to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.examples import examples
from cebd.messages.description import Field, message_type
from cebd.rules.business import RULES, breaking, broken_rules
from cebd.rules.codes.tables import PUBLISHED, CodeFiles, tables_of
from cebd.rules.figures import figures
from cebd.rules.rule import RecordTexts, Violation, rule
from cebd.rules.texts import RecordColumns
from cebd.trial.rows import Line, inventory_rows, order_rows

TODAY = date(2026, 3, 4)
FIGURES = figures()
GOODS_TABLES = tables_of(
    CodeFiles(
        Path("codes"),
        (
            ("positive-list.csv", b"# 2022\ncode,name_zh\n33049900,a\n"),
            ("tariff.csv", b"# 2026\ncode,name_zh,unit1,unit2\n3304990099,a,035,011\n"),
        ),
    )
)
_DECIMALS = st.one_of(
    st.sampled_from(
        ["0", "0.00", "1", "1.0", "2", "3", "0.33333", "0.5", "10", "20", "0.99", "1.00", "1.01", "1.00999"]
    ),
    st.sampled_from(["-1", "-0", "-0.00", "5000", "4999.99", "5000.01", "26000", "26000.01", "100", "0.00001"]),
    st.integers(-(10**7), 10**12).map(lambda number: f"{number / 100:.2f}"),
)
_INTEGERS = st.one_of(st.sampled_from(["1", "1", "2", "3", "01", "0", "-1"]), st.integers(0, 1000).map(str))
_IDENTITIES = st.sampled_from(
    [
        "110101196001010015",
        "11010119600101001X",
        "11010119600101001x",
        "999999199003070013",
        "999999202603050017",
        "999999189003070013",
        "999999199002300013",
        "110101600101001",
        "G12345678",
        "g12345678",
        "EA12345678901",
        "1101011960010100１５",
        "",
    ]
)
_DAYS = st.sampled_from(
    [
        "20260304",
        "20260305",
        "20260306",
        "20260230",
        "19990101",
        "20260304235959",
        "20260304240000",
        "2026030",
        "０2260304",
    ]
)
_OTHERS = st.sampled_from(
    ["", "", "142", "601", "1210", "9610", "4407961999", "914407961999000000", "51412026I000000001"]
)
_PEOPLE = ("buyerName", "payerName", "consignee", "consigneeAddress", "itemName", "gname")
_NAMES = st.sampled_from(
    [
        "张三",
        "张三",
        "无锡市",
        "Li Lei",
        "3号楼",
        "王*",
        "文三路**",
        "无",
        "N/A",
        "ＮＡ",
        "/",
        "同上",
        "?",
        "(空)",
        " 无 ",
        "②",
        "",
    ]
)
_TELEPHONES = st.sampled_from(
    ["13800000001", "13800000001", "+86 138 0000 0001", "１３８００００", "²³²³²", "1234", "138****0001", "无", "-", ""]
)
_CODES = st.sampled_from(["3304990099", "33049900", "330499009９", "", "0101210010", "ABCDEFGHIJ", "9999999999"])


def _texts(field: Field) -> st.SearchStrategy[str]:
    """Texts that such a cell may hold: all right by themselves, or nearly."""
    if field.name == "appType":
        return st.sampled_from(["1", "2", "3"])
    if field.kind != "text":
        number = _DECIMALS if field.kind == "decimal" else _INTEGERS
        return number if field.required else st.one_of(number, st.just(""))
    if field.name.endswith("IdType"):
        return st.sampled_from(["1", "1", "1", "2", ""])
    if field.name.endswith("IdNumber"):
        return _IDENTITIES
    if field.name.endswith(("Time", "Date")):
        return st.one_of(_DAYS, _OTHERS)
    if field.name in _PEOPLE:
        return _NAMES
    if field.name.lower().endswith("telephone"):
        return _TELEPHONES
    if field.name == "note":
        return st.sampled_from(["", "礼品", "|<甲><A><0.3><><0>|", "|<甲><A><0.3>|", "＜甲＞＜A＞"])
    if field.name in ("unit1", "unit2"):
        return st.sampled_from(["035", "035", "011", ""])
    return _CODES if field.name == "gcode" else _OTHERS


@st.composite
def record_columns(draw: Any, code: str) -> RecordColumns:
    """A few records side by side; most texts are those of the record before, as in a sheet."""
    message = message_type(code)
    counts = draw(st.lists(st.integers(0, 3) if message.line_fields else st.just(0), min_size=1, max_size=5))

    def columns(fields: Sequence[Field], length: int) -> dict[str, list[str]]:
        return {field.name: draw(st.lists(_texts(field), min_size=length, max_size=length)) for field in fields}

    heads = columns([field for field in message.head_fields if draw(st.integers(0, 9)) or field.required], len(counts))
    return RecordColumns(
        heads,
        columns(message.line_fields, sum(counts)),
        counts,
        FIGURES,
        TODAY,
        "4407961777",
        draw(st.sampled_from((PUBLISHED, GOODS_TABLES))),
    )


@pytest.mark.parametrize("code", RULES)
@given(data=st.data())
@settings(max_examples=examples(15, 100), deadline=None)
def test_a_screen_never_misses_a_record_that_breaks_its_rule(code: str, data: st.DataObject) -> None:
    columns = data.draw(record_columns(code))
    records = [columns.record(number) for number in range(len(columns))]
    for asked in RULES[code]:
        if asked.screen is not None:
            broken = {number for number, record in enumerate(records) if list(asked.check(record))}
            assert broken <= set(asked.screen(columns)), asked.ids


@given(columns=record_columns("CEB621"))
@settings(max_examples=examples(20, 200), deadline=None)
def test_many_records_side_by_side_break_what_each_breaks_alone(columns: RecordColumns) -> None:
    records = [columns.record(number) for number in range(len(columns))]
    alone = [broken_rules("CEB621", one.head, one.lines, FIGURES, TODAY, one.declarant, one.tables) for one in records]
    assert breaking("CEB621", columns) == {number for number, violations in enumerate(alone) if violations}


def columns_of(rows: Sequence[Line]) -> RecordColumns:
    """Records of one line each."""
    heads = {name[5:]: [row[name] for row in rows] for name in rows[0] if name.startswith("head.")}
    lines = {name[5:]: [row[name] for row in rows] for name in rows[0] if name.startswith("line.")}
    return RecordColumns(heads, lines, [1] * len(rows), FIGURES, TODAY)


@pytest.mark.parametrize(("code", "rows"), [("CEB311", list(order_rows(40))), ("CEB621", list(inventory_rows(40)))])
def test_a_screen_leaves_its_rule_nothing_to_look_at_among_records_that_are_right(code: str, rows: list[Line]) -> None:
    columns = columns_of(rows)
    assert [rule.ids for rule in RULES[code] if rule.screen is not None and list(rule.screen(columns))] == []


def test_a_rule_without_a_screen_looks_at_every_record(monkeypatch: pytest.MonkeyPatch) -> None:
    @rule("CEBD-1301", source="this test")
    def third_is_odd(record: RecordTexts) -> Iterator[Violation]:
        if record.head["orderNo"] == "T0000000003":
            yield Violation("CEBD-1301", "head", -1, "orderNo", {})

    monkeypatch.setitem(RULES, "CEB311", (third_is_odd,))
    assert breaking("CEB311", columns_of(list(order_rows(5)))) == {2}
