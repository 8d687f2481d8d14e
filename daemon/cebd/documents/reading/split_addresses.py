"""Addresses that a platform exports in pieces (`省`, `市`, `区`, `街道`, `详细地址`): the row's cells are put together before it is read.

| 省 | 市 | 区 | address | is read as |
| --- | --- | --- | --- | --- |
| 浙江省 | 杭州市 | 西湖区 | 文三路1号 | 浙江省杭州市西湖区文三路1号 |
| 浙江省 | 杭州市 | 西湖区 | 西湖区文三路1号 | the same: what the address begins with is not said twice |
| 浙江省 | 杭州市 | 西湖区 | 浙江省杭州市西湖区文三路1号 | the same |
| 北京 | 北京市 | 东城区 | 北京路1号 | 北京市东城区北京路1号 |

Without a column of provinces nothing is put together. An empty address stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cebd.cell_names import column_letters
from cebd.documents.reading.columns import UNKNOWN_COLUMN, Layout, SheetLayout
from cebd.documents.reading.headings import plain
from cebd.documents.workbooks.chunks import Chunk, Columns, Row, Rows
from cebd.documents.workbooks.sheet import Sheet, Source
from cebd.messages.description import Part
from cebd.problems.problem import Place, problem

JOINED = "CEBD-1081"
_ADDRESS: tuple[Part, str] = ("head", "consigneeAddress")
_WHOSE = re.compile(r"\A(?:收货|收件)?人?(?:收货|收件)?(?:地址)?的?")
_PIECES: tuple[frozenset[str], ...] = (
    frozenset(
        ("省", "省份", "省/直辖市", "省(直辖市)", "省市区", "省/市/区", "省市", "所在地区", "所在省", "所在省份")
    ),
    frozenset(("市", "城市", "地市", "地级市")),
    frozenset(("区", "区县", "县区", "区/县", "县/区", "区(县)", "县", "市区", "市/区")),
    frozenset(("街道", "乡镇", "镇", "街道/乡镇", "街道(乡镇)", "乡镇/街道", "镇/街道", "街道办")),
)
_PROVINCE = re.compile(r"(?:省|市|自治区|特别行政区|壮族自治区|回族自治区|维吾尔自治区)\Z")
_BETWEEN = re.compile(r"[\s\-/,，、|]+")
_NO_NAMES = frozenset(("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"))  # of the levels, not of places
_BEGINNING = 16  # characters of an address, in which its city stands


def with_whole_addresses(layout: Layout) -> Layout:
    """The layout with its addresses put together, and a notice of it; the same where no address is in pieces."""
    head = layout.head
    at = head.columns.get(_ADDRESS)
    pieces = [] if at is None else _pieces(layout)
    if at is None or not pieces:
        return layout
    field = layout.type.field(*_ADDRESS)
    sheet = replace(head.sheet, source=_Joined(head.sheet.source, head.heading_row, at, tuple(pieces)))
    of_pieces = {_heading(head, index) for index in pieces}
    others = [one for one in layout.problems if one.id != UNKNOWN_COLUMN or one.place not in of_pieces]
    notice = problem(
        JOINED,
        _heading(head, at),
        field=field,
        value="、".join(head.headings[index] for index in (*pieces, at)),
        example=_example(sheet, head.heading_row, at),
    )
    return replace(layout, head=replace(head, sheet=sheet), problems=[*others, notice])


def whole_address(pieces: Sequence[str], address: str) -> str:
    """The address with the pieces that it does not begin with; `pieces` from the province on, empty ones among them."""
    names = [name for piece in pieces for name in _BETWEEN.split(piece) if name and name not in _NO_NAMES]
    said = list(dict.fromkeys(names))
    if len(said) > 1 and _PROVINCE.sub("", said[0]) == _PROVINCE.sub("", said[1]):
        said = said[1:]  # 北京, 北京市
    if not said or _is_whole(said, address):
        return address
    begun = next((nth for nth, piece in enumerate(said) if address.startswith(piece)), len(said))
    return "".join(said[:begun]) + address


def _is_whole(said: Sequence[str], address: str) -> bool:
    """Whether the address begins with the province, perhaps in short (浙江杭州...)."""
    if address.startswith(said[0]):
        return True
    short = _PROVINCE.sub("", said[0])
    beginning = address[len(short) : _BEGINNING]
    return address.startswith(short) and any(_PROVINCE.sub("", piece) in beginning for piece in said[1:])


def _pieces(layout: Layout) -> list[int]:
    """The columns of the pieces; none is anything else. One that a mapping leaves out is there all the same."""
    head, taken = layout.head, set(layout.head.columns.values())
    return pieces_among({index: text for index, text in head.headings.items() if index not in taken})


def pieces_among(headings: Mapping[int, str]) -> list[int]:
    """The columns whose headings are those of the pieces, from the province on; none without a province, or with two of a kind."""
    of_level: dict[int, int] = {}
    for index, text in headings.items():
        name = _WHOSE.sub("", plain(text))
        level = next((nth for nth, names in enumerate(_PIECES) if name in names), None)
        if level is not None:
            if level in of_level:
                return []  # two provinces: whose they are is not known
            of_level[level] = index
    return [of_level[level] for level in sorted(of_level)] if 0 in of_level else []


def _heading(layout: SheetLayout, index: int) -> Place:
    row = layout.heading_row
    return Place(layout.sheet.name, row, f"{column_letters(index)}{row}")


def _example(sheet: Sheet, heading_row: int, at: int) -> str:
    below = (row[at] for row in sheet.top[heading_row:] if at < len(row))
    return next((cell for cell in below if cell.__class__ is str and cell.strip()), "")


@dataclass(frozen=True)
class _Joined:
    """Rows in whose address the pieces stand, too."""

    source: Source
    heading_row: int
    at: int
    pieces: tuple[int, ...]

    @property
    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return self.source.merged

    def rows(self) -> Iterator[Row]:
        for number, row in enumerate(self.source.rows(), 1):
            yield self._row(row) if number > self.heading_row else row

    def chunks(self) -> Iterator[Chunk]:
        for chunk in self.source.chunks():
            if chunk.last <= self.heading_row:
                yield chunk
            elif isinstance(chunk, Columns):
                yield self._columns(chunk)
            else:
                above = max(0, self.heading_row + 1 - chunk.first)
                yield Rows(chunk.first, [*chunk.rows[:above], *map(self._row, chunk.rows[above:])])

    def _row(self, row: Row) -> Row:
        if self.at >= len(row):
            return row
        return [*row[: self.at], self._address(row), *row[self.at + 1 :]]

    def _columns(self, chunk: Columns) -> Columns:
        if self.at >= len(chunk.cells):
            return chunk
        above = max(0, self.heading_row + 1 - chunk.first)
        own = [index for index in (*self.pieces, self.at) if index < len(chunk.cells)]
        width = max(own) + 1
        whole = [*chunk.cells[self.at][:above]]
        for cells in zip(*(chunk.cells[index][above:] for index in own), strict=True):
            row: Row = [""] * width
            for index, cell in zip(own, cells, strict=True):
                row[index] = cell
            whole.append(self._address(row))
        return Columns(chunk.first, [*chunk.cells[: self.at], whole, *chunk.cells[self.at + 1 :]])

    def _address(self, row: Row) -> Any:
        """What the row's address is read as: a text with its pieces; any other cell as it is."""
        address = row[self.at]
        if address.__class__ is not str or not address.strip():
            return address
        texts = [row[index] if index < len(row) else "" for index in self.pieces]
        return whole_address([text.strip() if text.__class__ is str else "" for text in texts], address.strip())
