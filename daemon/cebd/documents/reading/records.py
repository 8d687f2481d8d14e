"""Rows -> records: heads and goods lines brought together, each record made of its own rows.

Successive rows with the same number are a record, read as they come. When a number comes back later in the sheet, everything is
read again, now gathered by number first: this takes memory, so it is done only then.

`RecordReader.records` takes the rows of a record from `DataRows`, one by one or through `Adjacent`, `gathered` and `Matched`;
`RowsAsRecord` (`rows_as_record.py`) makes the record of them. What was decided of its mistakes has it made again.

Rows that come as columns are judged side by side (`side_by_side.py`), all that are out of the ordinary from their rows: there is the
description of what a record is, and the other gives the same records, only sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise

from cebd.decisions.deciding import decided
from cebd.documents.reading.cells.section import Column
from cebd.documents.reading.columns import Layout, SheetLayout
from cebd.documents.reading.from_list import FromList
from cebd.documents.reading.options import RecordOptions
from cebd.documents.reading.record_form import RecordForm
from cebd.documents.reading.rows.data_columns import DataColumns
from cebd.documents.reading.rows.data_rows import DataRows, Numbered, names_of_columns, titles_of
from cebd.documents.reading.rows.decided_rows import DecidedRows
from cebd.documents.reading.rows.example import TypedOver
from cebd.documents.reading.rows.grouping import UNMEASURED_ROWS, Adjacent, gathered
from cebd.documents.reading.rows.linking import Matched, number_by
from cebd.documents.reading.rows.renumbered import RenumberedRows
from cebd.documents.reading.rows.repeated_heads import heads_by_number, repeated
from cebd.documents.reading.rows.withheld import WithheldRows
from cebd.documents.reading.rows_as_record import RowsAsRecord
from cebd.documents.reading.side_by_side import SideBySide
from cebd.problems.problem import Place, Problem, problem
from cebd.records.original_list import OriginalList
from cebd.records.record import Record


class RecordReader:
    """Reads the records of a recognised workbook; `gather` when rows of a record may be separated."""

    def __init__(self, layout: Layout, options: RecordOptions, now: datetime, *, gather: bool = False) -> None:
        self._gather = gather
        self.layout = layout
        self._options = options
        self._form = RecordForm(layout, options, now)
        self._type, self._head, self._line = layout.type, self._form.head, self._form.line
        self._number = number_by(self._form.numbers)
        self._typed_over = TypedOver(layout.type)
        self._withheld = WithheldRows(layout, declare=options.declare_hidden)
        names = [name for name in layout.type.key if not name.endswith("Code")]
        self._renumbered = RenumberedRows(layout.type, layout.head, self._form.head_column(names[0]) if names else None)
        self._repeated: dict[int, Problem] = {}  # by row of the record that is read, that its number comes again
        self._side_by_side = SideBySide(self._form, options.figures, self._of_rows)
        self._from_list = FromList(self._form)
        self._asking: dict[
            str, tuple[Sequence[Numbered], Sequence[Numbered], str]
        ] = {}  # rows that need their list, by guid
        self.file_problems = self._form.file_problems()
        self._blocking = [mistake for mistake in self.file_problems if mistake.severity == "error"]
        self._rows_as_record = RowsAsRecord(
            self._form, options, self._from_list, self._typed_over, self._withheld, self._blocking
        )

    @property
    def notes(self) -> tuple[Problem, ...]:
        """The problems of the sheets themselves."""
        of_sheets = (*self.layout.head.sheet.notes, *(self.layout.lines.sheet.notes if self.layout.lines else ()))
        return (*of_sheets, *self._withheld.notes)

    # Grouping rows

    def records(self) -> Iterator[Record]:
        """Every record of the workbook, ready or not, in the order of its rows. Raises NumberComesBack unless they are gathered."""
        if self.layout.lines is not None:
            yield from self._from_two_sheets(self.layout.lines)
        elif self._gather and self._type.line_fields:
            for rows in gathered(self._rows(self.layout.head), self._number, alone=True).values():
                yield self._of_rows(rows)
        else:
            yield from self._adjacent()

    def _adjacent(self) -> Iterator[Record]:
        """Records whose rows follow each other; side by side where they come as columns and a file has no mistakes of its own."""
        data = self._data_rows(self.layout.head)
        current = Adjacent(self._number if self._type.line_fields else lambda _row: "")
        for chunk in data.chunks():
            columns = None if self._blocking else data.columns(chunk)
            if columns is None:
                yield from self._one_by_one(data.among(chunk), current)
            else:
                yield from self._from_columns(columns, current)
        if ended := current.end():
            yield self._of_rows(ended)
        self._note(data)

    def _one_by_one(self, rows: Iterable[Numbered], current: Adjacent) -> Iterator[Record]:
        """The records that these rows end."""
        for numbered in rows:
            if ended := current.add(numbered):
                yield self._of_rows(ended)

    def _from_columns(self, rows: DataColumns, current: Adjacent) -> Iterator[Record]:
        """The records that these rows end. Those that begin and end among them stand side by side."""
        numbers = self._form.numbers_in(rows) if self._type.line_fields else [""] * len(rows)
        begin = next((place for place, number in enumerate(numbers) if not current.goes_on_with(number)), len(rows))
        starts = [begin, *(p for p in range(begin + 1, len(rows)) if numbers[p] != numbers[p - 1] or not numbers[p])]
        counts = [end - start for start, end in pairwise(starts)]
        if counts and max(counts) <= UNMEASURED_ROWS:
            yield from self._one_by_one(rows.between(0, begin).numbered(), current)
            if ended := current.end():
                yield self._of_rows(ended)
            whole = rows.between(begin, starts[-1])
            current.pass_over([numbers[start] for start in starts[:-1]])
            sheet = self.layout.head.sheet.name
            doubtful = (
                *self._typed_over.places(sheet, whole.numbers),
                *self._withheld.places(sheet, whole.numbers),
                *self._renumbered.places(whole.numbers),
                *self._from_list.asking(whole),
            )
            yield from self._side_by_side.records(whole, counts, doubtful)
            rows = rows.between(starts[-1], len(rows))
        yield from self._one_by_one(rows.numbered(), current)

    def _of_rows(self, rows: list[Numbered]) -> Record:
        """The record of these rows, of the head and of its lines."""
        return self._record(rows, rows if self._type.line_fields else (), self.layout.head.sheet.name)

    def _rows(self, layout: SheetLayout) -> Iterator[Numbered]:
        """The sheet's rows of data, one by one."""
        data = self._data_rows(layout)
        for chunk in data.chunks():
            yield from data.among(chunk)
        self._note(data)

    def _data_rows(self, layout: SheetLayout) -> DataRows:
        """The rows with the head's merged cells filled in; an amount that is added up counts once."""
        form = self._form
        repeated, once = [*form.numbers, *form.compared], form.summed
        if layout is not self.layout.head:
            repeated, once = form.line_numbers, []
        is_example = partial(self._typed_over.is_untouched, layout)
        names = names_of_columns(layout, self._type)
        return DataRows(layout, _indexes(repeated), _indexes(once), titles_of(self._type), is_example, names)

    def _note(self, data: DataRows) -> None:
        self.file_problems += [found for found in data.problems() if found not in self.file_problems]

    def _from_two_sheets(self, line_layout: SheetLayout) -> Iterator[Record]:
        """Lines name their head by the number that will be declared for it, or by the text in that number's place."""
        matched = Matched(self._rows(line_layout), [column.number for column in self._form.line_numbers])
        for heads in heads_by_number(self._rows(self.layout.head), self._number, gather=self._gather):
            own_lines = matched.of([number_of(heads[0][1]) for number_of in self._form.numbers_of_head])
            self._repeated = repeated(heads, self._head, self._form.numbers)
            for numbered in heads:
                yield self._record([numbered], own_lines, self.layout.head.sheet.name)
        for value, number in matched.left():
            self.file_problems.append(problem("CEBD-1010", Place(line_layout.sheet.name, number), value=value))

    # A record

    def is_asking(self, record: Record) -> bool:
        """Whether it is a record of this reader that asks for its list."""
        return record.guid in self._asking

    def with_list(self, record: Record, original: OriginalList) -> Record:
        """That record, read again with what its list says."""
        return self._record(*self._asking.pop(record.guid), original)

    def _record(
        self, heads: Sequence[Numbered], lines: Sequence[Numbered], sheet: str, original: OriginalList | None = None
    ) -> Record:
        """The record by what was decided of its mistakes."""
        comes_again = self._repeated.get(heads[0][0])
        again = partial(self._rows_as_record.record, sheet=sheet, original=original, comes_again=comes_again)
        record, decisions, corrections = again(heads, lines), self._options.decisions, self._options.corrections
        if record.problems and (decisions or corrections):
            rows = DecidedRows(self.layout, heads, lines, again)
            record = decided(record, decisions, rows, rows.among(corrections))
        if was := self._renumbered.key_before(record):
            record = record._replace(was=was)
        if record.asks is not None:
            self._asking[record.guid] = heads, lines, sheet
        return record


def _indexes(columns: Iterable[Column]) -> frozenset[int]:
    return frozenset(column.index for column in columns if column.index is not None)
