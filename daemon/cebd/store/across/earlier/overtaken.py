"""What others declared while a file was converted that read the store as it was a while ago (`cebd.declared.overtaking`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import TextClause, func, select, text

from cebd.records.ids import DropId, RecordId
from cebd.records.key import AFTER_SEPARATOR, KEY_SEPARATOR
from cebd.store.across.earlier.declared import NEVER_SENT
from cebd.store.tables import records
from cebd.store.transaction import Transaction


class Meanwhile(NamedTuple):
    """The records behind `after` and before the first record of the drop, which was brought in just now. `enterprise`, `type`: of the
    drop's records."""

    drop_id: DropId
    enterprise: str
    type: str
    after: RecordId


class Document(NamedTuple):
    """A document that problems of other documents may name. `is_sent`: it was sent, or will be; else it was kept back. `shared`: digests
    of what other documents say as well; `problems` are as stored.
    """

    is_sent: bool
    type: str
    key: str
    app_type: str | None
    order_no: str | None
    waybill_no: str | None
    shared: bytes | None
    problems: str | None


def last_record_id(transaction: Transaction) -> RecordId:
    """The number of the latest record."""
    return RecordId(transaction.execute(select(func.max(records.c.id))).scalar() or 0)


def any_with_key(transaction: Transaction, meanwhile: Meanwhile) -> bool:
    """Whether a declaration of the same enterprise and type has the key of a record of the drop."""
    return _is_there(transaction, _WITH_KEY, meanwhile)


def is_first(transaction: Transaction, meanwhile: Meanwhile, type_: str) -> bool:
    """Whether the enterprise declared something of that type, and may never have done so before."""
    return _is_there(transaction, _FIRST, meanwhile, wanted=type_)


def any_of(transaction: Transaction, meanwhile: Meanwhile, type_: str) -> bool:
    """Whether anything of that type was declared."""
    return _is_there(transaction, _OF_TYPE, meanwhile, wanted=type_)


def of_one_purchase(transaction: Transaction, meanwhile: Meanwhile) -> Iterator[tuple[Document, Document]]:
    """Each document that was declared or kept back, with each record of the drop that has the number of its order, whatever the platform,
    or of its waybill; also where an earlier version of it had that.
    """
    rows = transaction.execute(_of_one_purchase(), _values(meanwhile))
    width = len(Document._fields)
    return ((Document(*row[:width]), Document(*row[width:])) for row in rows)


def any_with_problem(transaction: Transaction, meanwhile: Meanwhile, ids: Collection[str]) -> bool:
    """Whether a record of the drop has one of these problems."""
    said = select(records.c.problems).where(records.c.drop_id == meanwhile.drop_id, records.c.problems.is_not(None))
    return any(id_ in problems for problems in transaction.execute(said).scalars() for id_ in ids)


def any_about_its_lists(transaction: Transaction, meanwhile: Meanwhile) -> bool:
    """Whether an application of the drop's type, or a version of the list itself, has the list of one of the drop's applications."""
    return _is_there(transaction, _ABOUT_ITS_LISTS, meanwhile)


def buyers_of(transaction: Transaction, meanwhile: Meanwhile) -> Sequence[bytes]:
    """The drop's buyers who have declarations of its type."""
    return transaction.execute(_BUYERS, _values(meanwhile)).scalars().all()


def any_change_for_buyers(transaction: Transaction, meanwhile: Meanwhile) -> bool:
    """Whether something of its type was changed or deleted that one of its buyers bought."""
    return _is_there(transaction, _CHANGE_FOR_BUYER, meanwhile)


def _is_there(transaction: Transaction, query: TextClause, meanwhile: Meanwhile, **more: object) -> bool:
    return transaction.execute(query, {**_values(meanwhile), **more}).first() is not None


def _values(meanwhile: Meanwhile) -> dict[str, Any]:
    return meanwhile._asdict()


# What came meanwhile are few records among many: they are materialized, and CROSS JOIN has SQLite go from each of them to what it shares,
# by the indexes (sqlite.org, "Manual control of query plans using CROSS JOIN"). `+` keeps it from the index of a drop's records, of which
# there are many.
_NOT_SENT = ", ".join(f"'{state}'" for state in NEVER_SENT)
_IS_SENT = f"state NOT IN ({_NOT_SENT})"
_COLUMNS = ", ".join(("enterprise", "active", "buyer", "list_no", *Document._fields[1:]))
_CAME = f"""
WITH came AS MATERIALIZED (
    SELECT {_COLUMNS}, {_IS_SENT} AS is_sent FROM records
    WHERE id > :after AND id < (SELECT min(id) FROM records WHERE drop_id = :drop_id)
)
"""
_IS_MINE = "mine.type = :type AND +mine.drop_id = :drop_id"
_IS_VERSION = "version.type = came.type AND version.key = came.key AND version.enterprise = came.enterprise"


def _asked(query: str) -> TextClause:
    return text(_CAME + query)


_WITH_KEY = _asked(
    f"SELECT 1 FROM came WHERE is_sent AND type = :type AND enterprise = :enterprise "
    f"AND EXISTS (SELECT 1 FROM records AS mine WHERE {_IS_MINE} AND mine.key = came.key) LIMIT 1"
)
_OF_TYPE = _asked("SELECT 1 FROM came WHERE is_sent AND type = :wanted LIMIT 1")
_FIRST = _asked(
    "SELECT 1 FROM came WHERE enterprise = :enterprise AND type = :wanted AND active AND NOT EXISTS ("
    "SELECT 1 FROM records AS earlier WHERE earlier.enterprise = :enterprise AND earlier.type = :wanted AND earlier.active "
    "AND earlier.id <= :after) LIMIT 1"
)
_BUYERS = _asked(
    f"SELECT DISTINCT buyer FROM came WHERE is_sent AND type = :type "
    f"AND EXISTS (SELECT 1 FROM records AS mine WHERE {_IS_MINE} AND mine.buyer = came.buyer)"
)
_CHANGE_FOR_BUYER = _asked(
    f"SELECT 1 FROM came WHERE is_sent AND type = :type AND app_type <> '1' AND EXISTS ("
    f"SELECT 1 FROM records AS version CROSS JOIN records AS mine "
    f"WHERE {_IS_VERSION} AND {_IS_MINE} AND mine.buyer = version.buyer) LIMIT 1"
)
_ABOUT_ITS_LISTS = _asked(
    f"SELECT 1 FROM came CROSS JOIN records AS mine WHERE is_sent AND came.type = :type AND {_IS_MINE} AND mine.list_no = came.list_no "
    f"UNION ALL SELECT 1 FROM came CROSS JOIN records AS version CROSS JOIN records AS mine "
    f"WHERE is_sent AND {_IS_VERSION} AND {_IS_MINE} AND mine.list_no = version.invt_no LIMIT 1"
)


@cache
def _of_one_purchase() -> TextClause:
    own = ", ".join(f"mine.{name}" for name in Document._fields[1:])
    columns = f"{', '.join(f'came.{name}' for name in Document._fields)}, mine.{_IS_SENT}, {own}"
    number = "substr(version.order_no, 1, instr(version.order_no, :separator) - 1)"
    shares = (
        f"mine.order_no >= {number} || :separator AND mine.order_no < {number} || :after_separator",
        "mine.waybill_no = CASE version.type WHEN 'CEB511' THEN version.key ELSE version.waybill_no END",
        "mine.key = version.waybill_no",  # of a waybill
    )
    each = (
        f"SELECT {columns} FROM came CROSS JOIN records AS version CROSS JOIN records AS mine "
        f"WHERE {_IS_VERSION} AND {_IS_MINE} AND {shared}"
        for shared in shares
    )
    separators = {"separator": KEY_SEPARATOR, "after_separator": AFTER_SEPARATOR}
    return _asked(" UNION ".join(each)).bindparams(**separators)
