"""Mistakes in other forms of files than .xlsx, .xls and .csv: each must be found there as well, on the same cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from corpus.kinds import Kind, NotHere, Planted, Planting, in_a_cell
from corpus.sheets import Book, DateCell, Row, Sheet, Value

_FORMS = (
    ("an OpenDocument sheet", ".ods"),
    ("a workbook of WPS", ".et"),
    ("an XML Spreadsheet 2003", "2003.xls"),
    ("a web page named .xls", "page.xls"),
    ("a text with tabs", ".tsv"),
    ("a workbook with the built-in password", "locked.xlsx"),
)
_HIDING = (".ods", ".et", "2003.xls", "page.xls")
_WITH_SHEETS = (".xls", ".ods", "2003.xls", "page.xls")
_REQUIRED = "head.consigneeAddress head.buyerName head.logisticsName head.ebpName line.gmodel line.unit"
_AMOUNTS = "head.goodsValue head.freight line.price line.totalPrice head.amountPaid"


def _says(value: Value) -> Callable[[Random, str], Value]:
    return lambda _rng, _right: value


def _cells() -> Iterator[Kind]:
    for form, suffix in _FORMS:
        only = (suffix,)
        yield in_a_cell(f"a required text is empty in {form}", "CEBD-1201", _REQUIRED, _says(None), suffixes=only)
        yield in_a_cell(
            f"thousands separators in {form}",
            "CEBD-1204",
            _AMOUNTS,
            _says("1,234.50"),
            suffixes=only,
            suggestion="1234.50",
        )
        yield in_a_cell(
            f"a unit's code with another's name in {form}", "CEBD-1222", "line.unit", _says("122 盒"), suffixes=only
        )
    for form, suffix in _FORMS:
        if suffix in _HIDING:
            yield _row(f"a hidden row in {form}", suffix, hidden=True)
            yield _row(f"a row struck through in {form}", suffix, hidden=False)
        if suffix in (".ods", "2003.xls"):
            yield in_a_cell(
                f"an identifier that became a date in {form}",
                "CEBD-1211",
                "head.orderNo line.itemNo head.payTransactionId",
                _says(DateCell(46027)),
                suffixes=(suffix,),
            )


def _row(name: str, suffix: str, *, hidden: bool) -> Kind:
    def change(book: Book) -> list[Planted]:
        sheet = book.sheets[0]
        rows = [row for row in sheet.data() if not any(isinstance(cell, DateCell) for cell in row.cells)]
        if not rows:
            raise NotHere
        row = rows[len(rows) // 2]
        row.hidden, row.struck = hidden, not hidden
        return [Planted("", "CEBD-1060", sheet.name, sheet.rows.index(row) + 1, None)]

    return Kind(name, "CEBD-1060", lambda planting: planting.afterwards.append(change), (suffix,), alone=True)


def _filtered(planting: Planting) -> None:
    """Every other record is filtered out: said once of the sheet, and on each of them."""

    def change(book: Book) -> list[Planted]:
        sheet = book.sheets[0]
        rows = [row for row in sheet.data() if (row.record or 0) % 2]
        for row in rows:
            row.hidden = True
        first = sheet.rows.index(rows[0]) + 1
        return [Planted("", "CEBD-1061", None, None, None), Planted("", "CEBD-1060", sheet.name, first, None)]

    planting.afterwards.append(change)


_HEADINGS = {
    "CEB411": ("物流企业代码", "物流企业名称", "物流运单编号", "提运单号", "毛重（公斤）", "收货人姓名", "收货地址"),
    "": ("支付企业代码", "支付企业名称", "支付交易编号", "订单编号", "支付金额", "支付人姓名", "支付时间"),
}


def _hidden_sheet(suffix: str) -> Kind:
    """Another kind of declaration on a sheet that is hidden."""

    def plant(planting: Planting) -> None:
        def change(book: Book) -> list[Planted]:
            headings = _HEADINGS.get(planting.form.code, _HEADINGS[""])
            rows = [Row(list(headings)), Row(["x"] * len(headings))]
            book.sheets.append(Sheet("旧数据", [None] * len(headings), rows, visible=False))
            return [Planted("", "CEBD-1066", "旧数据", None, None)]

        planting.afterwards.append(change)

    forms = {".xls": "an .xls"} | {suffix: form for form, suffix in _FORMS}
    return Kind(f"a hidden sheet in {forms[suffix]}", "CEBD-1066", plant, (suffix,), two_sheets=False, alone=True)


def _gb2312(planting: Planting) -> None:
    """A sign that GB 2312 does not have, in a file that says that it is in GB 2312; and a mistake beside it."""
    key = planting.key("head.buyerName", "head.consignee", "head.payerName")
    record = planting.record()
    planting.put(record, key, "朱镕基喆")
    spoiled = planting.key("line.unit", "head.freight", "head.amountPaid")
    planting.put(record, spoiled, "122 盒" if spoiled[1] == "unit" else "12元")
    unit = spoiled[1] == "unit"
    planting.expect("CEBD-1222" if unit else "CEBD-1204", record, spoiled, 0, None if unit else "12")

    def under_that_name(book: Book) -> list[Planted]:
        book.encoding = "gb2312"
        return []

    planting.afterwards.append(under_that_name)


KINDS = (
    *_cells(),
    *map(_hidden_sheet, _WITH_SHEETS),
    Kind("many rows hidden by a filter", "CEBD-1061", _filtered, (".xlsx", ".xls"), alone=True),
    Kind("a mistake beside a sign of GBK under the name of GB 2312", "CEBD-1222", _gb2312, ("2003.xml",), alone=True),
)
