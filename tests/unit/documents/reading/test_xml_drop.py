"""Messages dropped as XML: what is found wrong, by line, and what is refused at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from builders.customs_messages import a_list, a_message, an_envelope, an_order, sent_by_ours
from builders.papers import OFFICIAL, needs_official
from builders.workbooks import Opened, a_workbook, some_settings, table
from builders.workbooks import an_order as an_order_row
from cebd.documents.workbooks.unreadable import Unreadable


def dropped(path: Path, content: bytes | str, **rules: str) -> Opened:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Opened(path, some_settings(rules={name.replace("_", "-"): weight for name, weight in rules.items()}))


def wrong(opened: Opened, number: int = 0) -> list[tuple[str, str | None]]:
    return [(one.id, one.field) for one in opened.records[number].problems]


def test_a_message_of_orders_is_read_record_by_record(tmp_path: Path) -> None:
    opened = dropped(tmp_path / "o.xml", a_message(an_order("D-1"), an_order("D-2")))
    assert (opened.ready, opened.problems) == (["D-1", "D-2"], [])


def test_a_message_is_known_by_its_namespace_whatever_the_prefix(tmp_path: Path) -> None:
    message = a_message(an_order("D-1")).replace(b"xmlns:ceb=", b"xmlns:a=").replace(b"ceb:", b"a:")
    assert dropped(tmp_path / "a.xml", message).ready == ["D-1"]
    bare = a_message(an_order("D-1")).replace(b"xmlns:ceb=", b"xmlns=").replace(b"ceb:", b"")
    assert dropped(tmp_path / "b.xml", bare).ready == ["D-1"]


def test_a_message_in_another_encoding_is_read(tmp_path: Path) -> None:
    text = a_message(an_order("D-1")).decode()
    assert dropped(tmp_path / "a.xml", text.replace("UTF-8", "GB18030").encode("gb18030")).ready == ["D-1"]
    assert dropped(tmp_path / "b.xml", text.replace("UTF-8", "UTF-16").encode("utf-16")).ready == ["D-1"]


def test_what_breaks_a_rule_is_named_on_its_line(tmp_path: Path) -> None:
    message = a_message(an_order("D-1", acturalPaid="99")).replace(b"<ceb:acturalPaid>", b"\n\n<ceb:acturalPaid>")
    (found,) = dropped(tmp_path / "o.xml", message).records[0].problems
    assert (found.id, found.field, found.place.row) == ("CEBD-1301", "acturalPaid", 4)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("appType", "9", "CEBD-1207"),
        ("orderNo", "1.2E+17", "CEBD-1217"),
        ("buyerTelephone", "１３０", "CEBD-1215"),
        ("buyerName", "测\ufffd", "CEBD-1216"),
    ],
)
def test_codes_and_identifiers_are_checked_as_in_workbooks(
    tmp_path: Path, field: str, value: str, problem: str
) -> None:
    opened = dropped(tmp_path / "o.xml", a_message(an_order("D-1", **{field: value})))
    assert wrong(opened) == [(problem, field)]


def test_a_unit_that_customs_do_not_know_is_named(tmp_path: Path) -> None:
    message = a_message(an_order("D-1")).replace(b"<ceb:unit>122<", b"<ceb:unit>999<")
    assert wrong(dropped(tmp_path / "o.xml", message)) == [("CEBD-1203", "unit")]
    assert dropped(tmp_path / "p.xml", message, CEBD_1203="warning").ready == ["D-1"]


def test_a_list_without_a_number_is_named(tmp_path: Path) -> None:
    opened = dropped(tmp_path / "l.xml", a_message(a_list("L-1", copNo="")))
    assert wrong(opened) == [("CEBD-1201", "copNo")]


def test_a_number_that_stands_twice_is_named_the_second_time(tmp_path: Path) -> None:
    opened = dropped(tmp_path / "o.xml", a_message(an_order("D-1"), an_order("D-1")))
    assert [wrong(opened, 0), wrong(opened, 1)] == [[], [("CEBD-1401", None)]]


def test_what_the_schema_refuses_is_said_of_the_message(tmp_path: Path) -> None:
    message = a_message(an_order("D-1")).replace(b"<ceb:currency>142<", b"<ceb:currency>840<")
    opened = dropped(tmp_path / "o.xml", message)
    assert set(opened.said()) == {"CEBD-1008"}
    assert "142" in opened.problems[0].en


def test_a_receipt_is_no_declaration(tmp_path: Path) -> None:
    receipt = '<CEB312Message xmlns="http://www.chinaport.gov.cn/ceb" guid="G" version="1.0"/>'
    assert dropped(tmp_path / "r.xml", receipt).said() == ["CEBD-1007"]


@pytest.mark.parametrize(
    "content",
    ["<a/>", "<CEB311Message/>", '<CEB999Message xmlns="http://www.chinaport.gov.cn/ceb"/>', "<html><body/></html>"],
)
def test_xml_of_another_kind_is_not_recognised(tmp_path: Path, content: str) -> None:
    opened = dropped(tmp_path / "x.xml", content)
    assert (opened.type, opened.said()) == (None, ["CEBD-1002"])


@pytest.mark.parametrize("content", ["", "not xml", "<a>", "<?xml version='1.0'?><a></b>", "<?xml version='1.0'?>\x00"])
def test_what_is_no_xml_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(Unreadable, match="XML"):
        dropped(tmp_path / "x.xml", content)


@pytest.mark.parametrize(("name", "other"), [("copCode", "9999999999"), ("dxpId", "DXPENT0000099999")])
def test_a_message_of_another_enterprise_is_refused_and_both_are_named(tmp_path: Path, name: str, other: str) -> None:
    message = a_message(an_order("D-1"))
    own = {"copCode": "4407961999", "dxpId": "DXPENT0000010001"}[name]
    (found,) = dropped(tmp_path / "o.xml", message.replace(own.encode(), other.encode())).problems
    assert (found.id, found.severity) == ("CEBD-1072", "error")
    assert all(text in found.zh and text in found.en for text in (own, other))


@pytest.mark.parametrize(
    ("called", "said"),
    [
        ("示例跨境电子商务有限公司", []),
        (" 示例跨境电子商务有限公司\u3000", []),
        ("示例（跨境）电子商务有限公司", ["CEBD-1073"]),
    ],
)
def test_another_name_of_the_enterprise_is_a_warning(tmp_path: Path, called: str, said: list[str]) -> None:
    message = a_message(an_order("D-1")).replace("示例跨境电子商务有限公司".encode(), called.encode())
    opened = dropped(tmp_path / "o.xml", message)
    assert (opened.ready, opened.said()) == (["D-1"], said)


def test_brackets_of_another_width_are_the_same_name(tmp_path: Path) -> None:
    settings = some_settings()
    ours = settings.enterprise[0].model_copy(update={"copName": "示例(跨境)ABC公司"})
    settings = settings.model_copy(update={"enterprise": (ours,)})
    message = a_message(an_order("D-1")).replace(
        "示例跨境电子商务有限公司".encode(), "示例（跨境）ＡＢＣ 公司".encode()
    )
    (tmp_path / "o.xml").write_bytes(message)
    assert Opened(tmp_path / "o.xml", settings).said() == []


def test_an_order_that_is_only_to_be_stored_is_warned_of_and_goes_on(tmp_path: Path) -> None:
    message = a_message(an_order("D-1")).replace(b"<ceb:appStatus>2<", b"<ceb:appStatus>1<")
    opened = dropped(tmp_path / "o.xml", message)
    assert (opened.ready, wrong(opened)) == (["D-1"], [("CEBD-1340", "appStatus")])
    assert dropped(tmp_path / "p.xml", message, CEBD_1340="off").records[0].problems == ()
    rows = table([{**an_order_row("D-2"), "appStatus": "1"}])
    opened = Opened(a_workbook(tmp_path / "o.xlsx", rows))
    assert (opened.ready, opened.found()) == (["D-2"], [("CEBD-1340", "AB2")])


SIGNATURE = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo/></ds:Signature>'


@pytest.mark.parametrize(
    ("before", "count"),
    [(b"</ceb:CEB311Message>", 2), (b"<ceb:Order>", 1), (b"</ceb:BaseTransfer>", 1), (b"<ceb:OrderList>", 2)],
)
def test_signatures_too_many_or_in_another_place_do_not_hinder(tmp_path: Path, before: bytes, count: int) -> None:
    message = a_message(an_order("D-1")).replace(before, b"\n" + SIGNATURE * count + before, 1)
    path = tmp_path / "o.xml"
    path.write_bytes(message)
    opened = Opened(path)
    assert (opened.ready, opened.problems) == (["D-1"], [])
    assert opened.xml is not None
    assert opened.xml.sign_anew


def test_what_is_declared_is_the_same_whatever_stands_around_it(tmp_path: Path) -> None:
    message = a_message(an_order("D-1"))
    bare = message.replace(b"xmlns:ceb=", b"xmlns=").replace(b"ceb:", b"")
    spaced = message.replace(b"><", b">\r\n\t<").replace(b"guid>", b"guid >")
    contents = {
        dropped(tmp_path / f"{nth}.xml", one).records[0].content for nth, one in enumerate((message, bare, spaced))
    }
    assert len(contents) == 1
    other = message.replace(b"<ceb:freight>0<", b"<ceb:freight>1<")
    assert dropped(tmp_path / "other.xml", other).records[0].content not in contents


def test_a_comment_within_a_value_is_no_part_of_it(tmp_path: Path) -> None:
    message = (
        a_message(an_order("D-1")).replace(b">D-1<", b">D<!-- x -->-1<").replace(b"4407961999", b"4407<!-- y -->961999")
    )
    assert dropped(tmp_path / "o.xml", message).ready == ["D-1"]


def test_an_envelope_is_called_one(tmp_path: Path) -> None:
    opened = dropped(tmp_path / "o.xml", an_envelope(a_message(an_order("D-1"))))
    assert (opened.type, opened.said()) == (None, ["CEBD-1076"])


BOMB = "".join(f'<!ENTITY e{n} "{"".join([f"&e{n - 1};"] * 10) if n else "x" * 1000}">' for n in range(12))


@pytest.mark.parametrize(
    "declaration",
    [
        "<!DOCTYPE m>",
        '<!DOCTYPE m [<!ENTITY e "x">]>',
        '<!DOCTYPE m [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE m SYSTEM "http://127.0.0.1:9/none.dtd">',
        f"<!DOCTYPE m [{BOMB}]>",
    ],
)
def test_a_document_type_is_refused_quickly_and_nothing_is_fetched(tmp_path: Path, declaration: str) -> None:
    message = a_message(an_order("D-1"), before_root=declaration).replace(
        "试验甲".encode(), b"&e11;" if "e11" in declaration else b"x"
    )
    began = time.process_time()
    with pytest.raises(Unreadable, match="XML"):
        dropped(tmp_path / "x.xml", message)
    assert time.process_time() - began < 2


@needs_official
@pytest.mark.parametrize(
    ("sample", "records", "figures"),
    [("CEB311", 6, {"CEBD-1302", "CEBD-1307"}), ("CEB621", 10, {"CEBD-1302", "CEBD-1325", "CEBD-1332"})],
)
def test_official_samples_go_through_once_their_made_up_figures_are_weighed_down(
    sample: str, records: int, figures: set[str], tmp_path: Path
) -> None:
    official = (OFFICIAL / "samples" / f"{sample}Message.xml").read_bytes()
    path = tmp_path / "sample.xml"
    path.write_bytes(sent_by_ours(official))
    strict = Opened(path)
    assert (len(strict.records), strict.problems, strict.ready) == (records, [], [])
    odd = {one.id for record in strict.records for one in record.problems} - {"CEBD-1340"}
    # Invented totals, values and codes; identity numbers of nobody; the same number again.
    assert odd == figures | {"CEBD-1306", "CEBD-1310", "CEBD-1401"}
    only_stored = [record for record in strict.records if "CEBD-1340" in {one.id for one in record.problems}]
    assert len(only_stored) == (5 if sample == "CEB621" else 0)
    lenient = Opened(path, some_settings(rules=dict.fromkeys(odd, "warning")))
    assert len(lenient.ready) == records
