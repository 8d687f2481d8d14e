"""Draws `ledger.png` from a ledger, 台账.xlsx, of `cebd demo`, without its last columns so that it fits a page.

    python docs/pictures/ledger.py DEMO_DIR/share/台账.xlsx docs/pictures/ledger.png

Needs LibreOffice, pypdfium2 with pillow, and a Chinese font.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2
from openpyxl import load_workbook

_HIDDEN = ("回执时间", "运单编号", "预录入编号", "放入时间")
_ROWS = 16


def main(workbook: str, picture: str) -> None:
    book = load_workbook(workbook)
    sheet = book.worksheets[0]
    for cell in sheet[2]:
        if cell.value in _HIDDEN:
            sheet.column_dimensions[cell.column_letter].hidden = True
    sheet.delete_rows(_ROWS, sheet.max_row)
    sheet.sheet_properties.pageSetUpPr = type(sheet.sheet_properties.pageSetUpPr)(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    sheet.print_title_cols = None
    sheet.oddHeader.center.text = sheet.oddFooter.center.text = ""
    with tempfile.TemporaryDirectory() as folder:
        book.save(Path(folder) / "ledger.xlsx")
        office = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", folder, f"{folder}/ledger.xlsx"]
        subprocess.run(office, check=True, capture_output=True)
        page = pypdfium2.PdfDocument(f"{folder}/ledger.pdf")[0].render(scale=2.0).to_pil()
        ink = page.convert("L").point(lambda grey: 255 if grey < 250 else 0).getbbox()
        page.crop((ink[0] - 10, ink[1] - 10, ink[2] + 10, ink[3] + 10)).save(picture, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
