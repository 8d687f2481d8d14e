"""What of a file is held against its schema: each shape once, and whole what our checks do not prove."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from lxml import etree

from builders.workbooks import Opened, a_workbook, an_order, table
from cebd.documents import shape_check
from cebd.documents.shape_check import ShapeCheck
from cebd.messages.compose import Sender, compose, new_guid
from cebd.messages.description import message_type
from cebd.messages.schema_files import schema_dir, schemas_from
from cebd.operations.check import check, settings_of_nobody
from cebd.records.record import Record

SENDER = Sender("4407961999", "示例公司", "DXPENT0000010001")


class Checked:
    """A file's messages under check; `parsed` counts the records that lxml has seen in each message."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parsed: list[int] = []
        self.check = ShapeCheck(message_type("order"), SENDER)

        def counted(content: bytes, *, huge: bool = False) -> etree._Element:
            self.parsed.append(content.count(b"<ceb:Order>"))
            return parse_xml(content, huge=huge)

        parse_xml = shape_check.parse_xml
        monkeypatch.setattr(shape_check, "parse_xml", counted)

    def reasons(self, records: Sequence[Record], sender: Sender = SENDER) -> list[str]:
        guid = new_guid()
        body = compose(message_type("order"), guid, [one.xml for one in records], sender)
        return [flaw.reason for flaw in self.check.flaws(body, guid, records)]


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Checked:
    return Checked(monkeypatch)


@pytest.fixture
def names_end_in_a_number(tmp_path: Path) -> Iterator[None]:
    """The schema asks of buyerName what no check of ours knows."""
    shutil.copytree(schema_dir(), tmp_path / "schemas")
    path = tmp_path / "schemas" / "import" / "CEB311Message.xsd"
    text, changes = re.subn(
        r'(?s)(<xs:element name="buyerName">.*?<xs:restriction base="xs:string">)',
        r'\1<xs:pattern value=".*\\d"/>',
        path.read_text("utf-8"),
    )
    assert changes == 1
    path.write_text(text, "utf-8")
    with schemas_from(tmp_path / "schemas"):
        yield


def orders(folder: Path, *changes: dict[str, object]) -> list[Record]:
    rows = [{**an_order(f"D-{number}"), **changed} for number, changed in enumerate(changes)]
    return Opened(a_workbook(folder / "o.xlsx", table(rows))).records


def test_of_messages_with_the_same_elements_only_the_first_is_parsed(tmp_path: Path, checked: Checked) -> None:
    records = orders(tmp_path, *[{}] * 6)
    assert [checked.reasons(records[at : at + 2]) for at in (0, 2, 4)] == [[], [], []]
    assert checked.parsed == [2]


def test_a_record_with_other_elements_is_held_against_the_schema_once(tmp_path: Path, checked: Checked) -> None:
    records = orders(tmp_path, {}, {"条形码": None}, {}, {"条形码": None}, {"条形码": None})
    assert [checked.reasons(some) for some in (records[:1], records[1:4], records[2:])] == [[], [], []]
    assert checked.parsed == [1, 1]


def test_a_message_that_is_refused_teaches_nothing(tmp_path: Path, checked: Checked) -> None:
    (good, other) = orders(tmp_path, {}, {"条形码": None})
    broken = good._replace(xml=good.xml.replace("ceb:orderNo", "ceb:number"))
    assert [len(checked.reasons([broken])) for _ in range(2)] == [1, 1]
    assert checked.reasons([good]) == []
    worse = other._replace(xml=other.xml.replace("ceb:orderNo", "ceb:number"))
    assert [len(checked.reasons([good, worse])) for _ in range(2)] == [1, 1]
    assert checked.reasons([good, other]) == []


def test_a_record_that_does_not_tell_its_shape_is_checked_whole(tmp_path: Path, checked: Checked) -> None:
    records = [record._replace(shape=b"") for record in orders(tmp_path, {}, {})]
    assert [checked.reasons(records) for _ in range(3)] == [[], [], []]
    assert checked.parsed == [2, 2, 2]


def test_who_sends_is_held_against_the_schema_with_the_first_message(tmp_path: Path, checked: Checked) -> None:
    (reason,) = checked.reasons(orders(tmp_path, {}), Sender("4" * 19, "示例公司", "DXPENT0000010001"))
    assert "copCode" in reason


@pytest.mark.usefixtures("names_end_in_a_number")
def test_messages_with_a_field_that_is_not_proved_are_checked_whole(tmp_path: Path, checked: Checked) -> None:
    good = orders(tmp_path, *[{"订购人姓名": "测试1"}] * 3)
    assert [checked.reasons(good) for _ in range(2)] == [[], []]
    (reason,) = checked.reasons([good[0], *orders(tmp_path, {"订购人姓名": "测试甲"})])
    assert "pattern" in reason
    assert checked.parsed == [3, 3, 2]


@pytest.mark.usefixtures("names_end_in_a_number")
def test_a_record_that_only_the_schema_refuses_is_named_and_the_others_are_declared(tmp_path: Path) -> None:
    rows = [an_order("D-1", 订购人姓名="测试1"), an_order("D-2"), an_order("D-3", 订购人姓名="测试3")]
    verdict = check(a_workbook(tmp_path / "o.xlsx", table(rows)), None, settings_of_nobody().enterprise[0])
    assert (verdict.ready, verdict.rejected) == (2, 1)
    assert [(problem.id, problem.place.row) for problem in verdict.problems] == [("CEBD-1299", 3)]
