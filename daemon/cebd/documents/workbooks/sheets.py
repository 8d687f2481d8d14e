"""Workbooks (.xlsx, .xls, .csv, and of other programs) as sheets of rows."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

from cebd.documents.workbooks.accepted import is_message, refuse_foreign
from cebd.documents.workbooks.entered import SUFFIX, read_entered
from cebd.documents.workbooks.kind import (
    HEAD_BYTES,
    Kind,
    is_spreadsheet_2003,
    is_web_page,
    kind_of,
)
from cebd.documents.workbooks.locked import Book, unlocked
from cebd.documents.workbooks.other.laid_out import LaidOut
from cebd.documents.workbooks.other.ods import CONTENT, TYPES, read_ods
from cebd.documents.workbooks.other.spreadsheet_2003 import read_spreadsheet_2003
from cebd.documents.workbooks.other.web_page import read_web_page
from cebd.documents.workbooks.sheet import NO_FACTS, Sheet, Text
from cebd.documents.workbooks.text.csv import NotText, few_zeros, read_delimited
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.workbooks.xls.biff import biff_book, has_hidden_sheets
from cebd.documents.workbooks.xls.crash_test import survives
from cebd.documents.workbooks.xlsx.archive import Archive, damaged, opened
from cebd.documents.workbooks.xlsx.calamine import read_errors
from cebd.documents.workbooks.xlsx.parts import SheetFacts
from cebd.documents.workbooks.xlsx.read import Whole, has_macros, read_xlsx
from cebd.problems.problem import problem

_MANIFEST = "META-INF/manifest.xml"


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
    if path.suffix.lower() == SUFFIX:
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
                facts = book.facts.get(meta.name, NO_FACTS)
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
    return Sheet(Path(name or path.name).stem, Text(table), notes=(note,))


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
