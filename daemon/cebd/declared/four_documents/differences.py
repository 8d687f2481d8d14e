"""Two documents of a purchase field by field: what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from cebd.declared.four_documents.pairs import LINES, Pair
from cebd.messages.description import message_types
from cebd.messages.parse import StatedTexts
from cebd.messages.shared_parts import WEIGHT, SharedField, SharedPart
from cebd.records.amount import scaled
from cebd.records.shared import Texts, comparable, text_of

WEIGHT_FACTOR = 10  # carriers round up to whole kilograms; a slip of the unit is a thousand
_NUMBERS = ("ebpCode", "logisticsNo", "logisticsCode")  # by which one document names another
_CODE_LENGTHS = {10, 18}  # customs registration, social credit code


class Said(NamedTuple):
    """What a document says: in which field, in which of its lines (from 0; None: the head), which text."""

    field: str
    line: int | None
    text: str


class Difference(NamedTuple):
    """A problem's id, and what the pair's one and other document say."""

    id: str
    one: Said
    other: Said


def parts_of(type_: str) -> tuple[SharedPart, ...]:
    """What documents of that type share with others."""
    facts = message_types()[type_].facts
    return () if facts is None else facts.shared


def weights_differ(one: int, other: int) -> bool:
    """Whether two weights, in any unit, cannot be of the same parcel; 0 says nothing."""
    return min(one, other) > 0 and max(one, other) >= WEIGHT_FACTOR * min(one, other)


def differences(pair: Pair, one: StatedTexts, other: StatedTexts) -> Iterator[Difference]:
    """What two documents say otherwise, in the order of their fields. What either of them does not say is not compared."""
    parts = [{part.name: part for part in parts_of(type_)} for type_ in (pair.one, pair.other)]
    counted = False
    for name in pair.parts:
        own, theirs = parts[0][name], parts[1][name]
        yield from _unlike(pair, name, (own.head, theirs.head), (one.head, other.head), None)
        if own.line and not counted and len(one.lines) != len(other.lines):
            counted = True
            yield _of_another_length(pair, own, theirs, one.lines, other.lines)
        if not counted:
            for line, texts in enumerate(zip(one.lines, other.lines, strict=True) if own.line else ()):
                yield from _unlike(pair, name, (own.line, theirs.line), texts, line)


def ids_of(pair: Pair, parts: Collection[str]) -> frozenset[str]:
    """The problems of documents that differ in one of these parts; of none, where they name each other otherwise, those of any."""
    found: set[str] = set()
    for part in parts_of(pair.one):
        if part.name in parts:
            found |= {pair.ids[field.names[0]] for field in (*part.head, *part.line)}
            found |= {pair.ids[LINES]} if part.line and LINES in pair.ids else set()
    return frozenset(found) or frozenset(pair.ids[name] for name in _NUMBERS if name in pair.ids)


def may_be_a_part(order: StatedTexts, payment: StatedTexts) -> bool:
    """Whether the payment may be one of several: it is less than was paid, and not the one that the order names."""
    if order.head.get("payTransactionId", "") == payment.head.get("payTransactionId", ""):
        return False
    return scaled(payment.head.get("amountPaid", "")) < scaled(order.head.get("acturalPaid", ""))


def _unlike(
    pair: Pair,
    part: str,
    fields: tuple[Sequence[SharedField], Sequence[SharedField]],
    texts: tuple[Texts, Texts],
    line: int | None,
) -> Iterator[Difference]:
    for own, theirs in zip(*fields, strict=True):
        said = [_said(field, of, line) for field, of in ((own, texts[0]), (theirs, texts[1]))]
        if said[0].text and said[1].text and _differ(part, own, theirs, said[0].text, said[1].text):
            yield Difference(pair.ids[own.names[0]], *said)


def _said(field: SharedField, texts: Texts, line: int | None) -> Said:
    name = next((name for name in field.names if texts.get(name)), field.names[0])
    return Said(name, line, text_of(field, texts))


def _differ(part: str, own: SharedField, theirs: SharedField, one: str, other: str) -> bool:
    if part == WEIGHT:
        return weights_differ(scaled(one), scaled(other))
    if own.names[0].endswith("Code") and {len(one), len(other)} == _CODE_LENGTHS:
        return False  # they may be the same enterprise's
    return comparable(own, one) != comparable(theirs, other)


def _of_another_length(
    pair: Pair, own: SharedPart, theirs: SharedPart, one: Sequence[Texts], other: Sequence[Texts]
) -> Difference:
    """How many lines there are, said on the first line too many, or on the last where some are missing."""
    counts = len(one), len(other)
    lines = [min(count - 1, *counts) if count else None for count in counts]
    said = (
        Said(part.line[0].names[0], line, str(count))
        for part, line, count in zip((own, theirs), lines, counts, strict=True)
    )
    return Difference(pair.ids[LINES], *said)
