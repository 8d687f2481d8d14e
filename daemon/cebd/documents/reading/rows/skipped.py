"""The skipped parts of a sheet with declarations: rows above the headings, rows of totals, examples, columns without a heading.

Each gets a notice, except a title above the headings: one cell, or a few in a wide sheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cebd.cell_names import column_letters
from cebd.documents.reading.cells.values import fitting, text_of
from cebd.documents.reading.columns import Layout, SheetLayout
from cebd.documents.reading.grouped_headings import heading_cells, is_under_its_groups
from cebd.documents.workbooks.chunks import Row
from cebd.messages.description import Field, MessageType
from cebd.problems.problem import Place, Problem, problem

_MAX_ROWS_NAMED = 8  # rows, or groups of them, that a sentence names
_A_NUMBER = re.compile(
    r"(?=.*\d)[!-~]{4,}\Z"
)  # the form of a declaration's number: digits among letters and signs, in a single word


def is_blank(cell: object) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


# Rows above the headings


def above_the_headings(layout: Layout) -> Iterator[Problem]:
    """Notices of rows above the headings that may hold data."""
    for sheet in (layout.head, *(() if layout.lines is None else (layout.lines,))):
        alike: list[int] = []
        several: list[int] = []
        headings = sheet.heading_row - 1
        if is_under_its_groups(heading_cells(sheet.sheet)[headings], sheet.sheet.top[headings]):
            headings -= 1  # the row above names the groups of the headings
        for number, row in enumerate(sheet.sheet.top[:headings], 1):
            filled = {index: cell for index, cell in enumerate(row) if not is_blank(cell)}
            if _could_be_data(filled, sheet, layout.type):
                alike.append(number)
            elif len(filled) >= max(3, len(sheet.columns) / 3):
                several.append(number)
        for problem_id, rows in (("CEBD-1031", alike), ("CEBD-1032", several)):
            if rows:
                yield problem(problem_id, Place(sheet.sheet.name, rows[0]), value=listed(rows))


def _could_be_data(filled: Mapping[int, Any], sheet: SheetLayout, message: MessageType) -> bool:
    """Whether the row may belong to the columns below: it has a number in the number's column, or is about as full, and most cells fit."""
    fields = {index: message.field(*key) for key, index in sheet.columns.items() if index in filled}
    if len(fields) < 3:
        return False
    fits = {index for index, field in fields.items() if _fits(filled[index], field)}
    numbered = any(index in fits and _A_NUMBER.match(str(filled[index]).strip()) for index in sheet.numbers & fits)
    if numbered and 2 * len(fits) >= len(fields):
        return True
    deciding = [
        index for index, field in fields.items() if field.kind != "text"
    ]  # any text fits a name; an amount must be a number
    return (
        2 * len(fields) >= len(sheet.columns)
        and 2 * len(fits) >= len(fields)
        and 2 * len(fits & {*deciding}) > len(deciding)
    )


def _fits(cell: object, field: Field) -> bool:
    text = text_of(cell, field)
    return isinstance(text, str) and fitting(field)(text) is None


# Rows and columns among the data


class SkippedRows:
    """Rows and columns skipped while a sheet is read; `heading` is the row of its headings."""

    def __init__(self, layout: SheetLayout, heading: Row) -> None:
        self._layout = layout
        self._rows: dict[str, list[int]] = {}
        labelled = {index for index, cell in enumerate(heading) if not is_blank(cell)} | layout.headings.keys()
        self._right = max(labelled, default=-1) + 1
        self._between = [index for index in range(self._right) if index not in labelled]
        self._columns: set[int] = set()

    def note_row(self, problem_id: str, number: int) -> None:
        """Note a skipped row; the problem of that id gives the reason."""
        self._rows.setdefault(problem_id, []).append(number)

    def note_columns(self, row: Row) -> None:
        """Note the columns without a heading that this row of data fills."""
        if self._between:
            for index in self._between:
                if index < len(row) and not is_blank(row[index]):
                    self._columns.add(index)
            self._between = [index for index in self._between if index not in self._columns]
        if len(row) > self._right and any(row[self._right :]):
            self._columns |= {index for index in range(self._right, len(row)) if not is_blank(row[index])}

    def note_filled(self, cells: Sequence[Sequence[Any]]) -> None:
        """Note the columns without a heading that these rows of data, given by columns, fill."""
        for index in self._between:
            if index < len(cells) and not all(map(is_blank, cells[index])):
                self._columns.add(index)
        beyond = cells[self._right :]
        for row in {place for column in beyond for place, cell in enumerate(column) if cell} if beyond else ():
            self._columns |= {index for index, column in enumerate(beyond, self._right) if not is_blank(column[row])}

    def problems(self) -> Iterator[Problem]:
        """The notices; the same however often the sheet is read."""
        name, heading_row = self._layout.sheet.name, self._layout.heading_row
        for problem_id, rows in self._rows.items():
            yield problem(problem_id, Place(name, rows[0]), value=listed(rows))
        if self._columns:
            letters = list(map(column_letters, sorted(self._columns)))
            shown = ", ".join(letters[:_MAX_ROWS_NAMED]) + (" …" if len(letters) > _MAX_ROWS_NAMED else "")
            yield problem("CEBD-1033", Place(name, heading_row, f"{letters[0]}{heading_row}"), value=shown)


def listed(rows: Sequence[int]) -> str:
    """Numbers of rows as a sentence names them: `3, 4, 7-12`; of very many the first, and how many there are."""
    runs: list[list[int]] = []
    for number in rows:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [text for run in runs for text in ([f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run))]
    return ", ".join(texts[:_MAX_ROWS_NAMED]) + (f" … ({len(rows)})" if len(texts) > _MAX_ROWS_NAMED else "")
