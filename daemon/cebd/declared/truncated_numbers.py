"""Long numbers truncated by Excel: to fifteen digits in a number cell (CEBD-1205), to six if shown as `2.02601E+17` (CEBD-1217)."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from cebd.problems.problem import Problem
from cebd.records.record import CUT_OFF

_CELL_DIGITS = 15  # digits that a number cell keeps


class TruncatedNumber(NamedTuple):
    """A damaged number: its approximate value, and the size of a step in its last digit."""

    number: int
    step: int
    nearly_whole: bool  # fifteen digits are left, not six

    @property
    def bounds(self) -> tuple[int, int]:
        """The bounds of all numbers that agree with it."""
        return self.number - 2 * self.step, self.number + 2 * self.step

    def agrees(self, candidate: str) -> bool:
        """Whether a number is as long and has the digits left, whichever program has cut or rounded them."""
        if not (candidate.isascii() and candidate.isdigit()):
            return False
        whole = int(candidate)
        if len(str(whole)) != len(str(self.number)):
            return False
        if not self.nearly_whole:
            return 2 * abs(whole - self.number) <= self.step
        # Excel cuts off, other programs round, or keep as much as a binary fraction holds.
        cut, rounded = whole // self.step, (whole + self.step // 2) // self.step
        return self.number in (int(float(cut * self.step)), int(float(rounded * self.step)), int(float(whole)))


def truncated_number(found: Problem) -> TruncatedNumber | None:
    """The truncated number in that cell; None if it was not a whole number above zero."""
    try:
        shown = Decimal(found.value or "")
    except ArithmeticError:
        return None
    if found.id == CUT_OFF:
        number = int(float(shown)) if shown == shown.to_integral_value() else 0
        return (
            TruncatedNumber(number, 10 ** max(len(str(number)) - _CELL_DIGITS, 0), nearly_whole=True)
            if number > 0
            else None
        )
    exponent = shown.as_tuple().exponent
    if shown <= 0 or not isinstance(exponent, int) or exponent < 0:
        return None
    return TruncatedNumber(int(shown), 10**exponent, nearly_whole=False)
