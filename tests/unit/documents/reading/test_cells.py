"""One cell, one field: what is declared for it, or why it is not."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cebd.documents.reading.cells.values import Wrong, fitting, ordinary, ordinary_pattern, text_of
from cebd.documents.workbooks.cells import Faulty, Shown
from cebd.messages.compose import escape
from cebd.messages.description import Field, message_type

ORDER = message_type("order")
NUMBER = ORDER.field("head", "orderNo")
AMOUNT = ORDER.field("head", "goodsValue")
ADDRESS = ORDER.field("head", "consigneeAddress")
UNIT = ORDER.field("line", "unit")
PLACE_IN_LIST = ORDER.field("line", "gnum")
PIECES = message_type("inventory").field("head", "packNo")
MOMENT = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - cells have no time zone
DAY = message_type("inventory").field("head", "declTime")
COUNTRY, CURRENCY = ORDER.field("line", "country"), ORDER.field("line", "currency")
COMMODITY = message_type("inventory").field("line", "gcode")
TRADE = message_type("inventory").field("head", "tradeMode")


def read(cell: object, field: Field) -> str:
    """The text declared, or the id of the problem."""
    text = text_of(cell, field)
    if isinstance(text, Wrong):
        return text.id
    wrong = fitting(field)(text) if text else None
    return wrong.id if wrong else text


@pytest.mark.parametrize(
    ("cell", "field", "declared"),
    [
        (142.0, NUMBER, "142"),
        (601.0, UNIT, "CEBD-1203"),
        (122.0, UNIT, "122"),
        (0, AMOUNT, "0"),
        ("0", AMOUNT, "0"),
        (33.2, AMOUNT, "33.2"),
        (-3.0, AMOUNT, "-3"),
        (None, NUMBER, ""),
        ("  D-1 ", NUMBER, "D-1"),
        (1e15, NUMBER, "CEBD-1205"),
        (999999999999999.0, NUMBER, "999999999999999"),
        (110101199001011234.0, NUMBER, "CEBD-1205"),
        (1e-7, AMOUNT, "CEBD-1208"),
    ],
)
def test_a_cell_reads_as_excel_shows_it(cell: object, field: Field, declared: str) -> None:
    assert read(cell, field) == declared


@pytest.mark.parametrize(
    ("cell", "declared"),
    [
        (33.200000000000003, "33.2"),
        (0.1 + 0.2, "0.3"),
        (22.13 + 44.27, "66.4"),
        (100 / 3, "CEBD-1208"),
        (12345678901234.567, "CEBD-1205"),
        (1234567890123.45, "1234567890123.45"),
    ],
)
def test_noise_of_binary_fractions_goes_and_digits_never_do(cell: float, declared: str) -> None:
    assert read(cell, AMOUNT) == declared


def test_a_fraction_with_too_many_digits_is_no_identifier() -> None:
    assert read(12345678901234.567, NUMBER) == "CEBD-1205"


@given(st.decimals(min_value=Decimal("-99999999999999"), max_value=Decimal("99999999999999"), places=5))
def test_amounts_in_text_are_declared_digit_by_digit(amount: Decimal) -> None:
    written = format(amount, "f")
    assert read(written, AMOUNT) == written


@given(st.integers(-(10**9), 10**9), st.integers(0, 5))
def test_amounts_of_up_to_fifteen_digits_in_numbers_keep_their_value(digits: int, places: int) -> None:
    amount = Decimal(digits).scaleb(-places)
    assert Decimal(read(float(amount), AMOUNT)) == amount


@pytest.mark.parametrize(
    "text", ["１２", "1,000", "￥12", "12元", "1 000", "1e3", "1.2.3", "－1", "+5", ".5", "5.", "٣"]
)
def test_what_is_no_plain_number_is_no_amount(text: str) -> None:
    assert read(text, AMOUNT) == "CEBD-1204"


@pytest.mark.parametrize("text", ["1.10101E+17", "6.9E+12", "1E+15", "4.40101e+17"])
def test_a_number_shortened_to_scientific_notation_is_no_identifier(text: str) -> None:
    assert read(text, NUMBER) == "CEBD-1217"
    assert read(text, ADDRESS) == text


@pytest.mark.parametrize("text", ["Ｄ-1", "D１", "D\u30001", "D\u200b1", "D\u00a01", "D\n1", "‘0012", "D\ufeff1"])
def test_characters_that_look_like_others_or_like_nothing_are_named_in_identifiers(text: str) -> None:
    assert read(text, NUMBER) == "CEBD-1215"


@pytest.mark.parametrize(("field", "declared"), [(NUMBER, "0012"), (AMOUNT, "12"), (ADDRESS, "'0012")])
def test_the_apostrophe_by_which_programs_keep_numbers_as_text_is_no_sign_of_them(field: Field, declared: str) -> None:
    assert read("'12" if field is AMOUNT else "'0012", field) == declared
    assert read("'", NUMBER) == "CEBD-1215"


def test_letters_are_no_code_where_all_codes_are_digits() -> None:
    assert read("pcs", UNIT) == "CEBD-1220"
    assert read("999", UNIT) == "CEBD-1203"


def test_an_address_may_be_written_in_full_width() -> None:
    assert read("测试路１号　Ａ座", ADDRESS) == "测试路１号　Ａ座"


@pytest.mark.parametrize("edge", ["\ufeff", "\u200b", "\u00a0", "\u3000", "\t", "\u200e\u202a", " \u2060 "])
def test_invisible_characters_around_a_value_do_not_count(edge: str) -> None:
    assert read(f"{edge}D-1{edge}", NUMBER) == "D-1"
    assert read(f"{edge}12.50{edge}", AMOUNT) == "12.50"
    assert read(edge, AMOUNT) == ""


@pytest.mark.parametrize("cell", [True, time(3, 4), timedelta(hours=30)])
def test_truth_values_and_times_are_no_amounts_and_no_numbers(cell: object) -> None:
    assert read(cell, AMOUNT) == "CEBD-1211"
    assert read(cell, NUMBER) == "CEBD-1211"


@pytest.mark.parametrize("cell", [date(2026, 1, 2), MOMENT])
def test_dates_are_no_amounts_and_no_numbers(cell: object) -> None:
    assert read(cell, AMOUNT) == "CEBD-1219"
    assert read(cell, NUMBER) == "CEBD-1211"


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        ("千克", UNIT, "CEBD-1220"),
        ("大盒", UNIT, "CEBD-1220"),
        ("平方米", UNIT, "CEBD-1220"),
        ("BOX", UNIT, "CEBD-1220"),  # units have no letters in any edition
        ("JPN", COUNTRY, "CEBD-1220"),
        ("ZZZ", COUNTRY, "CEBD-1203"),
        ("人民币", CURRENCY, "CEBD-1220"),
        ("美元", CURRENCY, "CEBD-1207"),
        ("35", UNIT, "CEBD-1218"),
        ("7", UNIT, "CEBD-1218"),
        ("1160", COUNTRY, "CEBD-1206"),
        ("11", COUNTRY, "CEBD-1206"),
        ("409000000", COMMODITY, "CEBD-1218"),
        ("40900000", COMMODITY, "CEBD-1206"),
        ("1239", TRADE, "1239"),
    ],
)
def test_names_and_lost_zeros_are_told_apart_from_other_codes(text: str, field: Field, problem: str) -> None:
    assert read(text, field) == problem


def test_a_date_cell_is_a_day_where_a_day_belongs() -> None:
    assert read(date(2026, 1, 2), DAY) == "20260102"
    assert read(MOMENT, DAY) == "20260102"


def test_a_day_counted_from_1900_is_no_day() -> None:
    assert read(46024.0, DAY) == "CEBD-1223"


@pytest.mark.parametrize(
    ("text", "declared"),
    [("2147483647", "2147483647"), ("2147483648", "CEBD-1210"), ("1.0", "CEBD-1210"), (1.0, "1"), (1.5, "CEBD-1210")],
)
def test_whole_numbers_are_whole(text: object, declared: str) -> None:
    assert read(text, PLACE_IN_LIST) == declared


def test_a_whole_number_has_no_more_digits_than_its_field() -> None:
    assert read("1234567890", PIECES) == "CEBD-1208"


@pytest.mark.parametrize(
    ("field", "problem"), [(PLACE_IN_LIST, "CEBD-1210"), (PIECES, "CEBD-1210"), (AMOUNT, "CEBD-1208")]
)
def test_thousands_of_zeros_are_a_mistake_of_their_cell(field: Field, problem: str) -> None:
    assert [read(text, field) for text in ("0" * 5000 + "1", "-" + "0" * 5000)] == [problem] * 2
    assert read("0001", field) == "0001"


@pytest.mark.parametrize("letter", ["\x00", "\x0b", "\x1f", "\ufffe", "\ud800"])
def test_characters_that_xml_cannot_carry_are_named(letter: str) -> None:
    assert read(f"a{letter}b", ADDRESS) == "CEBD-1209"


def test_lengths_are_counted_in_characters() -> None:
    assert read("𠀀" * 200, ADDRESS) == "𠀀" * 200
    assert read("单" * 201, ADDRESS) == "CEBD-1202"


def test_a_cell_without_a_value_names_why() -> None:
    assert read(Faulty("#N/A", "CEBD-1213"), AMOUNT) == "CEBD-1213"


def test_zeros_shown_by_a_format_count_in_texts_and_not_in_amounts() -> None:
    assert read(Shown("035", 35.0), UNIT) == "035"
    assert read(Shown("035", 35.0), AMOUNT) == "35"


@given(data=st.data())
def test_what_is_taken_for_ordinary_is_declared_as_it_stands(data: st.DataObject) -> None:
    message = message_type(data.draw(st.sampled_from(["order", "inventory", "waybill", "return"])))
    field = data.draw(st.sampled_from([*message.head_fields, *message.line_fields]))
    pattern = ordinary_pattern(field)
    if pattern is not None:
        text = data.draw(st.from_regex(pattern, fullmatch=True))
        assert ordinary(field)(text)
        assert text_of(text, field) == text
        assert fitting(field)(text) is None
        assert escape(text) == text


@pytest.mark.parametrize("text", ["示例省示例市示例路9号3-201室 (前台)", "900克/罐", "SKU-12_b", "a.b@c.example"])
def test_texts_of_trade_are_ordinary(text: str) -> None:
    assert ordinary(ADDRESS)(text)


@pytest.mark.parametrize("text", ["", " A1", "A1 ", "1.2E+17", "#N/A", "A&B", "Ａ１", "A\u200b1", "'A1", "A" * 61])
def test_what_needs_a_closer_look_is_not_taken_for_ordinary(text: str) -> None:
    assert not ordinary(message_type("order").field("head", "orderNo"))(text)
