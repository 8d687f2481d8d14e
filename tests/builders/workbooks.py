"""Workbooks and CSV as operators make them: orders with Chinese headings, flat or as heads and lines."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from builders.clocks import StillClock
from cebd.documents.open_file import Reader, open_file
from cebd.documents.reading.rows.grouping import NumberComesBack
from cebd.messages.description import MessageType, message_type
from cebd.problems.problem import Problem
from cebd.records.record import Record
from cebd.settings import Settings
from cebd.trial.rows import Line, heading

ORDER = {
    "订单编号": "D-0001",
    "电商平台代码": "9900000001",
    "电商平台名称": "测试平台有限公司",
    "电商企业代码": "9900000002",
    "电商企业名称": "测试电商有限公司",
    "商品价格": "20",
    "运杂费": "0",
    "非现金抵扣金额": "0",
    "代扣税款": "1.82",
    "实际支付金额": "21.82",
    "订购人姓名": "测试甲",
    "订购人电话": "13000000000",
    "订购人证件号码": "999999199001010016",
    "订购人注册号": "U0001",
    "收货人姓名": "测试甲",
    "收货人电话": "13000000000",
    "收货地址": "测试省测试市测试路1号",
    "商品序号": "1",
    "企业商品货号": "SKU-1",
    "企业商品名称": "测试商品",
    "商品规格型号": "规格1",
    "条形码": "6900000000007",
    "计量单位": "122",
    "数量": "2",
    "单价": "10",
    "总价": "20",
    "原产国": "116",
}
LINE_HEADINGS = tuple(ORDER)[17:]

INVENTORY = {
    "订单编号": "D-0001",
    "企业内部编号": "C-0001",
    "电商平台代码": "9900000001",
    "电商平台名称": "测试平台有限公司",
    "电商企业代码": "9900000002",
    "电商企业名称": "测试电商有限公司",
    "物流运单编号": "W-0001",
    "物流企业代码": "9900000003",
    "物流企业名称": "测试物流有限公司",
    "担保企业编号": "9900000002",
    "申报日期": "20260304",
    "申报海关代码": "5141",
    "口岸海关代码": "5141",
    "订购人证件号码": "999999199001010016",
    "订购人姓名": "测试甲",
    "订购人电话": "13000000000",
    "收件地址": "测试省测试市测试路1号",
    "申报企业代码": "4407961999",
    "申报企业名称": "示例跨境电子商务有限公司",
    "贸易方式": "9610",
    "运输方式": "5",
    "运输工具编号": "CZ3082",
    "航班航次号": "CZ3082",
    "提运单号": "784-00000001",
    "InventoryHead/country": "116",
    "运费": "0",
    "保费": "0",
    "件数": "1",
    "毛重（公斤）": "1.2",
    "净重（公斤）": "1",
    "序号": "1",
    "商品编码": "3304990099",
    "商品名称": "测试商品",
    "商品规格型号": "规格1",
    "InventoryList/country": "116",
    "数量": "2",
    "计量单位": "122",
    "法定数量": "1",
    "法定计量单位": "035",
    "单价": "10",
    "总价": "20",
}


def an_order(number: str = "D-0001", **changes: Any) -> dict[str, Any]:
    """A row of a flat sheet that is right; changes by heading, `None` for an empty cell."""
    assert changes.keys() <= ORDER.keys(), changes.keys() - ORDER.keys()
    return {**ORDER, "订单编号": number, **changes}


def an_inventory(number: str = "C-0001", **changes: Any) -> dict[str, Any]:
    assert changes.keys() <= INVENTORY.keys(), changes.keys() - INVENTORY.keys()
    return {**INVENTORY, "企业内部编号": number, **changes}


def table(rows: Sequence[dict[str, Any]]) -> list[list[Any]]:
    """Headings and values, as a sheet has them."""
    headings = list(rows[0])
    return [headings, *([row[heading] for heading in headings] for row in rows)]


def a_workbook(path: Path, *sheets: list[list[Any]], names: Sequence[str] = ()) -> Path:
    """An .xlsx with these sheets of rows."""
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(names[number] if names else f"Sheet{number + 1}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def a_csv(path: Path, rows: list[list[Any]], *, encoding: str = "utf-8", separator: str = ",") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def sheet_xml(rows: list[list[Any]], *, dimension: str = '<dimension ref="A1"/>', numbered: bool = True) -> str:
    """A worksheet part as programs write it. A value that starts with `<c` stands as it is, `{at}` being its address."""
    lines = []
    for number, row in enumerate(rows, 1):
        cells = []
        for index, value in enumerate(row):
            if value is None:
                continue
            at = f"{_letters(index)}{number}"
            where = f' r="{at}"' if numbered else ""
            if str(value).startswith("<c"):
                cells.append(str(value).replace("{at}", at))
            else:
                cells.append(f'<c{where} t="inlineStr"><is><t>{value}</t></is></c>')
        lines.append(f'<row r="{number}">' if numbered else "<row>")
        lines.append("".join(cells) + "</row>")
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}">{dimension}<sheetData>{"".join(lines)}</sheetData></worksheet>'


def with_sheet_xml(path: Path, part: str, *, uncalculated: bool = False) -> Path:
    """A one-sheet .xlsx whose worksheet is this part; its second cell style has the number format 000."""
    content = io.BytesIO()
    book = Workbook()
    book.active["A1"].number_format = "000"  # type: ignore[index]
    book.active["A1"] = 1  # type: ignore[index]
    book.save(content)
    with zipfile.ZipFile(content) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = part.encode()
            elif name == "xl/workbook.xml" and not uncalculated:
                data = re.sub(rb"<calcPr[^>]*/>", b"", data)
            target.writestr(name, data)
    return path


def some_settings(
    mapping: dict[str, Any] | None = None,
    defaults: dict[str, dict[str, str]] | None = None,
    rules: dict[str, str] | None = None,
) -> Settings:
    """Settings of one enterprise that uses all the mappings."""
    enterprise = {
        "name": "example",
        "copCode": "4407961999",
        "copName": "示例跨境电子商务有限公司",
        "dxpId": "DXPENT0000010001",
        "folder": "example",
        "signer": "token",
        "channel": "eport",
        "mapping": list(mapping or {}),
        "defaults": defaults or {},
    }
    return Settings.model_validate(
        {"base": Path(), "enterprise": [enterprise], "mapping": mapping or {}, "rules": rules or {}}
    )


class Opened:
    """A file read to its end."""

    def __init__(self, path: Path, settings: Settings | None = None, hint: str | None = None) -> None:
        settings = settings or some_settings()
        self.gathered = False
        try:
            reader, self.records = self._read(path, settings, hint)
        except NumberComesBack:
            self.gathered = True
            reader, self.records = self._read(path, settings, hint)
        self.type: MessageType | None = reader.type
        self.problems: list[Problem] = reader.problems
        self.xml = reader.xml

    def _read(self, path: Path, settings: Settings, hint: str | None) -> tuple[Reader, list[Record]]:
        reader = open_file(
            path, settings.reading_options, settings.enterprise[0], StillClock().now(), hint, gather=self.gathered
        )
        return reader, list(reader.records)

    @property
    def ready(self) -> list[str]:
        """The last part of the key of each record that may be declared: the order number, the list's own number."""
        return [record.key[-1] if record.type == "CEB311" else record.key[0] for record in self.records if record.ready]

    def found(self, number: int = 0) -> list[tuple[str, str | None]]:
        """Id and cell of each problem of that record."""
        return [(one.id, one.place.cell) for one in self.records[number].problems]

    def said(self) -> list[str]:
        """Ids of what is said of the file as a whole."""
        return [one.id for one in self.problems]


def _letters(index: int) -> str:
    return chr(65 + index) if index < 26 else chr(64 + index // 26) + chr(65 + index % 26)


def csv_of(rows: Iterable[Line]) -> bytes:
    """The rows of orders as CSV, under the elements' own names."""
    lines = [list(row.items()) for row in rows]
    head = ",".join(heading(message_type("order"), key).rpartition("\n")[2] for key, _ in lines[0])
    return "".join(f"{line}\r\n" for line in (head, *(",".join(cell for _, cell in row) for row in lines))).encode()
