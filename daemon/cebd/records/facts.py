"""The facts that later declarations need of a record: its order, waybill and list, its buyer, its amount.

The message's schema says where they stand in a record (`d:facts`, see `cebd.messages.fact_paths`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

from cebd.messages.fact_paths import FactPaths
from cebd.records.amount import scaled
from cebd.records.columns import TextColumns
from cebd.records.key import joined_number
from cebd.records.shared import shared_of, shared_of_each

Texts = Mapping[str, str]
_CENT = 1000  # in the unit that amounts are scaled to, 0.00001


class Facts(NamedTuple):
    """`order_no` and `waybill_no` are a number and the code of who gave it, joined by U+001F.

    `buyer` is a digest of the identity number, `value` in cents. `enterprise`: of a list, its ebcCode. `lines`: of a return application,
    (gnum, gcode, qty) of each line. `shared`: digests of what it shares with other documents (`cebd.records.shared`).
    """

    order_no: str | None = None
    enterprise: str | None = None
    waybill_no: str | None = None
    list_no: str | None = None
    buyer: bytes | None = None
    value: int | None = None
    lines: tuple[tuple[str, str, str], ...] = ()
    shared: bytes | None = None


NO_FACTS = Facts()


def facts_of(paths: FactPaths | None, head: Texts, lines: Sequence[Texts]) -> Facts:
    """The facts of a record that is ready. Raises KeyError for an element that `paths` name and the record does not have, ValueError for an
    amount that is no number: then the annotation is wrong, and every rule that asks earlier declarations would fall silent.

    Asked of each of 100,000 records: the paths are resolved already, and nothing is called that need not be.
    """
    if paths is None:
        return NO_FACTS
    order, enterprise, waybill, list_number, buyer, head_amounts, line_amounts, goods, shared = paths
    value = None
    if head_amounts or line_amounts:
        total = sum([scaled(head[path]) for path in head_amounts])
        for path in line_amounts:
            total += sum([scaled(line[path]) for line in lines])
        value = total // _CENT
    return Facts(
        joined_number(head[order[0]], head[order[1]] if order[1] else "") if order else None,
        head[enterprise] if enterprise else None,
        joined_number(head[waybill[0]], head[waybill[1]]) if waybill else None,
        head[list_number] if list_number else None,
        buyer_of("1", head[buyer[1]]) if buyer and head.get(buyer[0]) == "1" else None,
        value,
        tuple([(line[goods[0]], line[goods[1]], line[goods[2]]) for line in lines]) if goods else (),
        shared_of(shared, head, lines) if shared else None,
    )


def facts_of_each(paths: FactPaths | None, columns: TextColumns) -> Sequence[Facts]:
    """The facts of records that are ready and stand side by side: of each what `facts_of` says. Raises ValueError as it does."""
    if paths is None:
        return [NO_FACTS] * len(columns)
    nothing = [None] * len(columns)
    orders, waybills = (
        list(map(joined_number, columns.head(pair[0]), columns.head(pair[1]))) if pair else nothing
        for pair in (paths.order, paths.waybill)
    )
    enterprises, lists = (columns.head(path) if path else nothing for path in (paths.enterprise, paths.list_number))
    buyers = list(map(buyer_of, *map(columns.head, paths.buyer))) if paths.buyer else nothing
    sums = [*map(columns.head_amounts, paths.head_amounts), *map(columns.line_sums, paths.line_amounts)]
    values = [sum(amounts) // _CENT for amounts in zip(*sums, strict=True)] if sums else nothing
    lines = list(zip(*map(columns.line, paths.lines or ()), strict=True))
    goods = [tuple(lines[start:end]) for start, end in pairwise(columns.starts)] if paths.lines else [()] * len(columns)
    shared = shared_of_each(paths.shared, columns) if paths.shared else nothing
    return list(map(Facts._make, zip(orders, enterprises, waybills, lists, buyers, values, goods, shared, strict=True)))


def facts_if_complete(paths: FactPaths | None, head: Texts, lines: Sequence[Texts]) -> Facts:
    """The facts of a record. A record of a message that its schema refuses may lack elements, or have an amount that is not a number: then
    it has no facts.
    """
    try:
        return facts_of(paths, head, lines)
    except (KeyError, ValueError):
        return NO_FACTS


def buyer_of(id_type: str, id_number: str) -> bytes | None:
    """The digest that identifies a buyer; None without a resident identity card (type 1)."""
    return blake2b(id_number.upper().encode(), digest_size=8).digest() if id_type == "1" else None
