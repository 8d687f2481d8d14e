"""Draws one sheet of a workbook as LibreOffice shows it: `decisions.png`, `mapping.png`, `file.png` and `template.png`.

    python docs/pictures/sheet.py WORKBOOK.xlsx "cebd 决定" docs/pictures/decisions.png

Workbook and sheet are those of a receipt whose file has equal mistakes (cebd 决定, cebd 文件), or `映射 NAME.xlsx` (cebd 映射). Needs
LibreOffice, a Chinese font, and `pip install openpyxl pypdfium2 pillow`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from openpyxl import load_workbook


def main(workbook: str, name: str, picture: str) -> None:
    book = load_workbook(workbook)
    for sheet in book.worksheets:
        sheet.sheet_state = "visible" if sheet.title == name else "hidden"
    sheet = book[name]
    book.active = book.worksheets.index(sheet)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 8  # A3
    sheet.page_margins.left = sheet.page_margins.right = sheet.page_margins.top = 0.2
    sheet.oddHeader.center.text = sheet.oddFooter.center.text = ""
    with tempfile.TemporaryDirectory() as folder:
        book.save(Path(folder) / "sheet.xlsx")
        office = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "pdf"]
        subprocess.run([*office, "--outdir", folder, f"{folder}/sheet.xlsx"], check=True, capture_output=True)
        _first_page(Path(folder) / "sheet.pdf", Path(picture))


def _first_page(document: Path, picture: Path) -> None:
    """The first page without the white around the sheet."""
    import pypdfium2  # type: ignore[import-not-found]
    from PIL import Image, ImageChops  # type: ignore[import-not-found]

    drawn = pypdfium2.PdfDocument(document)[0].render(scale=1.5).to_pil().convert("RGB")
    box = ImageChops.difference(drawn, Image.new("RGB", drawn.size, "white")).getbbox()
    drawn.crop(box).quantize(64).save(picture, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
