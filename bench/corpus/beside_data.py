"""What stands on a sheet beside its data: totals, page numbers, signatures, other tables; and headings that say too little."""

from __future__ import annotations

import json
from collections.abc import Callable

from corpus.kinds import ALL, WORKBOOKS, XLSX, Kind, NotHere, Planted, Planting
from corpus.sheets import Book, Row, Sheet, letters

Change = Callable[[Book, Planting], Planted]
_ORDERS_AND_LISTS = ("CEB311", "CEB621")


def _kind(
    name: str,
    problem: str,
    change: Change,
    *,
    suffixes: tuple[str, ...] = ALL,
    two_sheets: bool | None = None,
    codes: tuple[str, ...] = (),
) -> Kind:
    def plant(planting: Planting) -> None:
        planting.afterwards.append(lambda book: [change(book, planting)])

    return Kind(name, problem, plant, suffixes, codes, two_sheets, alone=True)


_AMOUNTS = ("goodsValue", "acturalPaid", "totalPrice", "amountPaid", "grossWeight", "weight", "qty", "freight")


def _row_of(sheet: Sheet, cells: tuple[str, ...]) -> Row:
    """The words from the first column on; a figure under a column of amounts, where there is one."""
    words = [cell for cell in cells if not cell[-1:].isdigit() or not cell[:1].isdigit()]
    row: list[str | None] = [*words, *[None] * len(sheet.keys)]
    under = next((at for at, key in enumerate(sheet.keys) if key and key[1] in _AMOUNTS and at >= len(words)), None)
    for figure in cells:
        if figure not in words and under is not None:
            row[under] = figure
    return Row(list(row))


def _below(name: str, problem: str, *cells: str) -> Kind:
    """A row under the last row of data."""

    def change(book: Book, _planting: Planting) -> Planted:
        sheet = book.sheets[0]
        last = max(at for at, row in enumerate(sheet.rows) if row.record is not None)
        sheet.rows.insert(last + 1, _row_of(sheet, cells))
        return Planted("", problem, sheet.name, last + 2, None)

    return _kind(name, problem, change)


def _between(name: str, problem: str, *cells: str) -> Kind:
    """A row between two records, as at the end of a printed page."""

    def change(book: Book, _planting: Planting) -> Planted:
        sheet = book.sheets[0]
        places = [
            at
            for at in range(sheet.heading + 2, len(sheet.rows))
            if sheet.rows[at].record is not None and sheet.rows[at].record != sheet.rows[at - 1].record
        ]
        if not places:
            raise NotHere
        at = places[len(places) // 2]
        sheet.rows.insert(at, _row_of(sheet, cells))
        sheet.merged = [(column, first + (first > at), last + (last > at)) for column, first, last in sheet.merged]
        return Planted("", problem, sheet.name, at + 1, None)

    return _kind(name, problem, change)


ROWS = (
    _below("a total under the data", "CEBD-1035", "合计"),
    _below("a total with its sum", "CEBD-1035", "总计：", "", "12345.60"),
    _below("a total in English", "CEBD-1035", "Total", "", "12,345.60"),
    _below("a count of documents under the data", "CEBD-1035", "共 12 单"),
    _between("a page's total between the data", "CEBD-1035", "本页小计", "", "230.50"),
    _between("a page's sum between the data", "CEBD-1035", "", "本页合计：230.50"),
    _between("a page number between the data", "CEBD-1062", "第 1 页 共 3 页"),
    _below("a page number under the data", "CEBD-1062", "", "", "第3页/共3页"),
    _below("words that nothing follows", "CEBD-1062", "以下空白"),
    _below("a line that ends the data", "CEBD-1062", "-----以下无数据-----"),
    _below("two signatures in one cell", "CEBD-1062", "制单：测试甲    复核：测试乙"),
    _below("when and by whom it was printed", "CEBD-1062", "打印时间：2026-01-05 10:15", "打印人：测试甲"),
    _below("where the data came from", "CEBD-1062", "数据来源：测试ERP系统"),
    _below("a company's seal", "CEBD-1062", "公司盖章：", "", "日期："),
    _between("a note in the midst of the data", "CEBD-1062", "注：以下为加急单"),
)


def _usual_word(name: str, part: str, field: str, word: str, codes: tuple[str, ...]) -> Kind:
    """A heading in the word of a platform, which decides nothing in silence."""

    def change(book: Book, planting: Planting) -> Planted:
        key = planting.key(f"{part}.{field}")
        sheet = next((one for one in book.sheets if key in one.keys), None)
        if sheet is None:
            raise NotHere
        column = sheet.keys.index(key)
        old = sheet.rows[sheet.heading].cells[column]
        for row in sheet.rows:
            if row.record is None and row.cells[column : column + 1] == [old]:
                row.cells[column] = word
        return Planted("", "CEBD-1014", sheet.name, sheet.heading + 1, f"{letters(column)}{sheet.heading + 1}")

    return _kind(name, "CEBD-1014", change, codes=codes)


def _none_known(book: Book, _planting: Planting) -> Planted:
    for sheet in book.sheets:
        sheet.rows = [row for row in sheet.rows if row.record is not None]
        sheet.rows.insert(0, Row([f"字段{at + 1}" for at in range(len(sheet.keys))]))
    return Planted("", "CEBD-1002", None, None, None)


def _several_misspelt(book: Book, planting: Planting) -> Planted:
    changed = 0
    for sheet in book.sheets:
        for column, key in enumerate(sheet.keys):
            if key in planting.needed:
                sheet.rows[sheet.heading].cells[column] = f"{sheet.rows[sheet.heading].cells[column]}某某"
                changed += 1
    if not changed:
        raise NotHere
    return Planted("", "CEBD-1090", None, None, None)


def _misspelt(*fields: str) -> Callable[[Planting], None]:
    def plant(planting: Planting) -> None:
        planting.needed |= {planting.key(field) for field in fields}
        planting.afterwards.append(lambda book: [_several_misspelt(book, planting)])

    return plant


def _data_above(book: Book, _planting: Planting) -> Planted:
    sheet = book.sheets[0]
    first = next(at for at, row in enumerate(sheet.rows) if row.record is not None)
    row = sheet.rows.pop(first)
    sheet.merged = []
    sheet.rows.insert(sheet.heading, row)
    sheet.heading += 1
    return Planted("", "CEBD-1031", sheet.name, sheet.heading, None)


def _words_above(book: Book, _planting: Planting) -> Planted:
    sheet = book.sheets[0]
    words = [
        "店铺",
        "测试旗舰店",
        "导出人",
        "测试甲",
        "批次",
        "一月第二批",
        "状态",
        "已审核",
        "仓库",
        "保税仓甲",
        "渠道",
        "直营",
    ]
    sheet.rows.insert(sheet.heading, Row((words * 2)[: max(3, len(sheet.keys) // 2)]))
    sheet.heading += 1
    sheet.merged = [(column, first + 1, last + 1) for column, first, last in sheet.merged]
    return Planted("", "CEBD-1032", sheet.name, sheet.heading, None)


def _no_heading(book: Book, _planting: Planting) -> Planted:
    sheet = book.sheets[0]
    column = len(sheet.keys)
    for row in sheet.data():
        row.cells += [None] * (column - len(row.cells))
        row.cells.append("加急")
    return Planted("", "CEBD-1033", sheet.name, sheet.heading + 1, f"{letters(column)}{sheet.heading + 1}")


def _two_tables(book: Book, _planting: Planting) -> Planted:
    """A second table under the first, with its columns in another order."""
    sheet = book.sheets[0]
    headings = list(reversed(sheet.rows[sheet.heading].cells))
    last = list(sheet.data())[-1]
    sheet.rows += [Row(headings), Row(list(reversed(last.cells)))]
    return Planted("", "CEBD-1071", sheet.name, len(sheet.rows) - 1, None)


def _other_kind(book: Book, planting: Planting) -> Planted:
    payments = planting.form.code != "CEB411"
    headings = (
        ("支付企业代码", "支付企业名称", "支付交易编号", "订单编号", "支付金额", "支付人姓名", "支付时间")
        if payments
        else ("物流企业代码", "物流企业名称", "物流运单编号", "提运单号", "毛重（公斤）", "收货人姓名", "收货地址")
    )
    book.sheets.append(Sheet("另一种单证", [None] * 7, [Row(list(headings)), Row(["x"] * 7)]))
    return Planted("", "CEBD-1017", "另一种单证", None, None)


def _stored_only(book: Book, _planting: Planting) -> Planted:
    """业务状态 1: customs keep it and do not work on it."""
    sheet = book.sheets[0]
    column = len(sheet.keys)
    sheet.keys.append(None)
    for number, row in enumerate(sheet.rows):
        row.cells += [None] * (column - len(row.cells))
        row.cells.append("业务状态" if number == sheet.heading else "1" if row.record is not None else None)
    first = next(at for at, row in enumerate(sheet.rows, 1) if row.record is not None)
    return Planted("", "CEBD-1340", sheet.name, first, f"{letters(column)}{first}")


def _drifted(book: Book, *, is_new: bool) -> Planted:
    """Headings of a foreign system that somebody has explained; since then one is new, or one is gone."""
    sheet = book.sheets[0]
    headings = sheet.rows[sheet.heading].cells
    if any(row.record is None and row.cells == headings for row in sheet.rows[sheet.heading + 1 :]):
        raise NotHere
    columns = {}
    for at, key in enumerate(sheet.keys):
        part = "" if key is None else {"head": "OrderHead", "line": "OrderList"}[key[0]]
        columns[f"Spalte {letters(at)}"] = "-" if key is None else f"{part}/{key[1]}"
    sheet.rows[sheet.heading].cells = list(columns)
    if is_new:
        for number, row in enumerate(sheet.rows):
            if number == sheet.heading or row.record is not None:
                row.cells += [None] * (len(sheet.keys) - len(row.cells))
                row.cells.append("Spalte neu" if number == sheet.heading else "x")
    else:
        columns["Spalte alt"] = "-"
    told = ["CEB311", columns, "test-platform.xlsx", "测试甲", "2026-01-01T10:00:00+08:00"]
    return Planted("", "CEBD-1095", None, None, None, known=json.dumps(told, ensure_ascii=False))


def _drift(name: str, *, is_new: bool) -> Kind:
    return _kind(name, "CEBD-1095", lambda book, _: _drifted(book, is_new=is_new), codes=("CEB311",), two_sheets=False)


HEADINGS = (
    _drift("a known layout with a column that is new", is_new=True),
    _drift("a known layout of which a column is gone", is_new=False),
    _usual_word("a heading in the word of a shop, 买家姓名", "head", "buyerName", "买家姓名", _ORDERS_AND_LISTS),
    _usual_word("a heading in the word of a shop, 宝贝标题", "line", "itemName", "宝贝标题", ("CEB311",)),
    _usual_word(
        "a heading in the word of a shop, 买家实际支付金额", "head", "acturalPaid", "买家实际支付金额", ("CEB311",)
    ),
    _usual_word("a heading in the word of a warehouse, 料号", "line", "itemRecordNo", "料号", ("CEB621",)),
    _usual_word("a heading in the word of a forwarder, 主单号", "head", "billNo", "主单号", ("CEB621", "CEB511")),
    _kind("headings that nobody knows", "CEBD-1002", _none_known),
    Kind(
        "several headings misspelt",
        "CEBD-1090",
        _misspelt("head.buyerName", "head.buyerIdNumber", "line.qty"),
        codes=_ORDERS_AND_LISTS,
        alone=True,
    ),
    _kind("a row of data above the headings", "CEBD-1031", _data_above, codes=("CEB411", "CEB511", "CEB623")),
    _kind("words in many cells above the headings", "CEBD-1032", _words_above),
    _kind("a column without a heading", "CEBD-1033", _no_heading),
    _kind("two tables one under the other", "CEBD-1071", _two_tables, two_sheets=False, codes=_ORDERS_AND_LISTS),
    _kind("a sheet of another kind of declaration", "CEBD-1017", _other_kind, suffixes=WORKBOOKS, two_sheets=False),
    _kind("orders to be stored only", "CEBD-1340", _stored_only, codes=("CEB311",), suffixes=XLSX),
)
KINDS = (*ROWS, *HEADINGS)
