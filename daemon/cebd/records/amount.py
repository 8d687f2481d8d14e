"""Amounts as whole numbers of 0.00001: exact, and several times as fast as Decimal."""

from __future__ import annotations

from functools import lru_cache

SCALE = 5  # decimals, the most that the specification has (N19,5)
_ONE: int = 10**SCALE
_ZEROS = "0" * SCALE


@lru_cache(4096)  # prices and zeros come again and again
def scaled(text: str) -> int:
    """`12.3` as 1230000. The empty text is 0: an omitted amount counts as zero. Raises ValueError for a text that is not a number."""
    whole, _, fraction = text.partition(".")
    return int(whole + (fraction + _ZEROS)[:SCALE])


def shown(amount: int) -> str:
    """1230000 as `12.3`, fit to be written into a cell."""
    whole, fraction = divmod(abs(amount), _ONE)
    text = f"{whole}.{fraction:0{SCALE}d}".rstrip("0").rstrip(".")
    return f"-{text}" if amount < 0 else text
