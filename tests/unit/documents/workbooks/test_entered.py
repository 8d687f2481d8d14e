"""Documents that come as JSON: judged as the same documents in a workbook are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cebd.documents.workbooks.entered import Cell, Document, as_json, entered
from cebd.documents.workbooks.whole import End, ending_of
from cebd.operations.check import Verdict, check, settings_of_nobody
from cebd.trial.rows import Line, inventory_rows, order_rows, write_workbook

NOBODY = settings_of_nobody().enterprise[0]


def documents(rows: Iterator[Line], number: str) -> list[dict[str, Any]]:
    """Flat rows as documents."""
    made: dict[str, dict[str, Any]] = {}
    for row in rows:
        head = {name[5:]: text for name, text in row.items() if name.startswith("head.")}
        one = made.setdefault(head[number], {"head": head, "lines": []})
        one["lines"].append({name[5:]: text for name, text in row.items() if name.startswith("line.")})
    return list(made.values())


def verdict_of(folder: Path, told: object, name: str = "x.json") -> Verdict:
    (folder / name).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return check(folder / name, None, NOBODY)


def of_orders(*orders: dict[str, Any]) -> dict[str, Any]:
    return {"v": 1, "type": "order", "documents": list(orders)}


def test_documents_in_json_are_judged_as_the_same_rows_of_a_workbook_are(tmp_path: Path) -> None:
    rows = list(inventory_rows(3, lines=2))
    rows[2]["head.grossWeight"] = rows[3]["head.grossWeight"] = "0.01"
    rows[5]["line.qty"] = "many"
    write_workbook(tmp_path / "x.xlsx", "inventory", rows)
    of_workbook = check(tmp_path / "x.xlsx", None, NOBODY)
    told = {"v": 1, "type": "CEB621", "documents": documents(iter(rows), "copNo")}
    of_json = verdict_of(tmp_path, told)
    counts = [(verdict.type, verdict.records, verdict.ready, verdict.rejected) for verdict in (of_json, of_workbook)]
    assert counts[0] == counts[1] == ("CEB621", 3, 1, 2)
    said = [[(found.id, found.field, found.place.row) for found in v.problems] for v in (of_json, of_workbook)]
    assert said[0] == said[1] != []


def test_a_number_in_json_is_declared_with_the_digits_that_it_has(tmp_path: Path) -> None:
    (order,) = documents(order_rows(1), "orderNo")
    text = json.dumps(of_orders(order)).replace(f'"{order["head"]["goodsValue"]}"', order["head"]["goodsValue"] + "0")
    sheet = entered(text.encode())
    assert sheet.documents[0].head["goodsValue"] == order["head"]["goodsValue"] + "0"


def test_what_is_missing_is_said_at_its_field_and_what_nobody_knows_is_named(tmp_path: Path) -> None:
    (order,) = documents(order_rows(1), "orderNo")
    del order["head"]["buyerName"]
    order["head"]["colour"] = "red"
    verdict = verdict_of(tmp_path, of_orders(order))
    assert {(found.id, found.field, found.value) for found in verdict.problems} >= {
        ("CEBD-1201", "buyerName", ""),
        ("CEBD-1006", None, "OrderHead/colour"),
    }
    assert verdict.ready == 0


def test_two_documents_of_one_number_are_never_made_one(tmp_path: Path) -> None:
    first, second, third = documents(order_rows(3), "orderNo")
    second["head"] = first["head"]
    verdict = verdict_of(tmp_path, of_orders(first, second, third))
    assert verdict.ready == 1
    assert "CEBD-1086" in {found.id for found in verdict.problems}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"[]", "object"),
        (b"{", "no JSON"),
        (b'{"v": 1, "type": "cheese", "documents": [{}]}', "cheese"),
        (b'{"v": 2, "type": "order", "documents": [{}]}', '"v": 1'),
        (b'{"v": 1, "type": "order", "documents": []}', "documents"),
        (b'{"v": 1, "type": "order", "documents": [{"head": {"orderNo": true}}]}', "orderNo"),
        (b'{"v": 1, "type": "order", "documents": [{"head": {}, "lines": [{"qty": {}}]}]}', "qty"),
        (b'{"v": 1, "type": "order", "documents": [{"heads": {}}]}', "head"),
        (b'{"v": 1, "type": "order", "documents": [{"head": {}}], "when": 1}', "when"),
        (b'{"v": 1, "sha256": "", "records": []}', "receipt"),
        (b"[" * 100_000, "no JSON"),
        (b'{"v": 1, "type": "order", "documents": [{"head": {"freight": NaN}}]}', "NaN"),
        ('{"v": 1, "type": "order", "documents": [{"head": {"freight": "¥"}}]}'.encode("gb18030"), "utf-8"),
        (b'{"v": 1, "type": "order", "documents": [{"head": {"orderNo": "A", "orderNo": "B"}}]}', "orderNo (A, B)"),
        (b'{"v": 1, "type": "order", "documents": [{"head": {}}], "documents": [{"head": {}}]}', "several documents"),
        (b'{"v": 1, "type": "order", "documents": [{"head": {}, "lines": [{}], "lines": [{}]}]}', "several lines"),
    ],
)  # fmt: skip
def test_json_of_another_form_is_refused_as_a_whole_with_what_is_wrong(
    tmp_path: Path, content: bytes, word: str
) -> None:
    (tmp_path / "x.json").write_bytes(content)
    (found,) = check(tmp_path / "x.json", None, NOBODY).problems
    assert found.id == "CEBD-1085"
    assert word in found.en


def test_a_cell_leads_back_to_the_document_the_line_and_the_element() -> None:
    first = Document({"orderNo": "A"}, ({"qty": "1"}, {"qty": "2"}))
    sheet = entered(as_json("order", [first, Document({"orderNo": "B"}, ({"qty": "3"},))]))
    rows = list(sheet.rows())
    (quantity,) = [place for place, heading in enumerate(rows[0]) if str(heading).endswith("qty")]
    assert [row[quantity] for row in rows[1:]] == ["1", "2", "3"]
    assert sheet.cell(3, quantity, "qty") == Cell(0, 1, "qty")
    (number,) = [place for place, heading in enumerate(rows[0]) if str(heading).endswith("orderNo")]
    assert sheet.cell(4, number, "orderNo") == Cell(1, None, "orderNo")
    assert sheet.cell(4, None, "orderNo") == Cell(1, None, "orderNo")
    assert sheet.cell(1, quantity, "qty") is None
    assert sheet.cell(5, quantity, "qty") is None


def test_json_cut_anywhere_is_not_taken_for_whole(tmp_path: Path) -> None:
    whole = as_json("order", [Document({"orderNo": "A", "note": '{"罐"}'}, ({"qty": "1"},))])
    file = tmp_path / "o.json"
    for stop in range(1, len(whole)):
        file.write_bytes(whole[:stop])
        assert ending_of(file).end is End.CUT, whole[:stop]
    for content in (whole, whole + b"\n", b'{"v": 1} more', b'{"v" 1}'):
        file.write_bytes(content)
        assert ending_of(file).end is End.WHOLE, content


@pytest.mark.parametrize("where", ["name", "value"])
def test_half_a_character_that_no_message_could_have_is_refused_with_its_place(tmp_path: Path, where: str) -> None:
    head = {"orderNo\\ud800": "A"} if where == "name" else {"orderNo": "A\\ud800"}
    text = json.dumps(of_orders({"head": head})).replace("\\\\ud800", "\\ud800")
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    (found,) = check(tmp_path / "x.json", None, NOBODY).problems
    assert found.id == "CEBD-1085"
    assert "orderNo" in found.en
    assert "第 1 份" in found.zh
