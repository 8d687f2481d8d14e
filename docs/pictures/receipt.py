"""Draws `receipt.png` from a receipt workbook of `cebd demo`, with the columns in between hidden so that it fits a page.

    python docs/pictures/receipt.py DEMO_DIR/share/outbox/2026-11-26/orders.receipt.xlsx docs/pictures/receipt.png

Needs LibreOffice, pdftoppm and a Chinese font.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from openpyxl import load_workbook

SHOWN = ("orderNo", "goodsValue", "buyerIdNumber", "itemName", "qty", "price", "totalPrice", "[cebd]")


def main(workbook: str, picture: str) -> None:
    book = load_workbook(workbook)
    sheet = book.worksheets[0]
    for column in sheet.iter_cols():
        heading = next((str(cell.value) for cell in column[:4] if cell.value and cell.row > 1), "")
        if not any(name in heading for name in SHOWN):
            sheet.column_dimensions[column[0].column_letter].hidden = True
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 8  # A3
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0
    sheet.page_margins.left = sheet.page_margins.right = sheet.page_margins.top = 0.2
    sheet.oddHeader.center.text = sheet.oddFooter.center.text = ""
    with tempfile.TemporaryDirectory() as folder:
        book.save(Path(folder) / "receipt.xlsx")
        office = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", folder, f"{folder}/receipt.xlsx"]
        subprocess.run(office, check=True, capture_output=True)
        upper_half = ["-x", "0", "-y", "0", "-W", "1810", "-H", "480"]
        page = ["pdftoppm", "-r", "110", "-png", *upper_half, "-f", "1", "-l", "1", "-singlefile"]
        subprocess.run([*page, f"{folder}/receipt.pdf", f"{folder}/page"], check=True)
        Path(picture).write_bytes((Path(folder) / "page.png").read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
