"""Rules between the fields of a record."""

from __future__ import annotations

import pytest

from cebd.messages.description import message_type
from cebd.rules.business import RULES, broken_rules
from cebd.rules.problem import catalogue, may_be_weighed, problem, weighed

HEAD = {
    "goodsValue": "20",
    "freight": "1",
    "discount": "2",
    "taxTotal": "1.82",
    "acturalPaid": "20.82",
    "buyerIdType": "1",
    "buyerIdNumber": "110101199003070011",
}
LINE = {"gnum": "1", "qty": "2", "price": "10", "totalPrice": "20"}
LIST_HEAD = {"buyerIdType": "1", "buyerIdNumber": "110101199003070011", "grossWeight": "1.2", "netWeight": "1.2"}


def broken(code: str, head: dict[str, str], *lines: dict[str, str]) -> list[tuple[str, str, int]]:
    return [(one.id, one.field, one.line) for one in broken_rules(code, head, lines)]


def number(first17: str) -> str:
    """With the check digit worked out the other way round (ISO 7064: the whole is congruent to 1 modulo 11)."""
    for last in "0123456789X":
        digits = [10 if letter == "X" else int(letter) for letter in first17 + last]
        if sum(digit * 2 ** (17 - place) for place, digit in enumerate(digits)) % 11 == 1:
            return first17 + last
    raise AssertionError


HEAD["buyerIdNumber"] = LIST_HEAD["buyerIdNumber"] = number("11010119900307001")


def test_an_order_that_adds_up_breaks_no_rule() -> None:
    assert broken("CEB311", HEAD, LINE) == []
    assert broken("CEB621", LIST_HEAD, LINE) == []


@pytest.mark.parametrize(
    ("field", "value", "rules"),
    [
        ("acturalPaid", "20.81", ["CEBD-1301"]),
        ("freight", "1.01", ["CEBD-1301"]),
        ("goodsValue", "21", ["CEBD-1301", "CEBD-1303"]),
        ("acturalPaid", "20.820", []),
    ],
)
def test_amounts_of_an_order_add_up(field: str, value: str, rules: list[str]) -> None:
    assert [one[0] for one in broken("CEB311", {**HEAD, field: value}, LINE)] == rules


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({"totalPrice": "20.00"}, True),
        ({"price": "9.999", "totalPrice": "20"}, True),
        ({"totalPrice": "0"}, False),
        ({"totalPrice": "20.01"}, False),
        ({"qty": "1", "price": "20", "totalPrice": "20"}, True),
        ({"qty": "3", "price": "6.66667", "totalPrice": "20"}, True),
    ],
)
def test_price_times_quantity_is_the_total_to_the_cent(changes: dict[str, str], right: bool) -> None:
    found = broken("CEB621", LIST_HEAD, {**LINE, **changes})
    assert found == ([] if right else [("CEBD-1302", "totalPrice", 0)])


def test_lines_are_numbered_from_one_without_a_gap() -> None:
    assert broken("CEB621", LIST_HEAD, LINE, {**LINE, "gnum": "2"}) == []
    assert broken("CEB621", LIST_HEAD, LINE, {**LINE, "gnum": "3"}) == [("CEBD-1304", "gnum", 1)]
    assert broken("CEB621", LIST_HEAD, {**LINE, "gnum": "0"}) == [("CEBD-1304", "gnum", 0)]


def test_goods_do_not_weigh_more_than_the_parcel() -> None:
    assert broken("CEB621", {**LIST_HEAD, "netWeight": "1.20001"}, LINE) == [("CEBD-1305", "netWeight", -1)]


@pytest.mark.parametrize(
    "first17", ["11010119900307001", "44010419841229001", "99999919900101001", "31010120000229002"]
)
def test_identity_numbers_have_their_check_digit(first17: str) -> None:
    right = number(first17)
    assert broken("CEB311", {**HEAD, "buyerIdNumber": right}, LINE) == []
    assert broken("CEB311", {**HEAD, "buyerIdNumber": right.lower()}, LINE) == []
    other = right[:-1] + ("0" if right[-1] != "0" else "1")
    assert broken("CEB311", {**HEAD, "buyerIdNumber": other}, LINE) == [("CEBD-1306", "buyerIdNumber", -1)]


@pytest.mark.parametrize(
    "value", ["", "11010119900307", "1101011990030700111", "11010119900307００11", "ABCDEFGHIJKLMNOPQR"]
)
def test_what_is_no_identity_number_is_named(value: str) -> None:
    assert broken("CEB311", {**HEAD, "buyerIdNumber": value}, LINE) == [("CEBD-1306", "buyerIdNumber", -1)]


def test_every_rule_belongs_to_a_message_and_has_its_texts() -> None:
    for code in RULES:
        assert message_type(code).role == "declaration"
    for found, entry in catalogue().items():
        assert {"zh", "en", "fix_zh", "fix_en"} <= entry.keys(), found
        assert any("\u4e00" <= letter <= "\u9fff" for letter in entry["zh"] + entry["fix_zh"]), found


def test_settings_weigh_rules_and_codes_and_nothing_that_cannot_be_declared() -> None:
    assert may_be_weighed("CEBD-1306")
    assert may_be_weighed("CEBD-1203")
    assert not may_be_weighed("CEBD-1212")
    missing = problem("CEBD-1212", field=message_type("order").field("head", "orderNo"))
    assert weighed(missing, {"CEBD-1212": "off"}) is missing


def test_identity_numbers_are_not_shown_whole() -> None:
    field = message_type("order").field("head", "buyerIdNumber")
    found = problem("CEBD-1306", field=field, value="110101199003070011")
    assert found.value == "1101**********0011"
    assert "19900307" not in found.zh + found.en + found.fix_zh + found.fix_en
