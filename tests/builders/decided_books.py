"""Receipt workbooks on which a person has decided of equal mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from openpyxl import load_workbook

from builders.desk import Desk
from cebd.clock import iso
from cebd.decisions.sheet import ANSWER, HEADINGS, REASON, REMEMBER, SHEETS, VALUE, choice_of_yes
from cebd.decisions.wording import Language
from cebd.documents.workbooks.sheets import sheets_to_copy
from cebd.receipts.publishing.book.workbook import make_book
from cebd.receipts.publishing.drop_receipt import receipt_of
from cebd.receipts.publishing.receipt import Receipt
from cebd.store.drops import load_drop

FIRST_ROW = 3


def receipt_at(desk: Desk) -> Receipt:
    """The receipt of the latest drop."""
    with desk.store.read() as transaction:
        return receipt_of(transaction, load_drop(transaction, desk.drop_id), iso(desk.now))


def book_of(desk: Desk, original: Path, path: Path, language: Language = "zh") -> Path:
    """The receipt workbook of the latest drop, whose file is `original`."""
    path.write_bytes(make_book(receipt_at(desk), sheets_to_copy(original), language=language))
    return path


def lines_on(path: Path) -> list[dict[str, str]]:
    """The rows of its sheet of decisions, by heading; empty without such a sheet."""
    book = load_workbook(path)
    name = next((one for one in book.sheetnames if one in SHEETS.values()), None)
    if name is None:
        return []
    rows = list(book[name].iter_rows(min_row=FIRST_ROW, values_only=True))
    return [{heading: str(cell or "") for heading, cell in zip(HEADINGS, row, strict=False)} for row in rows]


def decide(
    path: Path,
    answers: Mapping[str, str],
    *,
    reason: str = "",
    remember: bool | None = None,
    who: str = "张三",
) -> int:
    """Write these answers beside their values, as `who` saves it; how many there were to write."""
    book = load_workbook(path)
    (language,) = (language for language, name in SHEETS.items() if name in book.sheetnames)
    sheet = book[SHEETS[language]]
    column = {heading: index for index, heading in enumerate(HEADINGS, 1)}
    count = 0
    for row in range(FIRST_ROW, sheet.max_row + 1):
        value = str(sheet.cell(row, column[VALUE]).value or "")
        if value in answers:
            count += 1
            sheet.cell(row, column[ANSWER]).value = answers[value] or None
            if reason:
                sheet.cell(row, column[REASON]).value = reason
            if remember is not None:
                sheet.cell(row, column[REMEMBER]).value = choice_of_yes(language) if remember else None
    book.properties.lastModifiedBy = who
    book.save(path)
    return count
