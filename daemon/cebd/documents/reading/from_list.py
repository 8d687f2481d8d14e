"""Rows of an application that leave out what its list says: it is taken from the list, and the row says so.

A row names its list by customs' number, by the order or by the list's own number. Which list that is the store knows, so the record is read
once without it, and again when it is there (`RecordReader.with_list`). What a cell says is never replaced; what the list says goes before
the settings' defaults, for these are the same on all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cebd.documents.reading.cells.section import Column, Reading, SectionReader
from cebd.documents.reading.record_form import RecordForm
from cebd.documents.reading.rows.data_columns import DataColumns
from cebd.documents.reading.rows.data_rows import Numbered
from cebd.documents.workbooks.chunks import Row
from cebd.messages.description import Field
from cebd.problems.problem import Problem, problem, shorten
from cebd.records.original_list import (
    NamedList,
    OriginalList,
    Texts,
    made_number,
    number_of_return,
    quantities_of,
    repeated_fields,
)

_TAKEN, _WHICH_LINE = "CEBD-1227", "CEBD-1228"
_NUMBER = "copNo"
_MAX_LINES_SHOWN = 6
_Taken = list[tuple[Field, str]]


class FromList:
    """What records of a layout take from their lists; nothing unless they are applications."""

    def __init__(self, form: RecordForm) -> None:
        self._form = form
        repeated = repeated_fields(form.type)
        self._numbers = [one for one in form.head.columns if one.field.name in form.numbered_by_list]
        self._head = [(at, one) for at, one in enumerate(form.head.columns) if one.field.name in repeated.head]
        self._line = [(at, one) for at, one in enumerate(form.line.columns) if one.field.name in repeated.line]

    def named_by(self, row: Row, lines: Sequence[Numbered]) -> NamedList | None:
        """How the row names its list; None where it leaves nothing out that the list could give."""
        if not self._head or not self._leaves_out(row, lines):
            return None
        return self._named(row)

    def asking(self, rows: DataColumns) -> Iterator[int]:
        """The places of rows that leave out what their list could give."""
        for column in (*self._numbers, *(column for _, column in (*self._head, *self._line))):
            if column.index is None:
                yield from range(len(rows))
                return
            yield from (place for place, cell in enumerate(rows.column(column.index)) if column.says_nothing(cell))

    def fill_head(self, number: int, row: Row, readings: list[Reading], original: OriginalList) -> list[Problem]:
        """Take over what the row's head leaves out; the notice that says what."""
        taken = _fill(self._head, row, readings, original.head)
        return [self._notice(self._form.head, number, self._naming_column(row), taken, original)] if taken else []

    def number_it(
        self, number: int, row: Row, readings: list[Reading], lines: Sequence[Texts], original: OriginalList
    ) -> list[Problem]:
        """Give the application a number of its own, where neither the row nor the settings do; the notice that says so.

        `lines`: what its goods lines say.
        """
        at = next(nth for nth, column in enumerate(self._form.head.columns) if column.field.name == _NUMBER)
        if readings[at].text or readings[at].wrong is not None:
            return []
        column, text = self._form.head.columns[at], self._made_number(lines, original)
        readings[at] = column.judge_text(text)
        return [self._notice(self._form.head, number, self._naming_column(row), [(column.field, text)], original)]

    def _made_number(self, lines: Sequence[Texts], original: OriginalList) -> str:
        message = self._form.type
        if not message.returns:
            return made_number(message, original.number)
        return number_of_return(message, original.number, quantities_of(lines), original.returned)

    def fill_line(self, number: int, row: Row, readings: list[Reading], original: OriginalList) -> list[Problem]:
        """Take over what a goods line leaves out; the notice that says what, or why the line of the list is not certain."""
        if not any(column.is_empty(row) for _, column in self._line):
            return []
        column = next(column for _, column in self._line if column.field.name == "gnum")
        line = self._line_of(readings, original)
        if line is None:
            for at, _ in self._line:
                if not readings[at].text:
                    readings[at] = Reading("", "", None)
            place = self._form.line.place(number, column)
            return [problem(_WHICH_LINE, place, value=original.number, **_lines_for_people(original.lines))]
        taken = _fill(self._line, row, readings, line)
        return [self._notice(self._form.line, number, column, taken, original)] if taken else []

    def _leaves_out(self, row: Row, lines: Sequence[Numbered]) -> bool:
        heads = (*(column for _, column in self._head), *self._numbers)
        return any(column.is_empty(row) for column in heads) or any(
            column.is_empty(line) for _, line in lines for _, column in self._line
        )

    def _line_of(self, readings: Sequence[Reading], original: OriginalList) -> Texts | None:
        """The list's line of that number; without a number, the only one that agrees with what the row says."""
        given = {column.field.name: readings[at].text for at, column in self._line}
        said = ("gnum",) if given["gnum"] else tuple(given)
        fitting = [line for line in original.lines if all(given[n] in ("", line.get(n)) for n in said)]
        return fitting[0] if len(fitting) == 1 else None

    def _naming_column(self, row: Row) -> Column:
        return self._form.head_column(self._named(row).field)

    def _named(self, row: Row) -> NamedList:
        columns = [self._form.head_column(name) for name in ("invtNo", "orderNo", "ebpCode", _NUMBER)]
        number, order, platform, own = ("" if column.is_empty(row) else column.number(row) for column in columns)
        return NamedList(number, order, platform if order else "", own)

    def _notice(
        self, part: SectionReader, number: int, column: Column, taken: _Taken, original: OriginalList
    ) -> Problem:
        shown = [(field, shorten(field.name, text), field.name == _NUMBER) for field, text in taken]
        facts: dict[str, Any] = {
            "taken_zh": "；".join(f"{field.zh} {text}{'（自动编号）' * made}" for field, text, made in shown),
            "taken": "; ".join(
                f"{field.en} {text}{' (numbered by the station)' * made}" for field, text, made in shown
            ),
        }
        return problem(_TAKEN, part.place(number, column), value=original.number, file=original.file, **facts)


def _fill(columns: Sequence[tuple[int, Column]], row: Row, readings: list[Reading], texts: Texts) -> _Taken:
    taken: _Taken = []
    for at, column in columns:
        text = texts.get(column.field.name, "")
        if text and text != readings[at].text and column.is_empty(row):
            readings[at] = column.judge_text(text)
            taken.append((column.field, text))
    return taken


def _lines_for_people(lines: Sequence[Texts]) -> dict[str, Any]:
    shown = [f"{line.get('gnum', '')} {line.get('gname', '')}" for line in lines[:_MAX_LINES_SHOWN]]
    rest = ["…"] if len(lines) > _MAX_LINES_SHOWN else []
    return {"lines": "; ".join(shown + rest), "lines_zh": "；".join(shown + rest)}
