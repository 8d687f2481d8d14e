"""What is kept of a message that is removed after years tells whether a later document says the same, and not what was said."""

from __future__ import annotations

import json

import pytest

from cebd.messages.description import message_type
from cebd.messages.parse import StatedTexts
from cebd.records.kept import in_kept_form, kept_content, read_kept

ORDER = message_type("order")
MESSAGE, OTHER = "4CDE1CFD-EDED-46B1-946C-B8022E42FC94", "4CDE1CFD-EDED-46B1-946C-B8022E42FC95"


def kept(guid: str = MESSAGE, **head: str) -> dict[str, str]:
    return dict(in_kept_form(ORDER, StatedTexts(head, []), guid).head)


def test_amounts_codes_and_numbers_are_kept_as_they_are() -> None:
    head = {"acturalPaid": "280.39", "currency": "142", "orderNo": "T1", "payCode": "4407961777", "buyerIdType": "1"}
    assert kept(**head) == head


@pytest.mark.parametrize("name", ["buyerName", "buyerIdNumber", "buyerTelephone", "consignee", "consigneeAddress"])
def test_what_says_who_somebody_is_is_kept_as_a_digest(name: str) -> None:
    [digest] = kept(**{name: "13800000001"}).values()
    assert len(digest) == 5
    assert "138" not in digest
    assert kept(**{name: "13800000002"}) != {name: digest}
    assert kept(OTHER, **{name: "13800000001"}) != {name: digest}


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("consigneeAddress", "测试省 A区1号", "测试省Ａ区1号"),
        ("buyerName", "Li Si", "LI SI"),
        ("buyerTelephone", "+86 138-0000-0001", "13800000001"),
    ],
)
def test_spelling_is_no_difference(name: str, one: str, other: str) -> None:
    assert kept(**{name: one}) == kept(**{name: other})


def test_what_no_rule_asks_for_is_not_kept() -> None:
    assert kept(note="某人", buyerRegNo="U1", goodsValue="") == {}


def test_records_whose_guids_begin_alike_are_told_apart() -> None:
    stated = {guid: StatedTexts({"acturalPaid": paid}, []) for guid, paid in ((MESSAGE, "1"), (OTHER, "2"))}
    found = read_kept(kept_content(ORDER, stated, MESSAGE))
    assert {start: texts.head["acturalPaid"] for start, texts in found.items()} == {MESSAGE: "1", OTHER: "2"}


def test_what_an_earlier_version_kept_in_another_form_is_not_compared() -> None:
    assert read_kept(json.dumps([0, {"4CDE1CFD": [{"acturalPaid": "1"}, []]}]).encode()) == {}
