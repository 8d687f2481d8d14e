"""What a heading is made of: its meanings, whatever language it is in (`words.toml`)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

_MADE_OF = re.compile(r"[a-z]+|[\u3400-\u9fff]+|[0-9]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BRACKETS = re.compile(r"[(\[【{][^)\]】}]*[)\]】}]")


class Meanings(NamedTuple):
    """The meanings of a heading; `rest`: pieces that mean nothing known."""

    known: frozenset[str]
    rest: frozenset[str]


@lru_cache(maxsize=20_000)
def meanings(text: str) -> Meanings:
    """What the heading says. What stands in brackets says how to fill it in; where nothing else is said, it is the heading."""
    spelled = " ".join(_CAMEL.sub(" ", unicodedata.normalize("NFKC", text)).split())
    plain = simplified(spelled).casefold()
    bare = _BRACKETS.sub(" ", plain)
    found = _of(bare)
    return found if found.known or found.rest else _of(plain)


def simplified(text: str) -> str:
    """The text in simplified characters, as far as headings need it."""
    return text.translate(_words().to_simplified)


def _of(plain: str) -> Meanings:
    known: set[str] = set()
    rest: set[str] = set()
    words = _words()
    tokens = _MADE_OF.findall(plain)
    at = 0
    while at < len(tokens):
        # Several English words may be one word of ours: tracking number, country of origin.
        for last in range(min(len(tokens), at + 4), at, -1):
            joined = "".join(tokens[at:last])
            if joined.isascii() and joined in words.meaning_of:
                known |= words.meaning_of[joined]
                at = last
                break
        else:
            token = tokens[at]
            at += 1
            if token in words.noise or token.isdigit():
                continue
            _take_apart(token, known, rest)
    return Meanings(frozenset(known), frozenset(rest))


def _take_apart(token: str, known: set[str], rest: set[str]) -> None:
    """A run of letters: longest words first. English run together (`buyername`) counts only if all of it is known words."""
    words, at = _words(), 0
    found: set[str] = set()
    left: list[str] = []
    while at < len(token):
        for length in range(min(words.longest, len(token) - at), 0, -1):
            piece = token[at : at + length]
            if piece in words.meaning_of and (not piece.isascii() or length > 1):
                found |= words.meaning_of[piece]
                at += length
                break
            if piece in words.noise and not piece.isascii():
                at += length
                break
        else:
            left.append(token[at])
            at += 1
    if token.isascii() and left:
        rest.add(token)
        return
    known |= found
    if left:
        rest.add("".join(left))


class _Words(NamedTuple):
    meaning_of: dict[str, frozenset[str]]
    noise: frozenset[str]
    longest: int
    to_simplified: dict[int, int]


@cache
def _words() -> _Words:
    told: dict[str, Any] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    meaning_of: dict[str, frozenset[str]] = {}
    for meaning, words in told["meaning"].items():
        for word in words:
            meaning_of[word] = meaning_of.get(word, frozenset()) | {meaning}
    to_simplified = str.maketrans(told["traditional"]["from"], told["traditional"]["to"])
    return _Words(meaning_of, frozenset(told["noise"]["words"]), max(map(len, meaning_of)), to_simplified)
