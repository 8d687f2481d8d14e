"""One row, many columns: cells read into texts and canonical fragments, each distinct value checked once.

A row comes in as a list of cells. `SectionReader.read` gives a `Reading` for each field, in the order of the specification: it copies the
list of readings that hold on every row (defaults of fields without a column) and puts the readings of the columns into their places. Each
`Column` keeps the readings of the texts, and of the numbers, that it has met: of 100,000 rows most cells say what a cell above them said,
so a dictionary answers for them, and `_judge` (cell -> text -> check against the field -> XML element) works only on what is new.
`cell.__class__ is str` is the cheapest question that tells a text from a number, and keeps out the subclasses of `str` (`Faulty`,
`Shown`), which must be judged anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cebd.cell_names import column_letters
from cebd.clock import compact
from cebd.documents.reading.cells.suggestion import suggested
from cebd.documents.reading.cells.understood import understood
from cebd.documents.reading.cells.values import Wrong, fitting, fitting_if_tolerated, ordinary, text_of
from cebd.documents.reading.columns import SheetLayout
from cebd.documents.workbooks.cells import Faulty
from cebd.documents.workbooks.chunks import Row
from cebd.messages.compose import element
from cebd.messages.description import Field, Part
from cebd.problems.problem import CONFIGURABLE_CODES, Place, Problem, catalogue, problem
from cebd.rules.codes.tables import PUBLISHED, Tables

_MAX_READINGS_CACHED = 20_000
_CODE, _NAME = "Code", "Name"  # endings of the fields that say who an enterprise is
IDS_WITHOUT_TEXT = ("CEBD-1205", "CEBD-1211", "CEBD-1212", "CEBD-1213", "CEBD-1214", "CEBD-1217")
# A value with a warning is declared; if settings turn the warning into an error, the whole record is kept back.
_WARNED_OF = frozenset(id_ for id_ in CONFIGURABLE_CODES if catalogue()[id_].get("severity") == "warning")


class Reading(NamedTuple):
    """A cell read: its text, its canonical element (empty when left out), and why it does not fit."""

    text: str
    xml: str
    wrong: Wrong | None


_made = (
    tuple.__new__
)  # Reading's own constructor calls this, too: called directly for the millions of ordinary texts, it saves a call


class Partner(NamedTuple):
    """The other half of a code and its name, which no column has: `default` is what is declared of `field`, `own` the half that goes with
    it."""

    field: Field
    default: str
    own: str

    def goes_with(self, text: str) -> bool:
        """Whether both are the same enterprise's: its code as it is, its name perhaps in short."""
        if self.field.name.endswith(_NAME):  # the text is a code
            return text == self.own
        return text in self.own or self.own in text

    def wrong(self) -> Wrong:
        facts: dict[str, object] = {
            "half_zh": self.field.zh,
            "half_en": self.field.en,
            "default": self.default,
            "own": self.own,
        }
        return Wrong("CEBD-1229", facts)


class Column:
    """A field's column (or default): reads cells and remembers their readings.

    A text with a problem is not declared unless the problem is a warning: by itself, or `tolerated` by the settings. The schema tolerates
    nothing: such a text must have the right length, and where the schema names the only text, no other is declared. `partner`: see
    Partner; None where the file has both, or neither, or the settings do not say.
    """

    def __init__(
        self,
        field: Field,
        index: int | None,
        default: str | None,
        tolerated: frozenset[str] = frozenset(),
        tables: Tables = PUBLISHED,
        partner: Partner | None = None,
    ) -> None:
        self.field = field
        self.index = index
        self.partner = partner
        self.copies = copied_from(default)
        self.default = "" if default is None or self.copies else default.strip()
        self._fits = fitting(field, tables)
        self._tables = tables
        self._fits_if_tolerated = fitting_if_tolerated(field)
        self._is_ordinary = ordinary(field)
        self._begin, self._end = f"<ceb:{field.name}>", f"</ceb:{field.name}>"
        self._tolerated = tolerated | _WARNED_OF if field.fixed is None else frozenset()
        self._texts: dict[str, Reading] = {}
        self._numbers: dict[float, Reading] = {}

    @property
    def remembered(self) -> Mapping[str, Reading]:
        """The texts read lately, with their readings."""
        return self._texts

    def read(self, row: Row) -> Reading:
        """The row's value for this field."""
        index = self.index
        return self.reading(row[index] if index is not None and index < len(row) else "")

    def reading(self, cell: Any) -> Reading:
        """The reading of a cell."""
        return self._texts.get(cell) or self.learn(cell) if cell.__class__ is str else self.learn(cell)

    def learn(self, cell: Any) -> Reading:
        """The reading of a cell that is not remembered."""
        if cell.__class__ is str:
            if len(self._texts) > _MAX_READINGS_CACHED:
                self._texts.clear()
            reading = self._texts[cell] = self._judge(cell)
            return reading
        if cell.__class__ is float:
            remembered = self._numbers.get(cell)
            if remembered is None:
                if len(self._numbers) > _MAX_READINGS_CACHED:
                    self._numbers.clear()
                remembered = self._numbers[cell] = self._judge(cell)
            return remembered
        return self._judge(cell)

    def number(self, row: Row) -> str:
        """The text by which rows belong together; empty when the cell has no text."""
        reading = self.read(row)
        return "" if reading.wrong is not None and reading.wrong.id in IDS_WITHOUT_TEXT else reading.text

    def is_empty(self, row: Row) -> bool:
        """Whether the row says nothing in this column."""
        index = self.index
        return index is None or index >= len(row) or self.says_nothing(row[index])

    def says_nothing(self, cell: Any) -> bool:
        """Whether there is nothing in such a cell."""
        return text_of(cell, self.field) == ""

    def element(self, text: str) -> str:
        """The XML element of a text that stands in it as it is."""
        return f"{self._begin}{text}{self._end}"

    def stands_as_it_is(self, reading: Reading) -> bool:
        """Whether the element of the reading is its text between the tags: nothing is left out or escaped."""
        return reading.text != "" and reading.xml == self.element(reading.text)

    def judge_text(self, text: str) -> Reading:
        """A text that comes from elsewhere than a cell (a sum, a copied field, a line number)."""
        return self._judge(text)

    def _judge(self, cell: Any) -> Reading:
        reading = self._judge_alone(cell)
        if self.partner is None or reading.wrong is not None or self.partner.goes_with(reading.text):
            return reading
        return Reading(reading.text, "", self.partner.wrong())

    def _judge_alone(self, cell: Any) -> Reading:
        if cell.__class__ is str and self._is_ordinary(cell):
            return _made(Reading, (cell, self.element(cell), None))
        text = text_of(cell, self.field)
        if isinstance(text, Wrong):
            return Reading(cell.stored or str(cell) if isinstance(cell, Faulty) else str(cell), "", text)
        text = text or self.default
        if not text:
            missing = self.field.required and self.copies is None
            return Reading("", "", Wrong("CEBD-1201", {}) if missing else None)
        wrong = self._fits(text)
        meant = None if wrong is None else understood(self.field, text, self._tables)
        if meant is not None and self._fits(meant.text) is None:
            said = Wrong("CEBD-1221", {"name": text, "code": meant.text}) if meant.by_name else None
            return Reading(meant.text, element(self.field.name, meant.text), said)
        if wrong is not None and wrong.id in self._tolerated:
            wrong = self._fits_if_tolerated(text) or wrong
        kept_out = wrong is not None and wrong.id not in self._tolerated
        return Reading(text, "" if kept_out else element(self.field.name, text), wrong)


class SectionReader:
    """The columns of a head or of a goods line, in the order of the specification."""

    def __init__(
        self,
        part: Part,
        fields: tuple[Field, ...],
        layout: SheetLayout,
        defaults: Mapping[str, str],
        tolerated: frozenset[str],
        tables: Tables,
    ) -> None:
        self.part = part
        self.layout = layout
        self._tables = tables
        self.columns = [
            Column(
                field,
                layout.columns.get((part, field.name)),
                defaults.get(field.name, field.default),
                tolerated,
                tables,
                _partner_of(field, fields, layout, defaults),
            )
            for field in fields
        ]
        self.names = tuple(field.name for field in fields)
        # Fields without a column have the same reading on every row.
        self._fixed = [column.read([]) for column in self.columns]
        self._varying = [
            (position, column.index, column.remembered, column)
            for position, column in enumerate(self.columns)
            if column.index is not None
        ]

    def read(self, row: Row) -> list[Reading]:
        """The row's readings, by column."""
        readings = self._fixed.copy()
        width = len(row)
        for position, index, remembered, column in self._varying:
            cell = row[index] if index < width else ""
            reading = remembered.get(cell) if cell.__class__ is str else None
            readings[position] = reading if reading is not None else column.learn(cell)
        return readings

    def place(self, row_number: int, column: Column) -> Place:
        """The cell of that field, or of the field it copies; without either, the row."""
        index, followed, source = column.index, {column.field.name}, column.copies
        while index is None and source and source not in followed:
            followed.add(source)
            copied = next((candidate for candidate in self.columns if candidate.field.name == source), None)
            index, source = (copied.index, copied.copies) if copied else (None, None)
        cell = f"{column_letters(index)}{row_number}" if index is not None else None
        return Place(self.layout.sheet.name, row_number, cell)

    def problem(self, row_number: int, column: Column, value: str, wrong: Wrong) -> Problem:
        """The problem on the field's cell, with the right value where that is proved."""
        offered = suggested(column.field, wrong.id, value, self._tables)
        if offered is not None and (offered == value or column.judge_text(offered).wrong is not None):
            offered = None
        place = self.place(row_number, column)
        return problem(wrong.id, place, field=column.field, value=value, suggestion=offered, **wrong.facts)


def _partner_of(
    field: Field, fields: tuple[Field, ...], layout: SheetLayout, defaults: Mapping[str, str]
) -> Partner | None:
    """The other half of a code and its name, where the file has this half alone and the settings have both."""
    half = next((ending for ending in (_CODE, _NAME) if field.name.endswith(ending)), None)
    if half is None or (field.part, field.name) not in layout.columns:
        return None
    wanted = field.name.removesuffix(half) + (_NAME if half == _CODE else _CODE)
    other = next((one for one in fields if one.name == wanted), None)
    if other is None or (other.part, other.name) in layout.columns:
        return None
    own, default = defaults.get(field.name, ""), defaults.get(other.name, "")
    return (
        Partner(other, default, own) if own and default and not copied_from(own) and not copied_from(default) else None
    )


def copied_from(default: str | None) -> str | None:
    """The field that a default copies (`{buyerTelephone}`); None for a literal text."""
    return default[1:-1] if default and default.startswith("{") and default.endswith("}") else None


def fill_in(default: str, now: datetime) -> str:
    """A default of the settings; `{today}` is the day of the declaration."""
    return compact(now)[:8] if default == "{today}" else default
