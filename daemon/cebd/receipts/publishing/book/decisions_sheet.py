"""The sheet of a receipt workbook on which a person decides of equal mistakes once, and sees what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from cebd.decisions.groups import groups_of, rows_decided
from cebd.decisions.offers import label_of, offers_of
from cebd.decisions.sheet import (
    ANSWER,
    BY,
    EARLIER,
    HEADINGS,
    MARK,
    MISTAKE,
    REASON,
    REMEMBER,
    ROWS,
    SHEETS,
    VALUE,
    Line,
    choice_of_yes,
    guide,
    lines_of,
)
from cebd.decisions.wording import Language, worded
from cebd.documents.workbooks.writing.sheet import Cells, Sheet
from cebd.receipts.publishing.book.remarks import Wording
from cebd.receipts.publishing.book.styles import ONE_LINE, Styles, height
from cebd.receipts.publishing.receipt import Receipt

_WIDTHS = dict(zip(HEADINGS, (7.0, 18.0, 22.0, 46.0, 20.0, 20.0, 22.0, 11.0, 18.0, 18.0, 18.0, 28.0), strict=True))
_TEXTS = (VALUE, ANSWER, REASON)  # what is typed there stays as it is typed: 035
_TO_FILL = (ANSWER, REASON, REMEMBER)
_FILL, _OPEN, _DONE = "FFF2CC", None, "EDEDED"
_GUIDE_ROW, _HEADING_ROW, _FIRST_ROW = 1, 2, 3
_GUIDE_COLUMNS = 7  # as many as a screen shows
_MAX_LINES = 500
_MAX_CHOICES_CHARACTERS = 250  # of a drop-down (ECMA-376: 255)


def add_decisions(book: Any, styles: Styles, receipt: Receipt, wording: Wording) -> None:
    """Add the sheet, where there is anything to decide or decided, to openpyxl's workbook."""
    language = wording.language
    problems = [(record.type, record.problems) for record in receipt.records if record.problems]
    found = groups_of(problems)
    groups, left_out = found[:_MAX_LINES], found[_MAX_LINES:]
    if not groups and not receipt.decisions:
        return
    first_sheet = next((record.place.sheet for record in receipt.records), None)
    cell_of = partial(wording.cell, sheet=first_sheet)
    lines = lines_of(groups, receipt.decisions, rows_decided(problems), label_of, offers_of, language, cell_of)
    sheet = Sheet(book, SHEETS[language])
    for index, heading in enumerate(HEADINGS):
        sheet.set_column(index, _WIDTHS[heading], "@" if heading in _TEXTS else "General")
    sheet.freeze_under(_HEADING_ROW)
    sheet.print_across(_HEADING_ROW)
    sheet.fit_width()
    last = _FIRST_ROW + len(lines) - 1
    sheet.filter(_HEADING_ROW, len(HEADINGS), last)
    for number, line in enumerate(lines, _FIRST_ROW):
        sheet.offer(HEADINGS.index(ANSWER), number, _choices(line))
    sheet.offer(HEADINGS.index(REMEMBER), _FIRST_ROW, (choice_of_yes(language),), last)
    _write_top(sheet, styles, guide(len(left_out), language), language)
    sheet.write(_FIRST_ROW, [_column(sheet, styles, heading, lines) for heading in HEADINGS], list(map(_height, lines)))


def _write_top(sheet: Sheet, styles: Styles, told: str, language: Language) -> None:
    own, heading = styles.id_of(sheet.out, "own"), styles.id_of(sheet.out, "own heading")
    width = sum(_WIDTHS[text] for text in HEADINGS[:_GUIDE_COLUMNS])
    sheet.merge_across(_GUIDE_ROW, _GUIDE_COLUMNS)
    top: list[Cells] = [([told], [own]), *[([""], [own])] * (len(HEADINGS) - 1)]
    sheet.write(_GUIDE_ROW, top, [height([(told, width)]) + ONE_LINE])
    sheet.write(_HEADING_ROW, [([worded(text, language)], [heading]) for text in HEADINGS], [2 * ONE_LINE])


def _column(sheet: Sheet, styles: Styles, heading: str, lines: Sequence[Line]) -> Cells:
    kind = "text" if heading in _TEXTS else "own"
    values: list[object] = [line.texts.get(heading, "") for line in lines]
    if heading == ROWS:
        values = [int(line.texts.get(ROWS) or 0) for line in lines]
    colours = [_FILL if heading in _to_fill(line) else _OPEN if line.is_open else _DONE for line in lines]
    return values, [styles.id_of(sheet.out, kind, colour) for colour in colours]


def _to_fill(line: Line) -> tuple[str, ...]:
    return (ANSWER, REMEMBER) if line.is_for_all else _TO_FILL


def _choices(line: Line) -> tuple[str, ...]:
    """What its drop-down offers: a comma would divide it, and Excel takes so many letters alone."""
    choices: list[str] = []
    for text in line.offers:
        if (
            text.isprintable()
            and not {",", '"'} & set(text)
            and len(",".join((*choices, text))) <= _MAX_CHOICES_CHARACTERS
        ):
            choices.append(text)
    return tuple(choices)


def _height(line: Line) -> float:
    wrapped = (MISTAKE, EARLIER, BY, MARK)
    return height([(line.texts.get(heading, ""), _WIDTHS[heading]) for heading in wrapped])
