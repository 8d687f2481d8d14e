"""The goods archive: of an item number its commodity code, units, country and record number, as customs accepted them.

Only lists that customs released teach it. A value is offered beside a wrong or missing one, where all accepted lists with the item agree
on it; nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from lxml import etree

from cebd.messages.description import CEB
from cebd.messages.schema import parse_xml, stated
from cebd.problems.problem import Problem
from cebd.records.record import GOODS_FIELDS, Record, is_of_goods
from cebd.store.beside.goods import (
    AcceptedList,
    KnownGoods,
    accepted_values,
    learn,
    newly_accepted,
    values_accepted,
)
from cebd.store.messages import message_body
from cebd.store.store import Store
from cebd.store.transaction import Transaction

Texts = Mapping[str, str]
_ITEM = "itemNo"
_MAX_REMEMBERED = 10_000  # items: a file may have one article in each of its rows
_ANSWERS_AT_ONCE = 500


def learn_goods(store: Store, batches: int = 20) -> bool:
    """Learn from lists accepted since the last look, at most so many batches of answers; whether more may be left.

    Messages are read without holding the store. Killed in between, the same answers are looked at again.
    """
    for _ in range(batches):
        with store.read() as transaction:
            news = newly_accepted(transaction, _ANSWERS_AT_ONCE)
            known = set(_known(transaction, news.lists))
        if not news.answers:
            return False
        with store.write() as transaction:
            learn(transaction, sorted(known), news.up_to)
    return True


def articles(store: Store, enterprise: str, at_most: int) -> dict[str, dict[str, str]]:
    """By item number, what customs accepted for it, by element; without elements of which they accepted several values.

    Of more than `at_most` items none is left to chance: there are none.
    """
    with store.read() as transaction:
        said = accepted_values(transaction, enterprise)
    values: dict[str, dict[str, str | None]] = {}
    for item, field, value in said:
        known = values.setdefault(item, {})
        known[field] = None if field in known else value
    if len(values) > at_most:
        return {}
    return {
        item: {field: value for field, value in known.items() if value is not None} for item, known in values.items()
    }


def _known(transaction: Transaction, lists: Sequence[AcceptedList]) -> Iterator[KnownGoods]:
    for message_id, of_message in groupby(lists, lambda one: one.message_id):
        accepted = {one.guid.upper(): one.enterprise for one in of_message}
        root = parse_xml(message_body(transaction, message_id), huge=True)
        for inventory in root.iterfind(f"{{{CEB}}}Inventory"):
            guid = inventory.findtext(f"{{{CEB}}}InventoryHead/{{{CEB}}}guid", "").strip().upper()
            if guid in accepted:
                for line in inventory.iterfind(f"{{{CEB}}}InventoryList"):
                    yield from _of_line(accepted[guid], line)


def _of_line(enterprise: str, line: etree._Element) -> Iterator[KnownGoods]:
    texts = {etree.QName(field).localname: stated(field) for field in line.iterchildren("*")}
    item = texts.get(_ITEM)
    for field in GOODS_FIELDS if item else ():
        if item and texts.get(field):
            yield KnownGoods(enterprise, item, field, texts[field])


class GoodsArchive:
    """An enterprise's archive, asked about the goods of a file."""

    def __init__(self, transaction: Transaction, enterprise: str) -> None:
        self._transaction = transaction
        self._enterprise = enterprise
        self._asked: dict[tuple[str, str], Sequence[str]] = {}

    def value_for(self, record: Record, problem: Problem, head: Texts, lines: Sequence[Texts]) -> str | None:
        """The value that accepted lists have in the field of that problem for its item; None where there is none, or more than one."""
        field = problem.field
        if field is None or record.type != "CEB621" or not is_of_goods(problem):
            return None
        line = _line_of(record, problem, lines)
        if line is None or not line.get(_ITEM) or (field in head and not head[field]):  # of the head, maybe
            return None
        accepted = self._accepted(line[_ITEM], field)
        return accepted[0] if len(accepted) == 1 and accepted[0] != line.get(field) else None

    def _accepted(self, item: str, field: str) -> Sequence[str]:
        known = self._asked.get((item, field))
        if known is None:
            if len(self._asked) >= _MAX_REMEMBERED:
                self._asked.clear()
            known = self._asked[item, field] = values_accepted(self._transaction, self._enterprise, item, field)
        return known


def _line_of(record: Record, problem: Problem, lines: Sequence[Texts]) -> Texts | None:
    """The line that the problem is in: the only one, or that of its row."""
    if len(lines) == 1:
        return lines[0]
    rows, place = record.rows, problem.place
    if len(rows) == len(lines) and place.sheet == record.place.sheet and place.row in rows:
        return lines[rows.index(place.row)]
    return None
