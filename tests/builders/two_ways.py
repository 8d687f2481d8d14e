"""The records of a sheet read both ways: row by row, and from columns, many side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from builders.clocks import StillClock
from cebd.documents.reading.columns import Layout
from cebd.documents.reading.layouts import NotRecognised, recognise, recognise_further
from cebd.documents.reading.options import RecordOptions
from cebd.documents.reading.records import RecordReader
from cebd.documents.reading.rows.grouping import NumberComesBack
from cebd.documents.workbooks.chunks import Columns, Row, Rows, as_columns
from cebd.documents.workbooks.sheet import Sheet, Source
from cebd.documents.workbooks.sheets import read_sheets
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.messages.description import MessageType
from cebd.problems.problem import Problem
from cebd.records.record import Record

Merged = list[tuple[tuple[int, int], tuple[int, int]]]
_GUID = re.compile(r"<ceb:guid>[0-9A-F-]{36}</ceb:guid>")
_NO_OPTIONS = RecordOptions({})


@dataclass(frozen=True)
class Table:
    """A sheet that is in memory. `sizes` cut it into columns of so many rows, again and again; without, its rows come one by one."""

    content: Sequence[Row]
    merged: Merged
    sizes: Sequence[int] = ()

    def rows(self) -> Iterator[Row]:
        return map(list, self.content)

    def chunks(self) -> Iterator[Rows | Columns]:
        if not self.sizes:
            yield from (Rows(number, [list(row)]) for number, row in enumerate(self.content, 1))
            return
        done = 0
        for size in cycle(self.sizes):
            if done >= len(self.content):
                return
            yield as_columns(Rows(done + 1, [list(row) for row in self.content[done : done + size]]))
            done += size


class Outcome(NamedTuple):
    """What came of a sheet: its records, their guids left out, the problems of the sheet, and how it was read."""

    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    how: str

    @property
    def ready(self) -> int:
        return sum(record.ready for record in self.records)


@dataclass(frozen=True)
class TwoWays:
    """A sheet that was read row by row, and from columns."""

    by_rows: Outcome
    by_columns: Outcome

    @property
    def is_equal(self) -> bool:
        return self.by_rows == self.by_columns

    def differences(self) -> list[str]:
        """For a person who looks for the reason."""
        both = zip(self.by_rows.records, self.by_columns.records, strict=False)
        told = [f"{one}\n  {other}" for one, other in both if one != other]
        told += [f"{one}\n  {other}" for one, other in [(self.by_rows, self.by_columns)] if one[1:] != other[1:]]
        return told or [f"{len(self.by_rows.records)} and {len(self.by_columns.records)} records"]


def two_ways(
    sheets: Sequence[Sheet],
    sizes: Sequence[int],
    options: RecordOptions = _NO_OPTIONS,
    wanted: MessageType | None = None,
) -> list[TwoWays]:
    """Each sheet with declarations, those that are wanted or any, read both ways; none where no heading is known."""
    tables = [replace(sheet, source=_table(sheet.source)) for sheet in sheets]
    try:
        layout = recognise(tables, wanted, {})
    except NotRecognised:
        return []
    layouts = [layout, *recognise_further(tables, layout, {})[0]]
    return [TwoWays(_outcome(one, options), _outcome(_in_columns(one, sizes), options)) for one in layouts]


def two_ways_of_file(path: Path, sizes: Sequence[int], options: RecordOptions = _NO_OPTIONS) -> list[TwoWays]:
    """The same of a workbook's sheets; none where it cannot be read."""
    try:
        return two_ways(read_sheets(path), sizes, options)
    except Unreadable:
        return []


def _table(source: Source) -> Table:
    return Table(list(source.rows()), list(source.merged))


def _in_columns(layout: Layout, sizes: Sequence[int]) -> Layout:
    sheet = layout.head.sheet
    assert isinstance(sheet.source, Table)
    turned = replace(sheet, source=replace(sheet.source, sizes=tuple(sizes)))
    return replace(layout, head=replace(layout.head, sheet=turned))


def _outcome(layout: Layout, options: RecordOptions, *, gather: bool = False) -> Outcome:
    reader = RecordReader(layout, options, StillClock().now(), gather=gather)
    try:
        records = tuple(map(_without_guid, reader.records()))
    except NumberComesBack:
        return _outcome(layout, options, gather=True)
    except Unreadable as error:
        return Outcome((), (error.problem,), "refused")
    return Outcome(records, tuple(reader.file_problems), "gathered" if gather else "read")


def _without_guid(record: Record) -> Record:
    made: Any = _GUID.sub("<ceb:guid/>", record.xml)
    assert bool(made != record.xml) == record.ready
    return record._replace(guid="", xml=made)
