"""A book written as .xlsx, .xls, .csv or text with tabs, the way spreadsheet programs and shop systems write them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from corpus.other_writing import locked, write_2003, write_ods, write_web_page
from corpus.sheets import Book, DateCell, Digits, ErrorCell, Formula, Padded, Sheet, Truth, Value, letters, shown

_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_DATE, _ZEROS = 1, {2: 2, 3: 3, 4: 4, 10: 5}  # cell styles: a date; numbers with zeros up to that width
_STRUCK = 6  # cell style: struck through
_STYLES = (
    f'{_DECLARED}<styleSheet xmlns="{_SPACE}"><numFmts count="4">'
    + "".join(f'<numFmt numFmtId="{170 + style}" formatCode="{"0" * width}"/>' for width, style in _ZEROS.items())
    + '</numFmts><fonts count="2"><font/><font><strike/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill>'
    '</fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="7"><xf/><xf numFmtId="14" applyNumberFormat="1"/>'
    + "".join(f'<xf numFmtId="{170 + style}" applyNumberFormat="1"/>' for style in _ZEROS.values())
    + '<xf fontId="1" applyFont="1"/></cellXfs></styleSheet>'
)


def write(book: Book, folder: Path, stem: str) -> Path:
    """Write the book into the folder; the path of the file."""
    path = folder / f"{stem}{Path(f'x{book.suffix}').suffix}"
    if book.content is not None:
        path.write_bytes(book.content)
    else:
        _WRITERS[book.suffix](book, path)
    return path


def _xlsx(book: Book, path: Path) -> None:
    names = [f"xl/worksheets/sheet{number}.xml" for number in range(1, len(book.sheets) + 1)]
    kinds = "".join(
        f'<Override PartName="/{name}" ContentType="application/vnd.openxmlformats-officedocument.'
        f'spreadsheetml.{kind}+xml"/>'
        for name, kind in [("xl/workbook.xml", "sheet.main"), ("xl/styles.xml", "styles")]
        + [(name, "worksheet") for name in names]
    )
    sheets = "".join(
        f'<sheet name={quoteattr(sheet.name)} sheetId="{number}" r:id="rId{number}"'
        f"{'' if sheet.visible else ' state=' + quoteattr('hidden')}/>"
        for number, sheet in enumerate(book.sheets, 1)
    )
    targets = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(names) + 1)
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr(
            "[Content_Types].xml",
            f'{_DECLARED}<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
            f'"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
            f'ContentType="application/xml"/>{kinds}</Types>',
        )
        packed.writestr(
            "_rels/.rels",
            f'{_DECLARED}<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        packed.writestr(
            "xl/workbook.xml",
            f'{_DECLARED}<workbook xmlns="{_SPACE}" xmlns:r="{_RELATIONS}">'
            f"{'<workbookPr date1904=' + quoteattr('1') + '/>' if book.epoch_1904 else ''}<sheets>{sheets}</sheets>"
            f"{'' if book.calculated else '<calcPr calcId=' + quoteattr('0') + ' fullCalcOnLoad=' + quoteattr('1') + '/>'}"
            f"</workbook>",
        )
        packed.writestr(
            "xl/_rels/workbook.xml.rels",
            f'{_DECLARED}<Relationships xmlns="{package}/relationships">{targets}<Relationship Id="rIdS" '
            f'Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        )
        packed.writestr("xl/styles.xml", _STYLES)
        for name, sheet in zip(names, book.sheets, strict=True):
            packed.writestr(name, _sheet_xml(sheet))


def _sheet_xml(sheet: Sheet) -> str:
    rows = []
    for number, row in enumerate(sheet.rows, 1):
        cells = "".join(_cell_xml(f"{letters(column)}{number}", value) for column, value in enumerate(row.cells))
        if row.struck:
            cells = re.sub(r'<c r="([A-Z]+\d+)"(?: s="\d+")?', rf'<c r="\1" s="{_STRUCK}"', cells)
        rows.append(f'<row r="{number}"{" hidden=" + quoteattr("1") if row.hidden else ""}>{cells}</row>')
    ranges = [f"{letters(column)}{first}:{letters(column)}{last}" for column, first, last in sheet.merged]
    ranges += [f"{letters(first)}{row}:{letters(last)}{row}" for row, first, last in sheet.across]
    merged = "".join(f'<mergeCell ref="{one}"/>' for one in ranges)
    merges = f'<mergeCells count="{len(ranges)}">{merged}</mergeCells>' if ranges else ""
    return f'{_DECLARED}<worksheet xmlns="{_SPACE}"><sheetData>{"".join(rows)}</sheetData>{merges}</worksheet>'


def _cell_xml(at: str, value: Value) -> str:
    match value:
        case None:
            return ""
        case str():
            text = "".join(f"_x{ord(sign):04X}_" if ord(sign) < 32 and sign not in "\n\t" else sign for sign in value)
            return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
        case Digits(text):
            return f'<c r="{at}"><v>{text}</v></c>'
        case DateCell(serial):
            return f'<c r="{at}" s="{_DATE}"><v>{serial!r}</v></c>'
        case Truth(yes):
            return f'<c r="{at}" t="b"><v>{int(yes)}</v></c>'
        case ErrorCell(shown):
            return f'<c r="{at}" t="e"><f>VLOOKUP(A1,Z:Z,1,0)</f><v>{shown}</v></c>'
        case Formula(text, result):
            stored = "" if result is None else f"<v>{result}</v>"
            return f'<c r="{at}"><f>{escape(text)}</f>{stored}</c>'
        case Padded(number, width):
            return f'<c r="{at}" s="{_ZEROS[width]}"><v>{number}</v></c>'
        case _:
            return f'<c r="{at}"><v>{value!r}</v></c>'


def _xls(book: Book, path: Path) -> None:
    import xlwt

    made = xlwt.Workbook(encoding="utf-8")
    made.dates_1904 = book.epoch_1904
    date = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    struck = xlwt.easyxf("font: struck_out on")
    zeros = {width: xlwt.easyxf(num_format_str="0" * width) for width in _ZEROS}
    for sheet in book.sheets:
        page = made.add_sheet(sheet.name)
        page.visibility = 0 if sheet.visible else 1
        for row_number, row in enumerate(sheet.rows):
            if row.hidden:
                page.row(row_number).hidden = True
            for column, value in enumerate(row.cells):
                match value:
                    case None:
                        continue
                    case DateCell(serial):
                        page.write(row_number, column, serial, date)
                    case Truth(yes):
                        page.write(row_number, column, yes)
                    case ErrorCell(shown):
                        page.row(row_number).set_cell_error(
                            column, "#N/A!" if shown == "#N/A" else shown
                        )  # its own spelling
                    case Padded(number, width):
                        page.write(row_number, column, number, zeros[width])
                    case Digits(text):
                        page.write(row_number, column, float(text))
                    case _ if row.struck:
                        page.write(row_number, column, value, struck)
                    case _:
                        page.write(row_number, column, value)
        for column, first, last in sheet.merged:
            page.merge(first - 1, last - 1, column, column)
    made.save(str(path))


def _csv(book: Book, path: Path) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter="\t" if book.suffix == ".tsv" else book.separator).writerows(
        [shown(value, book.epoch_1904) for value in row.cells] for row in book.sheets[0].rows
    )
    mark = b"\xef\xbb\xbf" if book.encoding == "utf-8-sig" else b""
    path.write_bytes(mark + text.getvalue().encode("utf-8" if mark else book.encoding))


_WRITERS = {
    ".xlsx": _xlsx,
    ".xls": _xls,
    ".csv": _csv,
    ".tsv": _csv,
    ".ods": write_ods,
    ".et": _xlsx,
    "2003.xls": write_2003,
    "2003.xml": write_2003,
    "page.xls": write_web_page,
    "locked.xlsx": locked(_xlsx),
    "secret.xlsx": locked(_xlsx, "test-1234"),
}
