"""A worksheet's XML, cut between rows into pieces that fit into memory, each inspected before a reader lays it out as a table.

The fast reader makes a table from the first filled cell to the last: one stray cell at XFD1048576 would ask for 400 GB. So nothing is
handed to it unless every filled cell is known to lie within the piece's rows and left of column ZZ. That is asked of the bytes; they
are read as programs write them (`<c r="B7" ...>`), and whatever is written otherwise is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from cebd.cell_names import column_letters
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.workbooks.xlsx.archive import MIB, damaged

PIECE_BYTES = 2 * MIB
MAX_COLUMNS = 702  # column ZZ. The widest declaration has about 100 fields, the widest export seen about 300 columns.
MAX_ROWS = 1_048_576  # rows of a sheet
MAX_CELLS = 2_000_000  # of one table; 40 bytes each until they are rows, filled or not
_PIECE_ROWS = MAX_CELLS // MAX_COLUMNS
_MAX_FRAME_BYTES = 8 * MIB  # what stands before and after the rows: widths, views, merged cells, validations
_WIDTHS = ((MAX_COLUMNS, "[A-Z]{1,2}"), (234, "[A-H]?[A-Z]"), (52, "A?[A-Z]"), (26, "[A-Z]"))
_SHEET_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData\s*(/?)>")
_ENCODING = re.compile(rb"""\A\s*<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
_NUMBER = re.compile(rb"""\sr\s*=\s*["'](\d{1,9})["']""")
# No height is nothing to be seen, either.
_HIDDEN = re.compile(rb"""\s(?:hidden\s*=\s*["'](?:1|true)|ht\s*=\s*["']0(?:\.0*)?)["']""")
_MAY_HIDE = re.compile(rb"""h(?:idden|t\s*=\s*["']0)""")  # faster than `in`: the rows of most sheets have no h
_ADDRESS = re.compile(rb"""\sr\s*=\s*["']([A-Z]+)(\d+)["']""")


@dataclass(frozen=True)
class Frame:
    """What stands around the rows; `prefix` is that of the elements (`x:`), mostly none."""

    prefix: bytes
    before: bytes
    after: bytes = b""

    def around(self, rows: bytes, first: int = 1) -> bytes:
        """A worksheet of these rows, the first of which has that number."""
        marker = b'<%brow r="%d"/>' % (self.prefix, first - 1) if first > 1 else b""
        ends = b"</%bsheetData></%bworksheet>" % (self.prefix, self.prefix)
        return b"".join((self.before, marker, rows, ends))

    def whole(self, rows: bytes) -> bytes:
        """A worksheet of these rows with all that stands around them."""
        return b"".join((self.before, rows, b"</%bsheetData>" % self.prefix, self.after))


@dataclass(frozen=True)
class Piece:
    """Some rows of a sheet: numbers of the first and the last, and of those that are hidden."""

    rows: bytes
    first: int
    last: int
    count: int
    hidden: tuple[int, ...] = ()


def cut(blocks: Iterable[bytes], size: int = PIECE_BYTES) -> Iterator[Frame | bytes]:
    """The frame with what stands before the rows, then the rows by pieces, then the frame whole. Raises Unreadable."""
    stream = iter(blocks)
    data = b""
    while (match := _SHEET_DATA.search(data)) is None:
        block = next(stream, None)
        if block is None:
            raise damaged("工作表没有内容", "a sheet has no data part")
        data += block
        if len(data) > _MAX_FRAME_BYTES:
            raise _frame_too_large()
    prefix, before = match[1], data[: match.end()]
    if b"<!DOCTYPE" in before or b"<!ENTITY" in before or _ENCODING.search(before):
        raise refused("CEBD-1025", "工作表中的文档类型声明或编码", "a document type or an odd encoding in a sheet")
    if match[2]:
        before = before[: match.start()] + b"<%bsheetData>" % prefix
    yield Frame(prefix, before)
    data = data[match.end() :]
    if not match[2]:
        data = yield from _cut_rows(data, stream, prefix, size)
    rest = [data]
    length = len(data)
    for block in stream:
        rest.append(block)
        length += len(block)
        if length > _MAX_FRAME_BYTES:
            raise _frame_too_large()
    yield Frame(prefix, before, b"".join(rest))


def _cut_rows(data: bytes, stream: Iterator[bytes], prefix: bytes, size: int) -> Any:
    """Yields pieces of at most about `size`; returns what follows the rows."""
    start, end = b"<%brow" % prefix, b"</%bsheetData" % prefix
    parts, length, more = [data], len(data), True
    while True:
        while more and length < size:
            block = next(stream, b"")
            more = bool(block)
            parts.append(block)
            length += len(block)
        data = b"".join(parts)
        at = data.find(end)
        if at >= 0:
            if at:
                yield data[:at]
            return data[data.find(b">", at) + 1 :]
        if not more:
            raise damaged("工作表没有结尾", "a sheet breaks off")
        at = data.rfind(start)
        if at <= 0:
            raise refused("CEBD-1022", "有一行过长", f"one row takes more than {size >> 20} MiB")
        yield data[:at]
        parts, length = [data[at:]], len(data) - at


def may_hide(rows: bytes) -> bool:
    """Whether some of these rows may be hidden, or without any height."""
    return _MAY_HIDE.search(rows) is not None


_PLAIN_ROW = re.compile(rb'<row r="(\d{1,9})"')


def inspect(rows: bytes, prefix: bytes, before: int) -> Piece:
    """The piece of these rows; `before` is the number of the row above them. Raises Unreadable."""
    hides = may_hide(rows)
    if not prefix and not hides:
        numbers = list(map(int, _PLAIN_ROW.findall(rows)))
        if len(numbers) == rows.count(b"<row") and before < max(numbers, default=0) <= MAX_ROWS >= len(numbers):
            return Piece(rows, min(numbers), max(numbers), len(numbers))  # every row says its number, as programs do
    tag = re.compile(
        rb"<%brow(?=[\s/>])([^>]*)" % prefix if hides else rb'<%brow(?: r="(\d{1,9})"|(?=[\s/>])([^>]*))' % prefix
    )
    number, first, last, count = before, MAX_ROWS, before, 0
    hidden = []
    for match in tag.finditer(rows):
        count += 1
        stated = match[1]
        if hides or stated is None:
            attributes = match[1] if hides else match[2]
            its_number = _NUMBER.search(attributes)
            stated = its_number[1] if its_number else None
        number = int(stated) if stated else number + 1
        last = max(last, number)
        first = min(first, number)
        if hides and _HIDDEN.search(attributes):
            hidden.append(number)
    if last > MAX_ROWS or count > MAX_ROWS:
        raise damaged("行数超过 Excel 的上限", "more rows than a sheet can have")
    return Piece(rows, first if count else before + 1, last, count, tuple(hidden))


def parted(piece: Piece, prefix: bytes) -> Iterator[Piece]:
    """The piece in pieces of few enough rows to be laid out whatever their width."""
    if piece.last - piece.first < _PIECE_ROWS:
        yield piece
        return
    starts = [match.start() for match in re.finditer(rb"<%brow(?=[\s/>])" % prefix, piece.rows)]
    before, begin = piece.first - 1, 0
    while begin < len(starts):
        # Half of what is left until few enough: rows need not be numbered one by one.
        take = min(len(starts) - begin, _PIECE_ROWS)
        while True:
            stop = starts[begin + take] if begin + take < len(starts) else len(piece.rows)
            part = inspect(piece.rows[starts[begin] : stop], prefix, before)
            if part.last - part.first < _PIECE_ROWS or take == 1:
                break
            take = max(1, take // 2)
        yield part
        before, begin = part.last, begin + take


def halved(piece: Piece, prefix: bytes) -> Iterator[Piece]:
    """The first half of its rows and the second, of two rows or more."""
    starts = [match.start() for match in re.finditer(rb"<%brow(?=[\s/>])" % prefix, piece.rows)]
    middle = starts[len(starts) // 2]
    first = inspect(piece.rows[:middle], prefix, piece.first - 1)
    yield first
    yield inspect(piece.rows[middle:], prefix, first.last)


def fits(piece: Piece, prefix: bytes) -> bool:
    """Whether the piece can be laid out as one table.

    Raises Unreadable when it cannot because of filled cells beyond the widest column or outside its rows.
    """
    span = piece.last - piece.first + 1
    letters = next((letters for width, letters in _WIDTHS if span * width <= MAX_CELLS), None)
    if letters is None:
        return False
    _refuse_second_addresses(piece.rows)
    if _other_cells(piece.rows, prefix):
        return _laid_out(piece, prefix)
    odd = _odd_cell(prefix, letters, piece.first, piece.last).search(piece.rows)
    if odd is None:
        return True
    address = _ADDRESS.search(odd[0])
    if address is not None and address[0].startswith(b' r="'):
        _refuse_far(address[1].decode(), int(address[2]), piece)
        return False
    return _laid_out(piece, prefix)


def is_one_table(rows: int, columns: int) -> bool:
    """Whether `fits` lets so many rows, of cells no further right than so many columns, be laid out as one table."""
    return any(columns <= width and rows * width <= MAX_CELLS for width, _ in _WIDTHS)


def _other_cells(rows: bytes, prefix: bytes) -> bool:
    """Whether there are cells with another prefix: the fast reader takes them for cells all the same."""
    if not prefix:
        return b":" in rows and b":c" in rows and _PREFIXED.search(rows) is not None
    return _CELLS.search(rows.replace(b"<%bc" % prefix, b"")) is not None


_PREFIXED = re.compile(rb"<[\w.-]+:c[\s/>]")
_CELLS = re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")


def _odd_cell(prefix: bytes, letters: str, first: int, last: int) -> re.Pattern[bytes]:
    """A filled cell that is not written the plain way, or lies further out than these letters and rows (to the thousand)."""
    plain = f' r="{letters}(?:{_thousands(first // 1000, last // 1000)})"'
    value = r"""(?:[^>"']|"[^"]*"|'[^']*')*(?<!/)>"""
    return re.compile(rb"<%bc" % prefix + f"(?!{plain}|olor|harset|ondense){value}".encode())


def _thousands(first: int, last: int) -> str:
    """Numbers whose thousands lie in this range."""
    groups: dict[str, list[str]] = {}
    for number in range(max(first, 1), last + 1):
        groups.setdefault(str(number)[:-1], []).append(str(number)[-1])
    within = [f"{tens}[{''.join(ones)}]" for tens, ones in groups.items()]
    alternatives = [rf"(?:{'|'.join(within)})\d{{3}}"] if within else []
    if not first:
        alternatives.append(r"\d{1,3}")
    return "|".join(alternatives)


_ANY_ADDRESS = re.compile(rb"""[\s"']r\s*=""")
_SPACED = re.compile(rb"r\s+=")
_TAG = re.compile(rb"""<(?:[\w.-]+:)?c((?:\s(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+))""")


def _refuse_second_addresses(rows: bytes) -> None:
    """Of two addresses in one cell the fast reader takes the last, which is nowhere looked at. Raises Unreadable."""
    plain = rows.count(b'<c r="') + rows.count(b'<row r="')
    tags = rows.count(b"<c") + rows.count(b"<row")
    if plain == tags == rows.count(b"r=") and b":c" not in rows and not _SPACED.search(rows):
        return  # each tag begins with its address, and there are no others
    if any(len(_ANY_ADDRESS.findall(tag)) > 1 for tag in _TAG.findall(rows)):
        raise damaged("一个单元格有两个地址", "a cell has two addresses")


def _refuse_far(letters: str, number: int, piece: Piece) -> None:
    if index_of(letters) > MAX_COLUMNS or number > MAX_ROWS:
        raise too_wide(f"{letters}{number}")
    if not piece.first <= number <= piece.last:
        raise damaged(f"单元格 {letters}{number} 不在其所在的行", f"the cell {letters}{number} stands in another row")


def _laid_out(piece: Piece, prefix: bytes) -> bool:
    """Parse the rows as XML: how far out filled cells lie, whatever way they are written."""
    frame = b'<%bworksheet xmlns%b="s"><%bsheetData>'
    name = b":" + prefix[:-1] if prefix else b""
    content = Frame(prefix, frame % (prefix, name, prefix)).around(piece.rows, piece.first)
    number, column, width = 0, 0, 0
    parser: Any = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, recover=True, huge_tree=True
    )
    try:
        for begin in range(0, len(content), MIB):
            parser.feed(content[begin : begin + MIB])
            for event, element in parser.read_events():
                kind = element.tag.rpartition("}")[2].rpartition(":")[2]
                if event == "start" and kind == "row":
                    stated = element.get("r", "")
                    number, column = (int(stated) if stated.isdigit() else number + 1), 0
                elif event == "end" and kind == "c":
                    stated = _CELL.match(element.get("r") or "")
                    column = index_of(stated[1].upper()) if stated else column + 1
                    at = int(stated[2]) if stated else number
                    if len(element):
                        width = max(width, column)
                        if column > MAX_COLUMNS or at > MAX_ROWS:
                            raise too_wide(f"{column_letters(column - 1)}{at}")
                        if not piece.first <= at <= piece.last:
                            raise damaged("单元格的行号不对", f"a cell of row {at} stands in another row")
                    element.clear()
                elif event == "end" and kind == "row":
                    element.clear()
                    while element.getprevious() is not None:
                        del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise damaged(str(error)) from None
    return (piece.last - piece.first + 1) * width <= MAX_CELLS


_CELL = re.compile(r"([A-Za-z]+)(\d+)\Z")


def too_wide(far: str) -> Unreadable:
    """Filled cells lie too far out, up to that one."""
    return refused("CEBD-1022", f"数据范围一直到 {far}", f"cells are filled as far out as {far}", far)


def index_of(letters: str) -> int:
    """A -> 1, Z -> 26, AA -> 27."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index


def _frame_too_large() -> Unreadable:
    return refused("CEBD-1022", "工作表的格式信息过多", "a sheet has more formatting than any needs")
