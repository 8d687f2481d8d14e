"""Mistakes show while a template is filled in: LibreOffice, which computes the colours by itself, colours these cells and no other."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from openpyxl import load_workbook

from builders.workbooks import Opened
from cebd.documents.templates.workbook import write_template
from cebd.messages.description import message_type

SOFFICE = shutil.which("soffice")
WRONG, LACKING = "#FFC7CE", "#FFEB9C"
RIGHT: dict[str, Any] = {}  # the example without its mark
BAD = {
    "buyerIdNumber": "110101199001011238",  # its last digit is 7
    "copNo": "A" * 21,
    "declTime": "20260231",
    "country": "998 乌有",
    "unit": "35",
    "gcode": "190110100",
    "totalPrice": 99,
    "price": 100,
    "qty": 1,
    "netWeight": 5,
    "packNo": 1.5,
    "freight": "1,5",
    "tradeMode": "1234 不知",
}
ALLOWED = {
    "appType": "1 新增",
    "unit": "122 罐",
    "unit1": "千克",
    "country": "日本国",
    "declTime": "2026-11-26",
    "buyerIdNumber": "11010119900307109x",
    "copNo": "A" * 20,
    "qty": 3,
    "price": 6.66667,
    "totalPrice": 20,
    "freight": "0",
}


BOOKS = ("list", "orders", "flat", "lists")
LONG = "20261126000000000"  # of more than 15 digits that begin alike


def a_template(path: Path, type_: str, *sheets: list[dict[str, Any]], flat: bool) -> Path:
    """The template with its example, then rows that differ from it so, sheet by sheet."""
    write_template(path, message_type(type_), flat=flat)
    book = load_workbook(path)
    for sheet, rows in zip(book.worksheets, sheets, strict=False):
        names = {cell.column: str(cell.value).split("\n")[1].rpartition("/")[2] for cell in sheet[1][1:]}
        for number, changes in enumerate(rows, 3):
            for column, name in names.items():
                sheet.cell(number, column).value = changes.get(name, sheet.cell(2, column).value)
    book.save(path)
    return path


def a_list(number: int, changes: dict[str, Any]) -> dict[str, Any]:
    return {"copNo": f"N{number}"} | changes


def an_order(number: str, value: Any, **changes: Any) -> dict[str, Any]:
    return {"orderNo": number, "goodsValue": value, "freight": 0, "taxTotal": 0, "discount": 0} | {
        "acturalPaid": value,
        **changes,
    }


def a_line(number: str, gnum: int, total: Any, **changes: Any) -> dict[str, Any]:
    return {"orderNo": number, "gnum": gnum, "qty": 1, "price": total, "totalPrice": total} | changes


HEADS = [
    an_order("D1", 100),
    an_order("D2", 90),
    an_order("D3", 60),
    an_order("D3", 60),
    an_order("D4", 50),
    an_order("D5", 6000),
    an_order("D6", 6000),
    an_order("D7", 90),
    an_order(f"{LONG}1", 10),
    an_order(f"{LONG}2", 20),
    an_order("D1*", 5),
]
LINES = [
    a_line("D1", 1, 60),
    a_line("D1", 2, 40),
    a_line("D2", 1, 60),
    a_line("D2", 3, 40),
    a_line("D3", 1, 60),
    a_line("D5", 1, 3000),
    a_line("D5", 2, 3000),
    a_line("D6", 1, 6000),
    a_line("D7", 1, 60),
    a_line("D7", 2, "40"),  # text: the check takes it, SUMIFS does not
    a_line(f"{LONG}1", 1, 10),
    a_line(f"{LONG}2", 1, 20),
    a_line("D9", 1, 1),
    a_line("D1*", 1, 5),
]
FLAT = [
    an_order("D1", 100) | a_line("D1", 1, 60),
    an_order("D2", 90) | a_line("D2", 1, 60),
    an_order("D1", 100) | a_line("D1", 2, 40),  # rows of one order may stand apart
    an_order("D2", 90) | a_line("D2", 2, 40),
]
LISTS = [
    a_list(1, {"gnum": 1, "qty": 1, "price": 3000, "totalPrice": 3000, "freight": 0, "insuredFee": 0}),
    a_list(1, {"gnum": 2, "qty": 1, "price": 1990, "totalPrice": 1990, "freight": 0, "insuredFee": 0}),
    a_list(2, {"gnum": 1, "qty": 2, "price": 2495, "totalPrice": 4990, "freight": 11, "insuredFee": 0}),
    a_list(3, {"gnum": 1, "qty": 1, "price": 4990, "totalPrice": 4990, "freight": 11, "insuredFee": 0}),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbooks as LibreOffice shows them; it is started once."""
    folder = tmp_path_factory.mktemp("templates")
    rows = (RIGHT, BAD, ALLOWED, {"orderNo": None, "gname": None})
    a_template(folder / "list.xlsx", "inventory", [a_list(nth, one) for nth, one in enumerate(rows, 3)], flat=True)
    a_template(folder / "orders.xlsx", "order", HEADS, LINES, flat=False)
    a_template(folder / "flat.xlsx", "order", FLAT, flat=True)
    a_template(folder / "lists.xlsx", "inventory", LISTS, flat=True)
    office = [str(SOFFICE), f"-env:UserInstallation={(folder / 'office').as_uri()}", "--headless"]
    books = [folder / f"{name}.xlsx" for name in BOOKS]
    subprocess.run([*office, "--convert-to", "html", "--outdir", folder, *books], check=True, capture_output=True)
    return folder


def coloured(page: Path, type_: str) -> list[dict[int, dict[str, set[str]]]]:
    """By sheet, row and colour, the elements whose cells have it."""
    message = message_type(type_)
    fields = {field.name for field in (*message.head_fields, *message.line_fields)}
    sheets = []
    for table in html.parse(str(page)).getroot().findall(".//table"):
        first, *rows = table.findall(".//tr")
        headings = [cell.text_content().strip() for cell in first.findall("td")]
        found: dict[int, dict[str, set[str]]] = {}
        for number, row in enumerate(rows, 2):
            for heading, cell in zip(headings, row.findall("td"), strict=False):
                if (colour := cell.get("bgcolor")) in (WRONG, LACKING):
                    name = max((name for name in fields if heading.endswith(name)), key=len)
                    found.setdefault(number, {}).setdefault(colour, set()).add(name)
        sheets.append(found)
    return sheets


pytestmark = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not there")


def test_each_mistake_is_coloured_in_its_cell_and_what_the_check_takes_is_not(pages: Path) -> None:
    [sheet] = coloured(pages / "list.html", "inventory")
    assert sheet == {4: {WRONG: BAD.keys() - {"price", "qty"}}, 6: {LACKING: {"orderNo", "gname"}}}


def test_heads_and_lines_that_do_not_go_together_are_coloured_on_both_sheets(pages: Path) -> None:
    heads, lines = coloured(pages / "orders.html", "order")
    assert heads == {
        4: {WRONG: {"goodsValue"}},  # its lines add up to 100
        5: {WRONG: {"orderNo"}},
        6: {WRONG: {"orderNo"}},
        7: {LACKING: {"orderNo"}},  # has no lines
        8: {WRONG: {"goodsValue"}},  # two pieces for 6,000; a single one may cost it
    }
    assert lines == {6: {WRONG: {"gnum"}}, 15: {WRONG: {"orderNo"}}}
    said = {(one.id, one.place.row) for record in Opened(pages / "orders.xlsx").records for one in record.problems}
    assert said >= {("CEBD-1303", 4), ("CEBD-1063", 5), ("CEBD-1063", 6), ("CEBD-1011", 7), ("CEBD-1307", 8)}
    assert not said & {("CEBD-1303", row) for row in (*range(9, 10), 11, 12, 13)}


def test_rows_of_one_document_are_added_up_wherever_they_stand(pages: Path) -> None:
    assert coloured(pages / "flat.html", "order") == [{4: {WRONG: {"goodsValue"}}, 6: {WRONG: {"goodsValue"}}}]
    assert coloured(pages / "lists.html", "inventory") == [{5: {WRONG: {"totalPrice"}}}]
