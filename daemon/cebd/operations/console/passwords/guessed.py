"""Passwords that are tried first: one of the most common of breaches (ASVS 2.1.7), alone or dressed up, or what the name suggests."""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from cebd.operations.text import Refused

_COMMON = Path(__file__).with_name("common-passwords.txt.gz")
_FEWEST_DIFFERENT = 5  # characters
_SHORTEST_PIECE = 4  # shorter ones stand in many a good password
_NO_LETTERS = re.compile(r"[\W\d_]+")
_IN_PLACE_OF_LETTERS = str.maketrans("@013457$", "aoleasts")


def require_unguessed(password: str, name: str) -> None:
    """Raises Refused for a password of the account `name` that is guessed first."""
    text = unicodedata.normalize("NFKC", password).casefold()
    if len(set(text)) < _FEWEST_DIFFERENT or (len(name) > 2 and text.replace(name.casefold(), "").isdecimal()):
        raise Refused(
            "这个密码太容易猜到：不要重复几个字符，也不要用帐号加数字。",
            "This password is too easily guessed: few different characters, or the name with a number.",
        )
    if not _common().isdisjoint(_bare(text)):
        raise Refused(
            "这个密码（或去掉其中的数字、符号和重复之后）是已泄露的常用密码，别人最先会试：请换一个，例如几个互不相关的词。",
            "This password, or what is left of it without digits, signs and repeats, is one of the most common in breaches and "
            "tried first: choose another, some words that have nothing to do with each other for example.",
        )


def _common() -> frozenset[str]:
    """Read each time: passwords are seldom set."""
    with gzip.open(_COMMON, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)


def _bare(text: str) -> Iterator[str]:
    """The password, and what it is without what people put around a common one, do to make it longer, or write in place of its letters."""
    for ends in (text, text.strip("0123456789")):
        yield from (ends, _once(ends))
    for spelled in (text, text.rstrip("0123456789!").translate(_IN_PLACE_OF_LETTERS)):
        pieces = {_once(piece) for piece in _NO_LETTERS.split(spelled) if piece}
        if len(pieces) == 1 and len(piece := pieces.pop()) >= _SHORTEST_PIECE:
            yield piece


def _once(text: str) -> str:
    """What the text repeats."""
    return text[: (text + text).find(text, 1)] if text else text
