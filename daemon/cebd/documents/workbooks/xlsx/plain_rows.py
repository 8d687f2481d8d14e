"""Pieces of a sheet that are nothing but plain rows, taken apart in one pass: columns, and rows made of them.

A piece is taken when the pattern of the sheet's rows (`row_pattern.py`) leaves nothing over: then each row says its number, each cell
stands in its row and in its column, once, and nothing else is there. What a cell means is said here where it can be said of a whole column
at once; of other cells the careful path is asked, of each that differs once. Where that is not enough the piece is not taken, and the
caller lays it out the careful way (docs/decisions/column-wise.md).

| cell | as it is written | value |
| --- | --- | --- |
| text of its own | `t="inlineStr"><is><t>…`, `t="str"><v>…` | the text; in `<t>` without `xml:space` the blanks around it are left out |
| shared text | `t="s"><v>12` | that text, when it is of one part |
| number | `><v>12.5` | float |
| number with a format | `s="7"><v>45000` | the careful path is asked: a date, a number with zeros in front |
| text with an escape | `_x000D_` | the careful path is asked |
| truth | `t="b"><v>1` | bool |
| blank | `s="3"/>` | "" |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from lxml import etree

from cebd.documents.workbooks.chunks import Columns, Row
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.workbooks.xlsx.pieces import MAX_ROWS, Frame
from cebd.documents.workbooks.xlsx.plain_texts import BLANKS, PlainTexts, decoded, unescape
from cebd.documents.workbooks.xlsx.row_pattern import Kind, NotPlain, RowPattern
from cebd.documents.workbooks.xlsx.shared_strings import SharedTexts

_Value = TypeVar("_Value")
Careful = Callable[[bytes], list[Row]]

_MAX_REFUSED = 4  # pieces in a row that were not plain: no further one is tried
_MAX_KEPT_VALUES = 20_000
_SAMPLE, _MAX_DIFFERENT = 64, 32
_LONGER = len(b' t="inlineStr">') - len(b' t="s"><v></v>')  # is a cell with its text, beside the text and its number
_FRAME_TEST = b'<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1"><v>1</v></c></row>'


@dataclass(frozen=True)
class PlainColumns(Columns):
    """A piece as columns, blank rows at either end left out. `numbers` are those of all its rows; `filled_bytes` is how long the piece is
    with shared texts in their cells."""

    numbers: range
    filled_bytes: int


class _TooLong(NotPlain):
    """With its texts in their cells."""


class PlainRows:
    """Takes apart the pieces of one sheet.

    `careful` lays out rows the careful way, from row 1 on; it may raise Unreadable. No columns are made of what is longer than
    `most_filled_bytes` once its texts are in their cells.
    """

    def __init__(self, frame: Frame, texts: SharedTexts, careful: Careful, most_filled_bytes: int) -> None:
        self._texts = PlainTexts(texts, self._asked)
        self._careful = careful
        self._most_filled_bytes = most_filled_bytes
        self._pattern = RowPattern(frame.before, self._are_plain)
        self._values: dict[bytes, Any] = {}
        self._fill = 1.0  # how many times as long a piece became, lately, with its texts in its cells
        self._refused = 0 if not frame.prefix and self._frame_holds() else _MAX_REFUSED

    def parts(self, rows: bytes) -> Iterator[PlainColumns | bytes]:
        """A piece as columns, or as it is when it is not plain rows alone; in halves where its texts make it too long."""
        if self._refused >= _MAX_REFUSED:
            yield rows
            return
        try:
            if self._fill > 1 and len(rows) * self._fill > self._most_filled_bytes:
                raise _TooLong
            columns = self._columns(rows)
            self._refused, self._fill = 0, columns.filled_bytes / len(rows)
            yield columns
            return
        except _TooLong:
            middle = rows.find(b"<row", len(rows) // 2)
            if middle > 0:
                yield from self.parts(rows[:middle])
                yield from self.parts(rows[middle:])
                return
            self._refused += 1
        except NotPlain:
            self._refused += 1
        yield rows

    def _columns(self, rows: bytes) -> PlainColumns:
        parts = self._pattern.split(rows)
        stride = self._pattern.stride
        stated = list(map(int, parts[1::stride]))
        if not stated or stated[-1] > MAX_ROWS:
            raise NotPlain
        numbers = range(stated[0], stated[0] + len(stated))
        if stated != list(numbers):
            raise NotPlain
        begin, end = 0, len(numbers)
        while begin < end and not _is_filled(parts, begin, stride):
            begin += 1
        while begin < end and not _is_filled(parts, end - 1, stride):
            end -= 1
        if begin == end:
            return PlainColumns(numbers[-1] + 1, [], numbers, len(rows))
        filled_bytes = len(rows)
        cells: list[list[Any]] = []
        for place, (index, kind) in enumerate(self._pattern.groups, 2):
            written = parts[place + begin * stride : end * stride : stride]
            filled = [cell for cell in written if cell is not None] if None in written else written
            if not filled:
                continue
            if kind is Kind.SHARED:
                values, added_bytes = self._shared_column(filled, self._most_filled_bytes - filled_bytes)
                filled_bytes += added_bytes
            else:
                values = self._values_of(kind, filled)
            if len(filled) < len(written):
                following = iter(values)
                values = ["" if cell is None else next(following) for cell in written]
            cells += [[] for _ in range(index + 1 - len(cells))]
            if cells[index]:  # some cells of the column are written otherwise
                both = zip(written, values, cells[index], strict=True)
                values = [other if cell is None else value for cell, value, other in both]
            cells[index] = values
        blank = [""] * (end - begin)
        return PlainColumns(numbers[begin], [column or blank for column in cells], numbers, filled_bytes)

    def _values_of(self, kind: Kind, written: list[bytes]) -> list[Any]:
        """The values of cells of that kind. Raises NotPlain."""
        match kind:
            case Kind.NUMBER:
                return list(map(float, written))
            case Kind.TRUTH:
                return [cell == b"1" for cell in written]
            case Kind.FORMATTED:
                return _each_once(written, self._formatted)
            case _:
                return _each_once(written, lambda different: self._own_texts(kind, different))

    def _own_texts(self, kind: Kind, written: list[bytes]) -> list[str]:
        texts, may_be_escaped, has_blanks = decoded(written)
        if has_blanks and kind is Kind.TEXT:
            texts = [text.strip(BLANKS) for text in texts]
        if may_be_escaped:
            unescape(texts, lambda at: kind.value % written[at], self._asked)
        return texts

    def _formatted(self, written: list[bytes]) -> list[Any]:
        new = [cell for cell in written if cell not in self._values]
        if len(self._values) + len(new) > _MAX_KEPT_VALUES:
            self._values.clear()
            new = list(set(written))
        if new:
            self._values.update(zip(new, self._asked(new), strict=True))
        return [self._values[cell] for cell in written]

    def _shared_column(self, written: list[bytes], most: int) -> tuple[list[str], int]:
        """The texts of these numbers, and how much longer the piece becomes with them in it (`SharedTexts.put_in`).

        Raises _TooLong for more than `most`, NotPlain.
        """
        repeats = _seem_to_repeat(written)
        different = list(set(written)) if repeats else written
        numbers = list(map(int, different))
        lengths = self._texts.lengths(numbers)
        length = sum(_for_each(written, different, lengths) if repeats else lengths)
        added_bytes = length + _LONGER * len(written) - len(b"".join(written))
        if added_bytes > most:
            raise _TooLong
        texts = self._texts.texts(numbers)
        return _for_each(written, different, texts) if repeats else texts, added_bytes

    def _asked(self, cells: Sequence[bytes]) -> list[Any]:
        """What the careful path says of these cells, each given as it is written after its address. Raises NotPlain."""
        rows = [b'<row r="%d"><c r="A%d"%b</row>' % (number, number, cell) for number, cell in enumerate(cells, 1)]
        try:
            values = self._careful(b"".join(rows))
        except (Unreadable, etree.XMLSyntaxError, ValueError):
            raise NotPlain from None
        if len(values) != len(cells) or any(len(row) != 1 for row in values):
            raise NotPlain
        return [row[0] for row in values]

    def _are_plain(self, styles: list[bytes]) -> list[bool]:
        asked = self._asked([(b' s="%b"' % style if style else b"") + b"><v>1</v></c>" for style in styles])
        return [type(value) is float for value in asked]

    def _frame_holds(self) -> bool:
        """Whether rows in this frame are read as they are: not in a comment, say, that begins before them."""
        try:
            return self._careful(_FRAME_TEST) == [["a", 1.0]]
        except (Unreadable, etree.XMLSyntaxError):
            return False


def _is_filled(parts: list[Any], row: int, stride: int) -> bool:
    return any(cell is not None for cell in parts[row * stride + 2 : (row + 1) * stride])


def _each_once(written: list[bytes], values_of: Callable[[list[bytes]], list[Any]]) -> list[Any]:
    """The values of the cells; where they seem to repeat, each that differs is asked for once."""
    if not _seem_to_repeat(written):
        return values_of(written)
    different = list(set(written))
    return _for_each(written, different, values_of(different))


def _seem_to_repeat(written: Sequence[bytes]) -> bool:
    return len(written) > _SAMPLE and len(set(written[:_SAMPLE])) <= _MAX_DIFFERENT


def _for_each(written: Sequence[bytes], different: Sequence[bytes], values: Sequence[_Value]) -> list[_Value]:
    """The value of each cell, `values` being those of the cells that differ."""
    if len(different) == 1:
        return [values[0]] * len(written)
    return list(map(dict(zip(different, values, strict=True)).__getitem__, written))
