"""Decisions of people on equal mistakes: a row for each that somebody wrote into a workbook, kept for ever.

| row | says |
| --- | --- |
| `answer` | what was decided; none: what had been decided (`before`) was taken back |
| `remember` without `ended` | it holds for later files of the enterprise |
| `ended`, `ended_by` | since when it does not any more, and by whom: it was taken back, or decided anew |

They are written in the transaction that converts the workbook: killed before its end, the file is converted again, and they with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    insert,
    select,
    update,
)

from cebd.decisions.decision import Answers, Decision, Key, Told
from cebd.records.ids import DropId
from cebd.store.tables import metadata
from cebd.store.transaction import Transaction

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("enterprise", String, nullable=False),
    Column("drop_id", ForeignKey("drops.id")),  # the workbook that it was written into; None: into none
    Column("type", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("field", String, nullable=False),
    Column("value", String, nullable=False),
    Column("before", String),
    Column("answer", String),
    Column("reason", String, nullable=False),
    Column("remember", Boolean, nullable=False),
    Column("who", String, nullable=False),
    Column("at", String, nullable=False),
    Column("ended", String),
    Column("ended_by", String),
)
_KEY = [decisions.c[name] for name in Key._fields]
_HOLDS = decisions.c.remember & decisions.c.ended.is_(None)
Index("decisions_of_drop", decisions.c.drop_id)
Index("decisions_by_key", decisions.c.enterprise, *_KEY)
Index("decisions_remembered", decisions.c.enterprise, sqlite_where=_HOLDS)


def remembered(transaction: Transaction, enterprise: str) -> tuple[Decision, ...]:
    """What holds for later files of the enterprise, in the order in which it was decided."""
    query = select(decisions).where(_HOLDS, decisions.c.enterprise == enterprise).order_by(decisions.c.id)
    return tuple(_decision(row) for row in transaction.execute(query).mappings())


def decisions_of(transaction: Transaction, drop_id: DropId) -> tuple[Decision, ...]:
    """What was decided in that workbook, or had been before and was left there."""
    query = select(decisions).where(decisions.c.drop_id == drop_id, decisions.c.answer.is_not(None))
    return tuple(_decision(row) for row in transaction.execute(query.order_by(decisions.c.id)).mappings())


def keep(
    transaction: Transaction,
    enterprise: str,
    drop_id: DropId,
    answers: Answers,
    followed: Mapping[Key, Decision],
    now: str,
) -> None:
    """Write down what a workbook's sheet says. `followed`: what holds for the file by it; `now` is ISO 8601."""
    saved_by = Decision(Key("", "", "", ""), "", who=answers.who, at=answers.at or now)
    for told in answers.told:
        decision = followed.get(told.key)
        if told.answer is None:
            if told.is_taken_back:
                _add(transaction, enterprise, drop_id, told, saved_by)
                if told.earlier_remember:
                    _end(transaction, enterprise, told.key, saved_by)
            continue
        if decision is None or decision.answer != told.answer:
            continue  # repeats what was remembered and does not hold any more
        by = (_earlier(transaction, enterprise, told) if told.is_unchanged else None) or saved_by
        if told.remember or told.earlier_remember:
            _end(transaction, enterprise, told.key, by if told.remember else saved_by)
        _add(transaction, enterprise, drop_id, told, by)


def _add(transaction: Transaction, enterprise: str, drop_id: DropId, told: Told, by: Decision) -> None:
    said = {"answer": told.answer, "before": told.earlier, "reason": told.reason}
    of = {"enterprise": enterprise, "drop_id": drop_id, "remember": told.remember and told.answer is not None}
    transaction.execute(insert(decisions).values(**of, **told.key._asdict(), **said, who=by.who, at=by.at))


def _end(transaction: Transaction, enterprise: str, key: Key, by: Decision) -> None:
    held = update(decisions).where(_HOLDS, *_is(enterprise, key))
    transaction.execute(held.values(ended=by.at, ended_by=by.who))


def _earlier(transaction: Transaction, enterprise: str, told: Told) -> Decision | None:
    """The latest decision that says the same: whose it is, and when."""
    same = select(decisions).where(*_is(enterprise, told.key), decisions.c.answer == told.answer)
    row = transaction.execute(same.order_by(decisions.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else _decision(row)


def _is(enterprise: str, key: Key) -> Sequence[ColumnElement[bool]]:
    return [decisions.c.enterprise == enterprise, *(column == part for column, part in zip(_KEY, key, strict=True))]


def _decision(row: RowMapping) -> Decision:
    key = Key(*(row[name] for name in Key._fields))
    return Decision(
        key, row["answer"] or "", row["reason"], bool(row["remember"]), row["who"], row["at"], row["before"]
    )
