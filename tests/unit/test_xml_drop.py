"""Messages dropped as XML: what is found wrong, by line, and what is refused at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cebd.documents.workbook import Unreadable
from customs_messages import a_list, a_message, an_order
from support import OFFICIAL, needs_official
from workbooks import Opened, some_settings


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
    began = time.monotonic()
    with pytest.raises(Unreadable, match="XML"):
        dropped(tmp_path / "x.xml", message)
    assert time.monotonic() - began < 2


@needs_official
@pytest.mark.parametrize(
    ("sample", "records", "figures"),
    [("CEB311", 6, {"CEBD-1302", "CEBD-1307"}), ("CEB621", 10, {"CEBD-1302", "CEBD-1325"})],
)
def test_official_samples_go_through_once_their_made_up_figures_are_weighed_down(
    sample: str, records: int, figures: set[str]
) -> None:
    path = OFFICIAL / "samples" / f"{sample}Message.xml"
    strict = Opened(path)
    assert (len(strict.records), strict.problems, strict.ready) == (records, [], [])
    odd = {one.id for record in strict.records for one in record.problems}
    # Invented totals, values and codes; identity numbers of nobody; the same number again.
    assert odd == figures | {"CEBD-1306", "CEBD-1310", "CEBD-1401"}
    lenient = Opened(path, some_settings(rules=dict.fromkeys(odd, "warning")))
    assert len(lenient.ready) == records
