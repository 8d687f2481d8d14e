"""Records side by side: the rows of data of a chunk, as columns, are judged by columns; what is all right is composed together.

What is out of the ordinary is not judged here: the record goes apart, and is read from its rows as `RecordReader` reads every record. So
no problem is known here and no text for a person, only when a record has none (docs/decisions/column-wise.md).

| a record goes apart for | seen in |
| --- | --- |
| a cell with something wrong, also where that is tolerated | its column, judged as a whole |
| a number that is needed and is not there; the word that customs are to store it only | the columns of the key, of appStatus |
| rows that do not repeat its head; amounts that stand per row | the columns compared, the columns summed |
| lines that are left out, or are too many | the lines' columns, the number of rows |
| a broken rule | the rules' screens, then those rules themselves |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise, repeat
from typing import TypeVar

from cebd.documents.reading.cells.section import Column, Reading
from cebd.documents.reading.cells.values import Wrong
from cebd.documents.reading.cells.whole_column import Judged, everywhere, judged
from cebd.documents.reading.judged_records import JudgedRecords
from cebd.documents.reading.record_form import RecordForm
from cebd.documents.reading.rows.data_columns import DataColumns
from cebd.documents.reading.rows.data_rows import Numbered
from cebd.records.record import ONLY_STORED, Record
from cebd.rules.business import breaking
from cebd.rules.figures import Figures

T = TypeVar("T")
_NOTHING = Reading("", "", Wrong("CEBD-1201", {}))  # of a field that copies one that is empty
Apart = Callable[[list[Numbered]], Record]


class SideBySide:
    """Makes records of rows that come as columns. `apart` reads a single record from its rows."""

    def __init__(self, form: RecordForm, figures: Figures, apart: Apart) -> None:
        self._form = form
        self._figures = figures
        self._apart = apart
        self._has_lines = bool(form.type.line_fields) and not form.has_no_lines

    def records(self, rows: DataColumns, counts: Sequence[int], doubtful: Iterable[int]) -> Iterator[Record]:
        """The records of all these rows, in their order; `counts` says how many rows each has. Those with a row at a `doubtful` place
        go apart."""
        starts = list(accumulate(counts, initial=0))
        record_of: Sequence[int] = range(len(rows))
        heads = rows
        if len(counts) < len(rows):
            record_of = _repeated(range(len(counts)), counts)
            heads = rows.where([nth == 1 for nth in chain.from_iterable(map(_from_one, counts))])
        head, line = self._judged_heads(heads), self._judged_lines(rows, counts)
        odd_rows = chain(
            doubtful, self._unlike(rows, heads, counts), self._without_line(rows), *(one.wrong for one in line)
        )
        apart = {*map(record_of.__getitem__, odd_rows), *self._too_long(counts), *self._odd_heads(head)}
        judged_records = JudgedRecords(self._form, rows.numbers, counts, head, line)
        if apart:
            judged_records = judged_records.only([number not in apart for number in range(len(counts))])
        broken: set[int] = set()
        composed: list[Record] = []
        if len(apart) < len(counts):
            texts = judged_records.columns(self._figures)
            broken, composed = breaking(self._form.type.code, texts), judged_records.composed(texts)
        following = enumerate(composed)
        for number, (start, end) in enumerate(pairwise(starts)):
            if number not in apart:
                nth, record = next(following)
                if nth not in broken:
                    yield record
                    continue
            yield self._apart([(rows.numbers[place], rows.row(place)) for place in range(start, end)])

    # Columns

    def _judged_heads(self, heads: DataColumns) -> list[Judged]:
        head = [_judged(column, heads) for column in self._form.head.columns]
        of_name = {name: position for position, name in enumerate(self._form.head.names)}
        for position, column in self._form.copying:
            source = head[of_name[column.copies]].texts if column.copies in of_name else [""] * len(heads)
            head[position] = _copied(column, head[position], source)
        return head

    def _judged_lines(self, rows: DataColumns, counts: Sequence[int]) -> list[Judged]:
        if not self._has_lines:
            return []
        line = [_judged(column, rows) for column in self._form.line.columns]
        if self._form.numbering is not None:
            numbers = list(map(str, chain.from_iterable(map(_from_one, counts))))
            line[self._form.numbering] = judged(self._form.line.columns[self._form.numbering], numbers)
        return line

    # What goes apart

    def _odd_heads(self, head: Sequence[Judged]) -> Iterator[int]:
        """The records whose head is out of the ordinary."""
        for column, one in zip(self._form.head.columns, head, strict=True):
            yield from one.wrong
            if column.field.name in self._form.keys_needed and column.index is not None:
                yield from (number for number, text in enumerate(one.texts) if not text)
            if column.field.name == "appStatus" and ONLY_STORED in one.texts:
                yield from (number for number, text in enumerate(one.texts) if text == ONLY_STORED)

    def _too_long(self, counts: Sequence[int]) -> Iterator[int]:
        """The records with more lines than there may be."""
        most = self._form.type.max_lines
        if most is not None and self._form.type.line_fields:
            yield from (number for number, count in enumerate(counts) if count > most)

    def _unlike(self, rows: DataColumns, heads: DataColumns, counts: Sequence[int]) -> Iterator[int]:
        """The rows that say otherwise of the head than the first row of their record does, or add amounts to it."""
        if len(counts) == len(rows):
            return
        for column in self._form.compared:
            own = rows.column(column.index or 0)
            first = _repeated(heads.column(column.index or 0), counts)
            if own != first:
                yield from (place for place, (one, other) in enumerate(zip(own, first, strict=True)) if one != other)
        if self._form.summed:
            yield from (place for place, count in enumerate(_repeated(counts, counts)) if count > 1)

    def _without_line(self, rows: DataColumns) -> Sequence[int]:
        """The rows that leave out their line, where it may be left out."""
        if not self._has_lines or self._form.type.needs_lines:
            return ()
        places: Sequence[int] = range(len(rows))
        for column in self._form.line.columns:
            if column.index is not None and places:
                cells = rows.column(column.index)
                places = [place for place in places if cells[place] in ("", None)]
        return places


def _judged(column: Column, rows: DataColumns) -> Judged:
    if column.index is not None:
        return judged(column, rows.column(column.index))
    return everywhere(column.read([]), len(rows))


def _copied(column: Column, own: Judged, source: Sequence[str]) -> Judged:
    """The column with another's texts where it has none; that there is none to copy is wrong."""
    if "" not in own.texts:
        return own
    whole = judged(column, [text or copied for text, copied in zip(own.texts, source, strict=True)])
    nothing = {place: _NOTHING for place, text in enumerate(whole.texts) if not text}
    return whole._replace(wrong={**nothing, **whole.wrong, **own.wrong})


def _repeated(values: Sequence[T], counts: Sequence[int]) -> list[T]:
    """What there is of each record, for each of its rows."""
    return list(chain.from_iterable(map(repeat, values, counts)))


def _from_one(count: int) -> Sequence[int]:
    return range(1, count + 1)
