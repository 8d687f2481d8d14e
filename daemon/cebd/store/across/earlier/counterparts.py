"""The other documents of a purchase, by the numbers that they share, and what is said in their receipts.

`cebd.declared.four_documents` compares them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, TextClause, bindparam, select, text, true, update

from cebd.problems.problem import Problem
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.key import AFTER_SEPARATOR, KEY_SEPARATOR, bare_number
from cebd.records.states import State
from cebd.store.across.earlier.declared import NEVER_SENT, versions_in_force
from cebd.store.drops import FieldColumns
from cebd.store.messages import touch
from cebd.store.tables import drops, records
from cebd.store.transaction import Transaction

_LIST = "CEB621"
_SEPARATORS = {"separator": KEY_SEPARATOR, "after": AFTER_SEPARATOR}


class Counterpart(NamedTuple):
    """An order, payment, waybill or list in force, in the latest version.

    `sheet`, `row`, `rows` say where it stands in its file; `value`: in cents, of a payment what was paid;
    `shared`: digests of what other documents say as well; `problems` are as stored.
    """

    id: RecordId
    drop_id: DropId
    message_id: MessageId | None
    enterprise: str
    type: str
    key: str
    guid: str
    sheet: str | None
    row: int | None
    rows: str
    order_no: str | None
    waybill_no: str | None
    buyer: bytes | None
    value: int | None
    shared: bytes | None
    problems: str | None

    @property
    def order(self) -> str:
        """The number of its order, without the platform."""
        return bare_number(self.order_no or "")


class LaterWord(NamedTuple):
    """Problems that a later document brings to the receipt of this record. They replace its own problems of these ids.

    Its own problems about another document stay: their Chinese text has one of `others` (`支付单 PAY-1（`).
    """

    record_id: RecordId
    drop_id: DropId
    ids: frozenset[str]
    problems: tuple[Problem, ...]
    others: tuple[str, ...] = ()

    def takes_back(self, said: Mapping[str, Any]) -> bool:
        """Whether a problem, as it is stored, is not said any more."""
        return said["id"] in self.ids and not any(other in said["zh"] for other in self.others)


class FileOf(NamedTuple):
    """The file of a record: its name, when it came (ISO 8601), and where its fields stand, if it is a workbook."""

    name: str
    received: str
    columns: FieldColumns

    def cell(self, sheet: str | None, row: int | None, field: str) -> str | None:
        """The cell of a field (`head.orderNo`, `line.qty`) in that row; None where the file has no column for it."""
        column = self.columns.get(sheet or "", {}).get(field)
        return None if column is None or row is None else f"{column}{row}"


def of_orders(transaction: Transaction, type_: str, numbers: Sequence[str]) -> list[Counterpart]:
    """The declarations of that type in force that name one of these orders (without their platforms), on whichever platform."""
    wanted = set(numbers)
    return [one for one in _found(transaction, type_, "order_no", numbers) if one.order in wanted]


def of_waybills(transaction: Transaction, numbers: Sequence[str]) -> list[Counterpart]:
    """The inventory lists in force that name one of these waybills (with their carriers)."""
    wanted = set(numbers)
    return [one for one in _found(transaction, _LIST, "waybill_no", numbers) if one.waybill_no in wanted]


def with_keys(transaction: Transaction, type_: str, keys: Sequence[str]) -> list[Counterpart]:
    """The declarations of that type in force under these keys."""
    return _found(transaction, type_, "key", keys)


class Warned(NamedTuple):
    """A list, in any of its versions, of which a problem was said."""

    id: RecordId
    drop_id: DropId
    problems: str


def warned_lists(
    transaction: Transaction, name: str, numbers: Sequence[str], problem_id: str
) -> dict[str, list[Warned]]:
    """By these numbers in that column (`order_no`, `waybill_no`; each with the code of who gave it), the lists of which that was said."""
    if not numbers or not _may_have(transaction, _LIST, name, numbers):
        return {}
    found: dict[str, list[Warned]] = {}
    given = {"numbers": json.dumps(numbers), "said": f'%"{problem_id}"%'}
    for number, *warned in transaction.execute(_warned(name), given):
        found.setdefault(number, []).append(Warned(*warned))
    return found


# Of a declaration: the place of its number among those asked for, what it shares, its order's number with the platform; whether it stands,
# in its latest version, and nothing was said of it.
Glance = tuple[int, bytes | None, str | None, bool]


def glance(transaction: Transaction, type_: str, name: str, numbers: Sequence[str]) -> Sequence[Glance]:
    """The declarations of that type with one of these numbers in that column (of orders without the platform).

    It is asked of every record, where nearly all agree.
    """
    if not numbers or not _may_have(transaction, type_, name, numbers):
        return ()
    given = {"type": type_, "numbers": json.dumps(numbers), **(_SEPARATORS if name == "order_no" else {})}
    return transaction.execute(_glance(name), given).all()


def say(transaction: Transaction, words: Sequence[LaterWord]) -> None:
    """Store the words with the earlier records, whose receipts are written anew; not with those whose files were removed after years."""
    if not words:
        return
    of_words = drops.c.id.in_({word.drop_id for word in words})
    removed = transaction.execute(select(drops.c.id).where(of_words, drops.c.removed.is_not(None))).scalars()
    gone = set(removed)
    words = [word for word in words if word.drop_id not in gone]
    for word in words:
        own = records.c.id == word.record_id
        stored = transaction.execute(select(records.c.problems).where(own)).scalar_one()
        problems = [values for values in (json.loads(stored) if stored else []) if not word.takes_back(values)]
        problems += [problem.as_stored() for problem in word.problems]
        text_of_all = json.dumps(problems, ensure_ascii=False) if problems else None
        transaction.execute(update(records).where(own).values(problems=text_of_all))
    touch(transaction, sorted({word.drop_id for word in words}))


def files_of(transaction: Transaction, drop_ids: Iterable[DropId]) -> dict[DropId, FileOf]:
    """The files of these drops."""
    query = select(drops.c.id, drops.c.name, drops.c.received, drops.c.field_columns)
    rows = transaction.execute(query.where(drops.c.id.in_(list(drop_ids))))
    return {row.id: FileOf(row.name, row.received, json.loads(row.field_columns or "{}")) for row in rows}


def _found(transaction: Transaction, type_: str, name: str, numbers: Sequence[str]) -> list[Counterpart]:
    if not numbers or not _may_have(transaction, type_, name, numbers):
        return []
    given = {"type": type_, "numbers": json.dumps(numbers), **(_SEPARATORS if name == "order_no" else {})}
    standing: dict[tuple[str, str], Counterpart] = {}
    others: set[tuple[str, str]] = set()
    for row in transaction.execute(_named(name), given):
        place = row.enterprise, row.key
        if row.active and row.state != State.REFUSED and row.app_type != "3":
            standing[place] = _counterpart(row)  # as nearly all are: the latest version, and it stands
        else:
            others.add(place)
    unsure = others - standing.keys()
    return [*standing.values(), *(_standing(transaction, type_, unsure) if unsure else ())]


def _may_have(transaction: Transaction, type_: str, name: str, numbers: Sequence[str]) -> bool:
    """Whether the store has any such number between the lowest and the highest of these: a file without other documents asks no more."""
    between = {"type": type_, "lowest": min(numbers), "highest": max(numbers) + AFTER_SEPARATOR}
    return transaction.execute(_between(name), between).first() is not None


@cache
def _between(name: str) -> Select[Any]:
    return (
        select(true())
        .where(
            records.c.type == bindparam("type"),
            records.c[name] >= bindparam("lowest"),
            records.c[name] < bindparam("highest"),
        )
        .limit(1)
    )


def any_with_several(transaction: Transaction, type_: str, orders: Collection[str]) -> bool:
    """Whether one of these orders (with its platform) has several declarations of that type."""
    return transaction.execute(_several(), {"type": type_, "numbers": json.dumps(list(orders))}).first() is not None


@cache
def _several() -> TextClause:
    never_sent = ", ".join(f"'{state}'" for state in NEVER_SENT)
    return text(
        "SELECT 1 FROM json_each(:numbers) AS named CROSS JOIN records WHERE records.type = :type "
        f"AND records.order_no = named.value AND records.state NOT IN ({never_sent}) "
        "GROUP BY named.value HAVING count(DISTINCT records.key) > 1 LIMIT 1"
    )


_COLUMNS = (*Counterpart._fields, "active", "state", "status", "app_type")


@cache
def _named(name: str) -> TextClause:
    listed = ", ".join(f'records."{column}"' for column in _COLUMNS)
    return text(f"SELECT {listed} {_from_named(name)} ORDER BY records.id")


@cache
def _warned(name: str) -> TextClause:
    return text(
        f"SELECT named.value, records.id, drop_id, problems FROM json_each(:numbers) AS named CROSS JOIN records "
        f"WHERE records.type = '{_LIST}' AND records.{name} = named.value AND records.problems LIKE :said"
    )


@cache
def _glance(name: str) -> TextClause:
    is_plain = f"active AND state <> '{State.REFUSED}' AND app_type <> '3' AND problems IS NULL"
    return text(f"SELECT named.key, shared, order_no, {is_plain} {_from_named(name)}")


def _from_named(name: str) -> str:
    """An order's number is the beginning of what the store has: the platform's code follows. A thousand numbers go in as one text.

    CROSS JOIN, which Core does not speak, has SQLite look each number up by the index; left to itself it reads all declarations of the type
    (sqlite.org, "Manual control of query plans using CROSS JOIN").
    """
    is_named = f"records.{name} = named.value"
    if name == "order_no":
        is_named = "records.order_no >= named.value || :separator AND records.order_no < named.value || :after"
    never_sent = ", ".join(f"'{state}'" for state in NEVER_SENT)
    return (
        "FROM json_each(:numbers) AS named CROSS JOIN records "
        f"WHERE records.type = :type AND {is_named} AND records.state NOT IN ({never_sent})"
    )


def _standing(transaction: Transaction, type_: str, places: Collection[tuple[str, str]]) -> Iterator[Counterpart]:
    """The latest version that stands, of each of these keys of enterprises that has one."""
    keys = sorted({key for _, key in places})
    query = (
        select(*(records.c[column] for column in _COLUMNS))
        .where(records.c.type == type_, records.c.key.in_(keys), records.c.state.not_in(NEVER_SENT))
        .order_by(records.c.id)
    )
    versions: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in transaction.execute(query):
        versions.setdefault((row.enterprise, row.key), []).append(row)
    for place, of_key in versions.items():
        in_force = versions_in_force(of_key) if place in places else []
        if in_force:
            yield _counterpart(in_force[-1])


def _counterpart(row: Row[Any]) -> Counterpart:
    return Counterpart._make(row[: len(Counterpart._fields)])
