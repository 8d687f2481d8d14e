"""Foreign texts (names, values, receipts) in a form safe for terminals, logs and listings: nothing moves, hides or breaks a line.

| in the text | shown as |
| --- | --- |
| control characters, line breaks among them (U+001B, U+000A) | `\\u001b`, `\\u000a` |
| direction marks and invisible characters (U+202E, U+200B) | `\\u202e`, `\\u200b` |
| bytes of a name that are not text (surrogates in Python) | `\\udcb6` |

The escapes are JSON's, so that an escaped JSON text is still JSON.
"""

from __future__ import annotations

import unicodedata
from typing import Any

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str) -> str:
    """The text on a single line with every character visible."""
    return text if text.isprintable() else _shown(text)


def lines(text: str) -> str:
    """The same for a text of ours in several lines: its line breaks and tabs stay."""
    return text if text.isprintable() else _shown(text, keep="\n\t")


def plain(value: Any) -> Any:
    """The value with every text in it on one line; dicts and lists go all the way down."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def escaped(letter: str) -> str:
    """`\\u001b`; two escapes for a character beyond U+FFFF."""
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def columns_of(text: str) -> int:
    """How wide the text is, in columns of a terminal or letters of a cell: a Chinese character has two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _shown(text: str, keep: str = "") -> str:
    """Looked up once for each letter that occurs: a text may have millions of them."""
    hidden = (letter for letter in set(text) if unicodedata.category(letter) in _HIDDEN and letter not in keep)
    escapes = {ord(letter): escaped(letter) for letter in hidden}
    return text.translate(escapes) if escapes else text


__all__ = ["columns_of", "escaped", "lines", "one_line", "plain"]
