"""What an .xls says beyond its values, as `sheet_xml` tells of an .xlsx: error cells, formulas without a result, zeros shown by a
number format, hidden rows.

The fast reader gives an empty cell for `#N/A`. Here the workbook's own records are asked ([MS-XLS], inside the compound file of
[MS-CFB]); only the few that matter are understood.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cebd.documents.sheet_xml import SheetFacts, zeros_of
from cebd.rules.cells import NO_RESULT, Faulty, Shown

_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_FREE = 0xFFFFFFFA  # sector numbers from here on end a chain
_FORMULA, _EOF, _BOUNDSHEET, _MULRK, _XF = 0x06, 0x0A, 0x85, 0xBD, 0xE0
_NUMBER, _BOOLERR, _ROW, _RK, _FORMAT = 0x203, 0x205, 0x208, 0x27E, 0x41E


class OldWorkbook(Exception):
    """Not a workbook of Excel 97 or later."""


@dataclass
class _Found:
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    hidden: list[int] = field(default_factory=list)
    without_result: list[tuple[int, int]] = field(default_factory=list)
    results: int = 0

    def add(self, row: int, column: int, cell: str) -> None:
        self.cells.setdefault(row + 1, {})[column] = cell


def biff_facts(path: Path) -> dict[str, SheetFacts]:
    """The facts of every sheet. Raises OldWorkbook; struct.error, IndexError and KeyError when the file is damaged."""
    stream = _workbook_stream(path.read_bytes())
    codes: dict[int, str] = {}
    formats: list[int] = []
    sheets: list[tuple[str, int]] = []
    for kind, body in _records(stream, 0):
        if kind == _FORMAT:
            (number,) = struct.unpack_from("<H", body)
            codes[number] = _text(body, 2, 2)
        elif kind == _XF:
            formats.append(struct.unpack_from("<H", body, 2)[0])
        elif kind == _BOUNDSHEET:
            (start,) = struct.unpack_from("<I", body)
            sheets.append((_text(body, 6, 1), start))
    zeros = {style: width for style, number in enumerate(formats) if (width := zeros_of(codes.get(number, "")))}
    found = {name: _sheet(stream, start, zeros) for name, start in sheets}
    if not any(one.results for one in found.values()):  # no formula was ever calculated
        for one in found.values():
            for row, column in one.without_result:
                one.add(row, column, Faulty(NO_RESULT, "CEBD-1212"))
    return {name: SheetFacts(one.cells, tuple(one.hidden)) for name, one in found.items()}


def _sheet(stream: bytes, start: int, zeros: dict[int, int]) -> _Found:
    found = _Found()
    for kind, body in _records(stream, start):
        if kind == _BOOLERR:
            row, column, _, value, is_error = struct.unpack_from("<HHHBB", body)
            if is_error:
                found.add(row, column, Faulty(_ERRORS.get(value, "#N/A"), "CEBD-1213"))
        elif kind == _FORMULA:
            _formula(found, body)
        elif kind == _ROW:
            if struct.unpack_from("<I", body, 12)[0] & 0x20:
                found.hidden.append(struct.unpack_from("<H", body)[0] + 1)
        elif kind in (_NUMBER, _RK, _MULRK) and zeros:
            for row, column, style, number in _numbers(kind, body):
                if style in zeros and number >= 0 and number.is_integer() and number < 10**15:
                    found.add(row, column, Shown(str(int(number)).zfill(zeros[style]), number))
    return found


def _formula(found: _Found, body: bytes) -> None:
    """Eight bytes of result: a number, or FFFF at the end and a kind at the start (2 error, 3 empty text)."""
    row, column = struct.unpack_from("<HH", body)
    kind, code, mark = body[6], body[8], body[12:14]
    if mark == b"\xff\xff" and kind == 2:
        found.add(row, column, Faulty(_ERRORS.get(code, "#N/A"), "CEBD-1213"))
    if mark == b"\xff\xff" and kind == 3:
        found.without_result.append((row, column))
    else:
        found.results += 1


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


def _records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """The records of one substream, up to its end."""
    while True:
        kind, length = struct.unpack_from("<HH", stream, position)
        if kind == _EOF:
            return
        yield kind, stream[position + 4 : position + 4 + length]
        position += 4 + length


def _text(body: bytes, offset: int, width: int) -> str:
    """A string with its length in `width` bytes, then a flag for two-byte characters."""
    length = int.from_bytes(body[offset : offset + width], "little")
    start = offset + width + 1
    if body[offset + width] & 1:
        return body[start : start + 2 * length].decode("utf-16-le")
    return body[start : start + length].decode("latin-1")


def _workbook_stream(content: bytes) -> bytes:
    """The stream `Workbook` of the compound file."""
    sector_shift, mini_shift = struct.unpack_from("<HH", content, 30)
    directory_start, cutoff, mini_table = struct.unpack_from("<I4xII", content, 48)
    size = 1 << sector_shift

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    def table_of(numbers: list[int]) -> list[int]:
        return [entry for number in numbers for (entry,) in struct.iter_unpack("<I", sector(number))]

    def chain(start: int, table: list[int]) -> list[int]:
        numbers: list[int] = []
        while start < _FREE and len(numbers) <= len(table):
            numbers.append(start)
            start = table[start]
        return numbers

    places = list(struct.unpack_from("<109I", content, 76))
    (further,) = struct.unpack_from("<I", content, 68)
    while further < _FREE and len(places) < len(content):
        *more, further = (entry for (entry,) in struct.iter_unpack("<I", sector(further)))
        places += more
    table = table_of([number for number in places if number < _FREE])
    directory = b"".join(map(sector, chain(directory_start, table)))
    root_start = 0
    for offset in range(0, len(directory), 128):
        name = directory[offset : offset + max(directory[offset + 64] - 2, 0)].decode("utf-16-le")
        start, length = struct.unpack_from("<II", directory, offset + 116)
        if offset == 0:
            root_start = start
        if name != "Workbook":
            continue
        if length >= cutoff:
            return b"".join(map(sector, chain(start, table)))[:length]
        small = b"".join(map(sector, chain(root_start, table)))
        minis = chain(start, table_of(chain(mini_table, table)))
        return b"".join(small[number << mini_shift : (number + 1) << mini_shift] for number in minis)[:length]
    raise OldWorkbook
