"""OpenDocument spreadsheets (.ods), as LibreOffice, WPS, odfpy and npm's xlsx write them (OpenDocument 1.3, part 3, chapters 9 and 19)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from lxml import etree

from cebd.documents.workbooks.cells import NO_RESULT, Faulty, Shown
from cebd.documents.workbooks.other.laid_out import LaidOut, Room
from cebd.documents.workbooks.other.xml_events import events
from cebd.documents.workbooks.xlsx.archive import Archive
from cebd.documents.workbooks.xlsx.pieces import MAX_COLUMNS, MAX_ROWS

_SPACE = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _TEXT, _STYLE = (f"{{{_SPACE}{name}:1.0}}" for name in ("table", "office", "text", "style"))
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_ROW, _SHEET, _ANY_STYLE = f"{_TABLE}table-row", f"{_TABLE}table", f"{_STYLE}style"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_NO_LENGTH = re.compile(r"0(?:\.0*)?[a-z]*")  # of any unit
_NUMBERS = ("float", "percentage", "currency")
CONTENT = "content.xml"
TYPES = (
    b"application/vnd.oasis.opendocument.spreadsheet",
    b"application/vnd.oasis.opendocument.spreadsheet-template",
)


def read_ods(archive: Archive) -> list[LaidOut]:
    """All sheets, hidden ones too. Raises Unreadable."""
    struck: set[str] = set()
    not_displayed: set[str] = set()  # styles of sheets, and of rows without any height
    sheets: list[LaidOut] = []
    room = Room()
    for event, element in events(archive.blocks(CONTENT), (_ROW, _ANY_STYLE), (_SHEET,)):
        if event == "start" and element.tag == _SHEET:
            name = element.get(f"{_TABLE}name", f"Sheet{len(sheets) + 1}")
            sheets.append(LaidOut(name, room, visible=element.get(f"{_TABLE}style-name") not in not_displayed))
        elif event == "end" and element.tag == _ANY_STYLE:
            _note_style(element, struck, not_displayed)
        elif event == "end" and sheets:
            _add_row(sheets[-1], element, struck, not_displayed)
    return sheets


def _note_style(style: etree._Element, struck: set[str], not_displayed: set[str]) -> None:
    name = style.get(f"{_STYLE}name", "")
    text = style.find(f"{_STYLE}text-properties")
    if text is not None and text.get(f"{_STYLE}text-line-through-style", "none") != "none":
        struck.add(name)
    table = style.find(f"{_STYLE}table-properties")
    row = style.find(f"{_STYLE}table-row-properties")
    has_no_height = row is not None and _NO_LENGTH.fullmatch(row.get(f"{_STYLE}row-height", "")) is not None
    if has_no_height or (table is not None and table.get(f"{_TABLE}display") == "false"):
        not_displayed.add(name)


def _add_row(sheet: LaidOut, element: etree._Element, struck: set[str], not_displayed: set[str]) -> None:
    row: list[Any] = []
    struck_cells = 0
    for cell in element.iterchildren(*_CELLS):
        value = _value(cell)
        times = _times(cell, "columns", MAX_COLUMNS)
        if value != "":
            if cell.get(f"{_TABLE}style-name") in struck:
                struck_cells += times
            rows, columns = (_spanned(cell, what) for what in ("rows", "columns"))
            sheet.merge(sheet.next_number, len(row), rows, columns)
        row += [value] * min(times, MAX_COLUMNS + 1 - len(row))
    is_hidden = (
        element.get(f"{_TABLE}visibility") in ("collapse", "filter")
        or element.get(f"{_TABLE}style-name") in not_displayed
        or any(group.get(f"{_TABLE}display") == "false" for group in element.iterancestors(f"{_TABLE}table-row-group"))
    )
    sheet.add(row, _times(element, "rows", MAX_ROWS), is_hidden=is_hidden, struck_cells=struck_cells)


def _times(element: etree._Element, what: str, most: int) -> int:
    return min(_whole(element.get(f"{_TABLE}number-{what}-repeated")), most)


def _spanned(cell: etree._Element, what: str) -> int:
    return min(_whole(cell.get(f"{_TABLE}number-{what}-spanned")), MAX_ROWS)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 and int(text) else 1


def _value(cell: etree._Element) -> Any:
    """As the cell of an .xlsx would be read: text, float, bool, date, or a value that is not there."""
    kind = cell.get(f"{_OFFICE}value-type")
    shown = "\n".join("".join(_texts(paragraph)) for paragraph in cell.iterchildren(f"{_TEXT}p"))
    if cell.get(f"{_CALC}value-type") == "error":
        return Faulty(shown or "#N/A", "CEBD-1213")
    stated = cell.get(f"{_OFFICE}value", "")
    if kind in _NUMBERS and stated:
        return _number(stated, shown)
    if kind == "date":
        return _date(cell.get(f"{_OFFICE}date-value", ""))
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true"
    if kind is None and not shown and cell.get(f"{_TABLE}formula"):
        return Faulty(NO_RESULT, "CEBD-1212")
    return cell.get(f"{_OFFICE}string-value", shown) if kind == "string" else shown


def _number(stated: str, shown: str) -> Any:
    try:
        number = float(stated)
    except ValueError:
        return Faulty(shown or stated, "CEBD-1213")
    plain = shown.strip()
    has_zeros = len(plain) > 1 and plain[0] == "0" and plain.isascii() and plain.isdigit()
    return Shown(plain, number) if has_zeros and int(plain) == number else number


def _date(stated: str) -> Any:
    try:
        return datetime.fromisoformat(stated) if "T" in stated else date.fromisoformat(stated)
    except ValueError:
        return stated


def _texts(element: etree._Element) -> Iterator[str]:
    """What a paragraph says: blanks, tabs and line breaks are elements; notes stand beside the cell's text, not in it."""
    yield element.text or ""
    for part in element:
        if part.tag == f"{_TEXT}s":
            yield " " * min(_whole(part.get(f"{_TEXT}c")), 1000)
        elif part.tag == f"{_TEXT}tab":
            yield "\t"
        elif part.tag == f"{_TEXT}line-break":
            yield "\n"
        elif part.tag != f"{_OFFICE}annotation" and isinstance(part.tag, str):
            yield from _texts(part)
        yield part.tail or ""
