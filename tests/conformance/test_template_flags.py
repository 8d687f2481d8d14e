"""Mistakes show while a template is filled in: LibreOffice, which computes the colours by itself, colours these cells and no other."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from openpyxl import load_workbook

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


def filled(path: Path, *rows: dict[str, Any]) -> None:
    """The list's flat template with the example, then rows that differ from it so."""
    write_template(path, message_type("inventory"), flat=True)
    book = load_workbook(path)
    sheet = book.worksheets[0]
    names = {cell.column: str(cell.value).split("\n")[1].rpartition("/")[2] for cell in sheet[1][1:]}
    for number, changes in enumerate(rows, 3):
        for column, name in names.items():
            example = None if name == "copNo" else sheet.cell(2, column).value
            sheet.cell(number, column).value = changes.get(name, f"N{number}" if name == "copNo" else example)
    book.save(path)


def coloured(page: Path) -> dict[int, dict[str, set[str]]]:
    """By row and colour, the elements whose cells have it."""
    first, *rows = html.parse(str(page)).getroot().find(".//table").findall(".//tr")
    headings = [cell.text_content().strip() for cell in first.findall("td")]
    fields = {
        field.name: field for field in (*message_type("inventory").head_fields, *message_type("inventory").line_fields)
    }
    found: dict[int, dict[str, set[str]]] = {}
    for number, row in enumerate(rows, 2):
        for heading, cell in zip(headings, row.findall("td"), strict=False):
            if (colour := cell.get("bgcolor")) in (WRONG, LACKING):
                name = max((name for name in fields if heading.endswith(name)), key=len)
                found.setdefault(number, {}).setdefault(colour, set()).add(name)
    return found


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not there")
def test_each_mistake_is_coloured_in_its_cell_and_what_the_check_takes_is_not(tmp_path: Path) -> None:
    book = tmp_path / "list.xlsx"
    filled(book, RIGHT, BAD, ALLOWED, {"orderNo": None, "gname": None})
    office = [str(SOFFICE), f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--headless"]
    subprocess.run([*office, "--convert-to", "html", "--outdir", tmp_path, book], check=True, capture_output=True)
    assert coloured(tmp_path / "list.html") == {
        4: {WRONG: BAD.keys() - {"price", "qty"}},
        6: {LACKING: {"orderNo", "gname"}},
    }
