"""A book in the other forms that programs give it: OpenDocument, XML Spreadsheet 2003, a web page named .xls, text with tabs, locked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from html import escape
from pathlib import Path

from corpus.sheets import Book, DateCell, Row, Sheet, Value, shown

_BUILT_IN_PASSWORD = "VelvetSweatshop"  # Excel's own, for workbooks that are protected and not encrypted
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_SPACES = "".join(f' xmlns:{name}="{_ODF}{name}:1.0"' for name in ("office", "table", "text", "style")) + (
    f' xmlns:fo="{_ODF}xsl-fo-compatible:1.0"'
)
_SS, _X = "urn:schemas-microsoft-com:office:spreadsheet", "urn:schemas-microsoft-com:office:excel"


def _day(cell: DateCell, book: Book) -> str:
    first = date(1904, 1, 1) if book.epoch_1904 else date(1899, 12, 30)
    return f"{first + timedelta(days=cell.serial):%Y-%m-%d}"


# OpenDocument


def write_ods(book: Book, path: Path) -> None:
    tables = "".join(_table(sheet, book) for sheet in book.sheets)
    styles = (
        '<style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>'
        '<style:style style:name="struck" style:family="table-cell"><style:text-properties '
        'style:text-line-through-style="solid" style:text-line-through-type="single"/></style:style>'
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{_SPACES} office:version="1.2">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        packed.writestr("content.xml", content)


def _table(sheet: Sheet, book: Book) -> str:
    gone = "" if sheet.visible else ' table:style-name="gone"'
    rows = "".join(_ods_row(row, book) for row in sheet.rows)
    return f'<table:table table:name="{escape(sheet.name)}"{gone}>{rows}</table:table>'


def _ods_row(row: Row, book: Book) -> str:
    struck = ' table:style-name="struck"' if row.struck else ""
    cells = "".join(_ods_cell(value, book, struck) for value in row.cells)
    hidden = ' table:visibility="collapse"' if row.hidden else ""
    return f"<table:table-row{hidden}>{cells or '<table:table-cell/>'}</table:table-row>"


def _ods_cell(value: Value, book: Book, of_cell: str) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, DateCell):
        stated = f'office:value-type="date" office:date-value="{_day(value, book)}"'
    elif isinstance(value, (int, float)):
        stated = f'office:value-type="float" office:value="{value!r}"'
    else:
        stated = 'office:value-type="string"'
    text = escape(shown(value, book.epoch_1904))
    return f"<table:table-cell {stated}{of_cell}><text:p>{text}</text:p></table:table-cell>"


# XML Spreadsheet 2003


def write_2003(book: Book, path: Path) -> None:
    """In GBK under the name of GB 2312 where the book's encoding is gb2312, as Chinese systems do."""
    sheets = "".join(_worksheet(sheet, book) for sheet in book.sheets)
    encoding = book.encoding.removesuffix("-sig")
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><?mso-application progid="Excel.Sheet"?>'
        f'<Workbook xmlns="{_SS}" xmlns:ss="{_SS}" xmlns:x="{_X}"><Styles>'
        '<Style ss:ID="struck"><Font ss:StrikeThrough="1"/></Style></Styles>'
        f"{sheets}</Workbook>"
    )
    path.write_bytes(text.encode("gbk" if encoding == "gb2312" else encoding))


def _worksheet(sheet: Sheet, book: Book) -> str:
    rows = []
    for row in sheet.rows:
        marks = (' ss:Hidden="1"' if row.hidden else "") + (' ss:StyleID="struck"' if row.struck else "")
        rows.append(f"<Row{marks}>{''.join(_cell_2003(value, book) for value in row.cells)}</Row>")
    options = "" if sheet.visible else "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    return f'<Worksheet ss:Name="{escape(sheet.name)}"><Table>{"".join(rows)}</Table>{options}</Worksheet>'


def _cell_2003(value: Value, book: Book) -> str:
    if value is None:
        return "<Cell/>"
    if isinstance(value, DateCell):
        return f'<Cell><Data ss:Type="DateTime">{_day(value, book)}T00:00:00.000</Data></Cell>'
    if isinstance(value, (int, float)):
        return f'<Cell><Data ss:Type="Number">{value!r}</Data></Cell>'
    return f'<Cell><Data ss:Type="String">{escape(shown(value, book.epoch_1904))}</Data></Cell>'


# A web page


def write_web_page(book: Book, path: Path) -> None:
    encoding = "gb2312" if book.encoding == "gb18030" else "utf-8"
    told = "".join(
        f"<x:ExcelWorksheet><x:Name>{escape(sheet.name)}</x:Name><x:WorksheetSource HRef='#s{number}'/><x:WorksheetOptions>"
        f"{'' if sheet.visible else '<x:Visible>SheetHidden</x:Visible>'}</x:WorksheetOptions></x:ExcelWorksheet>"
        for number, sheet in enumerate(book.sheets)
    )
    island = f"<!--[if gte mso 9]><xml><x:ExcelWorkbook><x:ExcelWorksheets>{told}</x:ExcelWorksheets></x:ExcelWorkbook></xml><![endif]-->"
    tables = "".join(
        f"<table id='s{number}' border=1>{_rows_of_a_page(sheet, book)}</table>"
        for number, sheet in enumerate(book.sheets)
    )
    page = (
        f'<html xmlns:x="{_X}"><head><meta http-equiv="Content-Type" content="text/html; charset={encoding}">'
        f"{island if len(book.sheets) > 1 else ''}</head><body>{tables}</body></html>"
    )
    path.write_bytes(page.encode("gb18030" if encoding == "gb2312" else "utf-8"))


def _rows_of_a_page(sheet: Sheet, book: Book) -> str:
    rows = []
    for row in sheet.rows:
        style = " style='display:none'" if row.hidden else ""
        cells = []
        for value in row.cells:
            text = escape(shown(value, book.epoch_1904))
            cells.append(f"<td>{f'<s>{text}</s>' if row.struck and text else text}</td>")
        rows.append(f"<tr{style}>{''.join(cells)}</tr>")
    return "".join(rows)


# Locked


def locked(write: Callable[[Book, Path], None], password: str = _BUILT_IN_PASSWORD) -> Callable[[Book, Path], None]:
    """The same workbook, protected with a password; that of Excel itself is no secret."""

    def write_locked(book: Book, path: Path) -> None:
        from msoffcrypto.format.ooxml import OOXMLFile

        write(book, path)
        with zipfile.ZipFile(path, "a") as filled:  # as much as Excel's own workbooks have at least
            filled.writestr("docProps/app.xml", f"<Properties><!--{'.' * 4096}--></Properties>")
        plain, packed = io.BytesIO(path.read_bytes()), io.BytesIO()
        OOXMLFile(plain).encrypt(password, packed)
        path.write_bytes(packed.getvalue())

    return write_locked
