"""At a glance: which records need a second look. Nearly all documents of a purchase agree, and each record has two or three others.

Only what the store has beside the number is looked at: where every declaration of that number stands, has digests equal to the record's and
nothing was said of it, there is nothing to be said now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from cebd.declared.four_documents.differences import parts_of, weights_differ
from cebd.declared.four_documents.pairs import Pair
from cebd.messages.shared_parts import WEIGHT
from cebd.records.record import Record
from cebd.records.shared import numbers_of_section, section, size_of
from cebd.store.across.earlier.counterparts import Glance


def differ(part: str, one: int, other: int) -> bool:
    """Whether two documents say otherwise in a part; 0 says nothing."""
    if part == WEIGHT:
        return weights_differ(one, other)
    return 0 not in (one, other) and one != other


def doubtful(
    pair: Pair, records: Mapping[int, Record], positions: Sequence[int], seen: Sequence[Glance], *, same_order: bool
) -> list[int]:
    """The records among these that need a second look, by position. `seen`: declarations with the numbers of the records at `positions`;
    `same_order`: they name the order with its platform."""
    if not seen:
        return []
    type_ = records[positions[0]].type
    other = pair.beside(type_)
    own_section, their_section, size = _section(pair, type_), _section(pair, other), size_of(parts_of(other))
    found: dict[int, None] = {}
    for place, shared, order_no, is_plain in seen:
        position = positions[place]
        facts = records[position].facts
        own = facts.shared
        is_sure = (
            is_plain
            and own is not None
            and shared is not None
            and len(shared) == size
            and shared[0] == own[0]  # else an earlier version made it
            and (order_no == facts.order_no or not same_order)
            and (
                shared[their_section] == own[own_section] or not _differ(pair, own[own_section], shared[their_section])
            )
        )
        if not is_sure:
            found[position] = None
    return list(found)


@cache
def _section(pair: Pair, type_: str) -> slice:
    return section(parts_of(type_), pair.parts)


def _differ(pair: Pair, own: bytes, theirs: bytes) -> bool:
    for part, one, other in zip(pair.parts, numbers_of_section(own), numbers_of_section(theirs), strict=True):
        if one != other and differ(part, one, other):
            return True
    return False
