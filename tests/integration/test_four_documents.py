"""Order, payment, waybill and list of a purchase are compared before anything leaves, whichever comes later."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from sqlalchemy import select, update

from builders.customs_messages import an_order
from builders.desk import Desk, Rows, lists, orders
from builders.receipt_rows import Hers
from builders.trial_messages import unsigned_of_rows
from cebd.declared.checked_file import CheckedFile, Checking
from cebd.declared.four_documents.check import FourDocuments
from cebd.documents.workbooks.sheets import read_sheets
from cebd.messages.description import message_type
from cebd.messages.parse import stated_texts
from cebd.messages.schema import parse_xml
from cebd.problems.problem import Place
from cebd.receipts.publishing.book.styles import NOTED
from cebd.receipts.publishing.book.workbook import make_book
from cebd.receipts.publishing.drop_receipt import receipt_of
from cebd.records.facts import facts_of
from cebd.records.record import Record
from cebd.rules.figures import figures
from cebd.store.drops import load_drop
from cebd.store.published import drops_behind
from cebd.store.tables import drops, records
from cebd.trial.rows import inventory_rows, order_rows, payment_rows, waybill_rows

COMPARED = {f"CEBD-{number}" for number in range(1421, 1442)}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def changed(rows: Rows, **fields: str) -> Rows:
    """`head_NAME` or `line_NAME` in place of what the rows say; a purchase of one line."""
    return [row | {name.replace("_", ".", 1): text for name, text in fields.items()} for row in rows]


def payments(count: int = 1) -> Rows:
    return list(payment_rows(count))


def waybills(count: int = 1) -> Rows:
    return list(waybill_rows(count))


def said_now(desk: Desk, record: dict[str, Any]) -> list[dict[str, Any]]:
    """What is said by now of an earlier record."""
    with desk.store.read() as transaction:
        stored = transaction.execute(select(records.c.problems).where(records.c.id == record["id"])).scalar_one()
    return [one for one in json.loads(stored or "[]") if one["id"] in COMPARED]


def compared(record: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Problem, severity, field and cell of what differs."""
    return [
        (one["id"].removeprefix("CEBD-"), one["severity"], one["field"], one["cell"])
        for one in record["problems"]
        if one["id"] in COMPARED
    ]


def shown(desk: Desk, record: dict[str, Any]) -> Any:
    """The first sheet of the receipt workbook that would be written now of that record's file."""
    with desk.store.read() as transaction:
        drop = load_drop(transaction, record["drop_id"])
        receipt = receipt_of(transaction, drop, "2026-11-25T10:00:00+08:00")
    book = make_book(receipt, read_sheets(desk.folder / drop.name))
    return load_workbook(BytesIO(book)).worksheets[0]


def problems_column(sheet: Any) -> int:
    return [str(cell.value).split("\n")[0] for cell in sheet[1]].index("[cebd] 处理") + 1


def of_another_enterprise(desk: Desk) -> Desk:
    """From now on files come from an enterprise with another name and the same settings."""
    [own] = desk.settings.enterprise
    desk.settings = desk.settings.model_copy(update={"enterprise": [own.model_copy(update={"name": "other"})]})
    return desk


ROWS = {"order": orders, "payment": payments, "waybill": waybills, "inventory": lists}


class TestRightSets:
    @pytest.mark.parametrize("order", [*itertools.permutations(ROWS)][::5], ids="-".join)
    def test_four_documents_that_agree_are_declared_without_a_word(self, desk: Desk, order: tuple[str, ...]) -> None:
        declared = [record for code in order for record in desk.drop(code, ROWS[code](2))]
        assert [record["state"] for record in declared] == ["ready"] * 8
        assert [said for record in declared for said in said_now(desk, record)] == []

    def test_amounts_blanks_and_wide_letters_are_spelling(self, desk: Desk) -> None:
        desk.drop("order", changed(orders(), line_qty="2.0", head_consigneeAddress="测试省 示例市A区1号"))
        [record] = desk.drop("inventory", changed(lists(), line_qty="2", head_consigneeAddress="测试省示例市Ａ区１号"))
        assert compared(record) == []

    def test_a_payment_company_that_the_order_does_not_name_is_not_compared(self, desk: Desk) -> None:
        desk.drop("order", orders())
        [record] = desk.drop("payment", payments())
        assert compared(record) == []


class TestOrderAndList:
    @pytest.mark.parametrize(
        ("fields", "problem", "severity"),
        [
            ({"line_qty": "4", "line_price": "64.25"}, "1426", "error"),
            ({"line_price": "129", "line_totalPrice": "258"}, "1426", "error"),
            ({"line_unit": "035"}, "1426", "error"),
            ({"line_gname": "保湿面霜"}, "1428", "warning"),
            ({"head_buyerName": "钱试二"}, "1429", "warning"),
            ({"head_ebcCode": "4407961998"}, "1430", "warning"),
            ({"head_consigneeAddress": "测试省别处1号"}, "1431", "warning"),
            ({"head_freight": "12"}, "1439", "warning"),
            ({"head_buyerTelephone": "+86 13900000009"}, "1429", "warning"),
        ],
    )
    def test_what_differs_stands_on_the_cell_of_the_later_document_with_what_the_other_says(
        self, desk: Desk, fields: dict[str, str], problem: str, severity: str
    ) -> None:
        [order] = desk.drop("order", orders())
        [list_] = desk.drop("inventory", changed(lists(), **fields))
        cells = [(problem, severity, name.partition("_")[2], self.cell(list(lists()[0]), name)) for name in fields]
        assert compared(list_) == cells
        assert list_["state"] == ("rejected" if severity == "error" else "ready")
        for said in said_now(desk, list_):
            assert "订单 T0000000001（文件 1.xlsx 第 2 行）" in said["zh"]
        for said in said_now(desk, order):
            assert (said["id"], said["severity"], said["row"]) == (f"CEBD-{problem}", "warning", 2)
            assert "（文件 2.xlsx 第 2 行）" in said["zh"]
        assert len(said_now(desk, order)) == len(fields)

    def test_the_earlier_document_s_receipt_has_it_on_its_cell_too(self, desk: Desk) -> None:
        names = next(order_rows(1, lines=3))
        [order] = desk.drop("order", list(order_rows(1, lines=3)))
        rows = list(inventory_rows(1, lines=3))
        desk.drop("inventory", changed([rows[0], rows[1] | {"line.unit": "035"}, rows[2]], head_buyerName="钱试二"))
        sheet = shown(desk, order)
        for field, row in (("head.buyerName", 2), ("line.unit", 3)):
            cell = Hers(sheet).cell(row, [*names].index(field) + 1)
            assert (cell.fill.start_color.rgb[2:], sheet.cell(4, cell.column).fill.start_color.rgb[2:]) == (
                NOTED,
                sheet.cell(4, 1).fill.start_color.rgb[2:],
            )
            assert cell.comment is not None
            assert f"清单 CT0000000001（文件 2.xlsx 第 {row} 行）" in cell.comment.text, cell.comment.text
            assert cell.coordinate in sheet.cell(row, problems_column(sheet)).value

    def test_a_field_that_the_earlier_file_has_no_column_for_stands_in_the_column_of_problems(self, desk: Desk) -> None:
        [order] = desk.drop_message(an_order("T0000000001"))
        [payment] = desk.drop("payment", changed(payments(), head_ebpCode="9900000001", head_amountPaid="1"))
        assert compared(payment) != []
        assert [one["cell"] for one in said_now(desk, order)] == [None] * len(compared(payment))

    @staticmethod
    def cell(names: list[str], field: str) -> str:
        return f"{get_column_letter(names.index(field.replace('_', '.', 1)) + 1)}2"

    def test_the_order_that_comes_later_is_held_against_its_list(self, desk: Desk) -> None:
        desk.drop("inventory", lists())
        [order] = desk.drop("order", changed(orders(), line_unit="035"))
        assert (order["state"], [one[:3] for one in compared(order)]) == ("rejected", [("1426", "error", "unit")])

    def test_lines_are_compared_by_their_place_and_counted(self, desk: Desk) -> None:
        desk.drop("order", list(order_rows(1, lines=3)))
        rows = list(inventory_rows(1, lines=3))
        [record] = desk.drop("inventory", [rows[0], rows[1] | {"line.unit": "035"}, rows[2]])
        assert [one[:3] for one in compared(record)] == [("1426", "error", "unit")]
        assert record["problems"][0]["row"] == 3
        [record] = desk.drop("inventory", rows[:2])
        assert [one[:2] for one in compared(record)] == [("1427", "error")]

    def test_what_was_wrong_and_is_mended_is_said_no_more(self, desk: Desk) -> None:
        [order] = desk.drop("order", orders())
        with desk.store.write() as transaction:
            transaction.execute(update(drops).values(state="filed", published=drops.c.changed))
        desk.drop("inventory", changed(lists(), line_unit="035"))
        assert len(said_now(desk, order)) == 1
        with desk.store.read() as transaction:
            assert drops_behind(transaction) == [order["drop_id"]]  # its receipt is written anew
        [mended] = desk.drop("inventory", lists())
        assert (mended["state"], said_now(desk, order)) == ("ready", [])

    def test_a_change_of_the_order_is_declared_though_the_list_is_not_changed_yet(self, desk: Desk) -> None:
        [order] = desk.drop("order", orders())
        desk.drop("inventory", lists())
        desk.becomes(order, "acknowledged", status="2")
        [change] = desk.drop("order", changed(orders(), head_appType="2", line_unit="035"))
        assert change["state"] == "ready"
        assert [one[:3] for one in compared(change)] == [("1426", "warning", "unit")]

    def test_a_list_that_is_kept_back_for_something_else_says_nothing_in_the_order_s_receipt(self, desk: Desk) -> None:
        [order] = desk.drop("order", orders())
        desk.drop("inventory", lists())
        wrong = changed(lists(), head_copNo="OTHER", head_buyerName="钱试二")  # another list of that order: 1414
        [second] = desk.drop("inventory", wrong)
        assert (second["state"], said_now(desk, order)) == ("rejected", [])

    def test_the_settings_weigh_what_differs(self, desk: Desk) -> None:
        desk.ruled(E1426="warning", E1429="off")
        desk.drop("order", orders())
        [record] = desk.drop("inventory", changed(lists(), line_unit="035", head_buyerName="钱试二"))
        assert (record["state"], [one[:2] for one in compared(record)]) == ("ready", [("1426", "warning")])


NAMED = {"head.payCode": "4407961777", "head.payName": "示例支付有限公司", "head.payTransactionId": "PAYT000000000001"}


def part(number: int, amount: str) -> Rows:
    return changed(payments(), head_payTransactionId=f"PART{number}", head_amountPaid=amount)


def orders_that_name_their_payment() -> Rows:
    return [row | NAMED for row in orders()]


class TestOrderAndPayment:
    @pytest.mark.parametrize(
        ("fields", "problem", "severity"),
        [
            ({"head_amountPaid": "300"}, "1421", "error"),
            ({"head_payCode": "4407961776"}, "1422", "error"),
            ({"head_payTransactionId": "PAYT000000000002"}, "1423", "warning"),
            ({"head_payerName": "钱试二"}, "1424", "warning"),
            ({"head_telephone": "13900000009"}, "1424", "warning"),
            ({"head_ebpCode": "4407961998"}, "1425", "warning"),
        ],
    )
    def test_what_differs_stands_on_the_cell_of_the_payment(
        self, desk: Desk, fields: dict[str, str], problem: str, severity: str
    ) -> None:
        [order] = desk.drop("order", orders_that_name_their_payment())
        [payment] = desk.drop("payment", changed(payments(), **fields))
        [(name, _)] = fields.items()
        column = get_column_letter(list(payments()[0]).index(name.replace("_", ".", 1)) + 1)
        assert compared(payment) == [(problem, severity, name.partition("_")[2], f"{column}2")]
        assert payment["state"] == ("rejected" if severity == "error" else "ready")
        assert [(one["id"], one["severity"]) for one in said_now(desk, order)] == [(f"CEBD-{problem}", "warning")]

    def test_the_order_that_comes_later_is_held_against_its_payment(self, desk: Desk) -> None:
        desk.drop("payment", changed(payments(), head_amountPaid="300"))
        [order] = desk.drop("order", orders_that_name_their_payment())
        assert (order["state"], [one[:3] for one in compared(order)]) == (
            "rejected",
            [("1421", "error", "acturalPaid")],
        )

    def test_a_payment_in_parts_is_not_held_against_the_whole_amount(self, desk: Desk) -> None:
        desk.drop("order", orders())  # names no payment
        parts = part(1, "140.19") + part(2, "140.20")
        assert [(one["state"], compared(one)) for one in desk.drop("payment", parts)] == [("ready", [])] * 2

    def test_parts_that_come_in_files_of_their_own_are_warned_of_and_declared(self, desk: Desk) -> None:
        desk.drop("order", orders())
        [first] = desk.drop("payment", part(1, "140.19"))
        assert (first["state"], [one[:2] for one in compared(first)]) == ("ready", [("1421", "warning")])
        [second] = desk.drop("payment", part(2, "140.19"))  # a cent is missing
        assert (second["state"], [one[:2] for one in compared(second)]) == ("ready", [("1438", "warning")])

    def test_what_was_said_of_parts_is_taken_back_once_they_come_to_what_was_paid(self, desk: Desk) -> None:
        [order] = desk.drop("order", orders())
        parts = [desk.drop("payment", part(nth, amount))[0] for nth, amount in enumerate(("80", "100.39"))]
        said = [[one["id"] for one in said_now(desk, record)] for record in (order, *parts)]
        assert said == [["CEBD-1438"], ["CEBD-1421"], ["CEBD-1438"]]
        [last] = desk.drop("payment", part(2, "100"))
        assert (last["state"], compared(last)) == ("ready", [])
        assert [said_now(desk, record) for record in (order, *parts)] == [[], [], []]

    @pytest.mark.parametrize(("again", "said"), [("280.39", "，像是同一订单支付了两次"), ("0.01", "")])
    def test_an_order_paid_twice_or_too_much_in_parts_is_named_on_the_payment_and_in_the_order_s_receipt(
        self, desk: Desk, again: str, said: str
    ) -> None:
        [order] = desk.drop("order", orders())
        [first] = desk.drop("payment", part(1, "280.39"))
        [second] = desk.drop("payment", part(2, again))
        column = get_column_letter(list(payments()[0]).index("head.amountPaid") + 1)
        assert (second["state"], compared(second)) == ("rejected", [("1437", "error", "amountPaid", f"{column}2")])
        [own], [of_order] = said_now(desk, second), said_now(desk, order)
        assert "支付单 PART1（文件 2.xlsx 第 2 行，280.39 元）、PART2（文件 3.xlsx" in own["zh"]
        assert f"比订单的实际支付金额 280.39 元多 {again} 元{said}" in own["zh"]
        assert f"{again} more than the 280.39 that the order says was paid" in own["en"]
        column = get_column_letter(list(orders()[0]).index("head.acturalPaid") + 1)
        assert (of_order["id"], of_order["severity"], of_order["cell"]) == ("CEBD-1437", "warning", f"{column}2")
        assert (first["state"], said_now(desk, first)) == ("ready", [])

    def test_of_two_payments_in_one_file_the_first_is_declared(self, desk: Desk) -> None:
        desk.drop("order", orders())
        first, second = desk.drop("payment", part(1, "280.39") + part(2, "280.39"))
        assert [(one["state"], [said[0] for said in compared(one)]) for one in (first, second)] == [
            ("ready", []),
            ("rejected", ["1437"]),
        ]

    def test_an_order_that_comes_after_two_payments_is_held_against_both(self, desk: Desk) -> None:
        first, second = desk.drop("payment", part(1, "280.39") + part(2, "280.39"))
        assert [one["state"] for one in (first, second)] == ["ready", "ready"]  # nobody knows yet what was to be paid
        [order] = desk.drop("order", orders())
        assert (order["state"], [one[:3] for one in compared(order)]) == (
            "rejected",
            [("1437", "error", "acturalPaid")],
        )
        assert [[one["id"] for one in said_now(desk, payment)] for payment in (first, second)] == [[], ["CEBD-1437"]]
        [mended] = desk.drop("order", changed(orders(), head_taxTotal="303.78", head_acturalPaid="560.78"))
        assert (mended["state"], compared(mended), said_now(desk, second)) == ("ready", [], [])

    def test_a_payment_that_two_enterprises_declare_under_its_number_was_paid_once(self, desk: Desk) -> None:
        both = desk.drop("payment", payments()) + of_another_enterprise(desk).drop("payment", payments())
        [order] = desk.drop("order", orders())
        assert [(one["state"], said_now(desk, one)) for one in (*both, order)] == [("ready", [])] * 3

    def test_it_is_no_part_of_what_was_paid_and_held_against_the_whole_amount(self, desk: Desk) -> None:
        too_much = changed(payments(), head_amountPaid="300")
        both = desk.drop("payment", too_much) + of_another_enterprise(desk).drop("payment", too_much)
        [order] = desk.drop("order", orders())
        assert (order["state"], {one[:3] for one in compared(order)}) == (
            "rejected",
            {("1421", "error", "acturalPaid")},
        )
        assert [[one["id"] for one in said_now(desk, one)] for one in both] == [["CEBD-1421"]] * 2

    def test_a_payment_beside_the_one_that_the_order_names_is_warned_of(self, desk: Desk) -> None:
        desk.drop("order", orders_that_name_their_payment())
        desk.drop("payment", payments())
        [second] = desk.drop("payment", part(2, "280.39"))
        assert (second["state"], [one[:2] for one in compared(second)]) == ("ready", [("1437", "warning")])

    def test_a_part_that_somebody_else_paid_is_named(self, desk: Desk) -> None:
        desk.drop("order", orders())
        parts = part(1, "140.39") + changed(part(2, "140"), head_payerName="钱试二")
        assert [[one[:3] for one in compared(record)] for record in desk.drop("payment", parts)] == [
            [],
            [("1424", "warning", "payerName")],
        ]

    def test_a_payment_that_was_refused_is_none(self, desk: Desk) -> None:
        desk.drop("order", orders())
        [first] = desk.drop("payment", part(1, "280.39"))
        desk.becomes(first, "refused", status="-401006")
        [second] = desk.drop("payment", part(2, "280.39"))
        assert (second["state"], compared(second)) == ("ready", [])

    def test_a_payment_of_more_than_the_order_says_is_no_part_of_it(self, desk: Desk) -> None:
        desk.drop("order", orders())
        [payment] = desk.drop("payment", changed(payments(), head_amountPaid="300"))
        assert (payment["state"], [one[:2] for one in compared(payment)]) == ("rejected", [("1421", "error")])

    def test_codes_of_two_forms_may_be_the_same_payment_company(self, desk: Desk) -> None:
        desk.drop("order", [row | NAMED | {"head.payCode": "91440300MA5EXAMPL1"} for row in orders()])
        [payment] = desk.drop("payment", payments())
        assert compared(payment) == []


class TestWaybill:
    @pytest.mark.parametrize(
        ("earlier", "fields", "problem"),
        [
            ("order", {"head_consignee": "钱试二"}, "1432"),
            ("order", {"head_consigneeTelephone": "13900000009"}, "1432"),
            ("inventory", {"head_orderNo": "T0000000009"}, "1433"),
            ("inventory", {"head_logisticsNo": "YD0000000009"}, "1433"),
            ("inventory", {"head_logisticsCode": "4407961887"}, "1433"),
            ("inventory", {"head_consigneeAddress": "测试省别处1号"}, "1434"),
            ("inventory", {"head_weight": "700"}, "1435"),
            ("inventory", {"head_freight": "12"}, "1440"),
            ("inventory", {"head_insuredFee": "3"}, "1440"),
            ("inventory", {"head_billNo": "BL9"}, "1441"),
        ],
    )
    def test_what_differs_is_warned_of_on_the_cell_of_the_waybill(
        self, desk: Desk, earlier: str, fields: dict[str, str], problem: str
    ) -> None:
        [before] = desk.drop(earlier, ROWS[earlier]())
        [waybill] = desk.drop("waybill", changed(waybills(), **fields))
        [(name, _)] = fields.items()
        column = get_column_letter(list(waybills()[0]).index(name.replace("_", ".", 1)) + 1)
        assert compared(waybill) == [(problem, "warning", name.partition("_")[2], f"{column}2")]
        assert waybill["state"] == "ready"
        assert [one["id"] for one in said_now(desk, before)] == [f"CEBD-{problem}"]

    @pytest.mark.parametrize(("later", "rows"), [("order", orders), ("inventory", lists)])
    def test_an_order_or_list_that_comes_later_is_held_against_the_waybill(
        self, desk: Desk, later: str, rows: Any
    ) -> None:
        [waybill] = desk.drop("waybill", waybills())
        [record] = desk.drop(later, changed(rows(), head_consigneeAddress="测试省别处1号"))
        assert [one[:3] for one in compared(record)] == [
            ("1432" if later == "order" else "1434", "warning", "consigneeAddress")
        ]
        assert len(said_now(desk, waybill)) == 1

    def test_a_carrier_s_rounded_weight_is_no_difference(self, desk: Desk) -> None:
        desk.drop("inventory", lists())
        [waybill] = desk.drop("waybill", changed(waybills(), head_weight="1"))
        assert compared(waybill) == []

    def test_the_number_of_a_waybill_of_last_year_may_be_another_parcel_s(self, desk: Desk) -> None:
        desk.now -= timedelta(days=300)
        desk.drop("waybill", changed(waybills(), head_orderNo="T0000000777", head_consigneeAddress="测试省别处1号"))
        desk.now += timedelta(days=300)
        [record] = desk.drop("inventory", lists())
        assert compared(record) == []


def test_where_nearly_all_differ_the_rest_is_said_without_its_fields(desk: Desk) -> None:
    for number in (1, 2, 3):  # a message each
        desk.drop("order", [row for row in orders(3) if row["head.orderNo"].endswith(str(number))])
    message = message_type("inventory")
    assert message.facts is not None
    root = parse_xml(unsigned_of_rows("inventory", changed(lists(3), head_buyerName="钱试二")))
    stated = [stated_texts(message, element) for element in root.iterfind(f"{{*}}{message.record}")]
    read = [
        Record("CEB621", ("C", "A"), "G", "1", Place("清单", row), (row,), "", b"", (), facts_of(message.facts, *texts))
        for row, texts in enumerate(stated, 2)
    ]
    with desk.store.read() as transaction:
        file = CheckedFile("trial", None, "lists.xlsx", lambda record, field, line: record.place)
        check = FourDocuments(Checking(transaction, file, figures(), desk.now), {}, most_messages=2)
        found = dict(check.check(read, lambda nth: stated[nth]))
    assert [found[nth].problems[0].id for nth in range(3)] == ["CEBD-1429", "CEBD-1429", "CEBD-1436"]
    assert "订单 T0000000003（文件 3.xlsx 第 2 行）" in found[2].problems[0].zh
    assert [len(one.words) for one in found.values()] == [1, 1, 0]
