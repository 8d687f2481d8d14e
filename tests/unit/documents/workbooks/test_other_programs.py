"""Workbooks of other programs: OpenDocument, the XML of Excel 2003, web pages, text with tabs, what Excel locked by habit."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import xlwt
from openpyxl import load_workbook

from builders.workbooks import Opened, a_csv, a_workbook, an_order, table
from cebd.documents.workbooks.cells import Shown
from cebd.documents.workbooks.sheets import read_sheets
from cebd.documents.workbooks.unreadable import Unreadable

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)
STYLES = (
    '<style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>'
    '<style:style style:name="flat" style:family="table-row"><style:table-row-properties style:row-height="0cm"/></style:style>'
    '<style:style style:name="struck" style:family="table-cell">'
    '<style:text-properties style:text-line-through-style="solid"/></style:style>'
)
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ORDERS = [an_order(f"D-{number}") for number in (1, 2, 3)]
NUMBERS = ["D-1", "D-2", "D-3"]


def an_ods(path: Path, *tables: str, kind: str = ODS) -> Path:
    content = (
        f"<?xml version='1.0' encoding='UTF-8'?><office:document-content {SPACES}><office:automatic-styles>{STYLES}"
        f"</office:automatic-styles><office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mimetype", kind)
        made.writestr("content.xml", content)
    return path


def ods_table(
    rows: list[list[Any]], *, attributes: dict[int, str] | None = None, style: str = "", cell: str = ""
) -> str:
    """A table; `attributes` of rows by their number, `cell` those of every cell of rows that have such."""
    lines = []
    for number, row in enumerate(rows, 1):
        of_row = (attributes or {}).get(number, "")
        of_cell = cell if of_row or number in (attributes or {}) else ""
        cells = "".join(
            f'<table:table-cell office:value-type="string" {of_cell}><text:p>{escape(str(text))}</text:p></table:table-cell>'
            for text in row
        )
        lines.append(f"<table:table-row {of_row}>{cells}</table:table-row>")
    return f'<table:table table:name="订单{style}" table:style-name="{style}">{"".join(lines)}</table:table>'


def a_cell(kind: str, stated: str, shown: str) -> str:
    return f'<table:table-cell office:value-type="{kind}" {stated}><text:p>{shown}</text:p></table:table-cell>'


def test_orders_of_an_ods_are_declared(tmp_path: Path) -> None:
    assert Opened(an_ods(tmp_path / "o.ods", ods_table(table(ORDERS)))).ready == NUMBERS


def test_cells_of_an_ods_are_read_as_those_of_an_xlsx(tmp_path: Path) -> None:
    cells = (
        a_cell("float", 'office:value="12.5"', "12.50")
        + a_cell("float", 'office:value="35"', "035")
        + a_cell("date", 'office:date-value="2026-11-26T09:30:00"', "2026-11-26")
        + a_cell("string", "", "甲<text:s text:c='2'/>乙<text:line-break/>丙")
        + '<table:table-cell table:number-columns-repeated="2"/>'
        + a_cell("boolean", 'office:boolean-value="true"', "TRUE")
        + '<table:table-cell table:number-columns-repeated="16377"/>'
    )
    rows = f'<table:table-row>{cells}</table:table-row><table:table-row table:number-rows-repeated="1048575"/>'
    (sheet,) = read_sheets(an_ods(tmp_path / "o.ods", f'<table:table table:name="甲">{rows}</table:table>'))
    (row,) = sheet.rows()
    assert row == [12.5, "035", datetime(2026, 11, 26, 9, 30), "甲  乙\n丙", "", "", True]  # noqa: DTZ001
    assert isinstance(row[1], Shown)


def test_hidden_filtered_and_struck_rows_of_an_ods_are_kept_back(tmp_path: Path) -> None:
    marked = {2: 'table:visibility="filter"', 3: 'table:visibility="collapse"'}
    opened = Opened(an_ods(tmp_path / "o.ods", ods_table(table(ORDERS), attributes=marked)))
    assert opened.ready == ["D-3"]
    flat = ods_table(table(ORDERS), attributes={3: 'table:style-name="flat"'})
    assert Opened(an_ods(tmp_path / "f.ods", flat)).ready == ["D-1", "D-3"]
    struck = ods_table(table(ORDERS), attributes={3: ""}, cell='table:style-name="struck"')
    assert Opened(an_ods(tmp_path / "p.ods", struck)).ready == ["D-1", "D-3"]


def test_a_hidden_sheet_of_an_ods_is_not_read(tmp_path: Path) -> None:
    sheets = ods_table(table(ORDERS)), ods_table(table([an_order("D-9")]), style="gone")
    assert Opened(an_ods(tmp_path / "o.ods", *sheets)).ready == NUMBERS


def test_another_document_of_that_family_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        read_sheets(an_ods(tmp_path / "o.ods", kind="application/vnd.oasis.opendocument.text"))
    assert refused.value.problem.id == "CEBD-1024"


def test_an_ods_that_repeats_its_cells_without_end_is_refused(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="1000"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1000000">{cell}</table:table-row>'
    with pytest.raises(Unreadable) as refused:
        read_sheets(an_ods(tmp_path / "o.ods", f'<table:table table:name="甲">{row}</table:table>'))
    assert refused.value.problem.id == "CEBD-1022"


# Hidden sheets are no data; one with the headings of a declaration is named.


def test_a_hidden_sheet_of_an_xls_that_has_orders_is_named(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    book.add_sheet("说明").write(0, 0, "本月订单")
    hidden = book.add_sheet("旧订单")
    hidden.visibility = 1
    for number, row in enumerate(table(ORDERS)):
        for index, value in enumerate(row):
            hidden.write(number, index, value)
    book.save(str(tmp_path / "o.xls"))
    opened = Opened(tmp_path / "o.xls")
    assert (opened.ready, [(one.id, one.value) for one in opened.problems][-1]) == ([], ("CEBD-1066", "旧订单"))


def test_a_hidden_sheet_of_the_xml_of_excel_2003_that_has_orders_is_named(tmp_path: Path) -> None:
    path = a_2003(tmp_path / "o.xls", table(ORDERS))
    options = '<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible></WorksheetOptions>'
    notes = '<Worksheet ss:Name="说明"><Table><Row><Cell><Data ss:Type="String">本月</Data></Cell></Row></Table></Worksheet>'
    text = path.read_text("utf-8").replace("</Table></Worksheet>", f"</Table>{options}</Worksheet>{notes}")
    path.write_text(text, "utf-8")
    opened = Opened(path)
    assert (opened.ready, [(one.id, one.value) for one in opened.problems][-1]) == ([], ("CEBD-1066", "订单"))


# XML Spreadsheet 2003


def a_2003(path: Path, rows: list[list[Any]], *, encoding: str = "utf-8", row_3: str = "") -> Path:
    lines = []
    for number, row in enumerate(rows, 1):
        cells = "".join(f'<Cell><Data ss:Type="String">{escape(str(text))}</Data></Cell>' for text in row)
        lines.append(f"<Row{row_3 if number == 3 else ''}>{cells}</Row>")
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><?mso-application progid="Excel.Sheet"?>'
        f'<Workbook xmlns="{space}" xmlns:ss="{space}"><Styles><Style ss:ID="s1"><Font ss:StrikeThrough="1"/></Style></Styles>'
        f'<Worksheet ss:Name="订单"><Table>{"".join(lines)}</Table></Worksheet></Workbook>'
    )
    path.write_bytes(text.encode("gb18030" if encoding.startswith("gb") else encoding))
    return path


@pytest.mark.parametrize("suffix", [".xls", ".xml"])
def test_orders_in_the_xml_of_excel_2003_are_declared(tmp_path: Path, suffix: str) -> None:
    assert Opened(a_2003(tmp_path / f"o{suffix}", table(ORDERS))).ready == NUMBERS


def test_signs_of_gbk_under_the_name_of_gb2312_are_read(tmp_path: Path) -> None:
    rows = table([an_order(订购人姓名="朱镕基")])  # a sign that GB 2312 does not have
    opened = Opened(a_2003(tmp_path / "o.xls", rows, encoding="gb2312"))
    assert "<ceb:buyerName>朱镕基</ceb:buyerName>" in opened.records[0].xml


@pytest.mark.parametrize("attribute", [' ss:Hidden="1"', ' ss:Height="0"', ' ss:StyleID="s1"'])
def test_hidden_and_struck_rows_of_2003_are_kept_back(tmp_path: Path, attribute: str) -> None:
    assert Opened(a_2003(tmp_path / "o.xls", table(ORDERS), row_3=attribute)).ready == ["D-1", "D-3"]


def test_rows_and_cells_of_2003_stand_where_they_say(tmp_path: Path) -> None:
    path = a_2003(tmp_path / "o.xls", [["a"], ["b"]])
    text = path.read_text("utf-8").replace(
        '<Row><Cell><Data ss:Type="String">b', '<Row ss:Index="4"><Cell ss:Index="3"><Data ss:Type="Number">1.5'
    )
    path.write_text(text, "utf-8")
    (sheet,) = read_sheets(path)
    assert list(sheet.rows()) == [["a"], [], [], ["", "", 1.5]]


# Web pages under the name .xls


def a_page(path: Path, rows: list[list[Any]], *, encoding: str = "utf-8", of_row: str = "") -> Path:
    lines = []
    for number, row in enumerate(rows, 1):
        cells = "".join(f"<td style='mso-number-format:\"\\@\"'>{escape(str(text))}</td>" for text in row)
        lines.append(f"<tr {of_row if number == 3 else ''}>{cells}</tr>")
    head = f'<head><meta charset="{encoding}"><style>td{{}}</style></head>'
    page = f"<html>{head}<body><table border=1>{''.join(lines)}</table></body></html>"
    path.write_bytes(page.encode("gb18030" if encoding.startswith("gb") else encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "gb2312"])
def test_orders_in_a_web_page_are_declared(tmp_path: Path, encoding: str) -> None:
    opened = Opened(a_page(tmp_path / "o.xls", table([an_order(订购人姓名="朱镕基")]), encoding=encoding))
    assert "<ceb:buyerName>朱镕基</ceb:buyerName>" in opened.records[0].xml


@pytest.mark.parametrize("of_row", ['style="display:none"', 'style="mso-height-source:userset;height:0"', "height=0"])
def test_a_hidden_row_of_a_web_page_is_kept_back(tmp_path: Path, of_row: str) -> None:
    path = a_page(tmp_path / "o.xls", table(ORDERS), of_row=of_row)
    assert Opened(path).ready == ["D-1", "D-3"]


def sheets_for_excel(*sheets: tuple[str, str, bool]) -> str:
    """What Excel is told of sheets in the head of a page: name, id of the table, whether hidden."""
    hidden = "<x:Visible>SheetHidden</x:Visible>"
    told = "".join(
        f"<x:ExcelWorksheet><x:Name>{name}</x:Name>{id_ and f'<x:WorksheetSource HRef=#{id_} />'}"
        f"<x:WorksheetOptions>{hidden if is_hidden else ''}</x:WorksheetOptions></x:ExcelWorksheet>"
        for name, id_, is_hidden in sheets
    )
    worksheets = f"<x:ExcelWorkbook><x:ExcelWorksheets>{told}</x:ExcelWorksheets></x:ExcelWorkbook>"
    return f"<!--[if gte mso 9]><xml>{worksheets}</xml><![endif]--></head>"


@pytest.mark.parametrize("ids", [("", ""), ("t2", "t1")], ids=["in their order", "by their ids"])
def test_a_sheet_that_a_web_page_hides_from_excel_is_held_back_and_named(tmp_path: Path, ids: tuple[str, str]) -> None:
    by_id = bool(ids[0])
    told = sheets_for_excel(("旧订单", ids[by_id], True), ("本月 &amp; 上月", ids[not by_id], False))
    notes = '<table id="t2"><tr><td>本月</td></tr></table>'
    path = a_page(tmp_path / "o.xls", table(ORDERS))
    page = path.read_text("utf-8").replace("</head>", told).replace("<table border", '<table id="t1" border')
    path.write_text(page.replace("</body>", f"{notes}</body>"), "utf-8")
    opened = Opened(path)
    assert (opened.ready, [(one.id, one.value) for one in opened.problems][-1]) == ([], ("CEBD-1066", "旧订单"))
    assert [sheet.name for sheet in read_sheets(path)] == ["本月 & 上月"]


def test_a_page_that_shows_its_only_sheet_and_a_table_that_no_browser_shows(tmp_path: Path) -> None:
    path = a_page(tmp_path / "o.xls", table(ORDERS))
    page = path.read_text("utf-8").replace("</head>", sheets_for_excel(("Sheet1", "", False)))
    path.write_text(page, "utf-8")
    assert Opened(path).ready == NUMBERS
    path.write_text(page.replace("<table border", "<div style='display: none'><table border"), "utf-8")
    assert [one.id for one in Opened(path).problems] == ["CEBD-1083", "CEBD-1066"]


def test_cells_that_span_others_keep_the_columns_below(tmp_path: Path) -> None:
    path = tmp_path / "o.xls"
    path.write_text(
        "<html><table><tr><td rowspan=2>a</td><td colspan=2>b</td></tr><tr><td>c</td><td>d<br>e</td></tr></table></html>",
        "utf-8",
    )
    (sheet,) = read_sheets(path)
    assert list(sheet.rows()) == [["a", "b"], ["", "c", "d\ne"]]
    assert sheet.merged_down() == [(0, 1, 2)]


def test_a_web_page_without_a_table_is_named_as_that(tmp_path: Path) -> None:
    (tmp_path / "o.xls").write_text("<!DOCTYPE html><html><body>请先登录</body></html>", "utf-8")
    with pytest.raises(Unreadable) as refused:
        read_sheets(tmp_path / "o.xls")
    assert refused.value.problem.id == "CEBD-1024"


# Text with tabs, parts with backslashes, names


@pytest.mark.parametrize("suffix", [".txt", ".tsv", ".xls"])
def test_text_with_tabs_is_read_by_any_name(tmp_path: Path, suffix: str) -> None:
    path = a_csv(tmp_path / f"o{suffix}", table(ORDERS), encoding="utf-16", separator="\t")
    assert Opened(path).ready == NUMBERS


def test_parts_named_with_backslashes_are_found(tmp_path: Path) -> None:
    a_workbook(tmp_path / "a.xlsx", table(ORDERS))
    with zipfile.ZipFile(tmp_path / "a.xlsx") as source, zipfile.ZipFile(tmp_path / "o.xlsx", "w") as made:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name)
            entry.filename = entry.orig_filename = name.replace("/", "\\")
            made.writestr(entry, source.read(name))
    assert b"xl\\workbook.xml" in (tmp_path / "o.xlsx").read_bytes()
    assert Opened(tmp_path / "o.xlsx").ready == NUMBERS


def test_a_workbook_of_wps_is_read_in_either_form(tmp_path: Path) -> None:
    assert Opened(a_workbook(tmp_path / "o.et", table(ORDERS))).ready == NUMBERS
    xlwt = pytest.importorskip("xlwt", reason="xlwt, which writes .xls here, is not installed")
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    for number, row in enumerate(table(ORDERS)):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    book.save(str(tmp_path / "p.et"))
    assert Opened(tmp_path / "p.et").ready == NUMBERS


# What is locked


def locked(path: Path, password: str) -> Path:
    from msoffcrypto.format.ooxml import OOXMLFile

    plain = a_workbook(path.with_suffix(".plain.xlsx"), table(ORDERS))
    with plain.open("rb") as opened, path.open("wb") as made:
        OOXMLFile(opened).encrypt(password, made)
    return path


def test_a_workbook_with_excel_s_built_in_password_is_read(tmp_path: Path) -> None:
    path = locked(tmp_path / "o.xlsx", "VelvetSweatshop")
    with pytest.raises(Exception, match="zip"):
        load_workbook(path)
    assert Opened(path).ready == NUMBERS


def test_any_other_password_keeps_it_shut(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        read_sheets(locked(tmp_path / "o.xlsx", "secret"))
    assert refused.value.problem.id == "CEBD-1020"


@pytest.mark.parametrize(
    ("content", "problem", "word"),
    [
        (b"%TSD-Header-###%" + bytes(range(256)) * 20, "CEBD-1064", "解密"),
        (b"b\x14#e\x01\x00E-SafeNet\x00LOCK" + bytes(5000), "CEBD-1064", "解密"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "CEBD-1065", "Excel"),
        (b"\xff\xd8\xff\xe0" + bytes(500), "CEBD-1065", "Excel"),
    ],
)
def test_what_is_no_workbook_is_named_with_what_helps(tmp_path: Path, content: bytes, problem: str, word: str) -> None:
    (tmp_path / "o.xlsx").write_bytes(content)
    with pytest.raises(Unreadable) as refused:
        read_sheets(tmp_path / "o.xlsx")
    assert refused.value.problem.id == problem
    assert word in refused.value.problem.fix_zh


def test_a_binary_workbook_is_to_be_saved_anew(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "o.xlsb", "w") as made:
        made.writestr("xl/workbook.bin", b"x")
        made.writestr("[Content_Types].xml", b"<Types/>")
    with pytest.raises(Unreadable) as refused:
        read_sheets(tmp_path / "o.xlsb")
    assert refused.value.problem.id == "CEBD-1024"
    assert "另存为 .xlsx" in refused.value.problem.zh
