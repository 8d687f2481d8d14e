"""The numbers that customs give stand in the receipt workbook as text: they are copied into other systems and looked up."""

from __future__ import annotations

from typing import Any

import pytest
from openpyxl import load_workbook

from builders.receipt_rows import PLAIN, Hers, Rows, a_record, a_whole_receipt, book_of
from cebd.documents.workbooks.sheets import read_sheets
from cebd.messages.description import message_type
from cebd.messages.returns import elements_of_bill
from cebd.receipts.publishing.book.numbers import bill_of, number_headings
from cebd.receipts.publishing.book.workbook import make_book
from cebd.receipts.publishing.receipt import CustomsNumbers, RecordPlace
from cebd.records.states import ReturnedStatus

PRE, INVT, RKD = "[cebd] 预录入编号", "[cebd] 清单编号", "[cebd] 入库单编号"
BILL = (
    "[cebd] 电子税单编号",
    "[cebd] 应征关税",
    "[cebd] 应征增值税",
    "[cebd] 应征消费税",
    "[cebd] 缴款书编号",
)


@pytest.mark.parametrize(
    ("code", "headings"),
    [
        ("CEB311", ()),
        ("CEB411", ()),
        ("CEB511", ()),
        ("CEB621", (PRE, INVT, *BILL)),
        ("CEB623", (PRE, INVT)),
        ("CEB625", (PRE, INVT)),
        ("CEB711", (PRE, RKD)),
    ],
)
def test_a_message_has_the_columns_that_its_receipts_can_fill(code: str, headings: tuple[str, ...]) -> None:
    assert tuple(number_headings(code)) == headings


def a_list(**changes: Any) -> Any:
    numbers = CustomsNumbers("B20260304000000001", "29182026I000000012")
    return a_record("acknowledged", 2, **{"type": "CEB621", "numbers": numbers, **changes})


def test_they_are_text_and_stand_right_of_what_was_there_before(tmp_path: Any) -> None:
    bill = {"taxNo": "00123", "customsTax": "0", "valueAddedTax": "9.10", "entDutyNo": "D1", "status": "2"}
    sheet = book_of(tmp_path, [a_list(tax_bill=bill)], PLAIN)["订单"]
    headings = [cell.value for cell in sheet[1]]
    assert headings[3:] == [PRE, INVT, *BILL]
    told = {heading: sheet.cell(2, index) for index, heading in enumerate(headings, 1)}
    assert [told[one].value for one in (PRE, INVT)] == ["B20260304000000001", "29182026I000000012"]
    assert [told[one].value for one in BILL] == ["00123", "0", "9.10", None, "D1"]
    assert {told[one].number_format for one in (PRE, INVT, *BILL)} == {"@"}


def test_they_are_in_the_table_of_a_drop_without_sheets(tmp_path: Any) -> None:
    sheet = book_of(tmp_path, [a_list()]).worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    assert headings[-7:] == [PRE, INVT, *BILL]
    assert sheet.cell(2, headings.index(INVT) + 1).value == "29182026I000000012"


def test_a_receipt_dropped_back_has_them_once_and_none_is_read(tmp_path: Any) -> None:
    zh = message_type("inventory").zh
    receipt = a_whole_receipt(a_list(place=RecordPlace(zh, 2, (2,))))
    path = tmp_path / "first.receipt.xlsx"
    path.write_bytes(make_book(receipt, [Rows(zh, *PLAIN.rows())]))
    path.write_bytes(make_book(receipt, list(read_sheets(path))))
    headings = [cell.value for cell in Hers(load_workbook(path)[zh])[1]]
    assert headings == ["订单编号", "数量", "总价", PRE, INVT, *BILL]


def test_a_bill_is_told_by_its_elements() -> None:
    info = "税单 tax bill T1, 关税 customs duty 0, 增值税 VAT 9.10, 缴款书 payment voucher D1, 备注 note 一, 二"
    assert elements_of_bill(info) == {
        "taxNo": "T1",
        "customsTax": "0",
        "valueAddedTax": "9.10",
        "entDutyNo": "D1",
        "note": "一",
    }


def told(status: str, info: str) -> ReturnedStatus:
    return ReturnedStatus(f"tax:{status}", info, "")


def test_of_several_bills_the_latest_that_stands_is_shown_with_what_each_receipt_said_of_it() -> None:
    made = told("1", "税单 tax bill T2, 增值税 VAT 9.10")
    past = [
        told("1", "税单 tax bill T1"),
        made,
        told("2", "税单 tax bill T2, 缴款书 payment voucher D1"),
        told("3", "税单 tax bill T1"),
    ]
    assert bill_of(past) == {"taxNo": "T2", "valueAddedTax": "9.10", "entDutyNo": "D1", "status": "2"}
    assert bill_of([ReturnedStatus("800", "", "")]) is None


def test_a_void_bill_is_called_void(tmp_path: Any) -> None:
    bill = bill_of([told("1", "税单 tax bill T1, 增值税 VAT 9.10"), told("3", "税单 tax bill T1")])
    sheet = book_of(tmp_path, [a_list(tax_bill=bill)], PLAIN)["订单"]
    row = {sheet.cell(1, index).value: sheet.cell(2, index).value for index in range(1, 16)}
    assert (row[BILL[0]], row[BILL[2]]) == ("T1 作废", None)
