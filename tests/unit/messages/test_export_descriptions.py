"""Export messages: described as fully as the import ones, and met only where something names them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from lxml import etree

from builders.papers import needs_official, official_schema
from builders.workbooks import Opened, a_workbook, an_order, some_settings, table
from cebd.documents.reading.cells.values import fitting
from cebd.messages import description
from cebd.messages.compose import Sender, compose, new_guid
from cebd.messages.description import CEB, Field, MessageType, declarations, message_type, message_types
from cebd.messages.returns import read_returns
from cebd.messages.schema import flaws, known_root, parse_xml
from cebd.records.record import Record

EXPORT = list(message_types(export=True).values())
DECLARED = declarations(export=True)
SENDER = Sender("4407961999", "示例跨境电子商务有限公司", "DXPENT0000010001")
ORDER = {
    "订单类型": "E",
    "订单编号": "E-0001",
    "电商平台代码": "9900000001",
    "电商平台名称": "测试平台有限公司",
    "电商企业代码": "9900000002",
    "电商企业名称": "测试电商有限公司",
    "商品金额": "20",
    "运杂费": "0",
    "订单币制": "502",
    "商品序号": "1",
    "企业商品货号": "SKU-1",
    "企业商品名称": "测试商品",
    "计量单位": "122",
    "商品币制": "502",
    "数量": "2",
    "单价": "10",
    "总价": "20",
}
AS_EXPORT_ORDER = some_settings({"export": {"type": "export-order"}})
MADE = ("guid", "appType", "appTime", "appStatus")
NO_RULES = ["CEBD-1036"]  # the notice that only the form of export declarations is checked


def composed(record: Record) -> etree._Element:
    return parse_xml(compose(message_type(record.type), new_guid(), [record.xml], SENDER))


def code(message: MessageType) -> str:
    return message.code


def plain(heading: str) -> str:
    """As headings are compared: wide and narrow, capital and small letters are the same."""
    return unicodedata.normalize("NFKC", heading).casefold()


def sample_row(message: MessageType) -> dict[str, str]:
    """A flat row with every field that must be filled in, under its Chinese label."""
    fields = [one for one in (*message.head_fields, *message.line_fields) if one.required and one.name not in MADE]
    return {one.zh: one.sample or one.default or "" for one in fields}


# Descriptions


@pytest.mark.parametrize("message", EXPORT, ids=code)
def test_every_field_has_labels_and_hints_in_both_languages(message: MessageType) -> None:
    for text, other in [(message.zh, message.en), *((one.zh, one.en) for one in fields_of(message))]:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text), text
        assert other and other.isascii()
    for field in fields_of(message):
        assert field.hint_zh and field.hint_en, field.name
        assert "{" not in field.hint_zh + field.hint_en and "None" not in field.hint_en


@pytest.mark.parametrize("message", EXPORT, ids=code)
def test_samples_defaults_and_closed_values_fit_their_field(message: MessageType) -> None:
    for field in fields_of(message):
        for text in (field.sample, field.default, *field.closed):
            assert text is None or fitting(field)(text) is None, (field.name, text)


@pytest.mark.parametrize("message", DECLARED, ids=code)
def test_every_field_that_must_be_filled_in_has_a_sample(message: MessageType) -> None:
    assert "" not in sample_row(message).values()


@pytest.mark.parametrize("message", EXPORT, ids=code)
def test_no_heading_means_two_fields_of_one_part(message: MessageType) -> None:
    for fields in (message.head_fields, message.line_fields):
        headings = [
            heading
            for one in fields
            for heading in (*{plain(one.name), plain(one.zh), plain(one.en)}, *map(plain, one.aliases))
        ]
        assert sorted(headings) == sorted(set(headings))


@pytest.mark.parametrize("message", DECLARED, ids=code)
def test_a_declaration_and_its_receipt_know_each_other(message: MessageType) -> None:
    receipt = message_type(str(message.receipt))
    assert (receipt.role, receipt.answers, receipt.match) == ("receipt", message.code, message.key)
    for one in (message, receipt):
        given = {field.name for field in one.head_fields if field.required}
        assert {*message.key_needed} <= given
    assert message.group in message.key


def test_eleven_messages_are_declared_and_one_is_a_notice() -> None:
    assert [one.code for one in EXPORT if one.role == "declaration"] == [
        *("CEB213", "CEB215", "CEB303", "CEB403", "CEB505", "CEB507"),
        *("CEB509", "CEB603", "CEB605", "CEB607", "CEB701"),
    ]
    assert [one.code for one in EXPORT if one.role == "notice"] == ["CEB792"]
    assert all(one.name and one.name.startswith("export-") for one in DECLARED)


def test_all_of_a_key_is_needed_but_the_number_of_a_payment_in_cash() -> None:
    assert [(one.code, {*one.key} - {*one.key_needed}) for one in DECLARED if one.key != one.key_needed] == [
        ("CEB403", {"payNo"})
    ]


def test_two_payments_of_one_order_are_two_records_and_one_may_be_in_cash(tmp_path: Path) -> None:
    row = sample_row(message_type("CEB403"))
    rows = [{**row, "支付交易编号": number} for number in ("P1", "P2", "")]
    opened = Opened(a_workbook(tmp_path / "e.xlsx", table(rows)), hint="CEB403")
    assert (opened.said(), [one.ready for one in opened.records]) == (NO_RULES, [True] * 3)
    assert [one.key[-1] for one in opened.records] == ["P1", "P2", ""]
    drop = tmp_path / "e.xml"
    drop.write_bytes(etree.tostring(composed(opened.records[2])))
    assert [(one.ready, one.key) for one in Opened(drop).records] == [(True, opened.records[2].key)]
    without = Opened(a_workbook(tmp_path / "f.xlsx", table([row])), hint="CEB403")
    assert (without.said(), [one.key[-1] for one in without.records]) == (NO_RULES, [""])


def test_what_the_specification_wants_signed_asks_for_a_signature() -> None:
    """Their head tables say that the signature must be there (507: what it says of appStatus 2), as for the import ones."""
    assert [one.code for one in DECLARED if one.must_sign] == [
        *("CEB507", "CEB509", "CEB603", "CEB605", "CEB607", "CEB701")
    ]


def test_lines_are_needed_where_the_specification_needs_them() -> None:
    """An arrival list may be without (the whole bill arrived), a summary may name its lists by a span of time."""
    lines = {one.code: (one.needs_lines, one.max_lines) for one in DECLARED if one.line}
    assert lines == {
        "CEB213": (True, 100),
        "CEB303": (True, 100),
        "CEB507": (False, None),
        "CEB509": (True, None),
        "CEB603": (True, 100),
        "CEB607": (True, None),
        "CEB701": (False, None),
    }


# Met only where named


def test_import_messages_are_listed_without_the_export_ones() -> None:
    assert not {one.code for one in EXPORT} & set(message_types())
    assert not {one.code for one in DECLARED} & {one.code for one in declarations()}


def test_an_export_message_is_found_by_code_root_and_name() -> None:
    order = message_type("export-order")
    assert order is message_type("CEB303") is message_type("CEB303Message") is message_types().get("CEB303")
    assert known_root("CEB303Message")
    with pytest.raises(KeyError):
        message_type("export-nothing")


def test_looking_for_an_import_declaration_reads_no_export_description(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    monkeypatch.setattr(description, "_load", read.append)
    declarations()
    message_type("order")
    assert {path.parent.name for path in read} == {"import"}


def test_an_import_order_stays_one(tmp_path: Path) -> None:
    assert Opened(a_workbook(tmp_path / "o.xlsx", table([an_order()]))).type is message_type("order")


def test_an_export_order_is_not_recognised_unless_it_is_named(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "e.xlsx", table([ORDER]))
    assert Opened(book).ready == []
    named = Opened(book, AS_EXPORT_ORDER, hint="export")
    assert named.type is message_type("export-order")
    assert (named.said(), [one.ready for one in named.records]) == (NO_RULES, [True])


def test_the_inbox_folder_or_a_mapping_by_file_name_names_an_export_order(tmp_path: Path) -> None:
    sheets = [table([{**ORDER, "订单编号": number}]) for number in ("E-1", "E-2")]
    book = a_workbook(tmp_path / "e.xlsx", *sheets)
    for opened in (Opened(book, hint="export-order"), Opened(book, hint="CEB303"), Opened(book, AS_EXPORT_ORDER)):
        assert opened.type is message_type("export-order")
        assert (opened.said(), [one.ready for one in opened.records]) == (NO_RULES, [True, True])


# Declared


@needs_official
def test_a_row_of_an_export_order_becomes_a_message_that_customs_accept(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "e.xlsx", table([ORDER]))
    (record,) = Opened(book, AS_EXPORT_ORDER, hint="export").records
    root = composed(record)
    assert official_schema("export-business-202205.xsd").validate(root), official_schema(
        "export-business-202205.xsd"
    ).error_log
    assert flaws(root, unsigned=True) == []
    texts = [(etree.QName(one).localname, one.text) for one in root.iter(f"{{{CEB}}}*") if len(one) == 0]
    assert texts[1:2] + texts[3:24] == [
        ("appType", "1"),
        ("appStatus", "2"),
        ("orderType", "E"),
        ("orderNo", "E-0001"),
        ("ebpCode", "9900000001"),
        ("ebpName", "测试平台有限公司"),
        ("ebcCode", "9900000002"),
        ("ebcName", "测试电商有限公司"),
        ("goodsValue", "20"),
        ("freight", "0"),
        ("currency", "502"),
        ("gnum", "1"),
        ("itemNo", "SKU-1"),
        ("itemName", "测试商品"),
        ("unit", "122"),
        ("currency", "502"),
        ("qty", "2"),
        ("price", "10"),
        ("totalPrice", "20"),
        ("copCode", "4407961999"),
        ("copName", "示例跨境电子商务有限公司"),
        ("dxpMode", "DXP"),
    ]


@needs_official
@pytest.mark.parametrize("message", DECLARED, ids=code)
def test_a_row_of_samples_becomes_a_message_that_customs_accept(message: MessageType, tmp_path: Path) -> None:
    settings = some_settings({"export": {"type": message.name}})
    opened = Opened(a_workbook(tmp_path / "e.xlsx", table([sample_row(message)])), settings, hint="export")
    assert opened.said() == NO_RULES
    assert [(one.ready, one.problems) for one in opened.records] == [(True, ())]
    root = composed(opened.records[0])
    assert official_schema("export-business-202205.xsd").validate(root), official_schema(
        "export-business-202205.xsd"
    ).error_log
    assert flaws(root, unsigned=True) == []


def test_a_dropped_export_message_is_read_by_its_root(tmp_path: Path) -> None:
    (record,) = Opened(a_workbook(tmp_path / "e.xlsx", table([ORDER])), AS_EXPORT_ORDER, hint="export").records
    drop = tmp_path / "e.xml"
    drop.write_bytes(etree.tostring(composed(record)))
    opened = Opened(drop)
    assert opened.type is message_type("export-order")
    assert (opened.said(), [one.key for one in opened.records]) == (NO_RULES, [("9900000001", "9900000002", "E-0001")])


def test_a_receipt_of_an_export_order_answers_it() -> None:
    texts = {
        "guid": "A" * 36,
        "ebpCode": "9900000001",
        "ebcCode": "9900000002",
        "orderNo": "E-0001",
        "returnStatus": "2",
        "returnTime": "20260304050607008",
        "returnInfo": "[Code:2600;Desc:新增申报成功]",
    }
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in texts.items())
    receipt = f'<CEB304Message xmlns="{CEB}" guid="{"B" * 36}" version="1.0"><OrderReturn>{inner}</OrderReturn>'
    kind, (told,) = read_returns(f"{receipt}</CEB304Message>".encode())
    assert (kind, told.answers, told.status) == ("CEB304", "CEB303", "2")
    assert told.given["orderNo"] == "E-0001"


def fields_of(message: MessageType) -> tuple[Field, ...]:
    return (*message.head_fields, *message.line_fields)
