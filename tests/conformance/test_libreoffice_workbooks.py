"""Workbooks that LibreOffice saves are read in each of its forms: the same orders, the same rows kept back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.styles import Font

from builders.decided_books import book_of, decide
from builders.desk import Desk, orders
from builders.once import once_for_all_workers
from builders.receipt_rows import a_problem, a_record, a_whole_receipt
from builders.workbooks import Opened, a_workbook, an_order, table
from cebd.documents.workbooks.origin import origin_told_by
from cebd.documents.workbooks.own_marks import ORIGIN_NAME, RECEIPT_OF
from cebd.documents.workbooks.sheets import read_sheets
from cebd.receipts.publishing.book.workbook import make_book
from cebd.store.decided.decisions import remembered
from cebd.trial.rows import write_workbook

SOFFICE = shutil.which("soffice")
MARK = "2026-11-26/o 0123456789abcdef"
FORMS = {"ods": "ods", "xls": "xls:MS Excel 97", "xlsx": "xlsx", "html": "html"}
NUMBERS = [f"D-{number}" for number in range(6)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with a hidden row (3) and one struck through (5), saved by LibreOffice in each form."""
    if SOFFICE is None:
        pytest.skip("LibreOffice is not installed")

    def save() -> dict[str, str]:
        folder = tmp_path_factory.mktemp("saved")
        _save(folder, SOFFICE)
        return {"folder": str(folder)}

    return Path(once_for_all_workers("libreoffice", save)["folder"])


def _save(folder: Path, program: str) -> None:
    source = a_workbook(folder / "o.xlsx", table([an_order(number, 计量单位="122 罐") for number in NUMBERS]))
    book = load_workbook(source)
    sheet = book.active
    assert sheet is not None
    sheet.row_dimensions[3].hidden = True
    for cell in sheet[5]:
        cell.font = Font(strike=True)
    book.save(source)
    decided = _a_decided_receipt(folder)
    receipt = a_receipt_of(source, folder / "o.receipt.xlsx")
    profile = f"-env:UserInstallation=file://{folder}/profile"
    for suffix, form in FORMS.items():
        told = [
            program,
            profile,
            "--headless",
            "--convert-to",
            form,
            "--outdir",
            str(folder / suffix),
            *map(str, (source, decided, receipt)),
        ]
        subprocess.run(told, check=True, capture_output=True, timeout=300)


def _a_decided_receipt(folder: Path) -> Path:
    """The receipt of two orders with a bad unit, on which somebody has decided that it is 140."""
    desk = Desk(folder)
    path = folder / "units.xlsx"
    write_workbook(path, "order", [row | {"line.unit": "盒子"} for row in orders(2)])
    desk.convert(path)
    book = book_of(desk, path, folder / "decided.xlsx")
    assert decide(book, {"盒子": "140"}, remember=True) == 1
    return book


@pytest.mark.parametrize("suffix", ["ods", "xls", "xlsx"])
def test_a_receipt_with_a_decision_that_libreoffice_saved_is_followed(saved: Path, tmp_path: Path, suffix: str) -> None:
    desk = Desk(tmp_path)
    records = desk.convert(saved / suffix / f"decided.{suffix}")
    assert [(record["state"], record["ids"]) for record in records] == [("ready", ["CEBD-1224"])] * 2
    with desk.store.read() as transaction:
        held = remembered(transaction, desk.settings.enterprise[0].name)
    assert [(one.key.value, one.answer) for one in held] == [("盒子", "140")]


def a_receipt_of(source: Path, path: Path) -> Path:
    """Its receipt: the last row was refused here, and is corrected in the receipt; the row struck through was kept back."""
    [sheet] = read_sheets(source)
    problems = {5: a_problem(None, sheet=None, id="CEBD-1060"), 7: a_problem("C7", sheet=sheet.name)}
    records = [
        a_record("rejected" if row in problems else "succeeded", row, sheet=sheet.name, problems=said)
        for row in range(2, 8)
        for said in [(problems[row],) if row in problems else ()]
    ]
    marks = {ORIGIN_NAME: "一月订单.xlsx", RECEIPT_OF: MARK}
    path.write_bytes(make_book(a_whole_receipt(*records), [sheet], marks))
    return path


@pytest.mark.parametrize("suffix", ["ods", "xls", "xlsx"])
def test_what_libreoffice_saves_is_read_and_what_nobody_sees_is_kept_back(saved: Path, suffix: str) -> None:
    opened = Opened(saved / suffix / f"o.{suffix}")
    assert opened.ready == ["D-0", "D-2", "D-4", "D-5"]
    held = [(one.id, one.place.row) for record in opened.records for one in record.problems]
    assert held == [("CEBD-1060", 3), ("CEBD-1060", 5)]


def test_a_page_of_libreoffice_is_read(saved: Path) -> None:
    opened = Opened((saved / "html" / "o.html").rename(saved / "html" / "o.xls"))
    assert set(opened.ready) >= {"D-0", "D-2", "D-4", "D-5"}


@pytest.mark.parametrize("suffix", ["ods", "xls", "xlsx"])
def test_a_receipt_that_libreoffice_saved_is_read_as_its_file_was(saved: Path, suffix: str) -> None:
    path = saved / suffix / f"o.receipt.{suffix}"
    opened = Opened(path)
    assert opened.ready == ["D-0", "D-2", "D-4", "D-5"]
    held = [(one.id, one.place.row) for record in opened.records for one in record.problems]
    assert held == [("CEBD-1060", 3), ("CEBD-1060", 5)]
    assert opened.problems == []
    origin = origin_told_by(path)
    assert (origin.name, origin.receipt_of) == ("一月订单.xlsx", MARK)
