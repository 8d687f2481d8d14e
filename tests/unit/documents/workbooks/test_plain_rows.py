"""Which pieces of a sheet are taken apart in one pass, and which are left to the careful path."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.plain_pieces import PLAIN_FRAME, PLAIN_TEXTS, BothWays, one_sheet
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.workbooks.xlsx.pieces import inspect

_TEXT = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'


@pytest.fixture
def sheet(tmp_path: Path) -> Iterator[BothWays]:
    with one_sheet(tmp_path / "book.xlsx") as both:
        yield both


def _row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def _orders(first: int, count: int) -> str:
    return "".join(
        _row(
            number, _TEXT.format(f"A{number}", f"订单{number}"), f'<c r="C{number}" s="1"><v>{45_000 + number}</v></c>'
        )
        for number in range(first, first + count)
    )


TAKEN = {
    "texts, dates and a blank column": _orders(2, 9),
    "rows from another program": '<row r="5" spans="1:2" ht="15" x14ac:dyDescent="0.25"><c r="B5" s="3" t="s"><v>1</v></c></row>',
    "line ends between rows": '<row r="1">\n<c r="A1" t="n"><v>1</v></c></row>\n<row r="2">\n</row>\n',
    "blank rows at both ends": _row(1, '<c r="A1" s="4"/>') + _row(2, '<c r="B2"><v>1</v></c>') + '<row r="3"/>',
    "zeros in front by format": _row(1, '<c r="A1" s="2"><v>7</v></c>', '<c r="B1" s="2"><v>7.5</v></c>'),
    "every shared text": "".join(_row(n + 1, f'<c r="A{n + 1}" t="s"><v>{n}</v></c>') for n in range(PLAIN_TEXTS)),
    "escapes": _row(
        1, _TEXT.format("A1", "a_x000D_&#10;b"), _TEXT.format("B1", " box_xl_ "), _TEXT.format("C1", "&#95;x0041_")
    ),
    "a truth among numbers": _row(1, '<c r="A1"><v>1</v></c>') + _row(2, '<c r="A2" t="b"><v>1</v></c>'),
}
LEFT = {
    "a formula": _row(1, '<c r="A1"><f>1+1</f><v>2</v></c>'),
    "an error": _row(1, '<c r="A1" t="e"><v>#N/A</v></c>'),
    "runs of a text": _row(1, '<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>'),
    "runs of a shared text": _row(1, f'<c r="A1" t="s"><v>{PLAIN_TEXTS}</v></c>'),
    "how a text is read aloud": _row(1, f'<c r="A1" t="s"><v>{PLAIN_TEXTS + 1}</v></c>'),
    "a shared text that is not there": _row(1, '<c r="A1" t="s"><v>99</v></c>'),
    "a cell twice": _row(1, '<c r="A1"><v>1</v></c><c r="A1"><v>2</v></c>'),
    "cells out of order": _row(1, '<c r="B1"><v>1</v></c><c r="A1"><v>2</v></c>'),
    "a cell of another row": _row(1, '<c r="A1"><v>1</v></c>') + _row(2, '<c r="A1"><v>2</v></c>'),
    "a cell without its address": _row(1, "<c><v>1</v></c>"),
    "a far cell": _row(1, '<c r="XFD1"><v>1</v></c>'),
    "a cell below all rows": _row(1, '<c r="A1048576"><v>1</v></c>'),
    "a row left out": _row(1, '<c r="A1"><v>1</v></c>') + _row(3, '<c r="A3"><v>1</v></c>'),
    "a row twice": _row(1, '<c r="A1"><v>1</v></c>') * 2,
    "rows out of order": _row(2, '<c r="A2"><v>1</v></c>') + _row(1, '<c r="A1"><v>1</v></c>'),
    "a row without its number": '<row><c r="A1"><v>1</v></c></row>',
    "an attribute of an unknown space": '<row r="1" a:b="1"><c r="A1"><v>1</v></c></row>',
    "a comment": _row(1, '<c r="A1"><v>1</v></c><!-- -->'),
    "a CDATA section": _row(1, _TEXT.format("A1", "<![CDATA[a]]>")),
    "something after the rows": _row(1, '<c r="A1"><v>1</v></c>') + "<extLst/>",
    "an entity": _row(1, _TEXT.format("A1", "&nbsp;")),
    "a control character": _row(1, _TEXT.format("A1", "a\1")),
    "a reference to one": _row(1, _TEXT.format("A1", "&#1;")),
    "another line end": _row(1, _TEXT.format("A1", "a\r\nb")),
    "the sign that stands between texts": _row(1, _TEXT.format("A1", "\ue000")),
    "a reference to that sign": _row(1, _TEXT.format("A1", "&#57344;")),
    "a date beyond all dates": _row(1, '<c r="A1" s="1"><v>-100000000000000000</v></c>'),
    "a text that does not say so": _row(1, '<c r="A1"><is><t>a</t></is></c>'),
    "a number that is none": _row(1, '<c r="A1"><v>1,5</v></c>'),
    "a truth that is none": _row(1, '<c r="A1" t="b"><v>2</v></c>'),
}


@pytest.mark.parametrize("rows", TAKEN.values(), ids=TAKEN)
def test_plain_rows_are_taken(sheet: BothWays, rows: str) -> None:
    laid = sheet.lay_out(inspect(rows.encode(), b"", 0))
    assert laid.plain is not None
    assert laid.is_equal


@pytest.mark.parametrize("rows", LEFT.values(), ids=LEFT)
def test_anything_else_is_left_to_the_careful_path(sheet: BothWays, rows: str) -> None:
    assert sheet.lay_out(inspect(_orders(1, 5).encode(), b"", 0)).plain is not None
    assert sheet.columns(inspect(rows.encode(), b"", 0)) is None


def test_bytes_that_are_no_text_are_left_to_the_careful_path(sheet: BothWays) -> None:
    rows = _row(1, _TEXT.format("A1", "a?")).encode().replace(b"?", b"\xff")
    assert sheet.columns(inspect(rows, b"", 0)) is None


def test_columns_that_come_later_are_learned(sheet: BothWays) -> None:
    later = _row(9, _TEXT.format("A9", "a"), '<c r="B9" s="4"><v>1.5</v></c>', '<c r="F9" t="b"><v>0</v></c>')
    assert sheet.lay_out(inspect(_orders(2, 7).encode(), b"", 0)).plain is not None
    laid = sheet.lay_out(inspect(later.encode(), b"", 8))
    assert laid.plain == (9, [["a", 1.5, "", "", "", False]])
    assert laid.is_equal


def test_a_sheet_that_is_never_plain_is_soon_given_up(sheet: BothWays) -> None:
    formula = inspect(LEFT["a formula"].encode(), b"", 0)
    for _ in range(4):
        assert sheet.columns(formula) is None
    assert sheet.columns(inspect(_orders(2, 7).encode(), b"", 0)) is None


@pytest.mark.parametrize(
    "frame", [PLAIN_FRAME.replace("<sheetData>", "<!-- <sheetData>"), "<x><sheetData>", "<sheetData>"]
)
def test_in_a_frame_that_hides_rows_nothing_is_taken(tmp_path: Path, frame: str) -> None:
    with one_sheet(tmp_path / "book.xlsx", frame) as both:
        assert both.lay_out(inspect(_orders(2, 7).encode(), b"", 0)).is_equal


def test_blanks_are_kept_where_the_text_says_so(sheet: BothWays) -> None:
    kept = '<c r="B1" t="inlineStr"><is><t xml:space="preserve"> a\n</t></is></c><c r="C1" t="str"><v> b </v></c>'
    columns = sheet.columns(inspect(_row(1, _TEXT.format("A1", "&#32;a\n"), kept).encode(), b"", 0))
    assert columns is not None
    assert columns.cells == [["a"], [" a\n"], [" b "]]


_MANY = 300_000
HOSTILE = {
    "rows that never end": '<row r="1">' * _MANY,
    "rows that break off in the last cell": "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>a</t></is></c><c r="C{n}" s="1"><v>1</v></row>'
        for n in range(1, 40_000)
    ),
    "a text without end": _row(1, _TEXT.format("A1", "a" * 7_000_000))[:-5],
    "attributes without end": '<row r="1"' + ' ht="15"' * _MANY + ">",
    "one attribute without end": '<row r="1" ht="' + " " * 7_000_000,
    "digits without end": '<row r="1"><c r="A1"><v>' + "1" * 7_000_000,
    "styles without end": '<row r="1"><c r="A1"' + ' s="1"' * _MANY + "/></row>",
    "cells that open and never close": '<row r="1">' + '<c r="A1" t="inlineStr"><is><t>' * _MANY,
    "short rows of a wide sheet": "".join(f'<row r="{n}"></row>' for n in range(1, _MANY)),
    "ampersands": _row(1, _TEXT.format("A1", "&" * 7_000_000)),
    "references": _row(1, _TEXT.format("A1", "&#65;" * 1_000_000)),
    "line ends": '<row r="1">' + "\n" * 7_000_000 + "</row>",
}


@pytest.mark.parametrize("rows", HOSTILE.values(), ids=HOSTILE)
def test_no_piece_takes_long(sheet: BothWays, rows: str) -> None:
    wide = _row(
        1,
        *(
            f'<c r="{a}{b}1" t="inlineStr"><is><t>a</t></is></c>'
            for a in "ABCDEF"
            for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        ),
    )
    assert sheet.columns(inspect(_orders(2, 7).encode(), b"", 0)) is not None
    assert sheet.columns(inspect(wide.encode(), b"", 0)) is not None
    try:
        piece = inspect(rows.encode(), b"", 0)
    except Unreadable:
        return
    began = time.process_time()
    sheet.columns(piece)
    assert time.process_time() - began < 2
