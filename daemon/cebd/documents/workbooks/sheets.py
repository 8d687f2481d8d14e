"""Workbooks (.xlsx, .xls, .csv) as sheets of rows. A row is a list of cells; rows and columns keep their places from A1."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Protocol

from cebd.documents.workbooks.chunks import Chunk, Row, in_chunks
from cebd.documents.workbooks.csv import Delimited, NotText, few_zeros, read_delimited
from cebd.documents.workbooks.kind import HEAD_BYTES, Kind, foreign, is_declared_xml, is_spreadsheet_2003, kind_of
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.workbooks.xls.biff import biff_book
from cebd.documents.workbooks.xls.crash_test import survives
from cebd.documents.workbooks.xlsx.archive import damaged
from cebd.documents.workbooks.xlsx.calamine import read_errors
from cebd.documents.workbooks.xlsx.parts import SheetFacts
from cebd.documents.workbooks.xlsx.read import Whole, has_macros, read_xlsx
from cebd.problems.problem import Place, Problem, problem

SUFFIXES = (".xlsx", ".xls", ".xlsm", ".csv")
TITLE_ROWS = 20
_PLAIN = SheetFacts()


class Source(Protocol):
    """Where rows come from."""

    def rows(self) -> Iterator[Row]: ...

    def chunks(self) -> Iterator[Chunk]: ...

    @property
    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]: ...


@dataclass(frozen=True)
class Sheet:
    """A sheet. `rows()` starts anew at row 1 each time; `notes` are the problems of the sheet as a whole."""

    name: str
    source: Source
    facts: SheetFacts = _PLAIN
    notes: tuple[Problem, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Every row from row 1 on, with blank rows. Raises Unreadable when a large file is damaged further down."""
        return self.source.rows()

    def chunks(self) -> Iterator[Chunk]:
        """Every row, many at a time; blank rows may be left out. Raises Unreadable as `rows` does."""
        return self.source.chunks()

    @cached_property
    def top(self) -> list[Row]:
        """The first rows, where headings may stand: they are looked at for each kind of declaration."""
        return list(islice(self.rows(), TITLE_ROWS))

    def refuse_swallowed(self, heading_row: int, numbers: Collection[int]) -> None:
        """Raise Unreadable if unpaired quotes have made several rows a single cell; `numbers`: the columns of their numbers.
        Without a heading row (0) the widest of the first rows gives the width of a row."""
        if isinstance(self.source, _Text):
            rows = self.top[heading_row - 1 : heading_row] or self.top
            self.source.refuse_swallowed(max(map(len, rows), default=0), numbers)

    def merged_down(self) -> list[tuple[int, int, int]]:
        """Cells merged downwards, a single column wide: (column from 0, first row, last row)."""
        return [
            (left, top + 1, bottom + 1)
            for (top, left), (bottom, right) in self.source.merged
            if left == right and top != bottom
        ]


@dataclass(frozen=True)
class _Text:
    """The sheet of a CSV file."""

    file: Delimited
    merged: list[tuple[tuple[int, int], tuple[int, int]]]

    def rows(self) -> Iterator[Row]:
        return self.file.rows()

    def chunks(self) -> Iterator[Chunk]:
        return in_chunks(self.rows())

    def refuse_swallowed(self, width: int, numbers: Collection[int]) -> None:
        self.file.refuse_swallowed(width, numbers)


def read_sheets(path: Path, name: str | None = None) -> list[Sheet]:
    """The visible sheets of a workbook, or the sheet of a CSV file; content counts, not the suffix. Raises Unreadable."""
    with path.open("rb") as opened:
        start = opened.read(HEAD_BYTES)
    kind = kind_of(start)
    if kind is Kind.EMPTY:
        raise refused("CEBD-1027")
    if kind is Kind.ZIP:
        return _xlsx(path)
    if kind is Kind.COMPOUND:
        return _xls(path)
    what = foreign(start)
    if what is not None:
        raise refused("CEBD-1024", *what)
    is_csv = path.suffix.lower() == ".csv"
    if kind is Kind.TEXT or (is_csv and start.count(b"\0") <= few_zeros(len(start))):
        return [_delimited(path, name)]
    if is_csv:
        raise Unreadable("含有零字节，不是文本 / it has zero bytes and is no text")
    if kind is Kind.XML:
        raise refused("CEBD-1024", "XML 文件", "an XML file")
    raise refused("CEBD-1024", "无法识别的二进制文件", "a binary file of an unknown kind")


def _xlsx(path: Path) -> list[Sheet]:
    sheets = [
        _sheet(Sheet(xlsx_sheet.name, xlsx_sheet.source, SheetFacts(hidden_rows=xlsx_sheet.hidden_rows)))
        for xlsx_sheet in read_xlsx(path)
    ]
    return _with_macros(sheets) if has_macros(path) else sheets


def _xls(path: Path) -> list[Sheet]:
    import python_calamine as calamine

    try:
        book = biff_book(path)
    except (struct.error, IndexError, KeyError, ValueError, LookupError) as error:
        raise damaged(str(error)) from None
    with read_errors(), path.open("rb") as opened:
        reader = calamine.CalamineWorkbook.from_filelike(opened)
        sheets = []
        for meta in reader.sheets_metadata:
            if meta.visible == calamine.SheetVisibleEnum.Visible and meta.typ == calamine.SheetTypeEnum.WorkSheet:
                facts = book.facts.get(meta.name, _PLAIN)
                source = Whole(reader.get_sheet_by_name(meta.name), facts.cells)
                sheets.append(_sheet(Sheet(meta.name, source, facts)))
    return _with_macros(sheets) if book.macros else sheets


def _sheet(sheet: Sheet) -> Sheet:
    hidden = sheet.facts.hidden_rows
    if not hidden:
        return sheet
    note = problem("CEBD-1015", Place(sheet.name, hidden[0]), value=hidden[0], count=len(hidden))
    return replace(sheet, notes=(note,))


def _with_macros(sheets: list[Sheet]) -> list[Sheet]:
    """The sheets, each with the notice about macros."""
    return [replace(sheet, notes=(*sheet.notes, problem("CEBD-1023"))) for sheet in sheets]


def _delimited(path: Path, name: str | None) -> Sheet:
    try:
        table = read_delimited(path)
    except NotText as error:
        raise Unreadable(str(error)) from None
    shown = {"\t": "Tab"}.get(table.separator, table.separator)
    note = problem("CEBD-1016", value=table.encoding_name, separator=shown)
    return Sheet(Path(name or path.name).stem, _Text(table, []), notes=(note,))


def is_message(path: Path) -> bool:
    """Whether the file is to be read as XML; its content counts, not its name. Raises Unreadable for a file of an unsupported kind."""
    with path.open("rb") as opened:
        start = opened.read(HEAD_BYTES)
    kind, suffix = kind_of(start), path.suffix.lower()
    by_name = suffix == ".xml" or (is_declared_xml(start) and foreign(start) is None)
    if kind is Kind.XML and by_name and not is_spreadsheet_2003(start):
        return True
    if suffix in SUFFIXES or (suffix == ".xml" and kind in (Kind.ZIP, Kind.COMPOUND)):
        return False
    what = foreign(start)
    if what is not None:
        raise refused("CEBD-1024", *what)
    if suffix == ".xml":
        return True
    raise Unreadable(f"{path.suffix or '?'}: 只接受 .xlsx .xls .csv .xml / only .xlsx, .xls, .csv and .xml are read")


__all__ = ["SUFFIXES", "Row", "Sheet", "Unreadable", "read_sheets"]


def sheets_to_copy(path: Path) -> list[Sheet]:
    """The sheets of a filed original, for its receipt; no sheets for a file read as XML, or a file that cannot be read any more."""
    try:
        return [] if is_message(path) or not _survives(path) else list(read_sheets(path))
    except Unreadable:
        return []


def _survives(path: Path) -> bool:
    """It has been read once, but it may have been changed since then."""
    with path.open("rb") as opened:
        return kind_of(opened.read(HEAD_BYTES)) is not Kind.COMPOUND or survives(path)
