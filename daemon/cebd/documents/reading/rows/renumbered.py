"""Rows of a receipt workbook in which somebody wrote another number over the one that was declared.

A receipt says each row's number in a column of its own. Where the row has another one now, and no row of the sheet has the old one any
more, the number was changed: it would be declared a second time, under another number. A row that was copied, with a number of its own,
leaves the row that it was copied from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from cebd.documents.reading.cells.section import Column
from cebd.documents.reading.columns import SheetLayout
from cebd.documents.workbooks.own_marks import OWN_HEADING
from cebd.messages.description import MessageType
from cebd.records.record import Record

_OWN_NUMBER = re.compile(re.escape(OWN_HEADING) + r"\s*(?:编号|Number)\b")


class RenumberedRows:
    """Of a sheet of heads; no rows where it has no column of ours. `number` is the column of what a receipt calls the record's number."""

    def __init__(self, message: MessageType, layout: SheetLayout, number: Column | None) -> None:
        self._layout = layout
        self._number = number
        self._place = next((place for place, name in enumerate(message.key) if not name.endswith("Code")), 0)
        headings = layout.sheet.top[layout.heading_row - 1] if len(layout.sheet.top) >= layout.heading_row > 0 else []
        own = (index for index, text in enumerate(headings) if _OWN_NUMBER.match(str(text)))
        self._own = next(own, None)

    def places(self, numbers: Sequence[int]) -> Sequence[int]:
        """The places (indexes) of such rows among the rows of these numbers."""
        return [place for place, number in enumerate(numbers) if number in self._former] if self._former else ()

    def key_before(self, record: Record) -> tuple[str, ...]:
        """The key under which the record's row was declared; nothing where its number was not changed."""
        former = self._former.get(record.place.row or 0)
        if former is None:
            return ()
        return (*record.key[: self._place], former, *record.key[self._place + 1 :])

    @cached_property
    def _former(self) -> dict[int, str]:
        """The numbers that were written over, by row."""
        if self._own is None or self._number is None or self._number.index is None:
            return {}
        there: set[str] = set()
        changed: dict[int, str] = {}
        for row_number, row in enumerate(self._layout.sheet.rows(), 1):
            if row_number <= self._layout.heading_row:
                continue
            now = self._number.number(row)
            there.add(now)
            own = str(row[self._own]).strip() if self._own < len(row) else ""
            if own and now and own != now:
                changed[row_number] = own
        return {row: own for row, own in changed.items() if own not in there}
