"""Rows that a person has hidden, filtered out or struck through: she may mean that they are not to be declared, so nobody declares them.

A record with any such row is kept back whole; of its mistakes nothing is said, for it is not meant to go. It has its digest all the same:
one that was declared before is known to be unchanged (`convert_rows.py`). People filter the receipts that they drop again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cebd.documents.reading.columns import Layout
from cebd.documents.reading.rows.data_rows import Numbered
from cebd.documents.reading.rows.skipped import listed
from cebd.documents.workbooks.sheet import Sheet
from cebd.problems.problem import Place, Problem, problem
from cebd.records.record import WITHHELD


class WithheldRows:
    """The rows of a layout's sheets that are not declared; none where the settings say that such rows are."""

    def __init__(self, layout: Layout, *, declare: bool) -> None:
        sheets = [layout.head.sheet, *([layout.lines.sheet] if layout.lines is not None else [])]
        self._rows: Mapping[str, frozenset[int]] = (
            {} if declare else {sheet.name: rows for sheet in sheets if (rows := not_to_be_seen(sheet))}
        )
        self.notes = tuple(map(_declared, filter(not_to_be_seen, sheets))) if declare else ()

    def places(self, sheet: str, numbers: Sequence[int]) -> Sequence[int]:
        """The places (indexes) of such rows among the rows of these numbers."""
        rows = self._rows.get(sheet)
        return [place for place, number in enumerate(numbers) if number in rows] if rows else ()

    def among(
        self, head_sheet: str, heads: Sequence[Numbered], line_sheet: str, lines: Sequence[Numbered]
    ) -> list[Problem]:
        """Why a record with these rows is kept back; nothing for one that is all there to be seen."""
        if not self._rows:
            return []
        for sheet, rows in ((head_sheet, heads), (line_sheet, lines)):
            numbers = [number for number, _ in rows if number in self._rows.get(sheet, ())]
            if numbers:
                return [problem(WITHHELD, Place(sheet, numbers[0]), value=listed(numbers))]
        return []


def not_to_be_seen(sheet: Sheet) -> frozenset[int]:
    """The rows of the sheet that are hidden, filtered out or struck through."""
    return frozenset((*sheet.facts.hidden_rows, *sheet.facts.struck_rows))


def _declared(sheet: Sheet) -> Problem:
    rows = not_to_be_seen(sheet)
    return problem("CEBD-1015", Place(sheet.name, min(rows)), value=min(rows), count=len(rows))
