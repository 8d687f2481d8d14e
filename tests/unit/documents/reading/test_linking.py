"""Rows that share a number are one record, wherever that number comes from: a default, a copied field, the column in its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from builders.workbooks import INVENTORY, Opened, a_workbook, an_inventory, some_settings, table
from cebd.cli.main import app
from cebd.documents.reading.rows.linking import linking_names, sources
from cebd.messages.description import declarations

BY_WAYBILL = {"inventory": {"copNo": "{orderNo}", "orderNo": "{logisticsNo}"}}
LINES = tuple(INVENTORY)[list(INVENTORY).index("序号") :]


def six_tins(waybill: str = "W-0001", without: tuple[str, ...] = (), **changes: Any) -> list[dict[str, Any]]:
    """Six lines of one list that has neither a number of its own nor an order number."""
    empty = {"企业内部编号": None, "订单编号": None, "物流运单编号": waybill}
    rows = [{**an_inventory(**changes), **empty, "序号": str(nth)} for nth in range(1, 7)]
    return [{heading: cell for heading, cell in row.items() if heading not in without} for row in rows]


def lines_of(opened: Opened) -> list[int]:
    return [record.xml.count("<ceb:InventoryList>") for record in opened.records]


@pytest.mark.parametrize("without", [(), ("企业内部编号",), ("企业内部编号", "订单编号")])
def test_a_list_numbered_by_its_waybill_is_declared_with_all_its_tins(tmp_path: Path, without: tuple[str, ...]) -> None:
    path = a_workbook(tmp_path / "lists.xlsx", table(six_tins(without=without) + six_tins("W-0002", without)))
    opened = Opened(path, some_settings(defaults=BY_WAYBILL))
    assert (opened.ready, lines_of(opened)) == (["W-0001", "W-0002"], [6, 6])
    assert [record.rows for record in opened.records] == [tuple(range(2, 8)), tuple(range(8, 14))]


def test_its_rows_may_stand_apart(tmp_path: Path) -> None:
    rows = [row for pair in zip(six_tins(), six_tins("W-0002"), strict=True) for row in pair]
    opened = Opened(a_workbook(tmp_path / "lists.xlsx", table(rows)), some_settings(defaults=BY_WAYBILL))
    assert (opened.ready, lines_of(opened), opened.gathered) == (["W-0001", "W-0002"], [6, 6], True)


def test_the_order_in_which_fields_copy_each_other_does_not_matter(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "lists.xlsx", table(six_tins()))
    defaults = {"inventory": {"copNo": "{logisticsNo}", "orderNo": "{copNo}"}}
    opened = Opened(path, some_settings(defaults=defaults))
    assert (opened.ready, lines_of(opened)) == (["W-0001"], [6])


def test_fields_that_copy_each_other_in_a_ring_give_no_number(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "lists.xlsx", table(six_tins()))
    opened = Opened(path, some_settings(defaults={"inventory": {"copNo": "{orderNo}", "orderNo": "{copNo}"}}))
    assert (opened.ready, len(opened.records)) == ([], 6)


@pytest.mark.parametrize("heading", ["物流运单编号", "订单编号", "企业内部编号"])
def test_lines_on_a_sheet_of_their_own_name_their_head_by_any_of_its_numbers(tmp_path: Path, heading: str) -> None:
    waybills = ("W-0001", "W-0002")
    heads = [{name: cell for name, cell in six_tins(waybill)[0].items() if name not in LINES} for waybill in waybills]
    lines = [
        {heading: waybill, **{name: row[name] for name in LINES}} for waybill in waybills for row in six_tins(waybill)
    ]
    opened = Opened(a_workbook(tmp_path / "lists.xlsx", table(heads), table(lines)), some_settings(defaults=BY_WAYBILL))
    assert (opened.ready, lines_of(opened), opened.problems) == (list(waybills), [6, 6], [])


def test_lines_may_name_the_order_of_a_list_that_has_a_number_of_its_own(tmp_path: Path) -> None:
    head = {name: cell for name, cell in an_inventory("C-0001").items() if name not in LINES}
    lines = [{"订单编号": "D-0001", **{name: row[name] for name in LINES}} for row in six_tins()]
    opened = Opened(a_workbook(tmp_path / "lists.xlsx", table([head]), table(lines)))
    assert (opened.ready, lines_of(opened), opened.problems) == (["C-0001"], [6], [])


def test_a_merged_waybill_holds_for_all_its_rows(tmp_path: Path) -> None:
    rows = six_tins(without=("企业内部编号", "订单编号"))
    path = a_workbook(tmp_path / "lists.xlsx", table([rows[0], *({**row, "物流运单编号": None} for row in rows[1:])]))
    from openpyxl import load_workbook

    book = load_workbook(path)
    at = list(rows[0]).index("物流运单编号") + 1
    book["Sheet1"].merge_cells(start_row=2, end_row=7, start_column=at, end_column=at)
    book.save(path)
    opened = Opened(path, some_settings(defaults=BY_WAYBILL))
    assert (opened.ready, lines_of(opened)) == (["W-0001"], [6])


@pytest.mark.parametrize("message", [*declarations(), *declarations(export=True)], ids=lambda message: message.code)
def test_every_declaration_says_by_what_its_rows_belong_together(message: Any) -> None:
    own = tuple(name for name in (message.group, *message.group_else) if name)
    assert linking_names(message, {}) == own
    if message.group is None:
        return
    other = next(field.name for field in message.head_fields if field.name not in own)
    assert list(sources(message, message.group, {message.group: f"{{{other}}}"})) == [message.group, other]
    assert list(sources(message, message.group, {message.group: "{nothing}"})) == [message.group]


def test_a_check_is_not_content_with_a_line_that_has_no_head(tmp_path: Path) -> None:
    head = {name: cell for name, cell in an_inventory("C-0001").items() if name not in LINES}
    lines = [
        {"企业内部编号": number, **{name: an_inventory()[name] for name in LINES}} for number in ("C-0001", "C-0002")
    ]
    path = a_workbook(tmp_path / "lists.xlsx", table([head]), table(lines))
    told = CliRunner().invoke(app, ["check", str(path), "--json"])
    verdict = json.loads(told.stdout)
    assert (verdict["ready"], [one["id"] for one in verdict["problems"]], told.exit_code) == (1, ["CEBD-1010"], 3)
