"""What an .xls says beyond its values, as `xlsx.parts` finds it in an .xlsx: error cells, formulas without a result, zeros shown by a
number format, rows hidden or struck through.

The fast reader gives an empty cell for `#N/A`. Here the workbook's own records are asked ([MS-XLS], inside the compound file of
[MS-CFB]); only the few that matter are understood.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from cebd.cell_names import column_letters
from cebd.documents.workbooks.cells import NO_RESULT, Faulty, Shown
from cebd.documents.workbooks.locked import Book
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.workbooks.xls.compound import Compound
from cebd.documents.workbooks.xlsx.parts import SheetFacts, zeros_of
from cebd.documents.workbooks.xlsx.pieces import too_wide

_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_FORMULA, _EOF, _BOUNDSHEET, _MULRK, _XF = 0x06, 0x0A, 0x85, 0xBD, 0xE0
_FILEPASS, _FONT = 0x2F, 0x31
_STRUCK = 0x08  # of a font
_FONT_LEFT_OUT = 4  # no font has this number
_CELLS = frozenset((_FORMULA, _MULRK, 0xD6, 0xFD, 0x203, 0x204, 0x205, 0x27E))  # of those that hold values
_PLACE = struct.Struct("<HH")
_NUMBER, _BOOLERR, _ROW, _RK, _FORMAT = 0x203, 0x205, 0x208, 0x27E, 0x41E

# What the fast reader takes of a whole workbook, in bytes: for each of the file, for each place of its tables, for each filled one more.
# 65,536 orders of 27 columns (24 MB) take 280 MiB; of 60 columns (53-92 MB) they would take 620-780.
_ROOM_BYTES, _BYTES_PER_BYTE, _BYTES_PER_PLACE, _BYTES_PER_CELL = 416 << 20, 4, 64, 40
_MAX_RECORDS = 8_000_000  # twice the cells for which there is room
_MAX_PECULIAR_CELLS = 1_000_000
_MIN_SPARSE_PLACES, _MAX_PLACES_PER_CELL = 6_000_000, 4  # places; from there on, at most so many times as many as cells
_OTHERS = {
    "Book": ("Excel 97 以前的工作簿", "a workbook older than Excel 97"),
    "WordDocument": ("Word 文档", "a Word document"),
    "PowerPoint Document": ("演示文稿", "a presentation"),
}
_UNKNOWN = ("其他程序的复合文档", "a document of another program")


@dataclass(frozen=True)
class BiffBook:
    """What the records say: facts by sheet; whether macros travel along."""

    facts: dict[str, SheetFacts]
    macros: bool


@dataclass
class _RawFacts:
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    hidden: list[int] = field(default_factory=list)
    filled_and_struck: dict[int, list[int]] = field(default_factory=dict)  # by row, how many cells
    without_result: list[tuple[int, int]] = field(default_factory=list)
    results: int = 0
    count: int = 0
    cells_read: int = 0
    last_row: int = 0
    last_column: int = 0

    def add(self, row: int, column: int, cell: str) -> None:
        self.count += 1
        if self.count > _MAX_PECULIAR_CELLS:
            raise refused("CEBD-1022", "错误值或公式过多", "too many error values or formulas")
        self.cells.setdefault(row + 1, {})[column] = cell

    def note_cells(self, kind: int, body: bytes, most: int) -> None:
        """Count the record's cells, and note how far they stand out."""
        row, column = _PLACE.unpack_from(body)
        if kind == _MULRK:
            column += len(body) // 6 - 1
            self.cells_read += len(body) // 6 - 2
        self.cells_read += 1
        if self.cells_read > most:
            raise _too_many(most)
        self.last_row = max(self.last_row, row + 1)
        self.last_column = max(self.last_column, column + 1)

    def note_strike(self, kind: int, body: bytes, struck: Collection[int]) -> None:
        """Count the record's cells, and those whose style strikes through."""
        places = range(4, len(body) - 5, 6) if kind == _MULRK else (4,)
        counts = self.filled_and_struck.setdefault(_PLACE.unpack_from(body)[0] + 1, [0, 0])
        counts[0] += len(places)
        counts[1] += sum(struct.unpack_from("<H", body, place)[0] in struck for place in places)

    def facts(self) -> SheetFacts:
        struck = tuple(row for row, (filled, crossed) in sorted(self.filled_and_struck.items()) if 2 * crossed > filled)
        return SheetFacts(self.cells, tuple(self.hidden), struck)


def biff_book(path: Book) -> BiffBook:
    """The facts of every sheet.

    Raises Unreadable when it is no workbook of Excel 97 or later, has a password, or takes too much memory; struct.error,
    IndexError, KeyError and ValueError when the file is damaged.
    """
    room = _ROOM_BYTES - _BYTES_PER_BYTE * path.stat().st_size
    if room < 0:
        limit = _ROOM_BYTES // _BYTES_PER_BYTE >> 20
        raise _too_large(f".xls 超过 {limit} MB", f"an .xls of more than {limit} MB")
    compound = Compound(path.read_bytes())
    names = compound.names()
    if "EncryptedPackage" in names:
        raise refused("CEBD-1020")
    if "Workbook" not in names:
        raise refused("CEBD-1024", *next((what for name, what in _OTHERS.items() if name in names), _UNKNOWN))
    stream = compound.stream("Workbook")
    return BiffBook(_facts(stream, room), any(name in names for name in ("_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA")))


def has_hidden_sheets(path: Book) -> bool:
    """Whether a sheet is hidden ([MS-XLS] 2.4.28, hsState); False for what is no such workbook, or damaged."""
    try:
        compound = Compound(path.read_bytes())
        if "Workbook" not in compound.names():
            return False
        records = _Reading(compound.stream("Workbook")).records(0)
        return any(body[4] & 3 for kind, body in records if kind == _BOUNDSHEET)
    except (struct.error, IndexError, KeyError, ValueError):
        return False


def _facts(stream: bytes, room: int) -> dict[str, SheetFacts]:
    reading = _Reading(stream)
    codes: dict[int, str] = {}
    formats: list[tuple[int, int]] = []  # of each style, its font and its number format
    struck_fonts: list[bool] = []
    sheets: list[tuple[str, int]] = []
    for kind, body in reading.records(0):
        if kind == _FORMAT:
            (number,) = struct.unpack_from("<H", body)
            codes[number] = _text(body, 2, 2)
        elif kind == _FILEPASS:
            raise refused("CEBD-1020")
        elif kind == _FONT:
            struck_fonts.append(bool(struct.unpack_from("<H", body, 2)[0] & _STRUCK))
            if len(struck_fonts) == _FONT_LEFT_OUT:
                struck_fonts.append(False)
        elif kind == _XF:
            formats.append(struct.unpack_from("<HH", body))
        elif kind == _BOUNDSHEET:
            (start,) = struct.unpack_from("<I", body)
            sheets.append((_text(body, 6, 1), start))
    zeros = {style: width for style, (_, number) in enumerate(formats) if (width := zeros_of(codes.get(number, "")))}
    struck = {style for style, (font, _) in enumerate(formats) if struck_fonts[font : font + 1] == [True]}
    most = room // (_BYTES_PER_PLACE + _BYTES_PER_CELL)
    raw = {name: _sheet(reading, start, zeros, most, struck) for name, start in sheets}
    # The fast reader lays out every sheet, hidden ones too, from the first cell to the last.
    area = sum(sheet.last_row * sheet.last_column for sheet in raw.values())
    cells = sum(sheet.cells_read for sheet in raw.values())
    if area > max(_MIN_SPARSE_PLACES, _MAX_PLACES_PER_CELL * cells):
        widest = max(raw.values(), key=lambda sheet: sheet.last_row * sheet.last_column)
        raise too_wide(f"{column_letters(widest.last_column - 1)}{widest.last_row}")
    if area * _BYTES_PER_PLACE + cells * _BYTES_PER_CELL > room:
        raise _too_many(cells)
    if not any(sheet.results for sheet in raw.values()):  # no formula was ever calculated
        for sheet in raw.values():
            for row, column in sheet.without_result:
                sheet.add(row, column, Faulty(NO_RESULT, "CEBD-1212"))
    return {name: sheet.facts() for name, sheet in raw.items()}


def _sheet(reading: _Reading, start: int, zeros: dict[int, int], most: int, struck: Collection[int]) -> _RawFacts:
    facts = _RawFacts()
    for kind, body in reading.records(start):
        if kind in _CELLS:
            facts.note_cells(kind, body, most)
            if struck:
                facts.note_strike(kind, body, struck)
        if kind == _BOOLERR:
            row, column, _, value, is_error = struct.unpack_from("<HHHBB", body)
            if is_error:
                facts.add(row, column, Faulty(_ERRORS.get(value, "#N/A"), "CEBD-1213"))
        elif kind == _FORMULA:
            _formula(facts, body)
        elif kind == _ROW:
            row, height, flags = struct.unpack_from("<H4xH4xI", body)
            if (
                flags & 0x20 or not height
            ):  # [MS-XLS] 2.4.221: fDyZero; a height of nothing is nothing to be seen, either
                facts.hidden.append(row + 1)
        elif kind in (_NUMBER, _RK, _MULRK) and zeros:
            for row, column, style, number in _numbers(kind, body):
                if style in zeros and number >= 0 and number.is_integer() and number < 10**15:
                    facts.add(row, column, Shown(str(int(number)).zfill(zeros[style]), number))
    return facts


def _too_many(cells: int) -> Unreadable:
    return _too_large(f".xls 的单元格有 {cells} 个或更多", f"an .xls of {cells:,} cells or more")


def _too_large(zh: str, en: str) -> Unreadable:
    return refused("CEBD-1022", f"{zh}；请在 Excel 中另存为 .xlsx", f"{en}; save it as .xlsx in Excel")


def _formula(facts: _RawFacts, body: bytes) -> None:
    """Eight bytes of result: a number, or FFFF at the end and a kind at the start (2 error, 3 empty text)."""
    row, column = struct.unpack_from("<HH", body)
    kind, code, mark = body[6], body[8], body[12:14]
    if mark == b"\xff\xff" and kind == 2:
        facts.add(row, column, Faulty(_ERRORS.get(code, "#N/A"), "CEBD-1213"))
    if mark == b"\xff\xff" and kind == 3:
        facts.without_result.append((row, column))
    else:
        facts.results += 1


def _numbers(kind: int, body: bytes) -> Iterator[tuple[int, int, int, float]]:
    row, column = struct.unpack_from("<HH", body)
    if kind == _NUMBER:
        style, number = struct.unpack_from("<Hd", body, 4)
        yield row, column, style, number
        return
    for offset in range(4, len(body) - 5, 6):
        style, packed = struct.unpack_from("<HI", body, offset)
        yield row, column + (offset - 4) // 6, style, _unpacked(packed)


def _unpacked(packed: int) -> float:
    """An RK number: the upper 30 bits of a double or a whole number, perhaps of hundredths."""
    if packed & 2:
        number = float((packed >> 2) - (1 << 30 if packed & 0x80000000 else 0))
    else:
        (number,) = struct.unpack("<d", struct.pack("<II", 0, packed & 0xFFFFFFFC))
    return number / 100 if packed & 1 else number


class _Reading:
    """Goes through records; all in all no more of them than a full workbook has, however often a lying file points to the same ones."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._left = _MAX_RECORDS

    def records(self, position: int) -> Iterator[tuple[int, bytes]]:
        """The records of one substream, up to its end. Raises struct.error."""
        stream = self._stream
        while True:
            kind, length = struct.unpack_from("<HH", stream, position)
            if kind == _EOF:
                return
            yield kind, stream[position + 4 : position + 4 + length]
            position += 4 + length
            self._left -= 1
            if self._left < 0:
                raise struct.error("more records than a workbook can have")


def _text(body: bytes, offset: int, width: int) -> str:
    """A string with its length in `width` bytes, then a flag for two-byte characters."""
    length = int.from_bytes(body[offset : offset + width], "little")
    start = offset + width + 1
    if body[offset + width] & 1:
        return body[start : start + 2 * length].decode("utf-16-le")
    return body[start : start + length].decode("latin-1")
