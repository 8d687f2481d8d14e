"""The example row of a template: unchanged, it is no data; typed over, it may be an order that somebody means to declare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from cebd.cell_names import column_letters
from cebd.documents.reading.cells.head_defaults import default_of
from cebd.documents.reading.cells.values import text_of
from cebd.documents.reading.columns import SheetLayout
from cebd.documents.reading.rows.data_rows import Numbered
from cebd.documents.reading.rows.skipped import is_blank
from cebd.documents.workbooks.chunks import Row
from cebd.documents.workbooks.own_marks import EXAMPLE
from cebd.messages.description import Field, MessageType
from cebd.problems.problem import Place, Problem, problem


class TypedOver:
    """Rows marked as a template's example whose cells were changed: a row may be meant, so its record is kept back.

    `rows` are their problems by sheet and row.
    """

    def __init__(self, message: MessageType) -> None:
        self._message = message
        self.rows: dict[tuple[str, int], Problem] = {}

    def is_untouched(self, layout: SheetLayout, number: int, row: Row) -> bool:
        """Whether a marked row is still the example: else it is read as data."""
        if is_untouched(row, layout, self._message):
            return True
        sheet = layout.sheet.name
        cell = f"{column_letters(row.index(EXAMPLE))}{number}"
        self.rows[sheet, number] = problem("CEBD-1030", Place(sheet, number, cell), value=EXAMPLE)
        return False

    def places(self, sheet: str, numbers: Sequence[int]) -> Sequence[int]:
        """The places (indexes) of such rows among the rows of these numbers."""
        return [place for place, number in enumerate(numbers) if (sheet, number) in self.rows] if self.rows else ()

    def among(
        self, head_sheet: str, heads: Sequence[Numbered], line_sheet: str, lines: Sequence[Numbered]
    ) -> Iterator[Problem]:
        """The problems of a record with these rows."""
        places = [*((head_sheet, number) for number, _ in heads), *((line_sheet, number) for number, _ in lines)]
        yield from (self.rows[place] for place in dict.fromkeys(places) if place in self.rows)


def example_of(message: MessageType, field: Field) -> str:
    """The text of the example's cell of that field; empty where the cell is."""
    if field.part == "head" and field.name == message.group:
        return EXAMPLE
    return field.sample or default_of(message, field) or ""


def is_untouched(row: Row, layout: SheetLayout, message: MessageType) -> bool:
    """Whether a marked row has only the example's texts. Cells may have been emptied, or columns removed."""
    return all(
        index >= len(row)
        or is_blank(row[index])
        or row[index] == EXAMPLE
        or _says(row[index], message.field(part, name), example_of(message, message.field(part, name)))
        for (part, name), index in layout.columns.items()
    )


def _says(cell: object, field: Field, example: str) -> bool:
    text = text_of(cell, field)
    if text == example or field.kind == "text" or not isinstance(text, str):
        return text == example
    try:
        return Decimal(text) == Decimal(example)
    except InvalidOperation:
        return False
