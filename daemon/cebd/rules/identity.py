"""Identity numbers (GB 11643): check digit and date of birth.

Asked only where the type says identity card (1): other documents have numbers of their own. The place code of the first six digits is
not looked up: places are renamed and dissolved, their numbers stay; residents' cards of foreigners, Hong Kong, Macao and Taiwan follow
the same standard.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from operator import mul

from cebd.rules.rule import RecordTexts, Rule, Violation, rule

_IDENTITY_CARD = "1"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"  # by the weighted sum modulo 11
_ALL_ZEROS = ord("0") * sum(_WEIGHTS)
_ID_CHARACTERS = 18
_A_YEAR = 1_00_00  # in dates written as one number, 19900307

_NO_DAY: dict[str, object] = {"why_zh": "在日历上不存在", "why_en": "does not exist in the calendar"}
_AHEAD: dict[str, object] = {"why_zh": "晚于今天", "why_en": "lies in the future"}


def identity_rules(type_field: str, number_field: str) -> tuple[Rule, Rule]:
    """The rules for the number in that field, whose kind of document stands in the other."""

    @rule("CEBD-1306", source="GB 11643 (ISO 7064, MOD 11-2); specification chapter 3, buyerIdNumber")
    def number_is_whole(record: RecordTexts) -> Iterator[Violation]:
        """Seventeen digits and their check digit. Customs take a capital X alone; the 15 digits of before 1999 are no longer valid."""
        head = record.head
        if head.get(type_field) != _IDENTITY_CARD:
            return
        number = head.get(number_field, "")
        if not _is_shaped(number):
            yield Violation("CEBD-1306", "head", -1, number_field, {})
            return
        # The letters' codes are weighted as they are, which is twice as fast, and what "0" weighs is taken off.
        total = sum(map(mul, _WEIGHTS, number.encode())) - _ALL_ZEROS
        check = _CHECK_DIGITS[total % 11]
        if number[17] != check:
            proved = number.upper() if number[17].upper() == check else None
            yield Violation("CEBD-1306", "head", -1, number_field, {}, proved)

    @rule("CEBD-1310", source="GB 11643: digits 7 to 14 are the date of birth")
    def birth_date_is_possible(record: RecordTexts) -> Iterator[Violation]:
        """A day of the calendar, not ahead of today, not more years back than people live. Age is no matter here: minors buy, too."""
        head = record.head
        number = head.get(number_field, "")
        if head.get(type_field) != _IDENTITY_CARD or not _is_shaped(number):
            return
        born = int(number[6:14])
        today = record.today
        now = (today.year * 100 + today.month) * 100 + today.day
        try:
            date(born // _A_YEAR, born // 100 % 100, born % 100)
        except ValueError:
            yield Violation("CEBD-1310", "head", -1, number_field, _NO_DAY)
            return
        if born > now:
            yield Violation("CEBD-1310", "head", -1, number_field, _AHEAD)
        elif born < now - record.figures.oldest_years * _A_YEAR:
            years = record.figures.oldest_years
            why: dict[str, object] = {"why_zh": f"距今超过 {years} 年", "why_en": f"is more than {years} years ago"}
            yield Violation("CEBD-1310", "head", -1, number_field, why)

    return number_is_whole, birth_date_is_possible


def _is_shaped(number: str) -> bool:
    return len(number) == _ID_CHARACTERS and number.isascii() and number[:17].isdigit()
