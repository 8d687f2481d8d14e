"""What later declarations ask of a record: the order, waybill and list it speaks of, who buys, and for how much.

Where these stand in the records of a message its schema says (`d:facts`, see `cebd.messages.fact_paths`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from cebd.messages.fact_paths import FactPaths
from cebd.records.amount import scaled
from cebd.records.key import joined_number

Texts = Mapping[str, str]
_CENT = 1000  # in the unit that amounts are scaled to, 0.00001


class Facts(NamedTuple):
    """`order_no` and `waybill_no` are a number and the code of who gave it, joined by U+001F.

    `buyer` is a digest of the identity number, `value` in cents. `enterprise`: of a list, its ebcCode. `lines`: of a return application,
    (gnum, gcode, qty) of each line.
    """

    order_no: str | None = None
    enterprise: str | None = None
    waybill_no: str | None = None
    list_no: str | None = None
    buyer: bytes | None = None
    value: int | None = None
    lines: tuple[tuple[str, str, str], ...] = ()


NO_FACTS = Facts()


def facts_of(paths: FactPaths | None, head: Texts, lines: Sequence[Texts]) -> Facts:
    """The facts of a record whose texts are right by themselves.

    A record without one of the elements, or with an amount that is none, is of a dropped message which its schema refuses: no facts.
    """
    if paths is None:
        return NO_FACTS
    try:
        return Facts(
            order_no=_number(paths.order, head),
            enterprise=head[paths.enterprise] if paths.enterprise else None,
            waybill_no=_number(paths.waybill, head),
            list_no=head[paths.list_number] if paths.list_number else None,
            buyer=_buyer(paths.buyer, head),
            value=_value(paths, head, lines),
            lines=_goods(paths, lines),
        )
    except (KeyError, ValueError):
        return NO_FACTS


def buyer_of(id_type: str, id_number: str) -> bytes | None:
    """The digest by which a buyer is known; None where no resident identity card (type 1) tells who it is."""
    return blake2b(id_number.upper().encode(), digest_size=8).digest() if id_type == "1" else None


def _buyer(path: tuple[str, str] | None, head: Texts) -> bytes | None:
    if path is None or head.get(path[0]) != "1":
        return None
    return buyer_of(head[path[0]], head[path[1]])


def _number(path: tuple[str, str] | None, head: Texts) -> str | None:
    return None if path is None else joined_number(head[path[0]], head[path[1]])


def _value(paths: FactPaths, head: Texts, lines: Sequence[Texts]) -> int | None:
    if not paths.head_amounts and not paths.line_amounts:
        return None
    total = sum(scaled(head[path]) for path in paths.head_amounts)
    for path in paths.line_amounts:
        total += sum(scaled(line[path]) for line in lines)
    return total // _CENT


def _goods(paths: FactPaths, lines: Sequence[Texts]) -> tuple[tuple[str, str, str], ...]:
    if paths.lines is None:
        return ()
    number, commodity, quantity = paths.lines
    return tuple((line[number], line[commodity], line[quantity]) for line in lines)
