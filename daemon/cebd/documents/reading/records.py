"""Rows -> records: heads and goods lines brought together, checked in one pass, composed as canonical text.

Successive rows with the same number are a record, read as they come. When a number comes back later in the sheet, everything is
read again, now gathered by number first: this takes memory, so it is done only then.

The data of a record: `records` takes its rows from `data_rows`, one by one or through `adjacent`, `gathered` and `Matched`. `_record` has
the head's columns read the first row into readings (text, XML element, what is wrong), compares the further rows with it, fills fields
that copy others, and has the lines' columns read each row. The texts go to the rules, to the digest of the declared values and to the facts
for later declarations; the elements, joined, are the record's XML. Problems are collected on the way, each on its cell; a record
with an error keeps its problems and has no XML. `_TEXT`, `_XML` and `_WRONG` take one part of each reading: mapped over a row of readings
they cost no Python frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from operator import itemgetter

from cebd.clock import CST, compact
from cebd.documents.reading.cells.decimal_comma import with_points
from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS, head_defaults
from cebd.documents.reading.cells.section import Column, Reading, SectionReader, fill_in
from cebd.documents.reading.cells.values import Wrong
from cebd.documents.reading.columns import Layout, SheetLayout
from cebd.documents.reading.options import RecordOptions
from cebd.documents.reading.rows.data_rows import Numbered, data_rows, titles_of
from cebd.documents.reading.rows.example import TypedOver
from cebd.documents.reading.rows.grouping import adjacent, gathered
from cebd.documents.reading.rows.linking import Matched, in_order_of_copying, linking_names, number_by, sources
from cebd.messages.compose import element, new_guid
from cebd.messages.description import MessageType
from cebd.problems.problem import CONFIGURABLE_CODES, Place, Problem, problem, with_severity_of
from cebd.records.facts import NO_FACTS, facts_of
from cebd.records.record import ONLY_STORED, Record, digest_of, may_have_suggestion, shape_of
from cebd.rules.business import broken_rules

_CHECKED_ALL_THE_SAME = ("CEBD-1214",)  # the stored 0 is suspected already; the wrong sum is reported too

_TEXT, _XML, _WRONG = itemgetter(0), itemgetter(1), itemgetter(2)  # of a Reading


class RecordReader:
    """Reads the records of a recognised workbook; `gather` when rows of a record may be separated."""

    def __init__(self, layout: Layout, options: RecordOptions, now: datetime, *, gather: bool = False) -> None:
        self.gather = gather
        self.type: MessageType = layout.type
        self.layout = layout
        self.options = options
        defaults = head_defaults(self.type)
        defaults |= {name: fill_in(text, now) for name, text in options.defaults.items()}
        self._app_time_xml = element("appTime", compact(now))
        self._today = now.astimezone(CST).date()
        self._generated_at = [
            (position, field.name)
            for position, field in enumerate(self.type.head_fields)
            if field.name in GENERATED_FIELDS
        ]
        head_fields = tuple(field for field in self.type.head_fields if field.name not in GENERATED_FIELDS)
        tolerated = (
            frozenset(id_ for id_, severity in options.severities.items() if severity != "error") & CONFIGURABLE_CODES
        )
        self.head = SectionReader("head", head_fields, layout.head, defaults, tolerated, options.tables)
        line_layout = layout.lines or layout.head
        # A default never fills a goods line from a head field of the same name.
        line_defaults = {name.partition(".")[2]: text for name, text in defaults.items() if name.startswith("line.")}
        self.line = SectionReader("line", self.type.line_fields, line_layout, line_defaults, tolerated, options.tables)
        # Lines are numbered here where no column numbers them.
        self._numbering = next(
            (
                position
                for position, column in enumerate(self.line.columns)
                if column.field.name == self.type.numbered and column.index is None
            ),
            None,
        )
        group = self._head_column(self.type.group or "")
        # Rows belong together by the number that will be declared, from a cell or a default; without a number, by the text in its place.
        declared = self._declared(group.field.name, defaults)
        links = [self._head_column(name) for name in linking_names(self.type, defaults)]
        given = [_bare(column, column.index) for column in links if column not in declared]
        self.numbers = [*declared, *(column for column in given if column.index is not None)]
        self._number = number_by(self.numbers)
        on_lines = [(column, line_layout.columns.get(("head", column.field.name))) for column in links]
        self.line_numbers = [_bare(column, index) for column, index in on_lines if index is not None]
        self._number_of_head = [number_by(self._declared(column.field.name, defaults)) for column in self.line_numbers]
        self.summed = [c for c in self.head.columns if c.field.name in options.sum_per_order and c.index is not None]
        self.compared = [
            c for c in self.head.columns if c.index is not None and c not in self.summed and c is not group
        ]
        self.keys = frozenset(self.type.key_needed)
        self._key_of: Callable[[Mapping[str, str]], tuple[str, ...]] = _getter(self.type.key)
        self._copying = list(in_order_of_copying(self.head.columns))
        # Lines that may be left out are, where no column has any of them.
        self._has_no_lines = not self.type.needs_lines and not any(part == "line" for part, _ in line_layout.columns)
        self._typed_over = TypedOver(self.type)
        self.file_problems = [*layout.problems, *self._missing_columns()]
        self.blocking = [mistake for mistake in self.file_problems if mistake.severity == "error"]

    @property
    def notes(self) -> tuple[Problem, ...]:
        """The problems of the sheets themselves."""
        return (*self.layout.head.sheet.notes, *(self.layout.lines.sheet.notes if self.layout.lines else ()))

    def _missing_columns(self) -> Iterator[Problem]:
        for part in (self.head, *(() if self._has_no_lines else (self.line,))):
            for column in part.columns:
                known = column.index is not None or column.default or column.copies
                needed = column.field.required or (part.part == "head" and column.field.name in self.type.key_needed)
                if needed and not known and column.field.name != self.type.numbered:
                    place = Place(part.layout.sheet.name, part.layout.heading_row)
                    reported = any(
                        mistake.field == column.field.name
                        for mistake in self.layout.problems
                        if mistake.id == "CEBD-1005"
                    )
                    if not reported:
                        yield problem("CEBD-1004", place, field=column.field)

    def _head_column(self, name: str) -> Column:
        return next(column for column in self.head.columns if column.field.name == name)

    def _declared(self, name: str, defaults: Mapping[str, str]) -> list[Column]:
        """Where that head field's value may come from, the first that says something deciding."""
        return [self._head_column(source) for source in sources(self.type, name, defaults)]

    # Grouping rows

    def records(self) -> Iterator[Record]:
        """Every record of the workbook, ready or not, in the order of its rows. Raises NumberComesBack unless they are gathered."""
        if self.layout.lines is not None:
            yield from self._from_two_sheets(self.layout.lines)
            return
        if not self.type.line_fields:
            for numbered in self._data_rows(self.layout.head):
                yield self._record([numbered], (), self.layout.head.sheet.name)
            return
        rows = self._data_rows(self.layout.head)
        for grouped in (
            gathered(rows, self._number, alone=True).values() if self.gather else adjacent(rows, self._number)
        ):
            yield self._record(grouped, grouped, self.layout.head.sheet.name)

    def _data_rows(self, layout: SheetLayout) -> Iterator[Numbered]:
        """The rows with the head's merged cells filled in; an amount that is added up counts once."""
        repeated, once = [*self.numbers, *self.compared], self.summed
        if layout is not self.layout.head:
            repeated, once = self.line_numbers, []
        is_data = partial(self._typed_over.is_data, layout)
        return data_rows(layout, _indexes(repeated), _indexes(once), self.file_problems, titles_of(self.type), is_data)

    def _from_two_sheets(self, line_layout: SheetLayout) -> Iterator[Record]:
        """Lines name their head by the number that will be declared for it, or by the text in that number's place."""
        heads, lines = self._data_rows(self.layout.head), self._data_rows(line_layout)
        matched = Matched(lines, [column.number for column in self.line_numbers])
        for numbered in heads:
            own_lines = matched.of([number_of(numbered[1]) for number_of in self._number_of_head])
            yield self._record([numbered], own_lines, self.layout.head.sheet.name)
        for value, number in matched.left():
            self.file_problems.append(problem("CEBD-1010", Place(line_layout.sheet.name, number), value=value))

    # A record

    def _record(self, heads: Sequence[Numbered], lines: Sequence[Numbered], sheet: str) -> Record:
        problems: list[Problem] = list(self.blocking)
        if self._typed_over.rows:
            problems += self._typed_over.among(sheet, heads, self.line.layout.sheet.name, lines)
        number, row = heads[0]
        head_readings = self.head.read(row)
        if len(heads) > 1:
            self._agree(heads, head_readings, problems)
        head = dict(zip(self.head.names, map(_TEXT, head_readings), strict=True))
        self._copy_fields(head, head_readings)
        key = self._key_of(head)
        if any(map(_WRONG, head_readings)) or not all(key):
            self._report_head(problems, number, head_readings)
        head_xml = list(map(_XML, head_readings))
        texts, line_xml = self._lines(lines, problems)
        if head.get("appStatus") == ONLY_STORED:
            self._report_only_stored(problems, number)
        if not problems or all(
            mistake.severity != "error" or mistake.id in _CHECKED_ALL_THE_SAME for mistake in problems
        ):
            problems += self._business(head, texts, number, lines)
        elif any(mistake.id == "CEBD-1204" for mistake in problems):
            line_of_row = {row: nth for nth, (row, _) in enumerate(lines)}
            problems = with_points(problems, head, texts, line_of_row, self.options.figures)
        if not lines and self.type.needs_lines:
            problems.append(problem("CEBD-1011", Place(sheet, number)))
        if self.type.max_lines is not None and len(lines) > self.type.max_lines:
            place = Place(sheet, number)
            problems.append(problem("CEBD-1012", place, value=len(lines), limit=self.type.max_lines))
        guid = new_guid()
        ready = not problems or not any(mistake.severity == "error" for mistake in problems)
        rows = (number,) if len(heads) == 1 else tuple(row_number for row_number, _ in heads)
        content = digest_of((*head.values(), *(text for line in texts for text in line.values())))
        xml, shape = (self._compose(guid, head_xml, line_xml), shape_of((head_xml, *line_xml))) if ready else ("", b"")
        place = Place(sheet, number)
        facts = facts_of(self.type.facts, head, texts) if ready else NO_FACTS
        kept = (head, texts) if not ready and may_have_suggestion(problems) else None
        return Record(
            self.type.code, key, guid, head["appType"], place, rows, xml, content, tuple(problems), facts, kept, shape
        )

    def _report_head(self, problems: list[Problem], number: int, readings: list[Reading]) -> None:
        for column, reading in zip(self.head.columns, readings, strict=True):
            if reading.wrong is not None:
                self._report(problems, self.head, number, column, reading)
            elif not reading.text and column.field.name in self.keys and column.index is not None:
                self._report(problems, self.head, number, column, Reading("", "", Wrong("CEBD-1201", {})))

    def _report_only_stored(self, problems: list[Problem], number: int) -> None:
        column = self._head_column("appStatus")
        self._report(problems, self.head, number, column, Reading(ONLY_STORED, "", Wrong("CEBD-1340", {})))

    def _agree(self, heads: Sequence[Numbered], readings: list[Reading], problems: list[Problem]) -> None:
        """Check that all rows of a record have the same head; add up amounts per line if the settings say so."""
        first = heads[0][1]
        for column in self.compared:
            index = column.index or 0
            stated = first[index] if index < len(first) else ""
            for number, row in heads[1:]:
                cell = row[index] if index < len(row) else ""
                if cell in ("", None) and column.default:
                    continue  # it says nothing; the first row speaks for it
                if cell != stated and column.read(row).text != column.read(first).text:
                    wrong = Wrong("CEBD-1013", {"first": column.read(first).text})
                    self._report(problems, self.head, number, column, Reading(column.read(row).text, "", wrong))
        for column in self.summed:
            readings_of_rows = [(number, column.read(row)) for number, row in heads]
            bad = [(number, reading) for number, reading in readings_of_rows if reading.wrong]
            if bad:
                for number, reading in bad[1:] if bad[0][0] == heads[0][0] else bad:
                    self._report(problems, self.head, number, column, reading)
                continue
            total = sum((Decimal(reading.text) for _, reading in readings_of_rows), Decimal())
            readings[self.head.columns.index(column)] = column.judge_text(format(total, "f"))

    def _copy_fields(self, head: dict[str, str], readings: list[Reading]) -> None:
        for index, column in self._copying:
            if not readings[index].text:
                copied = head.get(column.copies or "", "")
                readings[index] = column.judge_text(copied) if copied else Reading("", "", Wrong("CEBD-1201", {}))
                head[column.field.name] = copied

    def _says_no_line(self, lines: Sequence[Numbered]) -> bool:
        """Whether lines that may be left out are: no column has any of them, or all their cells of this record are empty."""
        if self.type.needs_lines or self._has_no_lines:
            return self._has_no_lines
        cells = (
            row[column.index]
            for _, row in lines
            for column in self.line.columns
            if column.index is not None and column.index < len(row)
        )
        return all(cell in ("", None) for cell in cells)

    def _lines(
        self, lines: Sequence[Numbered], problems: list[Problem]
    ) -> tuple[list[dict[str, str]], list[list[str]]]:
        texts: list[dict[str, str]] = []
        elements: list[list[str]] = []
        for nth, (number, row) in enumerate(() if self._says_no_line(lines) else lines, 1):
            readings = self.line.read(row)
            if self._numbering is not None:
                readings[self._numbering] = self.line.columns[self._numbering].judge_text(str(nth))
            if any(map(_WRONG, readings)):
                for column, reading in zip(self.line.columns, readings, strict=True):
                    if reading.wrong is not None:
                        self._report(problems, self.line, number, column, reading)
            texts.append(dict(zip(self.line.names, map(_TEXT, readings), strict=True)))
            elements.append(list(map(_XML, readings)))
        return texts, elements

    def _compose(self, guid: str, head_xml: list[str], line_xml: list[list[str]]) -> str:
        made = {"guid": element("guid", guid), "appTime": self._app_time_xml}
        head = head_xml.copy()
        for position, name in self._generated_at:
            head.insert(position, made[name])
        kind, part = self.type.record, self.type.head
        heading = f"<ceb:{part}>{''.join(head)}</ceb:{part}>" if part else "".join(head)
        begin, end = f"<ceb:{self.type.line}>", f"</ceb:{self.type.line}>"
        lines = "".join([f"{begin}{''.join(elements)}{end}" for elements in line_xml])
        return f"<ceb:{kind}>{heading}{lines}</ceb:{kind}>"

    # Problems

    def _business(
        self, head: dict[str, str], texts: list[dict[str, str]], number: int, lines: Sequence[Numbered]
    ) -> Iterator[Problem]:
        for violation in broken_rules(self.type.code, head, texts, self.options.figures, self._today):
            part = self.head if violation.part == "head" else self.line
            row_number = number if violation.part == "head" else lines[violation.line][0]
            # On its cell; on its row where the sheet has no column for it.
            column = next(candidate for candidate in part.columns if candidate.field.name == violation.field)
            value = (head if violation.part == "head" else texts[violation.line])[violation.field]
            problem_found = with_severity_of(
                part.problem(row_number, column, value, Wrong(violation.id, violation.facts)), self.options.severities
            )
            if (
                problem_found is not None
                and violation.proved is not None
                and column.judge_text(violation.proved).wrong is None
            ):
                problem_found = replace(problem_found, suggestion=violation.proved)
            if problem_found is not None:
                yield problem_found

    def _report(
        self, problems: list[Problem], part: SectionReader, number: int, column: Column, reading: Reading
    ) -> None:
        assert reading.wrong is not None  # noqa: S101
        if any(
            mistake.field == column.field.name and mistake.place.row in (None, part.layout.heading_row)
            for mistake in self.blocking
        ):
            return  # said once of the whole column
        mistake = part.problem(number, column, reading.text, reading.wrong)
        kept_out = not reading.xml and mistake.id in CONFIGURABLE_CODES
        weighed = mistake if kept_out else with_severity_of(mistake, self.options.severities)
        if weighed is not None:
            problems.append(weighed)


def _getter(names: Sequence[str]) -> Callable[[Mapping[str, str]], tuple[str, ...]]:
    return itemgetter(*names) if len(names) > 1 else lambda head: (head[names[0]],)


def _bare(column: Column, index: int | None) -> Column:
    """That field's column, without the settings' default for empty cells."""
    return Column(column.field, index, None)


def _indexes(columns: Iterable[Column]) -> frozenset[int]:
    return frozenset(column.index for column in columns if column.index is not None)
