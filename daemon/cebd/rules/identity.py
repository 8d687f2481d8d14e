"""Identity numbers (GB 11643): check digit and date of birth; and the forms of other documents' numbers.

The place code of the first six digits of an identity card (type 1) is not looked up: places are renamed and dissolved, their numbers stay;
residents' cards of foreigners, Hong Kong, Macao and Taiwan follow the same standard. Any other type is "another document" (2 by the
specification), without a word on which: its number has the form of one of those that are published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from operator import mul

from cebd.rules.rule import RecordColumns, RecordTexts, Rule, Violation, rule

_IDENTITY_CARD = "1"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"  # by the weighted sum modulo 11
_WEIGHED = {weight: bytes((code - ord("0")) * weight % 11 for code in range(256)) for weight in _WEIGHTS}
_CHECK_OF_SUM = bytes(ord(_CHECK_DIGITS[total % 11]) for total in range(256))
_ALL_ZEROS = ord("0") * sum(_WEIGHTS)
_ID_CHARACTERS = 18
_A_YEAR = 1_00_00  # in dates written as one number, 19900307

_DOCUMENTS = re.compile(
    r"(?=[A-Z]*[0-9])[A-Z0-9]{5,9}"  # passports: at most nine letters and digits (ICAO 9303 part 3)
    r"|[HM][0-9]{8}(?:[0-9]{2})?"  # permit of Hong Kong and Macao residents; two digits more on cards of before 2013
    r"|[0-9]{8}|[0-9]{10}(?:\([A-Z]\)|[A-Z])?"  # permit of Taiwan residents; the longer of before 2015
    r"|[A-Z]{3}[0-9]{12}"  # foreigners' permanent residence card of before 2023
)

_DAYS_OF_EACH_YEAR = frozenset(
    f"{date(2001, 1, 1) + timedelta(days):%m%d}" for days in range(365)
)  # 29 February is looked at
_NO_DAY: dict[str, object] = {"why_zh": "在日历上不存在", "why_en": "does not exist in the calendar"}
_AHEAD: dict[str, object] = {"why_zh": "晚于今天", "why_en": "lies in the future"}


def identity_rules(type_field: str, number_field: str) -> tuple[Rule, Rule, Rule]:
    """The rules for the number in that field, whose kind of document stands in the other."""

    def cards(columns: RecordColumns) -> Iterator[tuple[int, str]]:
        both = zip(columns.head(type_field), columns.head(number_field), strict=True)
        return ((at, number) for at, (kind, number) in enumerate(both) if kind == _IDENTITY_CARD)

    def not_whole(columns: RecordColumns) -> Iterable[int]:
        shaped = {at: number for at, number in cards(columns) if _is_shaped(number)}
        checks = _check_digits("".join(shaped.values()).encode())
        others = [at for at, _ in cards(columns) if at not in shaped]
        return others + [at for (at, number), check in zip(shaped.items(), checks, strict=True) if number[17] != check]

    @rule(
        "CEBD-1306",
        source="GB 11643 (ISO 7064, MOD 11-2); specification chapter 3, buyerIdNumber",
        screen=not_whole,
    )
    def number_is_whole(record: RecordTexts) -> Iterator[Violation]:
        """Seventeen digits and their check digit. Customs take a capital X alone; the 15 digits of before 1999 are no longer valid."""
        head = record.head
        if head.get(type_field) != _IDENTITY_CARD:
            return
        number = head.get(number_field, "")
        if not _is_shaped(number):
            yield Violation("CEBD-1306", "head", -1, number_field, {})
            return
        check = _check_digit(number)
        if number[17] != check:
            proved = number.upper() if number[17].upper() == check else None
            yield Violation("CEBD-1306", "head", -1, number_field, {}, proved)

    def born_impossibly(columns: RecordColumns) -> Iterable[int]:
        last = f"{columns.today:%Y%m%d}"
        first = str(int(last) - columns.figures.oldest_years * _A_YEAR)
        born = ((at, number[6:14]) for at, number in cards(columns))
        return [at for at, day in born if not (first <= day <= last and day[4:] in _DAYS_OF_EACH_YEAR)]

    @rule("CEBD-1310", source="GB 11643: digits 7 to 14 are the date of birth", screen=born_impossibly)
    def birth_date_is_possible(record: RecordTexts) -> Iterator[Violation]:
        """A day of the calendar, not ahead of today, not more years back than people live. Age is no matter here: minors buy, too."""
        head = record.head
        number = head.get(number_field, "")
        if head.get(type_field) == _IDENTITY_CARD and _is_shaped(number):
            why = _why_not_born(int(number[6:14]), record.today, record.figures.oldest_years)
            if why is not None:
                yield Violation("CEBD-1310", "head", -1, number_field, why)

    def unlike_a_document(columns: RecordColumns) -> Iterable[int]:
        both = zip(columns.head(type_field), columns.head(number_field), strict=True)
        return [
            at for at, (kind, number) in enumerate(both) if kind not in ("", _IDENTITY_CARD) and not _is_other(number)
        ]

    @rule(
        "CEBD-1328",
        source="ICAO 9303 part 3; National Immigration Administration: permits of residents of Hong Kong, Macao and Taiwan",
        screen=unlike_a_document,
    )
    def other_document_is_formed(record: RecordTexts) -> Iterator[Violation]:
        """A passport or a permit: its length, capital letters and digits alone. A number of an identity card has the type 1."""
        number = record.head.get(number_field, "")
        if record.head.get(type_field, "") in ("", _IDENTITY_CARD) or _is_other(number):
            return
        if _is_shaped(number):
            why = ("是居民身份证号码，证件类型应为 1", "is an identity card's, whose type is 1")
        else:
            why = ("不像护照、往来内地（大陆）通行证的号码", "looks like no passport's and no permit's")
        proved = number.upper() if _is_other(number.upper()) else None
        yield Violation("CEBD-1328", "head", -1, number_field, {"why_zh": why[0], "why_en": why[1]}, proved)

    return number_is_whole, birth_date_is_possible, other_document_is_formed


def _why_not_born(born: int, today: date, oldest_years: int) -> dict[str, object] | None:
    now = (today.year * 100 + today.month) * 100 + today.day
    try:
        date(born // _A_YEAR, born // 100 % 100, born % 100)
    except ValueError:
        return _NO_DAY
    if born > now:
        return _AHEAD
    if born < now - oldest_years * _A_YEAR:
        return {"why_zh": f"距今超过 {oldest_years} 年", "why_en": f"is more than {oldest_years} years ago"}
    return None


def _check_digit(number: str) -> str:
    # The letters' codes are weighted as they are, which is twice as fast, and what "0" weighs is taken off.
    return _CHECK_DIGITS[(sum(map(mul, _WEIGHTS, number.encode())) - _ALL_ZEROS) % 11]


def _check_digits(numbers: bytes) -> str:
    """The check digits of many numbers, 18 characters each, the first 17 of them digits.

    All digits of one place are worth as much, so they are weighed together; a sum of 17 remainders fits into its byte.
    """
    places = (numbers[place::_ID_CHARACTERS].translate(_WEIGHED[weight]) for place, weight in enumerate(_WEIGHTS))
    total = sum(int.from_bytes(digits, "big") for digits in places)
    return total.to_bytes(len(numbers) // _ID_CHARACTERS, "big").translate(_CHECK_OF_SUM).decode()


def _is_other(number: str) -> bool:
    return _DOCUMENTS.fullmatch(number) is not None


def _is_shaped(number: str) -> bool:
    return len(number) == _ID_CHARACTERS and number.isascii() and number[:17].isdigit()
