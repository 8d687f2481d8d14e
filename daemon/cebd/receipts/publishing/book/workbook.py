"""The receipt workbook: the operator's sheets again, every row coloured by its state with the word beside the colour.

A bad cell has its own colour and a comment with the problem. Identifiers stay text. The workbook is also the correction form (`form.py`):
cells keep their places, and cebd's columns are recognised by their headings and ignored when the workbook is dropped again.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any
from zipfile import ZIP_DEFLATED

from cebd.documents.workbooks.own_marks import FILE_SHEET, RECORDS_SHEET, sealed
from cebd.documents.workbooks.sheets import Sheet as OriginalSheet
from cebd.documents.workbooks.write_cells import without_control
from cebd.documents.workbooks.write_sheet import Cells, Sheet, left_clean
from cebd.documents.workbooks.zips import FastZip
from cebd.problems.problem import Problem
from cebd.receipts.publishing.book.copied_sheet import copy_sheet
from cebd.receipts.publishing.book.form import HEADINGS, OWN_WIDTHS, PROBLEMS, own_kind
from cebd.receipts.publishing.book.remarks import (
    SheetRemarks,
    beside_record,
    by_sheet,
    suggestion_lines,
    word_and_colour,
)
from cebd.receipts.publishing.book.styles import ONE_LINE, WORDS, Styles, height, kind_of, widths
from cebd.receipts.publishing.numbers import heading_width, number_headings
from cebd.receipts.publishing.receipt import Receipt
from cebd.records.states import State

_ROWS_AT_ONCE = 500
_ROWS_FOR_WIDTHS = 50  # of a table of records: as wide as these need


def make_book(receipt: Receipt, sheets: Sequence[OriginalSheet], marks: Mapping[str, str] | None = None) -> bytes:
    """The workbook; without `sheets` (an XML drop) a table of the records. Raises OSError: large sheets are put together on the disk.

    `marks`: properties of the workbook by name, by which it remembers its original.
    """
    from openpyxl import Workbook
    from openpyxl.packaging.custom import StringProperty
    from openpyxl.writer.excel import ExcelWriter

    book: Any = Workbook(write_only=True)
    for mark, text in (marks or {}).items():
        book.custom_doc_props.append(StringProperty(name=mark, value=without_control(text)))
    styles, remarks = Styles(), by_sheet(receipt)
    originals = [sheet for sheet in sheets if sheet.name not in (FILE_SHEET, RECORDS_SHEET)]
    if len(originals) == 1 and originals[0].name not in remarks and len(remarks) == 1:
        # A CSV file's sheet has the name of the file, which differs from folder to folder: take the name that the JSON has.
        remarks = {originals[0].name: next(iter(remarks.values()))}
    with left_clean(book):
        for sheet in originals:
            copy_sheet(book, styles, sheet, remarks.get(sheet.name, SheetRemarks()))
        if not originals:
            _table(book, styles, receipt)
        if receipt.problems:
            _about_the_file(book, styles, receipt.problems)
        content = io.BytesIO()
        # Packed less closely than openpyxl does it: a quarter more bytes, in a third of the time.
        ExcelWriter(book, FastZip(content, "w", ZIP_DEFLATED, compresslevel=1)).save()
    return sealed(content.getvalue())


# Sheets of our own


def _table(book: Any, styles: Styles, receipt: Receipt) -> None:
    """A row for each record of a drop without sheets."""
    sheet = Sheet(book, RECORDS_SHEET)
    first = receipt.records[0] if receipt.records else None
    names = list(first.key) if first is not None else []
    ours = (*HEADINGS, *number_headings(first.type if first is not None else None))
    headings = (*names, "guid", "行 Line", *ours)
    own = len(headings) - len(ours)
    own_widths = [OWN_WIDTHS[text] if text in OWN_WIDTHS else heading_width(text) for text in ours]
    keys = [[*record.key.values()] for record in receipt.records[:_ROWS_FOR_WIDTHS]]
    for index, width in enumerate((*widths([headings, *keys], own - 2), 38, 8, *own_widths)):
        sheet.set_column(index, width)
    sheet.freeze_under(1)
    of_headings = [
        styles.id_of(sheet.out, "own heading" if index >= own else "heading") for index in range(len(headings))
    ]
    sheet.write(1, [([text], [style]) for text, style in zip(headings, of_headings, strict=True)], [ONE_LINE])
    for done in range(0, len(receipt.records), _ROWS_AT_ONCE):
        records = receipt.records[done : done + _ROWS_AT_ONCE]
        beside = [beside_record(record, environment=receipt.environment) for record in records]
        rows = [
            (*record.key.values(), record.guid, record.place.row, *map(texts.__getitem__, ours))
            for record, texts in zip(records, beside, strict=True)
        ]
        colours = [word_and_colour(record)[1] for record in records]
        columns: list[Cells] = []
        for index, values in enumerate(zip(*rows, strict=True)):
            kinds = [own_kind(ours[index - own])] * len(values) if index >= own else map(kind_of, values)
            columns.append(
                (values, [styles.id_of(sheet.out, kind, colour) for kind, colour in zip(kinds, colours, strict=True)])
            )
        heights = [height([(texts[PROBLEMS], OWN_WIDTHS[PROBLEMS])]) for texts in beside]
        sheet.write(done + 2, columns, heights)
    sheet.filter(1, len(headings), len(receipt.records) + 1)


def _about_the_file(book: Any, styles: Styles, problems: Sequence[Problem]) -> None:
    """The problems of the file as a whole."""
    sheet = Sheet(book, FILE_SHEET)
    for index, width in enumerate((12, 16, 10, 60, 60)):
        sheet.set_column(index, width)
    sheet.freeze_under(1)
    headings = ("编号 Id", "工作表 Sheet", "单元格 Cell", "问题与处理", "Problem and what to do")
    style = styles.id_of(sheet.out, "own heading")
    sheet.write(1, [([text], [style]) for text in headings], [ONE_LINE])
    for number, problem in enumerate(problems, 2):
        colour = {"error": WORDS[State.REJECTED][1], "warning": WORDS[State.HELD][1]}.get(problem.severity, "F2F2F2")
        texts = (
            problem.id,
            problem.place.sheet,
            problem.place.cell or problem.place.row,
            "\n".join((problem.zh, problem.fix_zh, *suggestion_lines(problem))),
            f"{problem.en}\n{problem.fix_en}",
        )
        style = styles.id_of(sheet.out, "own", colour)
        sheet.write(number, [([text], [style]) for text in texts], [height((str(text), 60) for text in texts[-2:])])
