"""A workbook of plain tables: headings that stay in sight, filters, amounts as numbers, numbers of documents as text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Literal
from zipfile import ZIP_DEFLATED

from cebd.documents.workbooks.own_marks import sealed
from cebd.documents.workbooks.zips import FastZip
from cebd.receipts.publishing.book.styles import ONE_LINE, Styles, height

if TYPE_CHECKING:
    from cebd.documents.workbooks.writing.sheet import Cells, Sheet

_ROWS_AT_ONCE = 500
_KINDS = {"text": "text", "amount": "#,##0.00###", "count": "0", "words": "own"}
_LONGEST_SHEET = 1_000_000  # Excel takes 1,048,576 rows


ColumnKind = Literal["text", "amount", "count", "words"]


@dataclass(frozen=True, slots=True)
class Column:
    """`heading`: Chinese, a line break, English; in one language that alone. `width` in characters. `words` are wrapped; `text` stays
    text, whatever it looks like.
    """

    heading: str
    width: float
    kind: ColumnKind = "text"
    name: str = ""

    @property
    def key(self) -> str:
        """What scripts call it: its `name`, else the English of the heading."""
        return self.name or self.heading.partition("\n")[2]


Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, one for each column; `colour`: RRGGBB of its background."""

    cells: Sequence[Cell]
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet; of more rows than `longest` as many as it takes, the second called `title 2`.

    `above`: sentences over the headings; `in_sight`: so many columns stay when the sheet is scrolled, and are on each page.
    """

    title: str
    columns: Sequence[Column]
    rows: Iterable[Row]
    above: Sequence[str] = field(default=())
    in_sight: int = 0
    longest: int = _LONGEST_SHEET


def make_workbook(tables: Iterable[Table]) -> bytes:
    """The workbook, sealed as ours. Rows are taken one after the other."""
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    from cebd.documents.workbooks.writing.sheet import Sheet

    book: Any = Workbook(write_only=True)
    styles = Styles()
    for table in tables:
        for part in _sheets(table):
            _write(Sheet(book, part.title), styles, part)
    content = io.BytesIO()
    ExcelWriter(book, FastZip(content, "w", ZIP_DEFLATED, compresslevel=1)).save()
    return sealed(content.getvalue())


def _sheets(table: Table) -> Iterator[Table]:
    """The table, as long as a sheet may be, and further ones with the rows that are left."""
    left = iter(table.rows)
    number, first = 1, list(islice(left, 1))
    while first or number == 1:
        title = table.title if number == 1 else f"{table.title} {number}"
        yield replace(table, title=title, rows=chain(first, islice(left, table.longest - len(first))))
        number, first = number + 1, list(islice(left, 1))


def _write(sheet: Sheet, styles: Styles, table: Table) -> None:
    for index, column in enumerate(table.columns):
        sheet.set_column(index, column.width)
    heading = len(table.above) + 1
    sheet.freeze_under(heading, table.in_sight)
    sheet.print_across(heading, table.in_sight, is_narrow=not table.in_sight)
    for number, sentence in enumerate(table.above, 1):
        sheet.write(number, [([sentence], [styles.id_of(sheet.out, "text")])], [ONE_LINE])
    style = styles.id_of(sheet.out, "own heading")
    tall = height([(column.heading, column.width * 0.85) for column in table.columns])  # in bold type
    sheet.write(heading, [([column.heading], [style]) for column in table.columns], [tall])
    last = heading
    for rows in _some(table.rows):
        columns: list[Cells] = []
        for index, column in enumerate(table.columns):
            kind = _KINDS[column.kind]
            values = [_shown(row.cells[index]) for row in rows]
            columns.append((values, [styles.id_of(sheet.out, kind, row.colour) for row in rows]))
        sheet.write(last + 1, columns, [_height(table.columns, row) for row in rows])
        last += len(rows)
    sheet.filter(heading, len(table.columns), last)


def _some(rows: Iterable[Row]) -> Iterator[list[Row]]:
    them = iter(rows)
    while some := list(islice(them, _ROWS_AT_ONCE)):
        yield some


def _shown(cell: Cell) -> Any:  # as column_as_xml takes it
    return float(cell) if isinstance(cell, Decimal) else cell


def _height(columns: Sequence[Column], row: Row) -> float:
    wrapped = [
        (str(cell), column.width)
        for cell, column in zip(row.cells, columns, strict=True)
        if column.kind == "words" and cell
    ]
    return height(wrapped) if wrapped else ONE_LINE
