"""Mistakes in the shape of a file: columns, headings, rows, sheets."""

from __future__ import annotations

from collections.abc import Callable

from corpus.kinds import ALL, WORKBOOKS, XLSX, Kind, NotHere, Planted, Planting
from corpus.sheets import Book, DateCell, Exactly, Row, Sheet, letters

Change = Callable[[Book, Planting], list[Planted]]


def _shape(
    name: str,
    problem: str,
    change: Change,
    *,
    suffixes: tuple[str, ...] = ALL,
    two_sheets: bool | None = None,
    codes: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
) -> Kind:
    def plant(planting: Planting) -> None:
        planting.needed |= {(part, field) for part, _, field in (one.partition(".") for one in needs)}
        planting.afterwards.append(lambda book: change(book, planting))

    return Kind(name, problem, plant, suffixes, codes, two_sheets, alone=True)


def _said(problem: str, sheet: Sheet, row: int | None, column: int | None = None) -> Planted:
    cell = None if column is None or row is None else f"{letters(column)}{row}"
    return Planted("", problem, sheet.name, row, cell)


def _without_column(book: Book, planting: Planting) -> list[Planted]:
    key = planting.key(
        "head.buyerName",
        "head.ebcCode",
        "head.acturalPaid",
        "head.consigneeAddress",
        "line.country",
        "line.qty",
        "line.gmodel",
    )
    sheet = next(one for one in book.sheets if key in one.keys)
    column = sheet.keys.index(key)
    del sheet.keys[column]
    for row in sheet.rows:
        del row.cells[column : column + 1]
    sheet.merged = [(at - (at > column), first, last) for at, first, last in sheet.merged if at != column]
    return [_said("CEBD-1004", sheet, sheet.heading + 1)]


def _add_column(sheet: Sheet, heading: str, value: object) -> int:
    sheet.keys.append(None)
    for number, row in enumerate(sheet.rows):
        row.cells += [None] * (len(sheet.keys) - 1 - len(row.cells))
        row.cells.append(heading if number == sheet.heading else value if row.record is not None else None)
    return len(sheet.keys) - 1


def _heading_twice(book: Book, planting: Planting) -> list[Planted]:
    key = planting.key("head.buyerName", "head.acturalPaid", "head.declTime", "line.qty", "line.price")
    sheet = next(one for one in book.sheets if key in one.keys)
    first = sheet.keys.index(key)
    second = _add_column(sheet, sheet.rows[sheet.heading].cells[first], Exactly("1"))
    return [_said("CEBD-1005", sheet, sheet.heading + 1, column) for column in (first, second)]


def _field_twice(book: Book, planting: Planting) -> list[Planted]:
    key = planting.key("head.buyerName")
    sheet = next(one for one in book.sheets if key in one.keys)
    first = sheet.keys.index(key)
    taken = sheet.rows[sheet.heading].cells
    other = next(one for one in planting.form.headings()[key] if one not in taken)
    second = _add_column(sheet, other, Exactly("1"))
    return [_said("CEBD-1005", sheet, sheet.heading + 1, column) for column in (first, second)]


def _note_twice(book: Book, _planting: Planting) -> list[Planted]:
    sheet = book.sheets[0]
    columns = [_add_column(sheet, "备注", Exactly("易碎")) for _ in range(2)]
    return [_said("CEBD-1005", sheet, sheet.heading + 1, column) for column in columns]


def _unknown_column(book: Book, planting: Planting) -> list[Planted]:
    sheet = planting.rng.choice(book.sheets)
    column = _add_column(sheet, planting.rng.choice(("客服备注", "仓库", "颜色", "内部审核")), Exactly("甲"))
    return [_said("CEBD-1006", sheet, sheet.heading + 1, column)]


def _misspelt_column(book: Book, planting: Planting) -> list[Planted]:
    key = planting.key("head.buyerTelephone", "line.price")
    sheet = next(one for one in book.sheets if key in one.keys)
    column = sheet.keys.index(key)
    sheet.rows[sheet.heading].cells[column] = "某" + sheet.rows[sheet.heading].cells[column]
    return [_said("CEBD-1004", sheet, sheet.heading + 1, column)]  # one mistake: what is missing stands there, misspelt


def _other_sheet(book: Book, planting: Planting) -> list[Planted]:
    sheet = Sheet("说明", [None], [Row(["本表由仓库填写"]), Row(["请勿修改"])])
    book.sheets.append(sheet)
    return [_said("CEBD-1018", sheet, None)]


def _sheet_without_rows(book: Book, _planting: Planting) -> list[Planted]:
    first = book.sheets[0]
    sheet = Sheet("二月", list(first.keys), [Row(list(first.rows[first.heading].cells))])
    book.sheets.append(sheet)
    return [_said("CEBD-1019", sheet, 1)]


def _file_without_rows(book: Book, _planting: Planting) -> list[Planted]:
    for sheet in book.sheets:
        sheet.rows = [sheet.rows[sheet.heading]]
        sheet.heading = 0
    return [Planted("", "CEBD-1003", None, None, None)]


def _no_headings(book: Book, _planting: Planting) -> list[Planted]:
    for sheet in book.sheets:
        sheet.rows = list(sheet.data())
    return [Planted("", "CEBD-1002", None, None, None)]


def _hidden_rows(book: Book, planting: Planting) -> list[Planted]:
    sheet = book.sheets[0]
    row = planting.rng.choice(list(sheet.data()))
    row.hidden = True
    return [_said("CEBD-1060", sheet, sheet.rows.index(row) + 1)]


def _struck_row(book: Book, planting: Planting) -> list[Planted]:
    sheet = book.sheets[0]
    rows = [row for row in sheet.data() if not any(isinstance(cell, DateCell) for cell in row.cells)]
    if not rows:
        raise NotHere
    row = planting.rng.choice(rows)
    row.struck = True
    return [_said("CEBD-1060", sheet, sheet.rows.index(row) + 1)]


def _under_the_data(*cells: str) -> Change:
    def change(book: Book, _planting: Planting) -> list[Planted]:
        sheet = book.sheets[0]
        last = max(at for at, row in enumerate(sheet.rows) if row.record is not None)
        sheet.rows.insert(last + 1, Row(list(cells)))
        return [_said("CEBD-1062", sheet, last + 2)]

    return change


def _under_the_headings(make: Callable[[Sheet], list[str | None]]) -> Change:
    def change(book: Book, _planting: Planting) -> list[Planted]:
        sheet = book.sheets[0]
        sheet.rows.insert(sheet.heading + 1, Row(list(make(sheet))))
        sheet.merged = [(column, first + 1, last + 1) for column, first, last in sheet.merged]
        return [_said("CEBD-1062", sheet, sheet.heading + 2)]

    return change


def _in_english(sheet: Sheet) -> list[str | None]:
    return [None if key is None else key[1] for key in sheet.keys]


def _how_to_fill(sheet: Sheet) -> list[str | None]:
    return ["必填，文本格式" if at % 3 else "选填" for at in range(len(sheet.keys))]


def _head_twice(book: Book, planting: Planting) -> list[Planted]:
    """The same number on two rows of the heads' sheet."""
    sheet = book.sheets[0]
    row = planting.rng.choice(list(sheet.data()))
    sheet.rows.append(Row(list(row.cells), row.record, row.line))
    column = sheet.keys.index(("head", planting.form.link))
    at = sheet.rows.index(row) + 1
    return [_said("CEBD-1063", sheet, number, column) for number in (at, len(sheet.rows))]


def _hidden_sheet(book: Book, planting: Planting) -> list[Planted]:
    """Another kind of declaration on a sheet that is hidden."""
    payments = {"CEB411": "waybill", "": "payment"}
    headings = {
        "payment": ["支付企业代码", "支付企业名称", "支付交易编号", "订单编号", "支付金额", "支付人姓名", "支付时间"],
        "waybill": [
            "物流企业代码",
            "物流企业名称",
            "物流运单编号",
            "提运单号",
            "毛重（公斤）",
            "收货人姓名",
            "收货地址",
        ],
    }[payments.get(planting.form.code, "payment")]
    sheet = Sheet("隐藏", [None] * len(headings), [Row(list(headings)), Row(["x"] * len(headings))], visible=False)
    book.sheets.append(sheet)
    return [_said("CEBD-1066", sheet, None)]


def _orphan_line(book: Book, planting: Planting) -> list[Planted]:
    sheet = book.sheets[1]
    row = planting.rng.choice(list(sheet.data()))
    copy = Row(["XX-没有这一单", *row.cells[1:]], record=-1, line=0)
    sheet.rows.append(copy)
    return [_said("CEBD-1010", sheet, len(sheet.rows))]


def _no_lines(book: Book, planting: Planting) -> list[Planted]:
    heads, lines = book.sheets
    record = planting.record()
    lines.rows = [row for row in lines.rows if row.record != record]
    return [_said("CEBD-1011", heads, heads.number(record, None))]


def _too_many_lines(planting: Planting) -> None:
    record = planting.record(least_lines=1)
    lines = planting.records[record].lines
    planting.records[record].lines = [dict(lines[0], gnum=str(number)) for number in range(1, 101)]
    # The amounts do not fit any more: what counts here is the number of lines.

    def said(book: Book) -> list[Planted]:
        sheet = book.sheets[0]
        return [_said("CEBD-1012", sheet, sheet.number(record, None))]

    planting.afterwards.append(said)


def _rows_disagree(name: str, key: str, value: Callable[[str], object]) -> Kind:
    def plant(planting: Planting) -> None:
        part, field = planting.key(key)
        record = planting.record(least_lines=2)
        wrong = value(planting.right(record, (part, field)))
        planting.records[record].rows[(1, field)] = Exactly(wrong) if isinstance(wrong, str) else wrong
        planting.needed.add((part, field))

        def said(book: Book) -> list[Planted]:
            found = book.find(part, record, 1, field)
            if found is None:
                raise NotHere
            return [_said("CEBD-1013", *found)]

        planting.afterwards.append(said)

    return Kind(name, "CEBD-1013", plant, ALL, two_sheets=False)


def _merged_line_cells(planting: Planting) -> None:
    key = planting.key("line.unit", "line.country", "line.gmodel")
    record = planting.record(least_lines=2)
    planting.put(record, key, None, 1)
    planting.expect("CEBD-1201", record, key, 1, None)

    def merge(book: Book) -> list[Planted]:
        found = book.find(*key[:1], record, 0, key[1])
        if found is None:
            raise NotHere
        sheet, row, column = found
        sheet.merged.append((column, row, row + 1))
        return []

    planting.afterwards.append(merge)


def _twice(planting: Planting) -> None:
    """The record stands on a second sheet of the same kind too, and says something else there."""
    record = planting.record()
    key = planting.key("head.consigneeAddress", "head.reason")

    def again(book: Book) -> list[Planted]:
        first = book.sheets[0]
        copies = [Row(list(row.cells), record, row.line) for row in first.rows if row.record == record]
        for row in copies:
            row.cells[first.keys.index(key)] = "测试省示例市另一处2号"
        sheet = Sheet("二月", list(first.keys), [Row(list(first.rows[first.heading].cells)), *copies])
        book.sheets.append(sheet)
        return [_said("CEBD-1401", sheet, 2)]

    planting.afterwards.append(again)


def _too_many(name: str) -> Kind:
    return Kind(name, "CEBD-1012", _too_many_lines, (".xlsx", ".csv"), ("CEB311", "CEB621", "CEB625"), alone=True)


KINDS = (
    _shape("a required column is missing", "CEBD-1004", _without_column, codes=("CEB311", "CEB621")),
    _shape("a heading stands twice", "CEBD-1005", _heading_twice, codes=("CEB311", "CEB621", "CEB623", "CEB625")),
    _shape("two headings for one field", "CEBD-1005", _field_twice, codes=("CEB311", "CEB621", "CEB623", "CEB625")),
    _shape(
        "notes of the order or of the goods", "CEBD-1005", _note_twice, two_sheets=False, codes=("CEB311", "CEB621")
    ),
    _shape("a column nobody knows", "CEBD-1006", _unknown_column),
    _shape("a heading misspelt", "CEBD-1004", _misspelt_column, codes=("CEB311", "CEB621")),
    _shape("a sheet of remarks beside", "CEBD-1018", _other_sheet, suffixes=WORKBOOKS),
    _shape("a sheet with headings only", "CEBD-1019", _sheet_without_rows, suffixes=WORKBOOKS, two_sheets=False),
    _shape("a file with headings only", "CEBD-1003", _file_without_rows),
    _shape("a file without headings", "CEBD-1002", _no_headings),
    _shape("rows that are hidden", "CEBD-1060", _hidden_rows, suffixes=WORKBOOKS),
    _shape("a row struck through", "CEBD-1060", _struck_row, suffixes=WORKBOOKS),
    _shape("a signature under the data", "CEBD-1062", _under_the_data("制表人：测试甲", "", "审核：测试乙")),
    _shape(
        "a signature in cells of its own", "CEBD-1062", _under_the_data("", "制表人", "测试甲", "日期", "2026-01-05")
    ),
    _shape("a remark under the data", "CEBD-1062", _under_the_data("备注：以上数据由系统导出")),
    _shape("the headings once more in English", "CEBD-1062", _under_the_headings(_in_english)),
    _shape("notes on how to fill the columns in", "CEBD-1062", _under_the_headings(_how_to_fill)),
    _shape(
        "a note under the headings",
        "CEBD-1062",
        _under_the_headings(lambda _sheet: ["填写说明：红色列为必填项，请勿改动表头"]),
    ),
    _shape("a head whose number comes twice", "CEBD-1063", _head_twice, suffixes=WORKBOOKS, two_sheets=True),
    _shape("a hidden sheet of another kind", "CEBD-1066", _hidden_sheet, suffixes=XLSX),
    _shape("a goods line of no order", "CEBD-1010", _orphan_line, suffixes=WORKBOOKS, two_sheets=True),
    _shape("an order without goods lines", "CEBD-1011", _no_lines, suffixes=WORKBOOKS, two_sheets=True),
    _too_many("a hundred goods lines"),
    _rows_disagree("rows with other names", "head.buyerName", lambda right: right + "某"),
    _rows_disagree("rows with other amounts", "head.freight", lambda _right: "7.5"),
    _rows_disagree("rows with another address", "head.consigneeAddress", lambda _right: "测试省另一处1号"),
    _rows_disagree("a row that leaves the identity number out", "head.buyerIdNumber", lambda _right: None),
    Kind("a goods cell merged with the one below", "CEBD-1201", _merged_line_cells, XLSX),
    Kind("a record on two sheets of a file", "CEBD-1401", _twice, WORKBOOKS, two_sheets=False, alone=True),
)
