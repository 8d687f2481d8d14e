"""The receipt workbook: the operator's sheets again, every row coloured by its state with the word before it.

A bad cell has its own colour and a comment with the problem. Identifiers stay text. The workbook is also the correction form (`form.py`):
cebd's columns are recognised by their headings and ignored when the workbook is dropped again. A last sheet speaks of the file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from zipfile import ZIP_DEFLATED

from cebd.decisions.layout_sheet import FIELDS_SHEETS
from cebd.decisions.sheet import SHEETS as DECISIONS_SHEETS
from cebd.documents.workbooks.own_marks import OWN_SHEETS, RECORDS_SHEETS, sealed
from cebd.documents.workbooks.sheet import Sheet as OriginalSheet
from cebd.documents.workbooks.writing.cells import without_control
from cebd.documents.workbooks.writing.sheet import Cells, Sheet
from cebd.documents.workbooks.zips import FastZip
from cebd.problems.problem import Problem
from cebd.receipts.publishing.book.about_file import about_the_file, summary
from cebd.receipts.publishing.book.copied_sheet import Copying
from cebd.receipts.publishing.book.decisions_sheet import add_decisions
from cebd.receipts.publishing.book.form import ShownColumns, own_kind
from cebd.receipts.publishing.book.numbers import number_headings, number_width
from cebd.receipts.publishing.book.own_columns import OWN, WRAPPED, Language, Own
from cebd.receipts.publishing.book.remarks import SheetRemarks, Wording, beside_record, by_sheet, word_of
from cebd.receipts.publishing.book.styles import Styles, height, kind_of, widths
from cebd.receipts.publishing.receipt import Receipt

_ROWS_AT_ONCE = 500
_ROWS_FOR_WIDTHS = 50  # of a table of records: as wide as these need
_MOST_OF_A_KIND = 6  # problems of the file that are named together
_IN_SIGHT = 2  # columns of the table while she scrolls
_NOT_COPIED = frozenset((*OWN_SHEETS, *DECISIONS_SHEETS.values(), *FIELDS_SHEETS.values()))
_SAID_AT_ONCE = (
    "CEBD-1061",  # rows that were not seen
    "CEBD-1751",  # another receipt counts
    "CEBD-2407",  # at what rate the file is signed or sent, and when that ends
    "CEBD-2408",
)


def make_book(
    receipt: Receipt,
    sheets: Sequence[OriginalSheet],
    marks: Mapping[str, str] | None = None,
    language: Language = "zh",
) -> bytes:
    """The workbook; without `sheets` (an XML drop) a table of the records.

    `marks`: properties of the workbook by name, by which it remembers its original.
    """
    from openpyxl import Workbook
    from openpyxl.packaging.custom import StringProperty
    from openpyxl.writer.excel import ExcelWriter

    book: Any = Workbook(write_only=True)
    for mark, text in (marks or {}).items():
        book.custom_doc_props.append(StringProperty(name=mark, value=without_control(text)))
    styles, remarks = Styles(), by_sheet(receipt)
    originals = [sheet for sheet in sheets if sheet.name not in _NOT_COPIED]
    if len(originals) == 1 and originals[0].name not in remarks and len(remarks) == 1:
        # A CSV file's sheet has the name of the file, which differs from folder to folder: take the name that the JSON has.
        remarks = {originals[0].name: next(iter(remarks.values()))}
    copies = [Copying(sheet, remarks.get(sheet.name, SheetRemarks()), language) for sheet in originals]
    shown: dict[str | None, ShownColumns] = {copy.name: copy.shown for copy in copies}
    wording = Wording(language, receipt.environment, shown, frozenset(receipt.problems))
    said = {Own.STATE: summary(receipt, wording), Own.TO_DO: _said_at_once(receipt.problems, wording)}
    for copy in copies:
        copy.copy_into(book, styles, wording, said)
    if not originals and receipt.records:
        _table(book, styles, receipt, wording, said)
    elif originals:
        add_decisions(book, styles, receipt, wording)
    about_the_file(book, styles, receipt, wording)
    content = io.BytesIO()
    # Packed less closely than openpyxl does it: a quarter more bytes, in a third of the time.
    ExcelWriter(book, FastZip(content, "w", ZIP_DEFLATED, compresslevel=1)).save()
    return sealed(content.getvalue())


def _said_at_once(problems: Sequence[Problem], wording: Wording) -> str:
    """What the operator has to know of the file before she looks at a row."""
    told = [one for one in problems if one.severity != "notice" or one.id in _SAID_AT_ONCE]
    together = [list(same) for _, same in groupby(told, key=lambda one: one.id)]
    return "\n".join(_together(problems, wording) for problems in together[:2])


def _together(problems: Sequence[Problem], wording: Wording) -> str:
    """The first few problems of a kind, with what to do about all of them; the first alone where each wants something else."""
    alike = len({one.fix_zh for one in problems}) == 1
    problems = problems if alike else problems[:1]
    shown = problems[:_MOST_OF_A_KIND]
    what = "；".join(dict.fromkeys(one.zh for one in shown)), "; ".join(dict.fromkeys(one.en for one in shown))
    left = len(problems) - len(shown)
    more = (f"；还有 {left} 处", f"; {left} more") if left else ("", "")
    return wording.of(f"{what[0]}{more[0]}：{shown[0].fix_zh}", f"{what[1]}{more[1]}: {shown[0].fix_en}")


def _table(book: Any, styles: Styles, receipt: Receipt, wording: Wording, said: Mapping[Own, str]) -> None:
    """A row for each record of a drop without sheets."""
    language = wording.language
    sheet = Sheet(book, RECORDS_SHEETS[language])
    first = receipt.records[0]
    numbers = number_headings(first.type, language)
    names = list(first.key)
    ours = [one.heading(language) for one in OWN]
    headings = [*ours, *names, wording.of("行", "Line"), *numbers]
    keys = [[*record.key.values()] for record in receipt.records[:_ROWS_FOR_WIDTHS]]
    of_keys = widths([names, *keys], len(names))
    all_widths = [*(one.width for one in OWN), *of_keys, 8.0, *map(number_width, numbers.values())]
    for index, width in enumerate(all_widths):
        sheet.set_column(index, width)
    sheet.freeze_under(1, _IN_SIGHT)
    sheet.print_across(1, _IN_SIGHT)
    told = [*(f"{text}\n{said[one]}" if said.get(one) else text for one, text in zip(OWN, ours, strict=True))]
    heads = [*told, *headings[len(ours) :]]
    own, hers = styles.id_of(sheet.out, "own heading"), styles.id_of(sheet.out, "heading")
    of_headings = [own if text in ours or text in numbers else hers for text in headings]
    high = height(zip(heads, all_widths, strict=True))
    sheet.write(1, [([text], [style]) for text, style in zip(heads, of_headings, strict=True)], [high])
    kinds = [*map(own_kind, OWN), *("" for _ in names), "", *("text" for _ in numbers)]
    for done in range(0, len(receipt.records), _ROWS_AT_ONCE):
        records = receipt.records[done : done + _ROWS_AT_ONCE]
        beside = [beside_record(record, wording) for record in records]
        rows = [
            (*map(texts.__getitem__, ours), *record.key.values(), record.place.row, *map(texts.__getitem__, numbers))
            for record, texts in zip(records, beside, strict=True)
        ]
        colours = [word_of(record).colour for record in records]
        columns: list[Cells] = []
        for kind, values in zip(kinds, zip(*rows, strict=True), strict=True):
            each = [kind] * len(values) if kind else map(kind_of, values)
            columns.append((values, [styles.id_of(sheet.out, *one) for one in zip(each, colours, strict=True)]))
        heights = [height([(texts[one.heading(language)], one.width) for one in WRAPPED]) for texts in beside]
        sheet.write(done + 2, columns, heights)
    sheet.filter(1, len(headings), len(receipt.records) + 1)
