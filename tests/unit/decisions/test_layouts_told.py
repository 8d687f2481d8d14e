"""A file with unknown headings asks what its columns are; the workbook that was asked, dropped back, is how such files are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from builders.desk import Desk, orders
from builders.foreign_layouts import foreign_layouts
from cebd.decisions.layout import KnownLayout, Proposal
from cebd.decisions.layout_sheet import FIELD, FIELDS_SHEETS, HEADING, HEADINGS, SHEETS, TAKEN_BACK
from cebd.decisions.wording import Language
from cebd.documents.workbooks.own_marks import CHANGE_HEADING
from cebd.operations.inquiries.layouts import told_layouts
from cebd.receipts.publishing.book.mapping_book import make_mapping_book
from cebd.store.decided.layouts import keep_layout, known_layouts, proposal_for
from cebd.trial.rows import write_workbook

FIRST_ROW = 5
HEADINGS_OF_A_PLATFORM = {
    "PO Number": "head.orderNo",
    "Customer Name": "head.buyerName",
    "National ID": "head.buyerIdNumber",
    "Customer Mobile": "head.buyerTelephone",
    "User ID": "head.buyerRegNo",
    "Deliver to": "head.consignee",
    "Ship-to phone": "head.consigneeTelephone",
    "Ship-to address": "head.consigneeAddress",
    "Goods amount": "head.goodsValue",
    "Shipping cost": "head.freight",
    "Voucher": "head.discount",
    "Duty and tax": "head.taxTotal",
    "Total paid": "head.acturalPaid",
    "EBP code": "head.ebpCode",
    "EBP name": "head.ebpName",
    "EBC code": "head.ebcCode",
    "EBC name": "head.ebcName",
    "Nr": "line.gnum",
    "Article": "line.itemName",
    "Variant": "line.gmodel",
    "UoM": "line.unit",
    "Qty ordered": "line.qty",
    "Price each": "line.price",
    "Extended": "line.totalPrice",
    "Made in": "line.country",
    "Loyalty tier": "-",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def a_foreign_file(
    desk: Desk, name: str, *, without: str = "", more: str = "", cell: str = "gold", prefix: str = "T"
) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    columns = {heading: field for heading, field in HEADINGS_OF_A_PLATFORM.items() if heading != without}
    columns |= {more: "-"} if more else {}
    sheet.append(list(columns))
    for row in orders(3):
        own = row | {"head.orderNo": prefix + row["head.orderNo"]}
        sheet.append([own.get(field, cell) for field in columns.values()])
    path = desk.folder / name
    book.save(path)
    return path


def asked(desk: Desk) -> Proposal | None:
    with desk.store.read() as transaction:
        return proposal_for(transaction, desk.drop_id)


def answered(desk: Desk, proposal: Proposal, name: str, language: Language = "zh", **fields: str) -> Path:
    """The workbook that asks, each column given its field as a person does; `fields`: by heading, what she chooses otherwise."""
    path = desk.folder / name
    path.write_bytes(make_mapping_book(proposal, language))
    book = load_workbook(path)
    sheet = book[SHEETS[language]]
    offered = {str(cell.value).rpartition("/")[2]: str(cell.value) for cell in book[FIELDS_SHEETS[language]]["A"]}
    for row in range(FIRST_ROW, sheet.max_row + 1):
        heading = str(sheet.cell(row, HEADINGS.index(HEADING) + 1).value)
        field = fields.get(heading) or offered.get(HEADINGS_OF_A_PLATFORM.get(heading, "-").rpartition(".")[2])
        sheet.cell(row, HEADINGS.index(FIELD) + 1).value = field
    book.properties.lastModifiedBy = "李四"
    book.save(path)
    return path


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_unknown_headings_are_asked_about_and_then_known(desk: Desk, language: Language) -> None:
    first = a_foreign_file(desk, "platform.xlsx")
    assert desk.convert(first) == []
    assert "CEBD-1090" in [one.id for one in desk.converted.problems]
    proposal = asked(desk)
    assert proposal is not None
    assert proposal.types[0] == "CEB311"
    desk.convert(answered(desk, proposal, "映射 platform.xlsx", language))
    assert desk.converted.tells_layout
    assert [one.id for one in desk.converted.problems] == ["CEBD-1094"]
    with desk.store.read() as transaction:
        [known] = known_layouts(transaction, desk.settings.enterprise[0].name)
    assert (known.type, known.who, known.columns["UoM"], known.columns["Loyalty tier"]) == (
        "CEB311",
        "李四",
        "OrderList/unit",
        "-",
    )
    records = desk.convert(first.rename(desk.folder / "again.xlsx"))
    assert [(record["state"], record["ids"]) for record in records] == [("ready", [])] * 3
    assert asked(desk) is None
    other_order = a_foreign_file(desk, "later.xlsx", prefix="L")
    assert [record["state"] for record in desk.convert(other_order)] == ["ready"] * 3


GROUPS = {"Customer": ("Customer Name", "Customer Mobile"), "Ship-to": ("Deliver to", "Ship-to phone")}
SHORT = {"Customer Name": "Name", "Customer Mobile": "Phone", "Deliver to": "Name", "Ship-to phone": "Phone"}


def a_grouped_file(desk: Desk, name: str, prefix: str = "T") -> Path:
    """The platform's file as text, with names and telephones under whose they are."""
    in_groups = [heading for headings in GROUPS.values() for heading in headings]
    own = [heading for heading in HEADINGS_OF_A_PLATFORM if heading not in in_groups]
    upper = [*own, *(cell for group in GROUPS for cell in (group, ""))]
    lower = [*[""] * len(own), *(SHORT[heading] for heading in in_groups)]
    fields = [HEADINGS_OF_A_PLATFORM[heading] for heading in (*own, *in_groups)]
    rows = [row | {"head.orderNo": prefix + row["head.orderNo"]} for row in orders(2)]
    lines = [upper, lower, *([str(row.get(field, "gold")) for field in fields] for row in rows)]
    path = desk.folder / name
    path.write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_headings_under_groups_are_asked_about_with_the_group_and_then_known(desk: Desk) -> None:
    assert desk.convert(a_grouped_file(desk, "platform.csv")) == []
    proposal = asked(desk)
    assert proposal is not None
    proposed = {one.heading: one.field for one in proposal.columns}
    fields = {
        "Customer/Name": "OrderHead/buyerName",
        "Customer/Phone": "OrderHead/buyerTelephone",
        "Ship-to/Name": "OrderHead/consignee",
        "Ship-to/Phone": "OrderHead/consigneeTelephone",
    }
    assert {heading: proposed[heading] for heading in fields} == fields
    desk.convert(answered(desk, proposal, "映射 platform.xlsx", **fields))
    assert [one.id for one in desk.converted.problems] == ["CEBD-1094"]
    records = desk.convert(a_grouped_file(desk, "later.csv", prefix="L"))
    assert [(record["state"], record["ids"]) for record in records] == [("ready", [])] * 2


@pytest.mark.parametrize(
    ("language", "choice"), [("zh", "撤回以前的对应"), ("en", "take back what was said"), ("both", TAKEN_BACK)]
)
def test_what_was_said_is_listed_with_who_said_it_and_can_be_taken_back(
    desk: Desk, language: Language, choice: str
) -> None:
    first = a_foreign_file(desk, "platform.xlsx")
    desk.convert(first)
    proposal = asked(desk)
    assert proposal is not None
    workbook = answered(desk, proposal, "映射 platform.xlsx", language)
    desk.convert(workbook)
    book = load_workbook(workbook)
    sheet = book[SHEETS[language]]
    (offered,) = [one.formula1 for one in sheet.data_validations.dataValidation if one.sqref == "B2"]
    assert choice in offered
    sheet["B2"].value = choice
    book.properties.lastModifiedBy = "王五"
    book.save(desk.folder / "back.xlsx")
    desk.convert(desk.folder / "back.xlsx")
    assert [one.id for one in desk.converted.problems] == ["CEBD-1097"]
    assert desk.convert(first.rename(desk.folder / "again.xlsx")) == []  # asked about once more
    assert "CEBD-1090" in [one.id for one in desk.converted.problems]
    assert told_layouts(desk.settings.store_dir) == []
    listed = [one.as_json() for one in told_layouts(desk.settings.store_dir, ended=True)]
    assert [(one["type"], one["file"], one["by"], one["ended"] is None) for one in listed] == [
        (None, "platform.xlsx", "王五", False),
        ("CEB311", "platform.xlsx", "李四", False),
    ]


def test_a_layout_that_has_drifted_is_named_and_asked_about_again(desk: Desk) -> None:
    desk.convert(a_foreign_file(desk, "platform.xlsx"))
    proposal = asked(desk)
    assert proposal is not None
    desk.convert(answered(desk, proposal, "m.xlsx"))
    desk.convert(a_foreign_file(desk, "drifted.xlsx", without="Nr", more="Line position"))
    [told] = [one for one in desk.converted.problems if one.id == "CEBD-1095"]
    assert "Line position" in told.zh
    assert "Nr" in told.zh
    again = asked(desk)
    assert again is not None
    sure = {one.heading for one in again.columns if one.certainty == "sure"}
    assert sure >= {"PO Number", "Price each", "Extended"}  # as said before of such headings


def test_a_receipt_of_such_a_file_is_read_in_the_same_way(desk: Desk) -> None:
    desk.convert(a_foreign_file(desk, "platform.xlsx"))
    proposal = asked(desk)
    assert proposal is not None
    desk.convert(answered(desk, proposal, "m.xlsx"))
    records = desk.convert(a_foreign_file(desk, "receipt.xlsx", more=CHANGE_HEADING, cell="1"))
    assert [(record["state"], record["app_type"]) for record in records] == [("ready", "1")] * 3


def test_headings_that_drift_into_known_ones_are_named_too(desk: Desk) -> None:
    """A told layout of which a column goes: what is left is recognised by itself."""
    path = desk.folder / "half.xlsx"
    rows = orders(2)
    write_workbook(path, "order", [{**row, "line.itemName": ""} for row in rows])
    book = load_workbook(path)
    assert book.active is not None
    known = [str(cell.value) for cell in book.active[1]]
    told = KnownLayout(
        "CEB311", {**dict.fromkeys(known, "-"), "Odd": "OrderHead/note"}, "told.xlsx", "李四", "2026-11-26"
    )
    desk.drop("order", orders(1, orderNo="OTHER"))
    with desk.store.write() as transaction:
        keep_layout(transaction, desk.settings.enterprise[0].name, desk.drop_id, told)
    desk.convert(path)
    [drift] = [one for one in desk.converted.problems if one.id == "CEBD-1095"]
    assert "新增 无；缺少 Odd" in drift.zh


def test_two_columns_with_one_field_are_named_and_nothing_is_known(desk: Desk) -> None:
    desk.convert(a_foreign_file(desk, "platform.xlsx"))
    proposal = asked(desk)
    assert proposal is not None
    desk.convert(answered(desk, proposal, "m.xlsx", **{"Loyalty tier": "单位 OrderList/unit"}))
    assert [one.id for one in desk.converted.problems] == ["CEBD-1093"]
    with desk.store.read() as transaction:
        assert known_layouts(transaction, desk.settings.enterprise[0].name) == ()


def test_what_is_read_without_help_asks_nothing(desk: Desk) -> None:
    desk.drop("order", orders(2))
    assert asked(desk) is None


def test_each_foreign_layout_makes_a_workbook_that_can_be_opened(desk: Desk) -> None:
    layout = next(foreign_layouts())
    book = Workbook()
    assert book.active is not None
    book.active.append([heading for heading, _ in layout.columns])
    for row in layout.rows:
        book.active.append(row)
    book.save(desk.folder / "f.xlsx")
    desk.convert(desk.folder / "f.xlsx")
    proposal = asked(desk)
    assert proposal is not None
    path = desk.folder / "m.xlsx"
    path.write_bytes(make_mapping_book(proposal, "zh"))
    assert load_workbook(path).sheetnames == ["cebd 映射", "cebd 栏目"]
