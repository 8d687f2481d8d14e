"""Workbooks (.xlsx, .xls, .csv, and of other programs) as sheets of rows. A row is a list of cells; rows and columns keep their places."""

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
from cebd.documents.workbooks.entered import EnteredSheet, read_entered
from cebd.documents.workbooks.kind import (
    HEAD_BYTES,
    Kind,
    foreign,
    is_declared_xml,
    is_encrypted,
    is_picture,
    is_spreadsheet_2003,
    is_web_page,
    kind_of,
)
from cebd.documents.workbooks.locked import Book, unlocked
from cebd.documents.workbooks.other.laid_out import LaidOut
from cebd.documents.workbooks.other.ods import CONTENT, TYPES, read_ods
from cebd.documents.workbooks.other.spreadsheet_2003 import read_spreadsheet_2003
from cebd.documents.workbooks.other.web_page import read_web_page
from cebd.documents.workbooks.text_groups import merged_headings
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.workbooks.xls.biff import biff_book, has_hidden_sheets
from cebd.documents.workbooks.xls.crash_test import survives
from cebd.documents.workbooks.xlsx.archive import Archive, damaged, opened
from cebd.documents.workbooks.xlsx.calamine import read_errors
from cebd.documents.workbooks.xlsx.parts import SheetFacts
from cebd.documents.workbooks.xlsx.read import Whole, has_macros, read_xlsx
from cebd.problems.problem import Problem, problem

_ENTERED = ".json"
SUFFIXES = (
    ".xlsx",
    ".xls",
    ".xlsm",
    ".csv",
    ".et",
    ".ods",
    ".ots",
    ".tsv",
    ".txt",
    ".htm",
    ".html",
    ".xlsb",
    ".ett",
    ".xltx",
    _ENTERED,
)
_ARCHIVE = "压缩包（请先解压，放入其中的表格）", "an archive (take the workbooks out of it)"
_DOCUMENT = "Word 文档", "a Word document"
# What people drop that is no workbook, where the content does not tell as much.
_OTHER_SUFFIXES = {
    ".zip": _ARCHIVE,
    ".tar": _ARCHIVE,
    ".docx": _DOCUMENT,
    ".doc": _DOCUMENT,
    ".wps": _DOCUMENT,
    ".pptx": ("演示文稿", "a presentation"),
    ".ppt": ("演示文稿", "a presentation"),
}
TITLE_ROWS = 20
_PLAIN = SheetFacts()
_MANIFEST = "META-INF/manifest.xml"


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

    @cached_property
    def merged_at_top(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """The cells merged among those rows: ((top, left), (bottom, right)), counted from 0."""
        return [one for one in self.source.merged if one[0][0] < TITLE_ROWS]

    def refuse_swallowed(self, heading_row: int, numbers: Collection[int]) -> None:
        """Raise Unreadable if unpaired quotes have made several rows a single cell; `numbers`: the columns of their numbers.
        Without a heading row (0) the widest of the first rows gives the width of a row."""
        if isinstance(self.source, _Text):
            rows = self.top[heading_row - 1 : heading_row] or self.top
            self.source.refuse_swallowed(max(map(len, rows), default=0), numbers)

    @property
    def entered(self) -> EnteredSheet | None:
        """The documents, where they came as JSON."""
        return self.source if isinstance(self.source, EnteredSheet) else None

    def merged_down(self) -> list[tuple[int, int, int]]:
        """Cells merged downwards, a single column wide: (column from 0, first row, last row)."""
        return [
            (left, top + 1, bottom + 1)
            for (top, left), (bottom, right) in self.source.merged
            if left == right and top != bottom
        ]

    def merged_across(self) -> list[tuple[int, int, int]]:
        """Cells of one row merged: (row, first column from 0, last column)."""
        return [
            (top + 1, left, right)
            for (top, left), (bottom, right) in self.source.merged
            if top == bottom and left != right
        ]


@dataclass(frozen=True)
class _Text:
    """The sheet of a CSV file. `merged`: what its headings show (`text_groups`)."""

    file: Delimited

    @cached_property
    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return merged_headings(list(islice(self.rows(), TITLE_ROWS)))

    def rows(self) -> Iterator[Row]:
        return self.file.rows()

    def chunks(self) -> Iterator[Chunk]:
        return in_chunks(self.rows())

    def refuse_swallowed(self, width: int, numbers: Collection[int]) -> None:
        self.file.refuse_swallowed(width, numbers)


def read_sheets(path: Path, name: str | None = None) -> list[Sheet]:
    """The visible sheets of a workbook, or the sheet of a CSV file; content counts, not the suffix. Raises Unreadable."""
    with path.open("rb") as file:
        start = file.read(HEAD_BYTES)
    kind = kind_of(start)
    if kind is Kind.EMPTY:
        raise refused("CEBD-1027")
    if kind is Kind.ZIP:
        return _zipped(path)
    if kind is Kind.COMPOUND:
        return _compound(path)
    refuse_foreign(start)
    if is_spreadsheet_2003(start):
        return _shown(read_spreadsheet_2003(path))
    if is_web_page(start):
        return _shown(read_web_page(path, Path(name or path.name).stem))
    if path.suffix.lower() == _ENTERED:
        documents = read_entered(path)
        return [Sheet(documents.type.zh, documents)]
    is_csv = path.suffix.lower() == ".csv"
    if kind is Kind.TEXT or (is_csv and start.count(b"\0") <= few_zeros(len(start))):
        return [_delimited(path, name)]
    if is_csv:
        raise Unreadable("含有零字节，不是文本 / it has zero bytes and is no text")
    if kind is Kind.XML:
        raise refused("CEBD-1024", "XML 文件", "an XML file")
    raise refused("CEBD-1024", "无法识别的二进制文件", "a binary file of an unknown kind")


def hidden_sheets(path: Path, name: str | None = None) -> list[Sheet]:
    """The sheets that a person has hidden in a workbook of any kind; none where they cannot be read: they are no data.

    `name`: of the file as it was dropped.
    """
    try:
        with path.open("rb") as file:
            start = file.read(HEAD_BYTES)
        match kind_of(start):
            case Kind.COMPOUND:
                return _xls(path, hidden=True) if has_hidden_sheets(path) else []
            case Kind.XML if is_spreadsheet_2003(start):
                return _shown(read_spreadsheet_2003(path), hidden=True)
            case Kind.XML if is_web_page(start):
                return _shown(read_web_page(path, Path(name or path.name).stem), hidden=True)
            case Kind.ZIP:
                with opened(path) as archive:
                    if _is_open_document(archive):
                        return _shown(read_ods(archive), hidden=True)
                return [Sheet(sheet.name, sheet.source) for sheet in read_xlsx(path, hidden=True)]
    except Unreadable:
        pass
    return []


def _is_open_document(archive: Archive) -> bool:
    return CONTENT in archive.names and not any(name.startswith("xl/") for name in archive.names)


def refuse_foreign(start: bytes) -> None:
    """Raise Unreadable for a file that is never read, by its first bytes."""
    if is_encrypted(start):
        raise refused("CEBD-1064")
    if is_picture(start):
        raise refused("CEBD-1065")
    what = foreign(start)
    if what is not None:
        raise refused("CEBD-1024", *what)


def _zipped(path: Book) -> list[Sheet]:
    with opened(path) as archive:
        if _is_open_document(archive):
            told = archive.small_part("mimetype") if "mimetype" in archive.names else TYPES[0]
            if told.strip() not in TYPES:
                raise refused(
                    "CEBD-1024", "OpenDocument 文件，但不是电子表格", "an OpenDocument file, but no spreadsheet"
                )
            if b"manifest:encryption-data" in _manifest(archive):
                raise refused("CEBD-1020")
            return _shown(read_ods(archive))
    return _xlsx(path)


def _manifest(archive: Archive) -> bytes:
    return archive.small_part(_MANIFEST) if _MANIFEST in archive.names else b""


def _shown(sheets: list[LaidOut], *, hidden: bool = False) -> list[Sheet]:
    """The visible ones; `hidden`: the others."""
    return [Sheet(sheet.name, sheet, sheet.facts) for sheet in sheets if sheet.visible is not hidden]


def _compound(path: Path) -> list[Sheet]:
    """An .xls, or what has a password: the one that is built into Excel is no secret."""
    try:
        return _xls(path)
    except Unreadable as error:
        plain = unlocked(path) if error.problem.id == "CEBD-1020" else None
        if plain is None:
            raise
    with plain.open() as opened_book:
        kind = kind_of(opened_book.read(HEAD_BYTES))
    return _zipped(plain) if kind is Kind.ZIP else _xls(plain)


def _xlsx(path: Book) -> list[Sheet]:
    sheets = [
        Sheet(sheet.name, sheet.source, SheetFacts(hidden_rows=sheet.hidden_rows, struck_rows=sheet.struck_rows))
        for sheet in read_xlsx(path)
    ]
    return _with_macros(sheets) if has_macros(path) else sheets


def _xls(path: Book, *, hidden: bool = False) -> list[Sheet]:
    import python_calamine as calamine

    try:
        book = biff_book(path)
    except (struct.error, IndexError, KeyError, ValueError, LookupError) as error:
        raise damaged(str(error)) from None
    with read_errors(), path.open("rb") as stream:
        reader = calamine.CalamineWorkbook.from_filelike(stream)
        sheets = []
        for meta in reader.sheets_metadata:
            is_shown = meta.visible == calamine.SheetVisibleEnum.Visible
            if is_shown is not hidden and meta.typ == calamine.SheetTypeEnum.WorkSheet:
                facts = book.facts.get(meta.name, _PLAIN)
                source = Whole(reader.get_sheet_by_name(meta.name), facts.cells)
                sheets.append(Sheet(meta.name, source, facts))
    return _with_macros(sheets) if book.macros and not hidden else sheets


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
    return Sheet(Path(name or path.name).stem, _Text(table), notes=(note,))


def is_message(path: Path) -> bool:
    """Whether the file is to be read as XML; its content counts, not its name. Raises Unreadable for a file of an unsupported kind."""
    with path.open("rb") as file:
        start = file.read(HEAD_BYTES)
    kind, suffix = kind_of(start), path.suffix.lower()
    by_name = suffix == ".xml" or (is_declared_xml(start) and foreign(start) is None)
    is_table = is_spreadsheet_2003(start) or (is_web_page(start) and suffix != ".xml")
    if kind is Kind.XML and by_name and not is_table:
        return True
    if suffix in SUFFIXES or is_table or (suffix == ".xml" and kind in (Kind.ZIP, Kind.COMPOUND)):
        return False
    refuse_foreign(start)
    if suffix == ".xml":
        return True
    if suffix in _OTHER_SUFFIXES:
        raise refused("CEBD-1024", *_OTHER_SUFFIXES[suffix])
    zh, en = "文件名没有后缀", "its name has no ending"
    if suffix:
        zh, en = f"不支持 {path.suffix}", f"{path.suffix} is not supported"
    raise Unreadable(
        f"{zh}，只接受 .xlsx .xls .et .ods .csv .xml .json / {en}; only .xlsx, .xls, .et, .ods, .csv, .xml and .json are read"
    )


__all__ = ["SUFFIXES", "Row", "Sheet", "Unreadable", "read_sheets"]


def sheets_to_copy(path: Path) -> list[Sheet]:
    """The sheets of a filed original, for its receipt; no sheets for a file read as XML, or a file that cannot be read any more."""
    try:
        return [] if is_message(path) or not _survives(path) else list(read_sheets(path))
    except Unreadable:
        return []


def _survives(path: Path) -> bool:
    """It has been read once, but it may have been changed since then."""
    with path.open("rb") as file:
        return kind_of(file.read(HEAD_BYTES)) is not Kind.COMPOUND or survives(path)
