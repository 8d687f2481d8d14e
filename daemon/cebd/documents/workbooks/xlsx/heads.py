"""The heads of large sheets: what stands around the rows, and the rows where headings may stand."""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.workbooks.xlsx.archive import Archive, damaged
from cebd.documents.workbooks.xlsx.parts import BookParts, may_be_struck, struck_rows
from cebd.documents.workbooks.xlsx.pieces import MAX_ROWS, Frame, Piece, cut, fits, inspect, may_hide

_HEAD_ROWS = 64  # rows that are read of every sheet of a large workbook: headings are looked for in the first 20


class Head(NamedTuple):
    """What stands around a sheet's rows, its first rows, and the numbers of those that are hidden, or struck through."""

    frame: Frame
    first: Piece
    hidden: tuple[int, ...]
    struck: tuple[int, ...]


def heads_of(archive: Archive, book: BookParts, names: list[str]) -> dict[str, Head]:
    """The heads of these sheets. Their other rows are inspected when they are asked for."""
    heads: dict[str, Head] = {}
    for name in names:
        frame, first, hides = Frame(b"", b""), Piece(b"", 1, 0, 0), False
        for part_of_sheet in cut(archive.blocks(book.sheets[name])):
            if isinstance(part_of_sheet, Frame):
                frame = part_of_sheet
                continue
            hides = hides or may_hide(part_of_sheet) or may_be_struck(part_of_sheet, book)
            if not first.rows:
                first = _head(part_of_sheet, frame.prefix)
                if first.rows and not fits(first, frame.prefix):
                    raise too_wide(name)
        heads[name] = Head(frame, first, *(_hidden_and_struck(archive, book, name) if hides else ((), ())))
    return heads


def _hidden_and_struck(archive: Archive, book: BookParts, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    frame, order = Frame(b"", b""), Order()
    hidden: list[int] = []
    struck: list[int] = []
    for rows_or_frame in cut(archive.blocks(book.sheets[name])):
        if isinstance(rows_or_frame, Frame):
            frame = rows_or_frame
        elif (piece := order.inspected(rows_or_frame, frame.prefix)) is not None:
            hidden += piece.hidden
            struck += struck_rows(frame, piece, book)
    return tuple(hidden), tuple(struck)


def _head(rows: bytes, prefix: bytes) -> Piece:
    """The rows among which headings are looked for, out of a sheet's first piece."""
    starts = [found.start() for found in islice(re.finditer(rb"<%brow(?=[\s/>])" % prefix, rows), _HEAD_ROWS + 1)]
    for stop in (starts[-1] if len(starts) > _HEAD_ROWS else len(rows), *reversed(starts)):
        head = inspect(rows[:stop], prefix, 0)
        if head.last <= _HEAD_ROWS:
            return head
    return Piece(b"", 1, 0, 0)


class Order:
    """Of the pieces of a sheet: rows follow each other, and are no more than a sheet can have."""

    def __init__(self) -> None:
        self._last, self._count = 0, 0

    def inspected(self, rows: bytes, prefix: bytes) -> Piece | None:
        """The next piece; None without any row. Raises Unreadable."""
        piece = inspect(rows, prefix, self._last)
        if not piece.count:
            return None
        self.check(piece.first, piece.last, piece.count)
        return piece

    def check(self, first: int, last: int, count: int) -> None:
        """The next piece has so many rows, of these numbers. Raises Unreadable."""
        self._count += count
        if first <= self._last or self._count > MAX_ROWS:
            raise damaged(f"第 {first} 行不在其位", f"row {first} is out of order")
        self._last = last


def too_wide(name: str) -> Unreadable:
    return refused("CEBD-1022", f"工作表“{name}”的行过宽", f"the rows of the sheet {name} are too wide")
