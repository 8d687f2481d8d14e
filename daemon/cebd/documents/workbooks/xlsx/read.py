"""An .xlsx as rows. The fast reader never meets the file itself: it is given the parts it needs, checked, in a zip made here.

A workbook of ordinary size is read at one go. A larger one is read piece by piece, so that memory does not grow with it: first the rows
where headings may stand, of every sheet, then the others as they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from cebd.documents.workbooks.chunks import Chunk, Row, Rows, in_chunks, rows_of
from cebd.documents.workbooks.locked import Book
from cebd.documents.workbooks.unreadable import refused
from cebd.documents.workbooks.xlsx.archive import MAX_UNPACKED_BYTES, Archive, damaged, opened, too_large
from cebd.documents.workbooks.xlsx.calamine import read_errors, reader_of, table_of
from cebd.documents.workbooks.xlsx.heads import Head, Order, heads_of, too_wide
from cebd.documents.workbooks.xlsx.parts import BookParts, Cells, book_parts, peculiar_cells, struck_rows
from cebd.documents.workbooks.xlsx.pieces import (
    PIECE_BYTES,
    Frame,
    Piece,
    cut,
    fits,
    halved,
    inspect,
    parted,
)
from cebd.documents.workbooks.xlsx.plain_rows import PlainColumns, PlainRows
from cebd.documents.workbooks.xlsx.read_ahead import one_ahead
from cebd.documents.workbooks.xlsx.shared_strings import SharedTexts, read_texts
from cebd.messages.schema import DocumentType, NotXml

Range = tuple[tuple[int, int], tuple[int, int]]

_MAX_SHEETS = 256  # visible or not; one for each day of the month is the most that was seen
_TIMES_LARGER = (
    4  # times as large may a piece be where cells have texts of their own: they are fewer, and nothing is put into them
)
_MAX_FILLED_PIECE_BYTES = 2 * PIECE_BYTES  # of a piece with its texts in place


@dataclass(frozen=True)
class XlsxSheet:
    """A visible sheet: its rows, from row 1 on; cells merged, as the fast reader tells; the rows that are hidden, or struck through."""

    name: str
    source: Whole | Pieces
    hidden_rows: tuple[int, ...]
    struck_rows: tuple[int, ...]


@dataclass(frozen=True)
class Whole:
    """A sheet that was read at one go."""

    table: Any
    cells: Cells

    @property
    def merged(self) -> list[Range]:
        return self.table.merged_cell_ranges or []

    def rows(self) -> Iterator[Row]:
        """Every row."""
        if self.table.start is None:
            return
        # The fast reader keeps blank rows at the top but leaves out blank columns at the left.
        padding = [""] * self.table.start[1]
        with read_errors():  # of a date beyond all dates
            for number, plain in enumerate(self.table.iter_rows(), 1):
                row = padding + plain if padding else plain
                if number in self.cells:
                    _put_in(row, self.cells[number])
                yield row

    def chunks(self) -> Iterator[Chunk]:
        """Every row, many at a time."""
        return in_chunks(self.rows())


@dataclass(frozen=True)
class Pieces:
    """A sheet that is read piece by piece, from the file as it lies there."""

    path: Book
    book: BookParts
    name: str
    head: list[Row]
    merged: list[Range]
    texts: SharedTexts = field(compare=False, repr=False)

    def rows(self) -> Iterator[Row]:
        """Every row. Raises Unreadable for what comes to light only here."""
        return rows_of(self.chunks())

    def chunks(self) -> Iterator[Chunk]:
        """Every row but blank ones, by pieces: as columns where a piece is plain rows alone. Raises Unreadable."""
        head = Rows(1, [list(row) for row in self.head])
        yield head
        done = head.last
        # Where cells share their texts, a piece is Python's own work, for which no other thread is let go on.
        for chunk in self._pieces() if self.texts.content else one_ahead(self._pieces()):
            new = chunk.part(done + 1, chunk.last)
            done = max(done, new.last)
            if new.first <= new.last:
                yield new

    def _pieces(self) -> Iterator[Chunk]:
        """The rows by pieces; those that are all in the head left out."""
        with opened(self.path) as archive:
            frame, order, length = Frame(b"", b""), Order(), 0
            plain: PlainRows | None = None
            size = PIECE_BYTES * (1 if self.texts.content else _TIMES_LARGER)
            for rows_or_frame in cut(archive.blocks(self.book.sheets[self.name]), size):
                if isinstance(rows_or_frame, Frame):
                    frame = rows_or_frame
                    continue
                plain = plain or self._plain_rows(archive, frame)
                for part in plain.parts(rows_or_frame):
                    if isinstance(part, PlainColumns):
                        order.check(part.numbers[0], part.numbers[-1], len(part.numbers))
                        length = _counted(length + part.filled_bytes)
                        yield part
                        continue
                    piece = order.inspected(part, frame.prefix)
                    if piece is None or piece.last <= len(self.head):
                        continue
                    for rows_piece, rows in self._filled(piece, frame):
                        length = _counted(length + len(rows))
                        yield Rows(*_rows_of(archive, self.book, self.name, frame, rows_piece, rows))

    def _filled(self, piece: Piece, frame: Frame) -> Iterator[tuple[Piece, bytes]]:
        for fitting in _fitting(piece, frame.prefix, self.name):
            yield from _with_texts(fitting, frame, self.texts, self.name)

    def _plain_rows(self, archive: Archive, frame: Frame) -> PlainRows:
        def careful(rows: bytes) -> list[Row]:
            return _rows_of(archive, self.book, self.name, frame, inspect(rows, frame.prefix, 0), rows)[1]

        return PlainRows(frame, self.texts, careful, _MAX_FILLED_PIECE_BYTES)


def _counted(length: int) -> int:
    """That many bytes of rows, with their texts. Raises Unreadable when they are more than any workbook needs."""
    if length > MAX_UNPACKED_BYTES:
        raise too_large(length)
    return length


def read_xlsx(path: Book, *, hidden: bool = False) -> list[XlsxSheet]:
    """The visible sheets, or those that a person has hidden. Raises Unreadable."""
    try:
        with opened(path) as archive:
            book = book_parts(archive)
            _check_sheets(book)
            names = _sheets_of(archive, book, hidden=hidden)
            if not names:
                return []
            if sum(archive.size(book.sheets[name]) for name in names) > PIECE_BYTES:
                with ThreadPoolExecutor(1, "heads") as beside:  # unpacking lets the other go on
                    heads = beside.submit(heads_of, archive, book, names)
                    texts = read_texts(archive, book.texts)
                    return _headed(path, archive, book, heads.result(), texts)
            texts = read_texts(archive, book.texts)
            whole = _read_whole(archive, book, names, texts)
            return whole or _headed(path, archive, book, heads_of(archive, book, names), texts)
    except DocumentType:
        raise refused("CEBD-1025", "工作簿中有文档类型声明", "a document type declaration in the workbook") from None
    except (NotXml, etree.XMLSyntaxError) as error:
        raise damaged(str(error)) from None
    except (KeyError, StopIteration) as error:
        raise damaged(f"缺少 {error}", f"{error} is missing") from None


def has_macros(path: Book) -> bool:
    """Whether macros travel with the workbook."""
    with opened(path) as archive:
        return any(name.lower().endswith("vbaproject.bin") or "/macrosheets/" in name for name in archive.names)


def _sheets_of(archive: Archive, book: BookParts, *, hidden: bool) -> list[str]:
    """The visible sheets, or those that may be unhidden by a click: what programs keep for themselves is `veryHidden`."""
    import python_calamine as calamine

    wanted = calamine.SheetVisibleEnum.Hidden if hidden else calamine.SheetVisibleEnum.Visible
    return [
        meta.name
        for meta in reader_of(archive, book, {}).sheets_metadata
        if meta.visible == wanted and meta.typ == calamine.SheetTypeEnum.WorkSheet
    ]


def _check_sheets(book: BookParts) -> None:
    if len(set(book.sheets.values())) < len(book.sheets):
        raise refused("CEBD-1025", "多个工作表共用同一内容", "several sheets that are one and the same part")
    if len(book.sheets) > _MAX_SHEETS:
        raise refused("CEBD-1022", f"工作表超过 {_MAX_SHEETS} 个", f"more than {_MAX_SHEETS} sheets")


def _read_whole(archive: Archive, book: BookParts, names: list[str], texts: SharedTexts) -> list[XlsxSheet]:
    """The sheets, read at one go; none when their texts make them too large for that."""
    sheets: dict[str, bytes] = {}
    inspected: dict[str, tuple[Frame, Piece]] = {}
    for name in names:
        frame, rows = Frame(b"", b""), b""
        for rows_or_frame in cut(archive.blocks(book.sheets[name]), 2 * PIECE_BYTES):
            if isinstance(rows_or_frame, Frame):
                frame = rows_or_frame
            else:
                rows = rows_or_frame
        piece = inspect(rows, frame.prefix, 0)
        filled = texts.put_in(rows, frame, _MAX_FILLED_PIECE_BYTES) if fits(piece, frame.prefix) else None
        if filled is None:
            return []
        inspected[name] = frame, piece
        sheets[book.sheets[name]] = frame.whole(filled)
    reader = reader_of(archive, book, sheets)
    return [
        XlsxSheet(
            name,
            Whole(table_of(reader, name), peculiar_cells(frame, piece, book)),
            piece.hidden,
            struck_rows(frame, piece, book),
        )
        for name, (frame, piece) in inspected.items()
    ]


def _headed(
    path: Book, archive: Archive, book: BookParts, heads: dict[str, Head], texts: SharedTexts
) -> list[XlsxSheet]:
    """The sheets, their first rows laid out."""
    parts: dict[str, bytes] = {}
    for name, head in heads.items():
        filled = texts.put_in(head.first.rows, head.frame, _MAX_FILLED_PIECE_BYTES)
        if filled is None:
            raise too_wide(name)
        parts[book.sheets[name]] = head.frame.whole(filled)
    reader = reader_of(archive, book, parts)
    sheets = []
    for name, head in heads.items():
        whole = Whole(table_of(reader, name), peculiar_cells(head.frame, head.first, book))
        pieces = Pieces(path, book, name, list(whole.rows()), whole.merged, texts)
        sheets.append(XlsxSheet(name, pieces, head.hidden, head.struck))
    return sheets


def _fitting(piece: Piece, prefix: bytes, name: str) -> Iterator[Piece]:
    """The piece, or narrower ones of its rows, so that each can be laid out. Raises Unreadable."""
    if fits(piece, prefix):
        yield piece
        return
    for narrower in parted(piece, prefix):
        if not fits(narrower, prefix):
            raise too_wide(name)
        yield narrower


def _with_texts(piece: Piece, frame: Frame, texts: SharedTexts, name: str) -> Iterator[tuple[Piece, bytes]]:
    """The piece and its rows with their texts in place; in parts when that makes it too long. Raises Unreadable."""
    rows = texts.put_in(piece.rows, frame, _MAX_FILLED_PIECE_BYTES)
    if rows is not None:
        yield piece, rows
        return
    if piece.count < 2:
        raise too_wide(name)
    for half in halved(piece, frame.prefix):
        yield from _with_texts(half, frame, texts, name)


def _rows_of(
    archive: Archive, book: BookParts, name: str, frame: Frame, piece: Piece, filled: bytes
) -> tuple[int, list[Row]]:
    """The rows of a piece, `filled` being their XML with the texts in place, and the number of the first of them."""
    table = table_of(reader_of(archive, book, {book.sheets[name]: frame.around(filled, piece.first)}), name)
    if table.start is None:
        return piece.last + 1, []
    first, left = table.start[0] + 1, table.start[1]
    if first < piece.first or table.end[0] + 1 > piece.last:
        raise damaged(f"第 {first} 行不在其位", f"row {first} is out of order")
    padding = [""] * left
    with read_errors():  # of a date beyond all dates
        rows: list[Row] = table.to_python(skip_empty_area=True)
    if padding:
        rows = [padding + row for row in rows]
    for number, cells in peculiar_cells(frame, piece, book).items():
        if not piece.first <= number <= piece.last:  # a number too long to be looked at
            raise damaged(f"第 {number} 行不在其位", f"row {number} is out of order")
        while number >= first + len(rows):
            rows.append([])
        if number < first:
            rows[:0] = [[] for _ in range(first - number)]
            first = number
        _put_in(rows[number - first], cells)
    return first, rows


def _put_in(row: Row, cells: dict[int, str]) -> None:
    for column, cell in cells.items():
        row += [""] * (column + 1 - len(row))
        row[column] = cell


__all__ = ["Whole", "XlsxSheet", "has_macros", "read_xlsx"]
