"""The rows of data below the headings, each with its number: without blank rows, repeated headings, a template's example and totals; merged
cells filled in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from cebd.documents.reading.columns import SheetLayout
from cebd.documents.reading.headings import plain, spellings_of
from cebd.documents.reading.rows.data_columns import DataColumns
from cebd.documents.reading.rows.remarks_rows import is_signature, may_be_remarks, tells_how_to_fill
from cebd.documents.reading.rows.skipped import SkippedRows, is_blank
from cebd.documents.workbooks.chunks import Chunk, Row, Rows, as_columns
from cebd.documents.workbooks.own_marks import EXAMPLE, OWN_HEADING
from cebd.documents.workbooks.totals_rows import is_a_total, may_be_of_a_total
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.messages.description import MessageType
from cebd.problems.problem import Place, Problem, problem

Numbered = tuple[int, Row]
_MIN_HEADINGS = 3  # of a row whose cells are mostly known headings


_MANY = 5000  # rows are held by columns, and their records with them
_FEW = 16  # rows that are looked at sooner than made columns of
_NOTES_ROWS = 3  # right under the headings, which may say how to fill the columns in
_CONTINUED = "CEBD-1082"
_MIN_OF_GOODS = 2  # cells of a row that goes on with the declaration above it
_MIN_SAME = 0.7  # of a row's cells name the field of their column: the headings once more, in another language


class DataRows:
    """Tells the rows of data of a sheet from the others; asked of every row in its order.

    A cell merged with those below it in a column of `repeated` holds for each of its rows; in a column of `once` it is an amount that
    counts for the first row, and 0 for the others. In any other column the rows below stay empty. A row of goods right below one of
    data, in which all these columns are blank, goes on with that declaration. `titles` are headings that such sheets may have.
    `is_example` decides whether a row that is marked as a template's example is just that. `other_names`: the plain spellings of each
    column's field.
    """

    def __init__(
        self,
        layout: SheetLayout,
        repeated: frozenset[int],
        once: frozenset[int],
        titles: frozenset[str] = frozenset(),
        is_example: Callable[[int, Row], bool] = lambda _number, _row: True,
        other_names: Mapping[int, frozenset[str]] | None = None,
    ) -> None:
        self._layout = layout
        self._merged = _merged(layout, repeated, once)
        self._repeated, self._once = repeated, once
        self._of_goods = frozenset(layout.columns.values()) - repeated - once
        self._above: Numbered = (0, [])  # the last row of data
        self._first = next(iter(layout.headings))
        self._titles = titles.union(layout.headings.values())
        self._is_example = is_example
        self._other_names = other_names or {}
        self._skipped = SkippedRows(layout, [])
        self._ours: frozenset[int] = frozenset()  # columns of cebd: a row with only these filled has no data

    def chunks(self) -> Iterator[Chunk]:
        """The rows below the headings, not too many at a time."""
        heading_row = self._layout.heading_row
        for chunk in self._layout.sheet.chunks():
            if chunk.first <= heading_row:
                deque(self.among(chunk.part(chunk.first, heading_row)), 0)
            for first in range(max(chunk.first, heading_row + 1), chunk.last + 1, _MANY):
                yield chunk.part(first, first + _MANY - 1)

    def among(self, chunk: Chunk) -> Iterator[Numbered]:
        """The rows of data among these, with their numbers. Raises Unreadable as `is_data` does."""
        return ((number, row) for number, row in enumerate(chunk.rows, chunk.first) if self.is_data(number, row))

    def is_data(self, number: int, row: Row) -> bool:
        """Whether the row has data; then its merged cells are filled in. Raises Unreadable (CEBD-1071) if it has other headings."""
        layout = self._layout
        if number <= layout.heading_row:
            if number == layout.heading_row:
                self._skipped = SkippedRows(layout, row)
                self._ours = frozenset(index for index, cell in enumerate(row) if str(cell).startswith(OWN_HEADING))
            return False
        lead = row[self._first] if self._first < len(row) else ""
        if _is_empty(lead) and _is_blank(row, self._ours):
            return False
        if EXAMPLE in row and self._is_example(number, row):
            return False
        if number in self._merged:
            for index, value in self._merged[number].items():
                row[index] = value
        if self._is_heading(number, row, lead):
            return False
        other = self._other_than_data(number, row, lead)
        if other is not None:
            self._skipped.note_row(other, number)
            return False
        if number == self._above[0] + 1 and self._goes_on(row):
            self._continue(number, row)
        self._skipped.note_columns(row)
        self._above = number, row
        return True

    def _goes_on(self, row: Row) -> bool:
        """Whether the row has goods, and nothing of the head: people leave out what the row above says already."""
        filled = {index for index, cell in enumerate(row) if not is_blank(cell)}
        return filled.isdisjoint(self._repeated | self._once) and len(filled & self._of_goods) >= _MIN_OF_GOODS

    def _continue(self, number: int, row: Row) -> None:
        """Fill in what the row above says of the head; amounts that are added up are that row's."""
        _, above = self._above
        alike = len({index for index in self._of_goods if index < len(above) and not is_blank(above[index])})
        own = sum(1 for index in self._of_goods if index < len(row) and not is_blank(row[index]))
        if 2 * own < alike:
            return  # too little for another of its goods
        row += [""] * (len(above) - len(row))
        for index in self._repeated:
            if index < len(above):
                row[index] = above[index]
        for index in self._once:
            if index < len(row):
                row[index] = 0
        self._skipped.note_row(_CONTINUED, number)

    def _is_heading(self, number: int, row: Row, lead: Any) -> bool:
        """Whether the row has the very headings once more. Raises Unreadable for headings of other columns."""
        if not self._is_title(lead) or self._names_its_columns(row):
            return False
        return _is_heading(row, self._layout, self._titles, number)

    def _is_title(self, cell: Any) -> bool:
        return cell.__class__ is str and cell.strip() in self._titles

    def _other_than_data(self, number: int, row: Row, lead: Any) -> str | None:
        """The notice of a row of totals, of remarks or of headings in other words; None for a row of data."""
        numbers = self._layout.numbers
        if is_a_total(row, numbers):
            return "CEBD-1035"
        begins = number <= self._layout.heading_row + _NOTES_ROWS
        if (
            is_signature(row, numbers)
            or ((begins or self._is_title(lead)) and self._names_its_columns(row))
            or (begins and tells_how_to_fill(row, numbers))
        ):
            return "CEBD-1062"
        return None

    def columns(self, chunk: Chunk) -> DataColumns | None:
        """The rows of data among these, as columns; None where they are to be looked at row by row.

        Only rows that may be none are asked about: all that is said of a row in `is_data` is said here of a whole column.
        """
        if isinstance(chunk, Rows) and len(chunk.rows) < _FEW:
            return None
        if any(chunk.first <= number <= chunk.last for number in self._merged):
            return None
        columns = DataColumns(range(chunk.first, chunk.last + 1), as_columns(chunk).cells)
        without = {*self._without_number(columns)}
        if any(self._goes_on(columns.row(place)) for place in without):
            return None
        asked = sorted({*without, *self._perhaps_others(columns), *self._first_rows(columns)})
        others = {place for place in asked if not self.is_data(columns.numbers[place], columns.row(place))}
        if others:
            columns = columns.where([place not in others for place in range(len(columns))])
        self._skipped.note_filled(columns.cells)
        if len(columns):
            self._above = columns.numbers[-1], columns.row(len(columns) - 1)
        return columns

    def _perhaps_others(self, columns: DataColumns) -> Iterator[int]:
        """Examples and headings."""
        for column in columns.cells:
            if EXAMPLE in column:
                yield from (place for place, cell in enumerate(column) if cell == EXAMPLE)
        for place, cell in enumerate(columns.column(self._first)):
            if cell.__class__ is str and cell.strip() in self._titles:
                yield place

    def _without_number(self, columns: DataColumns) -> Iterable[int]:
        """The rows that may be blank, or of totals: no column has a number that is surely one."""
        places: Sequence[int] = range(len(columns))
        for index in self._layout.numbers:
            column = columns.column(index)
            before = columns.column(index - 1) if index else [None] * len(columns)
            places = [
                place
                for place in places
                if may_be_of_a_total(column[place]) or may_be_remarks(column[place]) or may_be_remarks(before[place])
            ]
        return places

    def _first_rows(self, columns: DataColumns) -> Iterable[int]:
        """The rows right under the headings."""
        last = self._layout.heading_row + _NOTES_ROWS
        return range(min(len(columns), max(0, last + 1 - columns.numbers[0]))) if len(columns) else ()

    def _names_its_columns(self, row: Row) -> bool:
        """Whether the row has the headings once more, in other words: most of its cells name the field of their own column."""
        filled = [index for index, cell in enumerate(row) if not is_blank(cell)]
        texts = self._layout.headings
        if all(index < len(row) and str(row[index]).strip() == text for index, text in texts.items()):
            return False  # the very same
        same = sum(
            1 for index, names in self._other_names.items() if index < len(row) and plain(str(row[index])) in names
        )
        return same >= _MIN_HEADINGS and same >= _MIN_SAME * len(filled)

    def problems(self) -> Iterator[Problem]:
        """The skipped rows and columns so far; the same however often the sheet is read."""
        return self._skipped.problems()


def names_of_columns(layout: SheetLayout, message: MessageType) -> dict[int, frozenset[str]]:
    """The plain spellings of each column's field."""
    return {
        index: frozenset(map(plain, spellings_of(message.field(*key), message)))
        for key, index in layout.columns.items()
    }


@cache
def titles_of(message: MessageType) -> frozenset[str]:
    """The official names, labels and aliases that columns of such records may have."""
    fields = (*message.head_fields, *message.line_fields)
    return frozenset(title for field in fields for title in (field.name, field.zh, field.en, *field.aliases))


def _is_empty(cell: object) -> bool:
    return cell in ("", None) or str(cell).isspace()


def _is_blank(row: Row, ours: frozenset[int]) -> bool:
    return all(is_blank(cell) or index in ours for index, cell in enumerate(row))


def _is_heading(row: Row, layout: SheetLayout, titles: frozenset[str], number: int) -> bool:
    """Whether the row repeats the headings. Raises Unreadable for other headings: the rows below have other columns."""

    def same(index: int, text: str) -> bool:
        return index < len(row) and str(row[index]).strip() == text

    if all(same(index, text) for index, text in layout.headings.items()):
        return True
    understood = set(layout.columns.values())
    if len(understood) >= _MIN_HEADINGS and all(same(index, layout.headings[index]) for index in understood):
        return True  # only columns that are not understood have other names here
    filled = [str(cell).strip() for cell in row if not is_blank(cell)]
    named = sum(1 for text in filled if text in titles)
    if named >= _MIN_HEADINGS and 2 * named > len(filled):
        place = Place(layout.sheet.name, number)
        raise Unreadable(problem("CEBD-1071", place, value=number, first=layout.heading_row))
    return False


def _merged(layout: SheetLayout, repeated: frozenset[int], once: frozenset[int]) -> dict[int, dict[int, object]]:
    """By row number and column, the values of merged cells that begin further up."""
    starts: dict[int, list[tuple[int, int]]] = {}
    for index, top, bottom in layout.sheet.merged_down():
        if top > layout.heading_row and index in repeated | once:
            starts.setdefault(top, []).append((index, bottom))
    filled: dict[int, dict[int, object]] = {}
    for top, row in enumerate(layout.sheet.rows(), 1) if starts else ():
        for index, bottom in starts.get(top, ()):
            value = 0 if index in once else row[index] if index < len(row) else ""
            for number in range(top + 1, bottom + 1):
                filled.setdefault(number, {})[index] = value
    return filled
