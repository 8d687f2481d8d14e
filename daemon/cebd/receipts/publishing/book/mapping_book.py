"""The small workbook that asks what the columns of a file are (`cebd.decisions.layout_sheet`)."""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZIP_DEFLATED

from cebd.decisions.layout import PIECE, Certainty, Proposal
from cebd.decisions.layout_sheet import (
    ASKS,
    FIELD,
    FIELDS_SHEETS,
    FILE,
    GUIDE,
    HEADING,
    HEADINGS,
    NOT_USED,
    PART_OF_ADDRESS,
    SHEETS,
    TAKEN_BACK,
    TYPE,
    field_names,
    lines_of,
    type_name,
)
from cebd.decisions.wording import Language, of_both, worded
from cebd.documents.workbooks.own_marks import sealed
from cebd.documents.workbooks.writing.sheet import Cells, Sheet
from cebd.documents.workbooks.zips import FastZip
from cebd.messages.description import declarations, message_types
from cebd.receipts.publishing.book.styles import ONE_LINE, Styles, height

_WIDTHS = (12.0, 26.0, 20.0, 20.0, 20.0, 24.0, 40.0)
_COLOURS = {Certainty.SURE: "E2EFDA", Certainty.PROPOSED: "FFF2CC", Certainty.UNKNOWN: "FFC7CE"}
_FILL = "FFF2CC"
_GUIDE, _TYPE, _FILE, _HEADINGS = 1, 2, 3, 4


def make_mapping_book(proposal: Proposal, language: Language = "both") -> bytes:
    """The workbook. Raises OSError."""
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    book: Any = Workbook(write_only=True)
    styles = Styles()
    fields = _fields(proposal, language)
    _questions(book, styles, proposal, len(fields), language)
    _list(book, styles, fields, language)
    content = io.BytesIO()
    ExcelWriter(book, FastZip(content, "w", ZIP_DEFLATED)).save()
    return sealed(content.getvalue())


def _fields(proposal: Proposal, language: Language) -> list[str]:
    """What the list of fields offers: those of the documents that the file may be."""
    messages = [message_types()[code] for code in proposal.types] or list(declarations())
    names = (name for message in messages for name in field_names(message, language))
    pieces = [PART_OF_ADDRESS] if any(one.field == PIECE for one in proposal.columns) else []
    return [*(worded(text, language) for text in (NOT_USED, *pieces)), *dict.fromkeys(names)]


def _questions(book: Any, styles: Styles, proposal: Proposal, fields: int, language: Language) -> None:
    sheet = Sheet(book, SHEETS[language])
    for index, width in enumerate(_WIDTHS):
        sheet.set_column(index, width, "@")
    sheet.freeze_under(_HEADINGS)
    sheet.print_across(_HEADINGS)
    sheet.fit_width()
    sheet.merge_across(_GUIDE, len(HEADINGS))
    lines = lines_of(proposal, language)
    first, last = _HEADINGS + 1, _HEADINGS + len(lines)
    types = tuple(type_name(message_types()[code], language) for code in proposal.types)
    choices = types or tuple(type_name(message, language) for message in declarations())
    sheet.offer(1, _TYPE, (*choices, worded(TAKEN_BACK, language)))
    sheet.offer_from(HEADINGS.index(FIELD), first, last, f"'{FIELDS_SHEETS[language]}'!$A$1:$A${fields}")

    def style(kind: str, colour: str | None = None) -> int:
        return styles.id_of(sheet.out, kind, colour)

    def row(number: int, cells: list[tuple[str, int]], high: float = ONE_LINE) -> None:
        blank: tuple[str, int] = ("", style("own"))
        filled = [*cells, *[blank] * (len(HEADINGS) - len(cells))]
        sheet.write(number, [([text], [of]) for text, of in filled], [high])

    guide = of_both(*GUIDE, language)
    row(_GUIDE, [(guide, style("own"))], height([(guide, sum(_WIDTHS))]))
    asked = len(types) != 1
    told = "" if not asked else of_both(*ASKS, language)
    row(
        _TYPE,
        [
            (worded(TYPE, language), style("own")),
            ("" if asked else types[0], style("text", _FILL)),
            (told, style("own")),
        ],
        4 * ONE_LINE if told else 2 * ONE_LINE,
    )
    row(_FILE, [(worded(FILE, language), style("own")), (proposal.name, style("text"))])
    row(_HEADINGS, [(worded(text, language), style("own heading")) for text in HEADINGS])
    columns: list[Cells] = []
    for index, heading in enumerate(HEADINGS):
        values = [line[index] for line in lines]
        colours = [
            _COLOURS[one.certainty] if heading in (*HEADINGS[-2:], HEADING) else None for one in proposal.columns
        ]
        columns.append((values, [style("text", colour) for colour in colours]))
    sheet.write(first, columns, [ONE_LINE] * len(lines))


def _list(book: Any, styles: Styles, fields: list[str], language: Language) -> None:
    sheet = Sheet(book, FIELDS_SHEETS[language])
    sheet.set_column(0, 60.0, "@")
    style = styles.id_of(sheet.out, "text")
    sheet.write(1, [(fields, [style] * len(fields))], [ONE_LINE] * len(fields))
