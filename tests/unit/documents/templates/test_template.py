"""Templates: every column is known again, what must be filled is told, and the example is never declared."""

from __future__ import annotations

import io
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

from builders.filled_templates import the_template
from builders.workbooks import Opened, a_workbook, an_order, table
from cebd.cli.main import app
from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS, default_of
from cebd.documents.reading.cells.section import Column
from cebd.documents.reading.layouts import recognise
from cebd.documents.templates.content import choices
from cebd.documents.templates.goods import Goods
from cebd.documents.templates.workbook import write_template
from cebd.documents.workbooks.own_marks import EXAMPLE
from cebd.documents.workbooks.sheets import read_sheets
from cebd.messages.description import MessageType, declarations, message_type
from cebd.rules.business import has_rules
from cebd.rules.codes.tables import PUBLISHED

FORMS = [(message, flat) for message in declarations() for flat in (False, True)]
every_form = pytest.mark.parametrize(
    ("message", "flat"), FORMS, ids=[f"{message.name}{'-flat' if flat else ''}" for message, flat in FORMS]
)


def without_records(message: MessageType) -> list[str]:
    """What is said of a file that has no record: nothing but that only its form was checked, where no business rule is."""
    return [] if has_rules(message.code) else ["CEBD-1036"]


def a_template(folder: Path, message: MessageType, *, flat: bool = False) -> Path:
    path = folder / "template.xlsx"
    path.write_bytes(the_template(message, flat))
    return path


def sheets_of(path: Path) -> list[Worksheet]:
    """The sheets an operator sees; nobody changes them."""
    return sheets_in(path.read_bytes())


@cache
def sheets_in(content: bytes) -> list[Worksheet]:
    return [sheet for sheet in load_workbook(io.BytesIO(content)).worksheets if sheet.sheet_state == "visible"]


def heading_of(sheet: Worksheet, element: str) -> Any:
    """The heading cell of that element."""
    return next(cell for cell in sheet[1] if str(cell.value).split("\n")[1] == element)


# Recognition


@every_form
def test_every_column_but_those_cebd_makes_is_known_by_its_heading(
    tmp_path: Path, message: MessageType, flat: bool
) -> None:
    layout = recognise(read_sheets(a_template(tmp_path, message, flat=flat)), None, {})
    known = set(layout.head.columns) | set(layout.lines.columns if layout.lines else ())
    every = {(field.part, field.name) for field in (*message.head_fields, *message.line_fields)}
    assert layout.type is message
    assert every - known == {("head", "guid"), ("head", "appTime")}
    assert layout.problems == []


@every_form
def test_no_two_headings_of_a_sheet_are_the_same_field(tmp_path: Path, message: MessageType, flat: bool) -> None:
    path = a_template(tmp_path, message, flat=flat)
    layout = recognise(read_sheets(path), None, {})
    for sheet, found in zip(sheets_of(path), filter(None, (layout.head, layout.lines)), strict=True):
        assert sorted(found.columns.values()) == list(range(1, sheet.max_column))


def test_what_head_and_line_both_have_says_which_is_meant(tmp_path: Path) -> None:
    (sheet,) = sheets_of(a_template(tmp_path, message_type("order"), flat=True))
    headings = [cell.value for cell in sheet[1]]
    assert "表头币制\nOrderHead/currency" in headings
    assert "表体币制\nOrderList/currency" in headings
    assert "* 订单编号\norderNo" in headings


# What an operator sees


def test_heads_and_lines_have_a_sheet_each_unless_the_form_is_flat(tmp_path: Path) -> None:
    order = message_type("order")
    assert [sheet.title for sheet in sheets_of(a_template(tmp_path, order))] == ["电子订单 Order", "商品明细 Lines"]
    assert [sheet.title for sheet in sheets_of(a_template(tmp_path, order, flat=True))] == ["电子订单 Order"]


def test_lines_find_their_head_by_its_number(tmp_path: Path) -> None:
    _, lines = sheets_of(a_template(tmp_path, message_type("inventory")))
    assert [cell.value for cell in lines[1]][:3] == [f"[cebd]\n{EXAMPLE}", "* 企业内部编号\ncopNo", "* 序号\ngnum"]


def test_what_must_be_filled_has_a_star_and_a_colour_of_its_own(tmp_path: Path) -> None:
    head, _ = sheets_of(a_template(tmp_path, message_type("inventory")))
    wanted = {"orderNo": True, "copNo": True, "agentCode": True, "emsNo": False, "appType": False, "ieFlag": False}
    starred = {name: str(heading_of(head, name).value).startswith("* ") for name in wanted}
    colours = {name: heading_of(head, name).fill.fgColor.rgb for name in wanted}
    assert starred == wanted
    assert len({colours[name] for name in wanted if wanted[name]}) == 1
    assert not {colours[name] for name in wanted if wanted[name]} & {
        colours[name] for name in wanted if not wanted[name]
    }


def test_the_note_on_a_heading_says_meaning_length_and_example_in_both_languages(tmp_path: Path) -> None:
    head, lines = sheets_of(a_template(tmp_path, message_type("order")))
    number = heading_of(head, "orderNo").comment.text
    assert "交易平台的订单号" in number and "Order number on the trading platform" in number
    assert "最多 60 个字符" in number and "at most 60 characters" in number
    assert "例：D20260101000001" in number and "Example: D20260101000001" in number
    price = heading_of(lines, "price").comment.text
    assert "最多 19 位，其中小数最多 5 位" in price and "at most 19 digits, at most 5 of them decimals" in price


@every_form
def test_every_heading_has_a_note(tmp_path: Path, message: MessageType, flat: bool) -> None:
    for sheet in sheets_of(a_template(tmp_path, message, flat=flat)):
        assert all(cell.comment is not None and len(cell.comment.text) > 40 for cell in sheet[1])


def test_what_may_stay_empty_is_told_with_the_value_it_then_has(tmp_path: Path) -> None:
    head, lines = sheets_of(a_template(tmp_path, message_type("inventory")))
    assert "留空即为 2\n" in heading_of(head, "appStatus").comment.text
    assert "留空即为 142\n" in heading_of(head, "InventoryHead/currency").comment.text
    assert "留空" not in heading_of(head, "copNo").comment.text
    assert "删去此列则自动编号" in heading_of(lines, "gnum").comment.text


def test_what_the_enterprises_settings_fill_in_has_no_star_and_says_what_it_is_then(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    defaults = {"ebcCode": "9900000002", "declTime": "{today}", "assureCode": "{agentCode}", "line.unit": "122"}
    write_template(path, message_type("inventory"), defaults=defaults)
    head, lines = sheets_of(path)
    said = {name: heading_of(head, name) for name in ("ebcCode", "declTime", "assureCode", "ebpCode")}
    assert [str(cell.value).startswith("* ") for cell in said.values()] == [False, False, False, True]
    assert "留空即为 9900000002（本企业的默认值）" in said["ebcCode"].comment.text
    assert "留空即为放入当天的日期" in said["declTime"].comment.text
    assert "留空则与“申报企业代码”相同" in said["assureCode"].comment.text
    assert "Left empty it is 122" in heading_of(lines, "unit").comment.text


def test_a_cancellation_or_a_return_needs_but_its_list_and_what_the_list_does_not_say(tmp_path: Path) -> None:
    (cancel,) = sheets_of(a_template(tmp_path, message_type("cancel")))
    (back,) = sheets_of(a_template(tmp_path, message_type("return"), flat=True))
    names = [[str(cell.value).split("\n")[1] for cell in sheet[1][1:]] for sheet in (cancel, back)]
    starred = [[cell for cell in sheet[1] if str(cell.value).startswith("* ")] for sheet in (cancel, back)]
    assert names[0][:2] == ["invtNo", "reason"]
    assert names[1][:4] == ["invtNo", "reason", "gnum", "qty"]
    assert [len(cells) for cells in starred] == [2, 3]
    assert "留空则取自清单" in heading_of(cancel, "orderNo").comment.text
    assert "留空则自动编号" in heading_of(cancel, "copNo").comment.text


def test_the_goods_archive_lies_behind_the_sheets_and_is_never_declared(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    goods = [Goods("SKU-1", {"gcode": "1901101000", "unit": "122"}), Goods("SKU-2", {})]
    write_template(path, message_type("inventory"), goods=goods)
    _, lines, archive = sheets_of(path)
    assert [cell.value for cell in archive[3]][:3] == ["SKU-1", "1901101000", "122"]
    [rule] = [one for one in lines.data_validations.dataValidation if archive.title in str(one.formula1)]
    assert rule.formula1.endswith("$A$3:$A$4")
    opened = Opened(path)
    assert (opened.type, opened.records, opened.problems) == (message_type("inventory"), [], [])


@every_form
def test_the_headings_stay_in_sight(tmp_path: Path, message: MessageType, flat: bool) -> None:
    assert {sheet.freeze_panes for sheet in sheets_of(a_template(tmp_path, message, flat=flat))} == {"A2"}


@every_form
def test_identifiers_are_text_down_the_whole_column(tmp_path: Path, message: MessageType, flat: bool) -> None:
    fields = {field.name: field for field in (*message.head_fields, *message.line_fields)}
    for sheet in sheets_of(a_template(tmp_path, message, flat=flat)):
        for cell in sheet[1][1:]:
            name = str(cell.value).split("\n")[1].rpartition("/")[2]
            formats = {
                sheet.column_dimensions[cell.column_letter].number_format,
                sheet.cell(2, cell.column).number_format,
            }
            assert formats == {"@" if fields[name].kind == "text" else "General"}, name


# Drop-down lists


def lists_of(sheet: Worksheet) -> dict[str, Any]:
    """The rules of the drop-down lists by element."""
    found = {}
    for rule in sheet.data_validations.dataValidation:
        if rule.type != "list":
            continue
        at = next(iter(rule.sqref.ranges))
        assert (at.min_row, at.max_row) == (2, 20_000)
        found[str(sheet.cell(1, at.min_col).value).split("\n")[1]] = rule
    return found


def test_a_few_fixed_values_are_offered_in_the_cell(tmp_path: Path) -> None:
    head, _ = sheets_of(a_template(tmp_path, message_type("inventory")))
    assert lists_of(head)["appType"].formula1 == '"1 新增,2 变更,3 删除"'
    assert lists_of(head)["appStatus"].formula1 == '"1 暂存,2 申报"'
    assert lists_of(head)["tradeMode"].formula1.endswith(',1239 保税电商A"')


def test_the_codes_of_a_table_are_offered_from_a_hidden_sheet_with_their_names_beside(tmp_path: Path) -> None:
    path = a_template(tmp_path, message_type("order"), flat=True)
    book = load_workbook(path)
    rule = lists_of(book.worksheets[0])["unit"].formula1
    sheet, _, cells = rule.replace("$", "").rpartition("!")
    hidden = book[sheet.strip("'")]
    offered = [cell.value for (cell,) in hidden[cells]]
    assert hidden.sheet_state == "hidden"
    assert len(offered) == len(PUBLISHED["units"].names)
    assert "035 千克" in offered


def test_the_code_alone_may_be_typed_without_a_word(tmp_path: Path) -> None:
    for sheet in sheets_of(a_template(tmp_path, message_type("order"))):
        assert {rule.showErrorMessage for rule in lists_of(sheet).values()} == {False}


def test_every_choice_of_every_list_is_read_as_its_code() -> None:
    """An operator: "I chose it from your own list, and it was refused." """
    refused = {
        (field.name, code, name)
        for message in (*declarations(), *declarations(export=True))
        for field in (*message.head_fields, *message.line_fields)
        for code, name in choices(field).items()
        if Column(field, 0, None).read([f"{code} {name}".strip()])[::2] != (code, None)
    }
    assert refused == set()


def test_every_list_of_fixed_values_gives_their_names() -> None:
    nameless = {
        (field.name, code)
        for message in (*declarations(), *declarations(export=True))
        for field in (*message.head_fields, *message.line_fields)
        for code, name in choices(field).items()
        if not name
    }
    assert nameless == set()


def test_template_hint_and_check_agree_on_every_fixed_value(tmp_path: Path) -> None:
    """What the list offers is what the check takes; the hint names each of them, and the value of an empty cell."""
    for message in declarations():
        for field in message.head_fields:
            if field.closed:
                assert set(choices(field)) == set(field.closed)
            if field.name in ("appType", "appStatus"):
                assert all(code in field.hint_zh and code in field.hint_en for code in field.closed), field
        default = default_of(message, message.field("head", "appStatus"))
        assert f"留空按 {default} 申报" in message.field("head", "appStatus").hint_zh


# The example


@every_form
def test_the_example_is_marked_and_fills_whatever_must_be_filled(
    tmp_path: Path, message: MessageType, flat: bool
) -> None:
    for sheet in sheets_of(a_template(tmp_path, message, flat=flat)):
        assert sheet["A2"].value == EXAMPLE
        assert str(sheet["A1"].value).startswith("[cebd]")
        assert sheet.max_row == 2
        for cell in sheet[1]:
            if str(cell.value).startswith("*"):
                assert sheet.cell(2, cell.column).value is not None, cell.value


def test_the_amounts_of_the_example_add_up(tmp_path: Path) -> None:
    (sheet,) = sheets_of(a_template(tmp_path, message_type("order"), flat=True))
    example = {str(cell.value).split("\n")[-1]: sheet.cell(2, cell.column).value for cell in sheet[1]}
    amounts = {name: Decimal(str(example[name])) for name in ("goodsValue", "freight", "discount", "taxTotal", "price")}
    assert Decimal(str(example["qty"])) * amounts["price"] == Decimal(str(example["totalPrice"]))
    assert amounts["goodsValue"] == Decimal(str(example["totalPrice"]))
    due = amounts["goodsValue"] + amounts["freight"] + amounts["taxTotal"] - amounts["discount"]
    assert due == Decimal(str(example["acturalPaid"]))


@every_form
def test_the_untouched_example_is_no_record_and_not_mentioned(tmp_path: Path, message: MessageType, flat: bool) -> None:
    opened = Opened(a_template(tmp_path, message, flat=flat))
    assert opened.type is message
    assert opened.records == []
    assert [problem.id for problem in opened.problems] == without_records(message)


@every_form
def test_the_example_is_not_declared_though_its_column_was_deleted(
    tmp_path: Path, message: MessageType, flat: bool
) -> None:
    path = a_template(tmp_path, message, flat=flat)
    book = load_workbook(path)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            sheet.delete_cols(1)
    book.save(path)
    opened = Opened(path)
    assert opened.type is message
    assert opened.records == []
    assert [problem.id for problem in opened.problems] == without_records(message)


def typed_over(path: Path, changes: dict[str, Any], *, mark: bool = True) -> Opened:
    """The example of every sheet with these values by element name typed over it; `mark`: the first column is left as it was."""
    book = load_workbook(path)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            for cell in sheet[1]:
                name = str(cell.value).split("\n")[-1]
                if name in changes:
                    sheet.cell(2, cell.column).value = changes[name]
            if not mark:
                sheet["A2"].value = None
    book.save(path)
    return Opened(path)


@every_form
def test_an_order_typed_over_the_example_is_red_on_the_mark_that_was_left(
    tmp_path: Path, message: MessageType, flat: bool
) -> None:
    number = str(message.group)
    opened = typed_over(a_template(tmp_path, message, flat=flat), {number: "A1"})
    marks = ["A2"] * (1 if flat or not message.line_fields else 2)
    assert [[one.place.cell for one in record.problems] for record in opened.records] == [marks]
    assert {one.id for one in opened.records[0].problems} == {"CEBD-1030"}


@every_form
def test_it_is_red_on_its_number_when_that_alone_was_left(tmp_path: Path, message: MessageType, flat: bool) -> None:
    own = next(
        one
        for one in message.head_fields
        if one.name not in (*GENERATED_FIELDS, message.group) and not one.closed and not one.table
    )
    opened = typed_over(a_template(tmp_path, message, flat=flat), {own.name: "测试"}, mark=False)
    (record,) = opened.records
    found = next(one for one in record.problems if one.id == "CEBD-1030")
    assert not record.ready
    assert found.place.cell not in (None, "A2")


def test_an_order_typed_over_the_example_is_declared_once_the_mark_is_cleared(tmp_path: Path) -> None:
    path = a_template(tmp_path, message_type("order"), flat=True)
    opened = typed_over(path, {"orderNo": "D-1", "itemName": "测试罐头"}, mark=False)
    assert (opened.ready, opened.problems) == (["D-1"], [])


def test_lines_typed_over_the_example_keep_their_order_back(tmp_path: Path) -> None:
    path = a_template(tmp_path, message_type("order"))
    book = load_workbook(path)
    head, lines = (sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
    head["A2"].value, lines["A2"].value = None, EXAMPLE
    book.save(path)
    opened = typed_over(path, {"orderNo": "D-1"}, mark=True)
    (record,) = opened.records
    assert [(one.id, one.place.sheet, one.place.cell) for one in record.problems] == [("CEBD-1030", lines.title, "A2")]


def test_an_example_whose_cells_were_emptied_is_not_mentioned(tmp_path: Path) -> None:
    opened = typed_over(
        a_template(tmp_path, message_type("order"), flat=True), {"itemName": None, "qty": None, "note": " "}
    )
    assert (opened.records, opened.problems) == ([], [])


def test_a_marked_row_that_holds_an_order_is_red_wherever_it_stands(tmp_path: Path) -> None:
    rows = table([an_order("D-1"), an_order("D-2"), an_order("D-1"), an_order("D-3")])
    marked = [[None, *row] for row in rows]
    marked[0][0] = f"[cebd] {EXAMPLE}"
    marked[2][0] = EXAMPLE
    opened = Opened(a_workbook(tmp_path / "o.xlsx", marked))
    assert opened.records[[record.key[-1] for record in opened.records].index("D-2")].problems[0].place.cell == "A3"
    assert "D-3" in opened.ready
    assert "D-2" not in opened.ready


def test_a_row_that_only_mentions_the_word_is_declared(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", table([an_order("D-1", 企业商品名称=f"{EXAMPLE} 1")])))
    assert (opened.ready, opened.problems) == (["D-1"], [])


# The command


def test_the_command_writes_the_template_of_a_kind_by_name_or_code(tmp_path: Path) -> None:
    for kind in ("inventory", "CEB621"):
        made = CliRunner().invoke(app, ["template", kind, "-o", str(tmp_path / f"{kind}.xlsx"), "--flat"])
        assert made.exit_code == 0, made.output
        assert Opened(tmp_path / f"{kind}.xlsx").type is message_type("CEB621")


def test_a_kind_that_is_not_declared_is_refused_with_the_kinds_there_are(tmp_path: Path) -> None:
    for kind in ("invoice", "CEB622"):
        refused = CliRunner().invoke(app, ["template", kind, "-o", str(tmp_path / "t.xlsx")])
        assert refused.exit_code == 2
        assert "inventory (CEB621)" in refused.output
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    filled = tmp_path / "orders.xlsx"
    filled.write_bytes(b"a morning's work")
    refused = CliRunner().invoke(app, ["template", "order", "-o", str(filled)])
    assert refused.exit_code == 2
    assert filled.read_bytes() == b"a morning's work"


def test_a_template_is_a_workbook_whatever_it_is_called(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["template", "order", "-o", str(tmp_path / "orders.csv")])
    assert refused.exit_code == 2
    assert list(tmp_path.iterdir()) == []
