"""Workbooks (.xlsx, .xls, .csv) as sheets of rows. A row is a list of cells; rows and columns keep their places from A1."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = list[Any]
SUFFIXES = (".xlsx", ".xls", ".xlsm", ".csv")
_LARGEST_UNPACKED = 2 * 1024**3


class Unreadable(Exception):
    """The file cannot be read; the message says why, for a person."""


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows()` starts anew at row 1 each time."""

    name: str
    source: Any

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
        for row in self.source.iter_rows():
            yield padding + row if padding else row


def read_sheets(path: Path) -> list[Sheet]:
    """The visible sheets of a workbook, or the one sheet of a CSV file. Raises Unreadable."""
    if path.suffix.lower() == ".csv":
        return [Sheet(path.stem, _csv_rows(path))]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _LARGEST_UNPACKED:
                raise Unreadable("解压后过大 / it unpacks to more than 2 GiB")
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        return [
            Sheet(meta.name, book.get_sheet_by_name(meta.name))
            for meta in book.sheets_metadata
            if meta.visible == calamine.SheetVisibleEnum.Visible and meta.typ == calamine.SheetTypeEnum.WorkSheet
        ]
    except calamine.PasswordError:
        raise Unreadable("工作簿已加密 / the workbook is protected by a password") from None
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Unreadable(f"不是有效的工作簿 / not a valid workbook: {error}") from None


def _csv_rows(path: Path) -> list[Row]:
    """CSV as Excel saves it in China: UTF-8 with or without mark, else GB 18030."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise Unreadable("编码不是 UTF-8 或 GB 18030 / the encoding is neither UTF-8 nor GB 18030") from None
    try:
        return list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise Unreadable(f"CSV: {error}") from None


def column_letter(index: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
