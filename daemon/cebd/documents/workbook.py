"""Workbooks (.xlsx, .xls, .csv) as sheets of rows. A row is a list of cells; rows and columns keep their places from A1."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from cebd.documents.delimited import NotText, read_delimited
from cebd.documents.probe import survives
from cebd.documents.sheet_biff import OldWorkbook, biff_facts
from cebd.documents.sheet_xml import SheetFacts, TooWide, sheet_facts
from cebd.rules.problem import Place, Problem, problem

Row = list[Any]
SUFFIXES = (".xlsx", ".xls", ".xlsm", ".csv")
_LARGEST_UNPACKED = 2 * 1024**3
_PLAIN = SheetFacts()
_DAMAGED = (zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, struct.error)
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class Unreadable(Exception):
    """The file cannot be read; the message says why, for a person."""


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows()` starts anew at row 1 each time; `notes` are what is to be said of it as a whole."""

    name: str
    source: Any
    facts: SheetFacts = _PLAIN
    notes: tuple[Problem, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Every row from row 1 on, blank ones included."""
        if isinstance(self.source, list):
            yield from self.source
            return
        if self.source.start is None:
            return
        padding = [""] * self.source.start[
            1
        ]  # calamine keeps blank rows at the top but leaves out blank columns at the left
        peculiar = self.facts.cells
        for number, plain in enumerate(self.source.iter_rows(), 1):
            row = padding + plain if padding else plain
            if number in peculiar:
                for column, cell in peculiar[number].items():
                    row += [""] * (column + 1 - len(row))
                    row[column] = cell
            yield row

    def merged_down(self) -> list[tuple[int, int, int]]:
        """Cells merged with those below them, one column wide: (column from 0, first row, last row)."""
        ranges = [] if isinstance(self.source, list) else self.source.merged_cell_ranges or []
        return [
            (left, top + 1, bottom + 1) for (top, left), (bottom, right) in ranges if left == right and top != bottom
        ]


def read_sheets(path: Path, name: str | None = None) -> list[Sheet]:
    """The visible sheets of a workbook, or the one sheet of a CSV file; content counts, not the suffix. Raises Unreadable."""
    with path.open("rb") as opened:
        start = opened.read(4)
    if not start:
        raise Unreadable("文件是空的 / the file is empty")
    if start not in (_ZIP, _OLE) and path.suffix.lower() == ".csv":
        return [_delimited(path, name)]
    if start == _ZIP:
        _check_size(path)
    elif start == _OLE and not survives(path):
        raise Unreadable("文件已损坏 / the file is damaged")
    import python_calamine as calamine

    try:
        with path.open("rb") as opened:
            book = calamine.CalamineWorkbook.from_filelike(opened)  # by content: a suffix may lie
        names = [
            meta.name
            for meta in book.sheets_metadata
            if meta.visible == calamine.SheetVisibleEnum.Visible and meta.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        facts = sheet_facts(path, names) if start == _ZIP else biff_facts(path)
        return [_sheet(book, name, facts.get(name, _PLAIN)) for name in names]
    except calamine.PasswordError:
        raise Unreadable("工作簿已加密 / the workbook is protected by a password") from None
    except TooWide as error:
        raise Unreadable(
            f"数据范围一直到 {error}，请删除远处多余的单元格 / cells are filled as far out as {error}: delete the stray ones"
        ) from None
    except OldWorkbook:
        raise Unreadable("Excel 97 以前的格式 / a format older than Excel 97") from None
    except (calamine.CalamineError, OSError, ValueError, LookupError, *_DAMAGED) as error:
        raise Unreadable(f"不是有效的工作簿 / not a valid workbook: {error}") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # calamine's own failure is no Exception
            raise
        raise Unreadable("文件已损坏 / the file is damaged") from None


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise Unreadable(f"文件不完整 / the file is cut off or damaged: {error}") from None
    if unpacked > _LARGEST_UNPACKED:
        raise Unreadable("解压后过大 / it unpacks to more than 2 GiB")


def _sheet(book: Any, name: str, facts: SheetFacts) -> Sheet:
    notes: tuple[Problem, ...] = ()
    if facts.hidden_rows:
        first = facts.hidden_rows[0]
        notes = (problem("CEBD-1015", Place(name, first), value=first, count=len(facts.hidden_rows)),)
    return Sheet(name, book.get_sheet_by_name(name), facts, notes)


def _delimited(path: Path, name: str | None) -> Sheet:
    try:
        rows, encoding, separator = read_delimited(path.read_bytes())
    except NotText as error:
        raise Unreadable(str(error)) from None
    shown = {"\t": "Tab"}.get(separator, separator)
    return Sheet(Path(name or path.name).stem, rows, notes=(problem("CEBD-1016", value=encoding, separator=shown),))


def column_letter(index: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
