"""The rows of data below the headings, each with its number: without blank rows, repeated headings, a template's example and totals; merged
cells filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from cebd.documents.reading.columns import SheetLayout
from cebd.documents.reading.rows.skipped import SkippedRows, is_blank
from cebd.documents.workbooks.own_marks import EXAMPLE, OWN_HEADING
from cebd.documents.workbooks.sheets import Row
from cebd.documents.workbooks.totals_rows import is_a_total
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.messages.description import MessageType
from cebd.problems.problem import Place, Problem, problem

Numbered = tuple[int, Row]
_MIN_HEADINGS = 3  # of a row whose cells are mostly known headings


def data_rows(
    layout: SheetLayout,
    repeated: frozenset[int],
    once: frozenset[int],
    problems: list[Problem] | None = None,
    titles: frozenset[str] = frozenset(),
    is_data: Callable[[int, Row], bool] = lambda _number, _row: False,
) -> Iterator[Numbered]:
    """Rows with their 1-based numbers. Skipped rows and columns are added to `problems` once, even if the sheet is read again.

    A cell merged with those below it in a column of `repeated` holds for each of its rows; in a column of `once` it is an amount that
    counts for the first row, and 0 for the others. In any other column the rows below stay empty. `titles` are headings that such sheets
    may have. `is_data` decides whether a row that is marked as a template's example is data.

    Raises Unreadable (CEBD-1071) if other headings stand among the rows.
    """
    merged = _merged(layout, repeated, once)
    first = next(iter(layout.headings))
    titles = titles.union(layout.headings.values())
    skipped = SkippedRows(layout, [])
    ours: frozenset[int] = frozenset()  # columns of cebd: a row with only these filled has no data
    for number, row in enumerate(layout.sheet.rows(), 1):
        if number <= layout.heading_row:
            if number == layout.heading_row:
                skipped = SkippedRows(layout, row)
                ours = frozenset(index for index, cell in enumerate(row) if str(cell).startswith(OWN_HEADING))
            continue
        lead = row[first] if first < len(row) else ""
        if (lead in ("", None) or str(lead).isspace()) and _is_blank(row, ours):
            continue
        if EXAMPLE in row and not is_data(number, row):
            continue
        if number in merged:
            for index, value in merged[number].items():
                row[index] = value
        if lead.__class__ is str and lead.strip() in titles and _is_heading(row, layout, titles, number):
            continue
        if is_a_total(row, layout.numbers):
            skipped.note_row("CEBD-1035", number)
            continue
        skipped.note_columns(row)
        yield number, row
    if problems is not None:
        problems += [found for found in skipped.problems() if found not in problems]


@cache
def titles_of(message: MessageType) -> frozenset[str]:
    """The official names, labels and aliases that columns of such records may have."""
    fields = (*message.head_fields, *message.line_fields)
    return frozenset(title for field in fields for title in (field.name, field.zh, field.en, *field.aliases))


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
