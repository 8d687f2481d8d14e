"""A record from its rows: what its cells say, checked in one pass and composed as canonical text.

`RowsAsRecord.record` has the head's columns read the first row into readings (text, XML element, what is wrong), compares the further rows
with it, fills fields that copy others, and has the lines' columns read each row. The texts go to the rules, to the digest of the declared
values and to the facts for later declarations; the elements, joined, are the record's XML. Problems are collected on the way, each on its
cell; a record with an error keeps its problems and has no XML. `_TEXT`, `_XML` and `_WRONG` take one part of each reading: mapped over a
row of readings they cost no Python frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from operator import itemgetter

from cebd.documents.reading.cells.decimal_comma import with_points
from cebd.documents.reading.cells.section import Column, Reading, SectionReader
from cebd.documents.reading.cells.values import Wrong
from cebd.documents.reading.from_list import FromList
from cebd.documents.reading.options import RecordOptions
from cebd.documents.reading.record_form import RecordForm
from cebd.documents.reading.rows.data_rows import Numbered
from cebd.documents.reading.rows.example import TypedOver
from cebd.documents.reading.rows.withheld import WithheldRows
from cebd.messages.compose import new_guid
from cebd.problems.problem import CONFIGURABLE_CODES, Place, Problem, problem, shorten, with_severity_of
from cebd.records.facts import NO_FACTS, facts_of
from cebd.records.original_list import OriginalList
from cebd.records.record import ONLY_STORED, Record, digest_of, may_have_suggestion, shape_of
from cebd.rules.business import broken_rules

_CHECKED_ALL_THE_SAME = ("CEBD-1214",)  # the stored 0 is suspected already; the wrong sum is reported too

_TEXT, _XML, _WRONG = itemgetter(0), itemgetter(1), itemgetter(2)  # of a Reading


class RowsAsRecord:
    """Makes the records of a layout, each from its rows. `blocking`: mistakes of the whole file, which every record has."""

    def __init__(
        self,
        form: RecordForm,
        options: RecordOptions,
        from_list: FromList,
        typed_over: TypedOver,
        withheld: WithheldRows,
        blocking: Sequence[Problem],
    ) -> None:
        self._form = form
        self._options = options
        self._type, self._head, self._line = form.type, form.head, form.line
        self._from_list = from_list
        self._typed_over = typed_over
        self._withheld = withheld
        self._blocking = blocking

    def record(
        self,
        heads: Sequence[Numbered],
        lines: Sequence[Numbered],
        sheet: str,
        original: OriginalList | None,
        comes_again: Problem | None,
    ) -> Record:
        """The record of these rows of a sheet. `original`: its list, once the store has found it; `comes_again`: so does its number."""
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
        of_lines: list[Problem] = []
        texts, line_xml = self._lines(lines, of_lines, original)
        if original is not None:
            problems += self._from_list.number_it(number, row, head_readings, texts, original)
            head = dict(zip(self._head.names, map(_TEXT, head_readings), strict=True))
        key = self._form.key_of(head)
        if any(map(_WRONG, head_readings)) or not all(key):
            self._report_head(problems, number, head_readings)
        problems += of_lines
        head_xml = list(map(_XML, head_readings))
        problems = self._judged_whole(problems, head, texts, Place(sheet, number), lines)
        problems = self._withheld.among(sheet, heads, self._line.layout.sheet.name, lines) or problems
        asks = None if original is not None else self._from_list.named_by(row, lines)
        if comes_again is not None:
            problems, asks = [comes_again], None
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

    def _judged_whole(
        self,
        problems: list[Problem],
        head: dict[str, str],
        texts: list[dict[str, str]],
        place: Place,
        lines: Sequence[Numbered],
    ) -> list[Problem]:
        """The problems of its cells, with those of the record as a whole. The rules are asked where its cells are all right."""
        number = place.row or 0
        if head.get("appStatus") == ONLY_STORED:
            self._report_only_stored(problems, number)
        if self._type.max_lines is not None and len(lines) > self._type.max_lines:
            problems.insert(0, problem("CEBD-1012", place, value=len(lines), limit=self._type.max_lines))
        elif not problems or all(
            mistake.severity != "error" or mistake.id in _CHECKED_ALL_THE_SAME for mistake in problems
        ):
            problems += self._business(head, texts, number, lines)
        elif any(mistake.id == "CEBD-1204" for mistake in problems):
            line_of_row = {row: nth for nth, (row, _) in enumerate(lines)}
            problems = with_points(problems, head, texts, line_of_row, self._options.figures)
        if not lines and self._type.needs_lines:
            problems.append(problem("CEBD-1011", place))
        return problems

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
