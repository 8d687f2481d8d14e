"""Receipts are read as they come: in any wrapping, encoding and prefix."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from builders.customs_messages import CEB
from builders.declared import a_list_return, a_receipt, a_return
from builders.papers import OFFICIAL, needs_official
from cebd.messages.envelope import NotAnEnvelope, carried
from cebd.messages.returns import NotAReceipt, Return, read_returns, whose
from cebd.messages.schema import NotXml, parse_xml

DXP = "http://www.chinaport.gov.cn/dxp"
PLAIN = a_receipt(a_return("A1", "2", "100000", "新增申报成功[镕]")).decode()


def in_envelope(content: bytes, *, width: int = 76, created: str = "2026-03-04T10:00:00", tail: str = "") -> bytes:
    data = base64.b64encode(content).decode()
    wrapped = "\r\n".join(data[start : start + width] for start in range(0, len(data), width))
    return (
        f'<?xml version="1.0"?><d:DxpMsg xmlns:d="{DXP}" ver="1.0"><d:TransInfo><d:CopMsgId>1</d:CopMsgId>'
        f"<d:SenderId>S</d:SenderId><d:ReceiverIds><d:ReceiverId>R</d:ReceiverId></d:ReceiverIds>"
        f"<d:CreatTime>{created}</d:CreatTime><d:MsgType>CEB312Message</d:MsgType></d:TransInfo>"
        f"<d:Data>\n{wrapped}{tail}\n</d:Data></d:DxpMsg>"
    ).encode()


def facts(content: bytes) -> tuple[str, str, str, str]:
    type_, (one,) = read_returns(content)
    return type_, one.given["orderNo"], one.status, one.info


EXPECTED = ("CEB312", "A1", "2", "新增申报成功[镕]")


@pytest.mark.parametrize(
    ("declared", "written"),
    [(declared, "gb18030") for declared in ("gb2312", "GB2312", "gbk", "GB18030", "UTF-8", "utf8")]
    + [(declared, "utf-8") for declared in ("UTF-8", "utf8")],
)
def test_chinese_is_read_though_letters_or_bytes_are_not_of_the_encoding_named(declared: str, written: str) -> None:
    assert facts(PLAIN.replace("UTF-8", declared).encode(written)) == EXPECTED


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.replace("UTF-8", "gb2312").encode(),
        PLAIN.replace("UTF-8", "UTF-16").encode("utf-16"),
        PLAIN.partition("?>")[2].encode(),
        PLAIN.partition("?>")[2].encode("gb18030"),
        b"\r\n  " + PLAIN.encode() + b"\r\n\x00\x00",
        a_receipt(a_return("A1", "2", "100000", "新增申报成功[镕]  "), prefix="ceb"),
        a_receipt(a_return("A1", "2", "100000", "　新增申报成功[镕]\n"), prefix="q"),
        in_envelope(PLAIN.encode()),
        in_envelope(PLAIN.replace("UTF-8", "GB2312").encode("gb18030"), width=60),
        in_envelope(PLAIN.encode(), created="20260304100000"),
        f'<s:DxpMsgSv xmlns:s="{DXP}" ver="1.0"><s:SvNo/>{in_envelope(PLAIN.encode()).decode()[21:]}</s:DxpMsgSv>'.encode(),
    ],
    ids=[
        "byte order mark",
        "byte order mark and another encoding named",
        "UTF-16",
        "no declaration",
        "no declaration, GBK",
        "blanks before, NULs after",
        "prefix ceb, blanks after the text",
        "another prefix, a wide blank before the text",
        "envelope, wrapped",
        "envelope around GB 2312",
        "envelope with a time of its own form",
        "transfer node",
    ],
)
def test_the_same_receipt_in_another_dress_says_the_same(content: bytes) -> None:
    assert facts(content) == EXPECTED


def test_several_returns_of_one_record_are_all_read_in_their_order() -> None:
    content = a_receipt(a_list_return("L1", "2", "100000"), a_list_return("L1", "120", "100100", invtNo="I1"))
    _, returns = read_returns(content)
    assert [(one.status, one.time[11:19], one.given.get("invtNo")) for one in returns] == [
        ("2", "10:00:00", None),
        ("120", "10:01:00", "I1"),
    ]


def test_a_field_that_is_there_and_empty_is_as_if_it_were_not_there() -> None:
    _, (one,) = read_returns(a_receipt(a_list_return("L1", "2", "100000")).replace(b"9900000004", b" "))
    assert "agentCode" not in one.given


def test_a_time_that_is_none_is_left_empty() -> None:
    _, (one,) = read_returns(a_receipt(a_return("A1", "2", "20261399250000000")))
    assert one.time == ""


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("content", [PLAIN.encode(), in_envelope(PLAIN.encode()), PLAIN.encode("utf-16")])
def test_a_receipt_cut_anywhere_is_no_xml(content: bytes, cut: float) -> None:
    with pytest.raises(NotXml):
        read_returns(content[: int(len(content) * cut)])


def test_an_envelope_whose_message_is_cut_is_not_read_in_part() -> None:
    with pytest.raises(NotXml):
        read_returns(in_envelope(PLAIN.encode()[:-20]))


@pytest.mark.parametrize("tail", ["*", "=A", "A"])
def test_base64_that_is_damaged_is_not_guessed_at(tail: str) -> None:
    with pytest.raises(NotXml):
        read_returns(in_envelope(PLAIN.encode(), tail=tail))


@pytest.mark.parametrize(
    "content",
    [
        f'<CEB311Message xmlns="{CEB}"/>',
        "<CEB312Message/>",
        f'<CEB399Message xmlns="{CEB}"/>',
        "<html/>",
        '<Receipt xmlns="urn:other"/>',
    ],
)
def test_what_customs_never_send_is_no_receipt(content: str) -> None:
    with pytest.raises(NotAReceipt):
        read_returns(content.encode())


def test_a_document_type_is_refused_in_the_envelope_too() -> None:
    evil = b'<!DOCTYPE x [<!ENTITY a "b">]>' + PLAIN.partition("?>")[2].encode()
    for content in (evil, in_envelope(evil)):
        with pytest.raises(NotXml):
            read_returns(content)


def test_an_envelope_without_data_carries_nothing() -> None:
    with pytest.raises(NotAnEnvelope):
        carried(parse_xml(f'<DxpMsg xmlns="{DXP}" ver="1.0"/>'.encode()))


def a_bill(**changes: str) -> str:
    """A tax bill as 816 has it: its head apart, with one line."""
    fields = {
        "guid": "x",
        "returnTime": "20260304110000000",
        "invtNo": "51412026I000000001",
        "taxNo": "T1",
        "customsTax": "0",
    }
    fields |= {"valueAddedTax": "8.46000", "consumptionTax": "0", "status": "1", **changes}
    head = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items())
    line = "<gnum>1</gnum><gcode>3304990039</gcode><taxPrice>93</taxPrice><customsTax>7</customsTax>"
    return f"<Tax><TaxHeadRd>{head}</TaxHeadRd><TaxListRd>{line}</TaxListRd></Tax>"


def test_a_tax_bill_is_read_from_its_head_in_words_with_its_amounts() -> None:
    content = f'<CEB816Message xmlns="{CEB}" guid="x" version="1.0">{a_bill()}{a_bill(taxNo="T2", note="补税")}</CEB816Message>'
    for dressed in (content, in_envelope(content.encode()).decode()):
        type_, (first, second) = read_returns(dressed.encode())
        assert (type_, first.answers, first.given["invtNo"]) == ("CEB816", "CEB621", "51412026I000000001")
        assert (first.status, first.notice, first.time) == ("1", True, "2026-03-04T11:00:00.000+08:00")
        amounts = "关税 customs duty 0, 增值税 VAT 8.46000, 消费税 consumption tax 0"
        assert first.info == f"税单 tax bill T1, {amounts}"
        assert second.info == f"税单 tax bill T2, {amounts}, 备注 note 补税"


def test_a_tax_bill_status_names_bill_and_payment_voucher() -> None:
    head = "<invtNo>51412026I000000001</invtNo><taxNo>T1</taxNo><status>2</status><entDutyNo>J9</entDutyNo>"
    content = f'<CEB818Message xmlns="{CEB}"><Tax><TaxHeadStatus>{head}</TaxHeadStatus></Tax></CEB818Message>'
    type_, (one,) = read_returns(content.encode())
    assert (type_, one.status, one.time, one.notice) == ("CEB818", "2", "", True)
    assert one.info == "税单 tax bill T1, 缴款书 payment voucher J9"


@pytest.mark.parametrize("code", ["CEB816", "CEB818"])
def test_a_tax_bill_without_its_head_is_not_guessed_at(code: str) -> None:
    with pytest.raises(NotXml):
        read_returns(f'<{code}Message xmlns="{CEB}"><Tax><invtNo>1</invtNo></Tax></{code}Message>'.encode())


@pytest.mark.parametrize(
    ("code", "record", "keys"),
    [
        ("CEB412", "PaymentReturn", {"payCode": "9900000005", "payTransactionId": "P1"}),
        ("CEB512", "LogisticsReturn", {"logisticsCode": "9900000003", "logisticsNo": "W1"}),
        (
            "CEB514",
            "LogisticsStatusReturn",
            {"logisticsCode": "9900000003", "logisticsNo": "W1", "logisticsStatus": "S"},
        ),
        ("CEB624", "InvtCancelReturn", {"copNo": "X1", "preNo": "B1", "invtNo": "51412026I000000001"}),
        ("CEB626", "InvtRefundReturn", {"agentCode": "9900000004", "copNo": "R1", "preNo": "B1"}),
        ("CEB712", "DeliveryReturn", {"rkdNo": "51412026I000000009"}),
    ],
)
def test_every_receipt_says_what_it_answers_and_by_which_keys(code: str, record: str, keys: dict[str, str]) -> None:
    said = {**keys, "returnStatus": "2", "returnTime": "20260304100000000", "returnInfo": "申报中"}
    fields = "".join(f"<{name}>{text}</{name}>" for name, text in said.items())
    plain = f'<{code}Message xmlns="{CEB}" guid="x" version="1.0"><{record}>{fields}</{record}></{code}Message>'
    wrapped = in_envelope(plain.encode()).decode()[21:]
    for content in (plain, f'<s:DxpMsgSv xmlns:s="{DXP}" ver="1.0">{wrapped}</s:DxpMsgSv>'):
        type_, (one,) = read_returns(content.encode())
        assert (type_, one.answers, one.status, one.info) == (code, f"CEB{int(code[3:]) - 1}", "2", "申报中")
        assert one.time == "2026-03-04T10:00:00.000+08:00"
        assert {name: text for name, text in one.given.items() if not name.startswith("return")} == keys
        assert not one.notice


def test_a_platform_answer_tells_each_node_and_receiver() -> None:
    content = (
        f'<d:DxpRep xmlns:d="{DXP}" ver="1.0"><d:RecevierId>R</d:RecevierId><d:Response><d:NodeId>N1</d:NodeId>'
        "<d:ResponseCode>2001</d:ResponseCode><d:ResponseInfo>接收方不存在</d:ResponseInfo><d:Results><d:Result>"
        "<d:RecId>DXPEDCCEB0000002</d:RecId><d:Code>2001</d:Code><d:Info>无</d:Info></d:Result></d:Results>"
        "<d:NoticeTime>2026-03-05</d:NoticeTime><d:OriHead><d:CopMsgId> M1 </d:CopMsgId><d:SenderId>S</d:SenderId>"
        "<d:ReceiverIds><d:ReceiverId>R</d:ReceiverId></d:ReceiverIds><d:CreatTime>2026-03-04T10:00:00+08:00</d:CreatTime>"
        "<d:MsgType>CEB311Message</d:MsgType></d:OriHead></d:Response></d:DxpRep>"
    ).encode()
    info = "接收方不存在; DXPEDCCEB0000002 2001 无"
    wanted = Return(None, "2001", info, "2026-03-05T00:00:00.000+08:00", {}, ("M1",), by_platform=True)
    assert read_returns(content) == ("DxpRep", [wanted])
    _, (same_day,) = read_returns(content.replace(b"2026-03-05", b"2026-03-04"))
    assert same_day.time == "2026-03-04T10:00:00.000+08:00"


def test_a_format_check_names_the_envelope_and_the_message_it_quotes() -> None:
    guid = "11111111-2222-4333-8444-5555555555AA"
    content = (
        f'<CEB900Message xmlns="{CEB}" guid="x" version="1.0"><MessageReturn><guid>y</guid><returnStatus>-1</returnStatus>'
        "<returnInfo>错误</returnInfo><returnTime>20260304100000000</returnTime><oriCopMsgId>M1</oriCopMsgId>"
        "<oriMessageType>CEB311Message</oriMessageType><oriBizMessage>"
        f'<![CDATA[<?xml version="1.0"?><!-- guid="no" --><ceb:CEB311Message guid="{guid}" version="1.0">]]>'
        "</oriBizMessage></MessageReturn></CEB900Message>"
    ).encode()
    _, (one,) = read_returns(content)
    assert (one.message_ids, one.status, one.info, one.by_platform) == (("M1", guid), "-1", "错误", False)
    assert "oriBizMessage" not in one.given


@needs_official
@pytest.mark.parametrize(("code", "count", "key"), [("312", 10, "orderNo"), ("622", 10, "copNo")])
def test_the_official_samples_are_read(code: str, count: int, key: str) -> None:
    type_, returns = read_returns(Path(OFFICIAL / "samples" / f"CEB{code}Message.xml").read_bytes())
    assert (type_, len(returns)) == (f"CEB{code}", count)
    assert all(one.given[key] and one.status and one.time for one in returns)


# The second, lenient pass


def with_words(words: str, number: str = "A1", status: str = "-301008") -> str:
    return PLAIN.replace("新增申报成功[镕]", words).replace("A1", number).replace(">2<", f">{status}<")


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("地址 A&B 座有误", "地址 A&B 座有误"),
        ("重量<5公斤", "重量<5公斤"),
        ("地址<abc>有误 & <b>", "地址<abc>有误 & <b>"),
        ("数量<0 && 单价>1 &amp; &nbsp;", "数量<0 && 单价>1 & &nbsp;"),
        ("地址\x0b有误\x00", "地址\ufffd有误\ufffd"),
        ("地址&#0;有误&#x1F;", "地址\ufffd有误\ufffd"),
        ("甲]]>乙", "甲]]>乙"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_words_that_are_not_well_formed_are_read_with_key_and_code(words: str, read: str, wrapped: bool) -> None:
    content = with_words(words).encode()
    type_, (one,) = read_returns(in_envelope(content) if wrapped else content)
    assert (type_, one.given["orderNo"], one.status, one.info, one.mended) == ("CEB312", "A1", "-301008", read, True)
    assert one.time == "2026-03-04T10:00:00.000+08:00"


def test_words_in_bytes_of_no_encoding_are_read_as_far_as_they_go() -> None:
    _, (one,) = read_returns(with_words("地址XX有误").encode().replace(b"XX", b"\xff\x80"))
    assert (one.given["orderNo"], one.info[:2], one.mended) == ("A1", "地址", True)


def test_what_is_well_formed_is_not_said_to_be_mended() -> None:
    assert not read_returns(PLAIN.encode())[1][0].mended


def test_a_bare_ampersand_in_a_number_has_one_meaning() -> None:
    _, (one,) = read_returns(with_words("甲&乙", number="A&1").encode())
    assert one.given["orderNo"] == "A&1"


@pytest.mark.parametrize(
    "content",
    [
        with_words("x", number="A<1"),
        with_words("x&y", number="A\x011"),
        with_words("x&y", status="-30\x021008"),
        with_words("x&y", status="refused"),
        with_words("x&y").replace("</OrderReturn>", ""),
        with_words("x&y")[:-12],
        with_words("x&y").replace("</returnInfo>", ""),
        '<!DOCTYPE x [<!ENTITY a "b">]>' + with_words("x&y").partition("?>")[2],
    ],
    ids=["number with <", "control in a number", "control in a code", "no code", "unclosed", "cut", "no end", "DTD"],
)
def test_what_the_lenient_pass_cannot_prove_stays_unreadable(content: str) -> None:
    with pytest.raises(NotXml):
        read_returns(content.encode())


# Whose a message is

INV201 = '<?xml version="1.0" encoding="UTF-8"?>\n<Package><EnvelopInfo><message_type>INV201</message_type></EnvelopInfo></Package>'


@pytest.mark.parametrize(
    ("content", "whom"),
    [
        (PLAIN.encode(), "ours"),
        (with_words("甲&乙").encode(), "ours"),
        (PLAIN.encode()[: len(PLAIN) // 2], "ours"),
        (PLAIN.replace("UTF-8", "UTF-16").encode("utf-16"), "ours"),
        (in_envelope(PLAIN.encode()), "ours"),
        (in_envelope(PLAIN.encode())[:200], "unreadable"),
        (in_envelope(INV201.encode()), "foreign"),
        (INV201.encode(), "foreign"),
        (INV201.replace("INV201", "A & B").encode(), "foreign"),
        (INV201.encode()[:60], "unreadable"),
        (b"<html/>", "foreign"),
        (b"<CEB312Message/>", "unreadable"),
        (b"", "unreadable"),
        (b"\x00\xff garbage", "unreadable"),
    ],
)
def test_who_waits_for_a_message(content: bytes, whom: str) -> None:
    assert whose(content) == whom
