"""The workbook XML of Excel 2003 (XML Spreadsheet), which many systems still export under the name .xls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from lxml import etree

from cebd.documents.workbooks.cells import NO_RESULT, Faulty, Shown
from cebd.documents.workbooks.other.laid_out import LaidOut, Room
from cebd.documents.workbooks.other.xml_events import events
from cebd.documents.workbooks.unreadable import refused
from cebd.documents.workbooks.xlsx.archive import MIB
from cebd.documents.workbooks.xlsx.parts import zeros_of
from cebd.documents.workbooks.xlsx.pieces import MAX_COLUMNS, too_wide

_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"
_X = "{urn:schemas-microsoft-com:office:excel}"
_NO_HEIGHT = re.compile(r"0(?:\.0*)?")
_MAX_BYTES = 256 * MIB
_BLOCK_BYTES = MIB // 2


def read_spreadsheet_2003(path: Path) -> list[LaidOut]:
    """All sheets, hidden ones too. Raises Unreadable."""
    if path.stat().st_size > _MAX_BYTES:
        raise refused(
            "CEBD-1022", "文件过大；请在 Excel 中另存为 .xlsx", "the file is too large; save it as .xlsx in Excel"
        )
    struck: set[str] = set()
    zeros: dict[str, int] = {}
    sheets: list[LaidOut] = []
    room = Room()
    ends = (f"{_SS}Row", f"{_SS}Style", f"{_X}Visible")
    for event, element in events(_blocks(path), ends, (f"{_SS}Worksheet",)):
        if event == "start" and element.tag == f"{_SS}Worksheet":
            sheets.append(LaidOut(element.get(f"{_SS}Name", f"Sheet{len(sheets) + 1}"), room))
        elif event == "end" and element.tag == f"{_SS}Style":
            _note_style(element, struck, zeros)
        elif event == "end" and sheets and element.tag == f"{_SS}Row":
            _add_row(sheets[-1], element, struck, zeros)
        elif event == "end" and sheets and element.tag == f"{_X}Visible":
            sheets[-1].visible = not (element.text or "").startswith("Sheet")
    return sheets


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while block := opened.read(_BLOCK_BYTES):
            yield block


def _note_style(style: etree._Element, struck: set[str], zeros: dict[str, int]) -> None:
    name = style.get(f"{_SS}ID", "")
    font, form = style.find(f"{_SS}Font"), style.find(f"{_SS}NumberFormat")
    if font is not None and font.get(f"{_SS}StrikeThrough") == "1":
        struck.add(name)
    if form is not None and (width := zeros_of(form.get(f"{_SS}Format", ""))):
        zeros[name] = width


def _add_row(sheet: LaidOut, element: etree._Element, struck: set[str], zeros: dict[str, int]) -> None:
    stated = element.get(f"{_SS}Index")
    if stated:
        sheet.skip_to(_whole(stated, sheet.name))
    row: list[Any] = []
    struck_cells = 0
    style_of_row = element.get(f"{_SS}StyleID", "")
    for cell in element.iterchildren(f"{_SS}Cell"):
        index = cell.get(f"{_SS}Index")
        if index:
            column = _whole(index, sheet.name) - 1
            if column < len(row) or column >= MAX_COLUMNS:
                raise too_wide(sheet.name)
            row += [""] * (column - len(row))
        style = cell.get(f"{_SS}StyleID", style_of_row)
        value = _value(cell, zeros.get(style, 0))
        struck_cells += value != "" and style in struck
        across, down = (_whole(cell.get(f"{_SS}{name}", "0"), sheet.name) for name in ("MergeAcross", "MergeDown"))
        if value != "":
            sheet.merge(sheet.next_number, len(row), down + 1, across + 1)
        row += [value, *[""] * min(across, MAX_COLUMNS)]
    is_hidden = element.get(f"{_SS}Hidden") == "1" or _NO_HEIGHT.fullmatch(element.get(f"{_SS}Height", "")) is not None
    sheet.add(row, is_hidden=is_hidden, struck_cells=struck_cells)
    span = element.get(f"{_SS}Span")
    if span:
        sheet.add([], _whole(span, sheet.name))


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise too_wide(name)
    return int(text)


def _value(cell: etree._Element, width: int) -> Any:
    """As the cell of an .xlsx would be read."""
    data = cell.find(f"{_SS}Data")
    if data is None:
        return Faulty(NO_RESULT, "CEBD-1212") if cell.get(f"{_SS}Formula") else ""
    text = "".join(map(str, data.itertext()))
    match data.get(f"{_SS}Type"):
        case "Number":
            return _number(text, width)
        case "DateTime":
            return _date(text)
        case "Boolean":
            return text.strip() in ("1", "true")
        case "Error":
            return Faulty(text or "#N/A", "CEBD-1213")
    return text


def _number(text: str, width: int) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    plain = text.strip()
    if width and plain.isascii() and plain.isdigit() and len(plain) < 16:
        return Shown(plain.zfill(width), number)
    return number


def _date(text: str) -> Any:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return text
