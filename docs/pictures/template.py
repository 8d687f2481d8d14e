"""Fills in the template of a list for `template.png` of the manual: a right row, wrong ones and what is missing, most columns hidden.

python docs/pictures/template.py template.xlsx
python docs/pictures/sheet.py template.xlsx "进口清单 Inventory list" docs/pictures/template.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from openpyxl import load_workbook

from cebd.documents.templates.workbook import write_template
from cebd.messages.description import message_type

SHOWN = ("orderNo", "copNo", "declTime", "buyerIdNumber", "gcode", "unit", "qty", "price", "totalPrice")
ROWS = (
    {"orderNo": "D001", "copNo": "A001", "unit": "122 罐", "qty": 2, "totalPrice": 200},
    {"orderNo": "D002", "copNo": "A002", "declTime": "20260231", "gcode": "190110100", "unit": "998", "totalPrice": 99},
    {"orderNo": None, "copNo": "A003", "buyerIdNumber": "110101199001011238", "unit": "122 罐"},
)


def main(workbook: str) -> None:
    path = Path(workbook)
    write_template(path, message_type("inventory"), flat=True)
    book = load_workbook(path)
    sheet = book.worksheets[0]
    for heading in sheet[1][1:]:
        name = str(heading.value).split("\n")[-1].rpartition("/")[2]
        for number, row in enumerate(ROWS, 3):
            sheet.cell(number, heading.column).value = row.get(name, sheet.cell(2, heading.column).value)
        heading.comment = None
        if name not in SHOWN:
            sheet.column_dimensions[heading.column_letter].hidden = True
    book.save(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
