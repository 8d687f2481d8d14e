"""The form of a layout's records: which columns their texts come from, what holds their rows together, how their XML is put together."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import TypeVar

from cebd.clock import CST, compact
from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS, head_defaults
from cebd.documents.reading.cells.section import Column, SectionReader, fill_in
from cebd.documents.reading.cells.whole_column import numbers
from cebd.documents.reading.columns import UNKNOWN_COLUMN, Layout
from cebd.documents.reading.options import RecordOptions
from cebd.documents.reading.rows.data_columns import DataColumns
from cebd.documents.reading.rows.linking import in_order_of_copying, linking_names, number_by, sources
from cebd.messages.compose import element
from cebd.messages.description import Field, MessageType
from cebd.problems.problem import CONFIGURABLE_CODES, Place, Problem, problem
from cebd.records.original_list import repeated_fields

_LIKELY = 0.5  # how alike a heading is to the label of the field that it may be
T = TypeVar("T")


class RecordForm:
    """What is the same for every record of a layout.

    `head` and `line` read the cells of a head and of a goods line. Rows belong together by their `numbers`: columns, the first of which
    that says something decides; `line_numbers` are those by which the lines of a sheet of their own name their head. The further rows of
    a record repeat what stands in the columns `compared`; in those `summed` each row has an amount of its own. `copying` are the columns
    that copy others, with their positions. `numbering` is the position of the number of a line, where no column has it: lines are
    numbered here then. `numbered_by_list`: the number of an application that may be made of its list's. `has_no_lines`: lines may be left
    out, and no column has any of them.
    """

    def __init__(self, layout: Layout, options: RecordOptions, now: datetime) -> None:
        self.type: MessageType = layout.type
        self.today = now.astimezone(CST).date()
        self.declarant = options.declarant
        self.tables = options.tables
        self._layout = layout
        self._defaults = head_defaults(self.type)
        self._defaults |= {name: fill_in(text, now) for name, text in options.defaults.items()}
        self._app_time_xml = element("appTime", compact(now))
        self._generated_at = [
            (position, field.name)
            for position, field in enumerate(self.type.head_fields)
            if field.name in GENERATED_FIELDS
        ]
        head_fields = tuple(field for field in self.type.head_fields if field.name not in GENERATED_FIELDS)
        tolerated = (
            frozenset(id_ for id_, severity in options.severities.items() if severity != "error") & CONFIGURABLE_CODES
        )
        self.head = SectionReader("head", head_fields, layout.head, self._defaults, tolerated, options.tables)
        line_layout = layout.lines or layout.head
        # A default never fills a goods line from a head field of the same name.
        in_lines = {name.partition(".")[2]: text for name, text in self._defaults.items() if name.startswith("line.")}
        self.line = SectionReader("line", self.type.line_fields, line_layout, in_lines, tolerated, options.tables)
        self.numbering = next(
            (
                position
                for position, column in enumerate(self.line.columns)
                if column.field.name == self.type.numbered and column.index is None
            ),
            None,
        )
        group = self.head_column(self.type.group or "")
        # Rows belong together by the number that will be declared, from a cell or a default; without a number, by the text in its place.
        declared = self.declared(group.field.name)
        links = [self.head_column(name) for name in linking_names(self.type, self._defaults)]
        given = [_bare(column, column.index) for column in links if column not in declared]
        self.numbers = [*declared, *(column for column in given if column.index is not None)]
        on_lines = [(column, line_layout.columns.get(("head", column.field.name))) for column in links]
        self.line_numbers = [_bare(column, index) for column, index in on_lines if index is not None]
        self.numbers_of_head = [number_by(self.declared(column.field.name)) for column in self.line_numbers]
        self.summed = [c for c in self.head.columns if c.field.name in options.sum_per_order and c.index is not None]
        self.compared = [
            c for c in self.head.columns if c.index is not None and c not in self.summed and c is not group
        ]
        self.key_of: Callable[[Mapping[str, str]], tuple[str, ...]] = _getter(self.type.key)
        self.keys_needed = frozenset(self.type.key_needed)
        self.copying = list(in_order_of_copying(self.head.columns))
        self.numbered_by_list = ("copNo",) if repeated_fields(self.type).head else ()
        self.has_no_lines = not self.type.needs_lines and not any(part == "line" for part, _ in line_layout.columns)

    def head_column(self, name: str) -> Column:
        """The column of that head field."""
        return next(column for column in self.head.columns if column.field.name == name)

    def declared(self, name: str) -> list[Column]:
        """Where that head field's value may come from, the first that says something deciding."""
        return [self.head_column(source) for source in sources(self.type, name, self._defaults)]

    def numbers_in(self, rows: DataColumns) -> Sequence[str]:
        """The number of each row, as `number_by` these columns gives it."""
        given: Sequence[str] = [""] * len(rows)
        for column in self.numbers:
            cells = rows.column(column.index) if column.index is not None else [""] * len(rows)
            own = numbers(column, cells)
            given = [first or other for first, other in zip(given, own, strict=True)] if any(given) else own
            if "" not in given:
                break
        return given

    def file_problems(self) -> list[Problem]:
        """The problems of the headings, and of columns that are missing."""
        missing = [*self._missing_columns()]
        joined = {one.place for one in missing if one.place.cell}  # said once, with the column that is missing
        return [
            *(one for one in self._layout.problems if one.id != UNKNOWN_COLUMN or one.place not in joined),
            *missing,
        ]

    def _missing_columns(self) -> Iterator[Problem]:
        """The problems of needed fields that no column has; each on the heading that is not known and may be it, where there is one."""
        unknown = {one.value: one.place for one in self._layout.problems if one.id == UNKNOWN_COLUMN and one.value}
        repeated = repeated_fields(self.type)
        for part in (self.head, *(() if self.has_no_lines else (self.line,))):
            taken = (*repeated.head, *self.numbered_by_list) if part is self.head else repeated.line
            for column in part.columns:
                known = column.index is not None or column.default or column.copies or column.field.name in taken
                needed = column.field.required or (part.part == "head" and column.field.name in self.keys_needed)
                if needed and not known and column.field.name != self.type.numbered:
                    place = Place(part.layout.sheet.name, part.layout.heading_row)
                    reported = any(
                        mistake.field == column.field.name
                        for mistake in self._layout.problems
                        if mistake.id == "CEBD-1005"
                    )
                    if not reported:
                        here = [text for text, at in unknown.items() if at.sheet == place.sheet]
                        likely = difflib.get_close_matches(column.field.zh, here, n=2, cutoff=_LIKELY)
                        yield _missing(
                            column.field, place, *((likely[0], unknown[likely[0]]) if len(likely) == 1 else ())
                        )

    # The XML of a record

    def compose(self, guid: str, head: Sequence[str], lines: str) -> str:
        """A record of the XML elements of its head and of its lines."""
        made = {"guid": element("guid", guid), "appTime": self._app_time_xml}
        kind, part, elements = self.type.record, self.type.head, "".join(self.with_generated(head, made))
        heading = f"<ceb:{part}>{elements}</ceb:{part}>" if part else elements
        return f"<ceb:{kind}>{heading}{lines}</ceb:{kind}>"

    def compose_line(self, elements: Sequence[str]) -> str:
        """A goods line of its XML elements."""
        return f"<ceb:{self.type.line}>{''.join(elements)}</ceb:{self.type.line}>"

    def with_generated(self, head: Sequence[T], made: Mapping[str, T]) -> list[T]:
        """What there is of each field of the head, with what is `made` of the fields that are never read, in the order of the schema."""
        whole = [*head]
        for position, name in self._generated_at:
            whole.insert(position, made[name])
        return whole


def _missing(field: Field, place: Place, heading: str = "", at: Place | None = None) -> Problem:
    """The problem of a missing column; `heading`, which stands `at` that cell, may be it."""
    if at is None:
        return problem("CEBD-1004", place, field=field, beside_zh="", beside="")
    asked = {
        "beside_zh": f"；列“{heading}”不认识，是不是它？",
        "beside": f"; is it the column {heading}, which is not known?",
    }
    return problem("CEBD-1004", at, field=field, **asked)


def _getter(names: Sequence[str]) -> Callable[[Mapping[str, str]], tuple[str, ...]]:
    return itemgetter(*names) if len(names) > 1 else lambda head: (head[names[0]],)


def _bare(column: Column, index: int | None) -> Column:
    """That field's column, without the settings' default for empty cells."""
    return Column(column.field, index, None)
