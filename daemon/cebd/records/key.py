"""A record's business key as a single text, and numbers joined with their issuer's code."""

from __future__ import annotations

from collections.abc import Sequence

KEY_SEPARATOR = "\x1f"
AFTER_SEPARATOR = chr(ord(KEY_SEPARATOR) + 1)  # above every text that goes on with the separator


def joined(key: Sequence[str]) -> str:
    """A business key as the store has it."""
    return KEY_SEPARATOR.join(key)


def parts_of(key: str) -> list[str]:
    """The parts of a business key, or of a joined number, as the store has it."""
    return key.split(KEY_SEPARATOR)


def joined_number(number: str, code: str) -> str:
    """A number with the code of whoever gave it, as the store has it; a waybill's is the key of its own declaration (511)."""
    return f"{number}{KEY_SEPARATOR}{code}"


def bare_number(joined_number: str) -> str:
    """A joined number without the code of whoever gave it."""
    return joined_number.partition(KEY_SEPARATOR)[0]
