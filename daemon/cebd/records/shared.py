"""Digests of what a record shares with other documents of the same purchase: while they are equal, nothing need be read to compare them.

The store keeps them with each record, four bytes for each part of its message (`cebd.messages.shared_parts`), after a byte that tells how
they were made. 0 stands for a part of which the record says nothing. A weight is no digest: it is kept in grams.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise, repeat
from struct import Struct
from unicodedata import normalize
from zlib import crc32

from cebd.messages.shared_parts import WEIGHT, SharedField, SharedPart
from cebd.records.amount import scaled
from cebd.records.columns import TextColumns

Texts = Mapping[str, str]
Parts = tuple[SharedPart, ...]

# The form of the digests; another number with any change of it. Declarations whose bytes were removed after years keep the digests of
# their form, so that a new form has to read those as well.
_FORM = 2
_FIELDS, _LINES = "\x1f", "\x1e"  # between fields, between lines
_GRAM = 100  # in the unit that amounts are scaled to, of kilograms 0.00001
_MOST_GRAMS = 2**32 - 1
_DIGEST = Struct("<I")
_BETWEEN_DIGITS = str.maketrans("", "", "-()‐‑–—")
_WITHOUT_AREA = re.compile("1[3-9][0-9]{9}|[48]00[0-9]{7}")
_CHINESE = re.compile("(?:[+]86|0086)([0-9]{7,12})|86(?=1[3-9][0-9]{9}$)([0-9]{11})")


def shared_of(parts: Parts, head: Texts, lines: Sequence[Texts]) -> bytes:
    """What the store keeps of a record. Raises ValueError for an amount that is no number."""
    return _packing(len(parts)).pack(_FORM, *(_number(part, head, lines) for part in parts))


def shared_of_each(parts: Parts, columns: TextColumns) -> Sequence[bytes]:
    """The same of records that stand side by side: it is asked of each of 100,000 records, and mostly never looked at again."""
    texts = _Texts(columns)
    numbers = [_numbers(part, columns, texts) for part in parts]
    return list(map(_packing(len(parts)).pack, repeat(_FORM), *numbers))


def numbers_in(shared: bytes | None, parts: Parts) -> dict[str, int] | None:
    """By part, what the store keeps; None where it has nothing, or an earlier version made it."""
    packing = _packing(len(parts))
    if shared is None or len(shared) != packing.size or shared[0] != _FORM:
        return None
    return dict(zip((part.name for part in parts), packing.unpack(shared)[1:], strict=True))


def section(parts: Parts, names: Sequence[str]) -> slice:
    """Where the store's bytes have the parts of these names, which follow each other in that order."""
    all_names = [part.name for part in parts]
    first = all_names.index(names[0])
    assert all_names[first : first + len(names)] == list(names)  # noqa: S101
    return slice(1 + _DIGEST.size * first, 1 + _DIGEST.size * (first + len(names)))


def size_of(parts: Parts) -> int:
    """How many bytes the store keeps; the first tells how they were made."""
    return _packing(len(parts)).size


def numbers_of_section(shared: bytes) -> tuple[int, ...]:
    """The numbers of such a section."""
    return _numbers_alone(len(shared)).unpack(shared)


def text_of(field: SharedField, texts: Texts) -> str:
    """What a head or line says in that field; empty where it says nothing."""
    return next((text for name in field.names if (text := texts.get(name, ""))), "")


def comparable(field: SharedField, text: str) -> str:
    """The text in the form in which it is compared. Raises ValueError for an amount that is no number."""
    if field.is_number:
        return str(scaled(text)) if text else ""
    text = plain(text)
    if field.is_telephone:
        return telephone(text)
    return text if field.is_exact else text.upper()


def plain(text: str) -> str:
    """The text without blanks, full-width letters and digits as half-width ones (Unicode NFKC): spelling is no difference."""
    return "".join(normalize("NFKC", text).split())


def telephone(text: str) -> str:
    """A plain telephone number as it is dialled in China: without what only parts its digits, and without +86, 0086 or 86.

    A number of another country, and what is no number alone (an extension, a number that is masked), stays as it is but for capitals.
    """
    if text.isdigit() and not text.startswith(("86", "0086")):
        return text
    digits = text.translate(_BETWEEN_DIGITS)
    number = _CHINESE.fullmatch(digits)
    if number is None:
        return digits if digits.isdigit() else text.upper()
    rest = number[1] or number[2]
    return rest if rest.startswith("0") or _WITHOUT_AREA.fullmatch(rest) else f"0{rest}"  # from abroad an area has no 0


@cache
def _packing(parts: int) -> Struct:
    return Struct(f"<B{parts}I")


@cache
def _numbers_alone(size: int) -> Struct:
    return Struct(f"<{size // _DIGEST.size}I")


def _number(part: SharedPart, head: Texts, lines: Sequence[Texts]) -> int:
    if part.name == WEIGHT:
        return _grams(scaled(text_of(part.head[0], head)))
    texts = [_said(field, head) for field in part.head]
    if part.line:
        texts.append(_LINES.join([_FIELDS.join([_said(field, line) for field in part.line]) for line in lines]))
    return _digest(_FIELDS.join(texts)) if any(texts) else 0


def _said(field: SharedField, texts: Texts) -> str:
    return comparable(field, text_of(field, texts))


def _digest(text: str) -> int:
    return crc32(text.encode())


def _grams(amount: int) -> int:
    return min(max(amount, 0) // _GRAM, _MOST_GRAMS)


class _Texts:
    """The texts of records side by side in the form in which they are compared, each column made once."""

    def __init__(self, columns: TextColumns) -> None:
        self._columns = columns
        self._made: dict[tuple[SharedField, bool], Sequence[str]] = {}

    def of(self, field: SharedField, *, in_line: bool) -> Sequence[str]:
        made = self._made.get((field, in_line))
        if made is None:
            texts_of = self._columns.line if in_line else self._columns.head
            first, *others = map(texts_of, field.names)
            for texts in others:
                if "" in first:
                    first = [text or other for text, other in zip(first, texts, strict=True)]
            if field.is_number:
                amount_of = {text: str(scaled(text)) if text else "" for text in set(first)}
                first = list(map(amount_of.__getitem__, first))
            else:
                first = _compared(first, field)
            made = self._made[field, in_line] = first
        return made

    def lines(self, part: SharedPart) -> Sequence[str]:
        """For each record, what all its lines say."""
        lines = _joined([self.of(field, in_line=True) for field in part.line])
        if self._columns.has_one_line_each:
            return lines
        return [_LINES.join(lines[start:end]) for start, end in pairwise(self._columns.starts)]


def _compared(texts: Sequence[str], field: SharedField) -> Sequence[str]:
    """A column of texts in the form in which they are compared. Mostly they have it: all of them are looked at as one text."""
    together = "".join(texts)
    if plain(together) != together:
        texts = list(map(plain, texts))
        together = "".join(texts)
    if field.is_telephone:
        return list(map(telephone, texts))
    return texts if field.is_exact or together.upper() == together else list(map(str.upper, texts))


def _numbers(part: SharedPart, columns: TextColumns, of_columns: _Texts) -> Iterable[int]:
    if part.name == WEIGHT:
        return map(_grams, columns.head_amounts(part.head[0].names[0]))
    texts = [of_columns.of(field, in_line=False) for field in part.head]
    if not part.line and all(map(_is_constant, texts)):
        digest = _digest(_FIELDS.join([column[0] for column in texts])) if any(column[0] for column in texts) else 0
        return repeat(digest, len(texts[0]))
    if part.line:
        texts.append(of_columns.lines(part))
    numbers = list(map(crc32, map(str.encode, _joined(texts))))
    nothing = _digest(_FIELDS * (len(texts) - 1))
    return [0 if number == nothing else number for number in numbers] if nothing in numbers else numbers


def _joined(texts: Sequence[Sequence[str]]) -> Sequence[str]:
    return texts[0] if len(texts) == 1 else list(map(_FIELDS.join, zip(*texts, strict=True)))


def _is_constant(texts: Sequence[str]) -> bool:
    return bool(texts) and texts[0] == texts[-1] and texts.count(texts[0]) == len(texts)
