"""Numbers in addresses and forms, where anybody may write anything."""

from __future__ import annotations

from typing import TypeVar

Otherwise = TypeVar("Otherwise", int, None)


def number_in(text: str, most_digits: int, otherwise: Otherwise) -> int | Otherwise:
    """The number that the text is; `otherwise` for any other text, and for one with more digits."""
    return int(text) if is_number(text, most_digits) else otherwise


def is_number(text: str, most_digits: int) -> bool:
    """Whether the text is a number of at most so many digits."""
    return text.isdecimal() and len(text) <= most_digits
