"""Records that are all right, their texts in columns: put together by filling in one template for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, compress, pairwise, repeat
from operator import add
from typing import TypeVar

from cebd.documents.reading.cells.section import Column
from cebd.documents.reading.cells.whole_column import Judged
from cebd.documents.reading.record_form import RecordForm
from cebd.messages.compose import new_guid
from cebd.problems.problem import Place
from cebd.records.facts import facts_of_each
from cebd.records.record import DIGEST_SEPARATOR, Record, digest_of_joined
from cebd.rules.figures import Figures
from cebd.rules.rule import RecordColumns

T = TypeVar("T")
Values = list[Sequence[str]]  # what fills a template in: for each of its places a text for each record (or line)
_FILLED_IN = "\0"  # stands in no text: XML does not have it


@dataclass(frozen=True)
class JudgedRecords:
    """Records of one sheet, each of one row or of several that follow each other.

    `numbers` are the numbers of all their rows; `counts` says how many rows each record has. `head` are the columns of the head's fields,
    with a place for each record; `line` those of a goods line's fields, with a place for each row, none where the records have no lines.
    """

    form: RecordForm
    numbers: Sequence[int]
    counts: Sequence[int]
    head: Sequence[Judged]
    line: Sequence[Judged]

    def only(self, chosen: Sequence[bool]) -> JudgedRecords:
        """The chosen records alone; `chosen` has a place for each record."""
        rows = chosen if self._has_one_row_each else list(chain.from_iterable(map(repeat, chosen, self.counts)))
        return JudgedRecords(
            self.form,
            list(compress(self.numbers, rows)),
            list(compress(self.counts, chosen)),
            [column.only(chosen) for column in self.head],
            [column.only(rows) for column in self.line],
        )

    def columns(self, figures: Figures) -> RecordColumns:
        """Their texts, as rules are asked about them."""
        heads = {name: column.texts for name, column in zip(self.form.head.names, self.head, strict=True)}
        lines = {name: column.texts for name, column in zip(self.form.line.names, self.line, strict=False)}
        counts = self.counts if self.line else [0] * len(self.counts)
        form = self.form
        return RecordColumns(heads, lines, counts, figures, form.today, form.declarant, form.tables)

    def composed(self, columns: RecordColumns) -> list[Record]:
        """The records; `columns` are their texts."""
        message, sheet = self.form.type, self.form.head.layout.sheet.name
        guids = [new_guid() for _ in self.counts]
        rows = list(map(tuple, self._of_each(self.numbers)))
        parts = (
            repeat(message.code),
            zip(*map(columns.head, message.key), strict=True),
            guids,
            columns.head("appType"),
            [Place(sheet, numbers[0]) for numbers in rows],
            rows,
            self._xml(guids),
            map(digest_of_joined, self._declared()),
            repeat(()),
            facts_of_each(message.facts, columns),
            repeat(None),
            self._shapes(),
            repeat(None),
            repeat(()),
        )
        return list(map(Record._make, zip(*parts, strict=False)))

    def _xml(self, guids: Sequence[str]) -> list[str]:
        form = self.form
        lines, line_values = self._in_a_record(
            form.compose_line(list(map(_element, form.line.columns, self.line))), list(map(_elements, self.line)), ""
        )
        template = form.compose(_FILLED_IN, list(map(_element, form.head.columns, self.head)), lines)
        generated: dict[str, Sequence[str]] = {"guid": guids, "appTime": ()}
        head_values = form.with_generated(list(map(_elements, self.head)), generated)
        return _filled(template, [*head_values, *line_values], len(self.counts))

    def _declared(self) -> list[str]:
        """The texts that are digested, joined."""
        line = DIGEST_SEPARATOR.join(map(_text, self.line))
        lines, line_values = self._in_a_record(line, list(map(_texts, self.line)), DIGEST_SEPARATOR)
        template = DIGEST_SEPARATOR.join([*map(_text, self.head), *([lines] if self.line else [])])
        return _filled(template, [*map(_texts, self.head), *line_values], len(self.counts))

    def _shapes(self) -> Iterable[bytes]:
        heads = _shapes(self.head, len(self.counts))
        if not self.line:
            return heads
        return map(add, heads, map(b"".join, self._of_each(_shapes(self.line, len(self.numbers)))))

    def _in_a_record(self, line: str, values: Values, between: str) -> tuple[str, Values]:
        """What stands for its lines in the template of a record, and fills it in: `line`, the template of a single one, where each has
        one line; else the lines filled in and joined."""
        if not self.line:
            return "", []
        if self._has_one_row_each:
            return line, values
        return _FILLED_IN, [list(map(between.join, self._of_each(_filled(line, values, len(self.numbers)))))]

    def _of_each(self, of_rows: Sequence[T]) -> Iterable[Sequence[T]]:
        """What there is for each row, record by record."""
        if self._has_one_row_each:
            return zip(of_rows, strict=True)
        return [of_rows[start:end] for start, end in pairwise(accumulate(self.counts, initial=0))]

    @cached_property
    def _has_one_row_each(self) -> bool:
        return len(self.numbers) == len(self.counts)


def _element(column: Column, judged: Judged) -> str:
    """The field's XML element in the template of a record."""
    if judged.same is not None:
        return judged.same.xml
    return column.element(_FILLED_IN) if judged.elements is None else _FILLED_IN


def _elements(judged: Judged) -> Sequence[str]:
    """What fills that in, place by place; nothing where it is the same everywhere."""
    if judged.same is not None:
        return ()
    return judged.texts if judged.elements is None else judged.elements


def _text(judged: Judged) -> str:
    """The field's text in the template of a record."""
    return _FILLED_IN if judged.same is None else judged.same.text


def _texts(judged: Judged) -> Sequence[str]:
    return judged.texts if judged.same is None else ()


def _filled(template: str, values: Iterable[Sequence[str]], count: int) -> list[str]:
    """The template filled in, place by place: joined, its parts between the columns, which takes half as long as formatting."""
    filling = list(filter(None, values))
    first, *others = template.split(_FILLED_IN)
    if not filling:
        return [first] * count
    if {*map(len, filling)} != {count}:
        raise ValueError("columns of different lengths")
    following = chain.from_iterable(zip(filling, map(repeat, others), strict=True))
    return list(map("".join, zip(repeat(first), *following, strict=False)))


def _shapes(columns: Sequence[Judged], count: int) -> Sequence[bytes]:
    """Which elements there are, place by place (`Record.shape`)."""
    constant = [column.same is not None or column.elements is None for column in columns]
    if all(constant):
        return [bytes(column.same is None or column.same.xml != "" for column in columns)] * count
    there = (
        repeat(column.same is None or column.same.xml != "") if same else map(bool, column.elements or ())
        for column, same in zip(columns, constant, strict=True)
    )
    return list(map(bytes, zip(*there, strict=False)))
