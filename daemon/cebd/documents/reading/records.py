"""Rows -> records: heads and goods lines brought together, checked in one pass, composed as canonical text.

Successive rows with the same number are a record, read as they come. When a number comes back later in the sheet, everything is
read again, now gathered by number first: this takes memory, so it is done only then.

The data of a record: `records` takes its rows from `DataRows`, one by one or through `Adjacent`, `gathered` and `Matched`. `record` has
the head's columns read the first row into readings (text, XML element, what is wrong), compares the further rows with it, fills fields
that copy others, and has the lines' columns read each row. The texts go to the rules, to the digest of the declared values and to the facts
for later declarations; the elements, joined, are the record's XML. Problems are collected on the way, each on its cell; a record
with an error keeps its problems and has no XML. `_TEXT`, `_XML` and `_WRONG` take one part of each reading: mapped over a row of readings
they cost no Python frame.

Rows that come as columns are judged side by side (`side_by_side.py`), all that are out of the ordinary here: this is the description of
what a record is, and the other gives the same records, only sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise
from operator import itemgetter

from cebd.decisions.deciding import decided
from cebd.documents.reading.cells.decimal_comma import with_points
from cebd.documents.reading.cells.section import Column, Reading, SectionReader
from cebd.documents.reading.cells.values import Wrong
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
from cebd.documents.reading.rows.repeated_heads import heads_by_number, repeated
from cebd.documents.reading.rows.withheld import WithheldRows
from cebd.documents.reading.side_by_side import SideBySide
from cebd.messages.compose import new_guid
from cebd.problems.problem import CONFIGURABLE_CODES, Place, Problem, problem, shorten, with_severity_of
from cebd.records.facts import NO_FACTS, facts_of
from cebd.records.original_list import OriginalList
from cebd.records.record import ONLY_STORED, Record, digest_of, may_have_suggestion, shape_of
from cebd.rules.business import broken_rules

_CHECKED_ALL_THE_SAME = ("CEBD-1214",)  # the stored 0 is suspected already; the wrong sum is reported too

_TEXT, _XML, _WRONG = itemgetter(0), itemgetter(1), itemgetter(2)  # of a Reading


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
        self._repeated: dict[int, Problem] = {}  # by row of the record that is read, that its number comes again
        self._side_by_side = SideBySide(self._form, options.figures, self._of_rows)
        self._from_list = FromList(self._form)
        self._asking: dict[
            str, tuple[Sequence[Numbered], Sequence[Numbered], str]
        ] = {}  # rows that need their list, by guid
        self.file_problems = self._form.file_problems()
        self._blocking = [mistake for mistake in self.file_problems if mistake.severity == "error"]

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
        again = partial(self._undecided, sheet=sheet, original=original)
        record, decisions, corrections = again(heads, lines), self._options.decisions, self._options.corrections
        if record.problems and (decisions or corrections):
            rows = DecidedRows(self.layout, heads, lines, again)
            record = decided(record, decisions, rows, rows.among(corrections))
        if record.asks is not None:
            self._asking[record.guid] = heads, lines, sheet
        return record

    def _undecided(
        self, heads: Sequence[Numbered], lines: Sequence[Numbered], sheet: str, original: OriginalList | None
    ) -> Record:
        problems: list[Problem] = list(self._blocking)
        if self._typed_over.rows:
            problems += self._typed_over.among(sheet, heads, self._line.layout.sheet.name, lines)
        number, row = heads[0]
        head_readings = self._head.read(row)
        if len(heads) > 1:
            self._agree(heads, head_readings, problems)
        if original is not None:
            problems += self._from_list.fill_head(number, row, head_readings, original)
        head = dict(zip(self._head.names, map(_TEXT, head_readings), strict=True))
        self._copy_fields(head, head_readings)
        if original is not None:
            problems += self._from_list.number_it(number, row, head_readings, original)
            head = dict(zip(self._head.names, map(_TEXT, head_readings), strict=True))
        key = self._form.key_of(head)
        if any(map(_WRONG, head_readings)) or not all(key):
            self._report_head(problems, number, head_readings)
        head_xml = list(map(_XML, head_readings))
        texts, line_xml = self._lines(lines, problems, original)
        if head.get("appStatus") == ONLY_STORED:
            self._report_only_stored(problems, number)
        if self._type.max_lines is not None and len(lines) > self._type.max_lines:
            place = Place(sheet, number)
            problems.insert(0, problem("CEBD-1012", place, value=len(lines), limit=self._type.max_lines))
        elif not problems or all(
            mistake.severity != "error" or mistake.id in _CHECKED_ALL_THE_SAME for mistake in problems
        ):
            problems += self._business(head, texts, number, lines)
        elif any(mistake.id == "CEBD-1204" for mistake in problems):
            line_of_row = {row: nth for nth, (row, _) in enumerate(lines)}
            problems = with_points(problems, head, texts, line_of_row, self._options.figures)
        if not lines and self._type.needs_lines:
            problems.append(problem("CEBD-1011", Place(sheet, number)))
        problems = self._withheld.among(sheet, heads, self._line.layout.sheet.name, lines) or problems
        asks = None if original is not None else self._from_list.named_by(row, lines)
        if number in self._repeated:
            problems, asks = [self._repeated[number]], None
        guid = new_guid()
        ready = not problems or not any(mistake.severity == "error" for mistake in problems)
        rows = (number,) if len(heads) == 1 else tuple(row_number for row_number, _ in heads)
        content = digest_of((*head.values(), *(text for line in texts for text in line.values())))
        xml, shape = "", b""
        if ready:
            xml = self._form.compose(guid, head_xml, "".join(map(self._form.compose_line, line_xml)))
            shape = shape_of((head_xml, *line_xml))
        place = Place(sheet, number)
        facts = facts_of(self._type.facts, head, texts) if ready else NO_FACTS
        kept = (head, texts) if not ready and may_have_suggestion(problems) else None
        return Record(
            self._type.code,
            key,
            guid,
            head["appType"],
            place,
            rows,
            xml,
            content,
            tuple(problems),
            facts,
            kept,
            shape,
            asks,
        )

    def _report_head(self, problems: list[Problem], number: int, readings: list[Reading]) -> None:
        for column, reading in zip(self._head.columns, readings, strict=True):
            if reading.wrong is not None:
                self._report(problems, self._head, number, column, reading)
            elif (
                not reading.text
                and column.field.name in self._form.keys_needed
                and (column.index is not None or column.field.name in self._form.numbered_by_list)
            ):
                self._report(problems, self._head, number, column, Reading("", "", Wrong("CEBD-1201", {})))

    def _report_only_stored(self, problems: list[Problem], number: int) -> None:
        column = self._form.head_column("appStatus")
        self._report(problems, self._head, number, column, Reading(ONLY_STORED, "", Wrong("CEBD-1340", {})))

    def _agree(self, heads: Sequence[Numbered], readings: list[Reading], problems: list[Problem]) -> None:
        """Check that all rows of a record have the same head; add up amounts per line if the settings say so."""
        first = heads[0][1]
        for column in self._form.compared:
            index = column.index or 0
            stated = first[index] if index < len(first) else ""
            for number, row in heads[1:]:
                cell = row[index] if index < len(row) else ""
                if cell in ("", None) and column.default:
                    continue  # it says nothing; the first row speaks for it
                if cell != stated and column.read(row).text != column.read(first).text:
                    wrong = Wrong("CEBD-1013", {"first": shorten(column.field.name, column.read(first).text)})
                    self._report(problems, self._head, number, column, Reading(column.read(row).text, "", wrong))
        for column in self._form.summed:
            readings_of_rows = [(number, column.read(row)) for number, row in heads]
            bad = [(number, reading) for number, reading in readings_of_rows if reading.wrong]
            if bad:
                for number, reading in bad[1:] if bad[0][0] == heads[0][0] else bad:
                    self._report(problems, self._head, number, column, reading)
                continue
            total = sum((Decimal(reading.text) for _, reading in readings_of_rows), Decimal())
            readings[self._head.columns.index(column)] = column.judge_text(format(total, "f"))

    def _copy_fields(self, head: dict[str, str], readings: list[Reading]) -> None:
        for index, column in self._form.copying:
            if not readings[index].text:
                copied = head.get(column.copies or "", "")
                readings[index] = column.judge_text(copied) if copied else Reading("", "", Wrong("CEBD-1201", {}))
                head[column.field.name] = copied

    def _says_no_line(self, lines: Sequence[Numbered]) -> bool:
        """Whether lines that may be left out are: no column has any of them, or all their cells of this record are empty."""
        if self._type.needs_lines or self._form.has_no_lines:
            return self._form.has_no_lines
        cells = (
            row[column.index]
            for _, row in lines
            for column in self._line.columns
            if column.index is not None and column.index < len(row)
        )
        return all(cell in ("", None) for cell in cells)

    def _lines(
        self, lines: Sequence[Numbered], problems: list[Problem], original: OriginalList | None
    ) -> tuple[list[dict[str, str]], list[list[str]]]:
        texts: list[dict[str, str]] = []
        elements: list[list[str]] = []
        for nth, (number, row) in enumerate(() if self._says_no_line(lines) else lines, 1):
            readings = self._line.read(row)
            if self._form.numbering is not None:
                readings[self._form.numbering] = self._line.columns[self._form.numbering].judge_text(str(nth))
            if original is not None:
                problems += self._from_list.fill_line(number, row, readings, original)
            if any(map(_WRONG, readings)):
                for column, reading in zip(self._line.columns, readings, strict=True):
                    if reading.wrong is not None:
                        self._report(problems, self._line, number, column, reading)
            texts.append(dict(zip(self._line.names, map(_TEXT, readings), strict=True)))
            elements.append(list(map(_XML, readings)))
        return texts, elements

    # Problems

    def _business(
        self, head: dict[str, str], texts: list[dict[str, str]], number: int, lines: Sequence[Numbered]
    ) -> Iterator[Problem]:
        for violation in broken_rules(
            self._type.code,
            head,
            texts,
            self._options.figures,
            self._form.today,
            self._options.declarant,
            self._options.tables,
        ):
            part = self._head if violation.part == "head" else self._line
            row_number = number if violation.part == "head" else lines[violation.line][0]
            # On its cell; on its row where the sheet has no column for it.
            column = next(candidate for candidate in part.columns if candidate.field.name == violation.field)
            value = (head if violation.part == "head" else texts[violation.line])[violation.field]
            problem_found = with_severity_of(
                part.problem(row_number, column, value, Wrong(violation.id, violation.facts)), self._options.severities
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
            for mistake in self._blocking
        ):
            return  # said once of the whole column
        mistake = part.problem(number, column, reading.text, reading.wrong)
        kept_out = not reading.xml and mistake.id in CONFIGURABLE_CODES
        weighed = mistake if kept_out else with_severity_of(mistake, self._options.severities)
        if weighed is not None:
            problems.append(weighed)


def _indexes(columns: Iterable[Column]) -> frozenset[int]:
    return frozenset(column.index for column in columns if column.index is not None)
