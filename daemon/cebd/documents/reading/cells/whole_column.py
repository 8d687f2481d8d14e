"""A whole column of cells judged at once, as its `Column` would judge each of them.

| cells | how |
| --- | --- |
| few that differ | each that differs once |
| many texts | all that are ordinary by one match over the joined column; the others one by one |
| many numbers | as the texts they have, where these are beyond doubt; the others one by one |
| texts and numbers, and what else there is | one by one, as the column remembers them |
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import compress
from operator import itemgetter
from typing import Any, NamedTuple

from cebd.documents.reading.cells.section import IDS_WITHOUT_TEXT, Column, Reading
from cebd.documents.reading.cells.values import ordinary_pattern
from cebd.messages.description import Field

_SAMPLE, _MAX_DIFFERENT = 64, 32
_END = "\0"  # of each cell; a text that has it is judged by itself
_NO_TEXT = "\1"  # in the place of a number that is judged by itself: no ordinary text has it
_LONGEST_NUMBER = 16  # fifteen digits and a point: Python's shortest text for it says the number as it was written

_TEXT, _XML, _WRONG = itemgetter(0), itemgetter(1), itemgetter(2)  # of a Reading


class Judged(NamedTuple):
    """A column of cells, judged. `wrong` are the readings with something wrong, by place (index).

    `texts` are declared, one for each place. `elements` is their XML, one for each place, empty where nothing is declared; None where
    each text stands in its element as it is. `same`: all cells read so, and nothing is wrong with them.
    """

    texts: Sequence[str]
    elements: Sequence[str] | None
    wrong: Mapping[int, Reading]
    same: Reading | None = None

    def only(self, chosen: Sequence[bool]) -> Judged:
        """The places alone that are chosen; nothing is wrong with any of them."""
        if self.same is not None:
            return everywhere(self.same, sum(chosen))
        texts = list(compress(self.texts, chosen))
        return Judged(texts, None if self.elements is None else list(compress(self.elements, chosen)), {})


def everywhere(reading: Reading, count: int) -> Judged:
    """As many cells that are all read so."""
    texts, elements = [reading.text] * count, [reading.xml] * count
    if reading.wrong is not None:
        return Judged(texts, elements, dict.fromkeys(range(count), reading))
    return Judged(texts, elements, {}, reading)


def judged(column: Column, cells: Sequence[Any]) -> Judged:
    """The cells as that column reads them."""
    kinds = set(map(type, cells))
    alike = kinds in ({str}, {float})
    if alike and (len(cells) <= _SAMPLE or len(set(cells[:_SAMPLE])) <= _MAX_DIFFERENT):
        different = set(cells)
        if len(cells) <= _SAMPLE or 2 * len(different) <= len(cells):
            return _each_once(column, cells, different)
    pattern = _whole(column.field) if alike and column.partner is None else None
    if pattern is None:
        return _one_by_one(column, cells)
    return _together(column, pattern, cells, cells if kinds == {str} else list(map(_number_text, cells)))


def numbers(column: Column, cells: Sequence[Any]) -> Sequence[str]:
    """The texts by which rows belong together (`Column.number`)."""
    texts, _, wrong, _ = judged(column, cells)
    without = [place for place, reading in wrong.items() if reading.wrong and reading.wrong.id in IDS_WITHOUT_TEXT]
    if not without:
        return texts
    given = list(texts)
    for place in without:
        given[place] = ""
    return given


def _each_once(column: Column, cells: Sequence[Any], different: Collection[Any]) -> Judged:
    readings = {cell: column.reading(cell) for cell in different}
    if len(readings) == 1:
        return everywhere(next(iter(readings.values())), len(cells))
    wrong = {cell for cell, reading in readings.items() if reading.wrong is not None}
    texts: Sequence[str] = cells
    if any(cell != reading.text for cell, reading in readings.items()):
        texts = [readings[cell].text for cell in cells]
    plain = all(cell in wrong or column.stands_as_it_is(reading) for cell, reading in readings.items())
    return Judged(
        texts,
        None if plain else [readings[cell].xml for cell in cells],
        {place: readings[cell] for place, cell in enumerate(cells) if cell in wrong} if wrong else {},
    )


def _together(column: Column, pattern: re.Pattern[str], cells: Sequence[Any], written: Sequence[str]) -> Judged:
    """Cells that are mostly ordinary, `written` being their texts."""
    joined = _END.join(written) + _END
    if joined.count(_END) > len(cells):
        return _one_by_one(column, cells)
    others: dict[int, Reading] = {}
    place = at = 0
    while True:
        end = pattern.match(joined, at).end()  # type: ignore[union-attr]  # it matches no cell, too
        if end == len(joined):
            break
        place += joined.count(_END, at, end)
        others[place] = column.reading(cells[place])
        at = end + len(written[place]) + 1
        place += 1
    if not others:
        return Judged(written, None, others)
    texts = list(written)
    for place, reading in others.items():
        texts[place] = reading.text
    wrong = {place: reading for place, reading in others.items() if reading.wrong is not None}
    elements = None
    if not all(place in wrong or column.stands_as_it_is(reading) for place, reading in others.items()):
        elements = list(map(column.element, texts))
        for place, reading in others.items():
            elements[place] = reading.xml
    return Judged(texts, elements, wrong)


def _one_by_one(column: Column, cells: Sequence[Any]) -> Judged:
    readings = list(map(column.reading, cells))
    wrong = {}
    if any(map(_WRONG, readings)):
        wrong = {place: reading for place, reading in enumerate(readings) if reading.wrong is not None}
    return Judged(list(map(_TEXT, readings)), list(map(_XML, readings)), wrong)


def _number_text(number: float) -> str:
    text = repr(number)
    if len(text) > _LONGEST_NUMBER or not text.replace(".", "", 1).isdecimal():
        return _NO_TEXT
    return text.removesuffix(".0")


@cache
def _whole(field: Field) -> re.Pattern[str] | None:
    """As many cells with ordinary texts as there are, each with its end; None for a field whose texts are always looked at."""
    pattern = ordinary_pattern(field)
    return None if pattern is None else re.compile(f"(?:{pattern}{_END})*+")
