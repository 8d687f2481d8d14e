"""Settling: a receipt that is stored is applied, all of it or nothing.

The state of a record is computed from all its returns, ordered by the customs' own time: the order of arrival does not matter, and what
comes twice is told once. A receipt that cannot be read, or that breaks us, is parked with its bytes; those behind it go on. One that was
read in the lenient pass says so on its records. Only trouble of the store as a whole is raised.

No return speaks of a list when its cancellation is granted: the application's own receipt ends the list (`cebd.receipts.cancelling`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import CompileError, DataError, IntegrityError, ProgrammingError, SQLAlchemyError

from cebd.customs.statuses import already_there, outcome
from cebd.messages.returns import NotAReceipt, Return, read_returns
from cebd.messages.schema import NotXml
from cebd.problems.problem import problem
from cebd.receipts.cancelling import end_cancelled_lists
from cebd.receipts.clock_evidence import told_by
from cebd.receipts.fetching import fetch_receipts
from cebd.receipts.matching import Declared, Match, numbers_of, remembered
from cebd.receipts.publishing.raw_receipts import copy_out
from cebd.records.states import ReturnedStatus
from cebd.store.messages import touch
from cebd.store.store import Store, unpack
from cebd.store.tables import history, messages, receipts, records, submissions

log = structlog.get_logger("cebd")

_NAMED_BY_NUMBER = {"CEB712": "CEB711", "CEB816": "CEB621", "CEB818": "CEB621", "CEB792": "CEB701"}
_LOOKED_AT_AGAIN = 1000
# Of what the store raises, that which comes of what was to be written.
_OF_ONE_RECEIPT = (CompileError, DataError, IntegrityError, ProgrammingError)
_TOGETHER = 50  # receipts applied in one transaction: each commit waits for the disk


def apply_stored(store: Store) -> int:
    """Apply every receipt not applied yet; returns how many."""
    with store.read() as connection:
        query = select(receipts.c.id).where(receipts.c.state == "stored").order_by(receipts.c.id)
        waiting = list(connection.execute(query).scalars())
    for start in range(0, len(waiting), _TOGETHER):
        # Killed here, the receipts of this transaction are applied as if for the first time.
        with store.write() as connection:
            settled = _Settled()
            for receipt_id in waiting[start : start + _TOGETHER]:
                _apply_or_park(connection, receipt_id, settled)
            for receipt_id in _too_early(connection, settled.numbers):
                _apply_or_park(connection, receipt_id, settled)
            _end_cancelled_lists(connection, settled)
            touch(connection, sorted(settled.drops))
    return len(waiting)


def _end_cancelled_lists(connection: Connection, settled: _Settled) -> None:
    try:
        with connection.begin_nested():
            settled.drops |= end_cancelled_lists(connection, settled.applications, settled.numbers)
    except SQLAlchemyError:
        raise
    except Exception:  # the receipts themselves are applied all the same
        log.exception("cancelled lists cannot be settled after an internal error", id="CEBD-1704")


@dataclass
class _Settled:
    """What a transaction changed: drops, the cancel applications (record ids) among their records, and the numbers that became known."""

    drops: set[int] = field(default_factory=set)
    applications: set[int] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)


def _too_early(connection: Connection, numbers: set[str]) -> list[int]:
    """Receipts that matched nothing because they came before the one which told the number that they speak of.

    What speaks of another system's declarations never matches; of all that did not, only the latest are looked at again.
    """
    if not numbers:
        return []
    query = select(receipts.c.id, receipts.c.content).where(
        receipts.c.state == "unmatched", receipts.c.type.in_(_NAMED_BY_NUMBER)
    )
    found = []
    for receipt_id, content in connection.execute(query.order_by(receipts.c.id.desc()).limit(_LOOKED_AT_AGAIN)):
        if _names_one_of(numbers, content):
            found.append(receipt_id)
    return sorted(found)


def _names_one_of(numbers: set[str], content: bytes) -> bool:
    try:
        _, returns = read_returns(unpack(content))
    except Exception:  # damaged since it was stored: the audit names it
        return False
    return any(numbers & set(numbers_of(one.answers or "", one).values()) for one in returns)


def _apply_or_park(connection: Connection, receipt_id: int, settled: _Settled) -> None:
    """Apply one receipt, all of it or nothing."""
    try:
        with connection.begin_nested():
            news = _apply(connection, receipt_id)
    except SQLAlchemyError as error:
        if not isinstance(error, _OF_ONE_RECEIPT):
            raise  # the store's trouble, not the receipt's: tried again
        _park(connection, receipt_id)
    except (NotAReceipt, NotXml) as error:
        log.warning("receipt cannot be read", id="CEBD-1704", receipt=receipt_id, reason=str(error)[:200])
        _close(connection, receipt_id, "unreadable", None, set())
    except Exception:
        _park(connection, receipt_id)
    else:
        settled.drops |= {one.record.drop_id for one in news}
        settled.applications |= {one.record.id for one in news if one.record.type == "CEB623"}
        for one in news:
            settled.numbers |= one.numbers_learned()


def _park(connection: Connection, receipt_id: int) -> None:
    log.exception("receipt parked after an internal error", id="CEBD-1704", receipt=receipt_id)
    _close(connection, receipt_id, "unreadable", None, set())


def _apply(connection: Connection, receipt_id: int) -> list[_News]:
    """Returns what it said that was not known."""
    columns = ("name", "content", "channel", "handed_over", "received")
    query = select(*(receipts.c[name] for name in columns)).where(receipts.c.id == receipt_id)
    receipt = connection.execute(query).one()
    type_, returns = read_returns(unpack(receipt.content))
    match = Match(connection, returns, receipt.channel, receipt.handed_over)
    news: dict[int, _News] = {}
    for one, found in zip(returns, match.found, strict=True):
        for record in found:
            known = news.setdefault(record.id, _News(record, match.past[record.id]))
            known.hear(one, partial(_was_in_doubt, connection, record.message_id))
    changed = [one for one in news.values() if one.entries or one.numbers]
    _write(connection, receipt_id, changed)
    if any(one.mended for one in returns):
        _say_mended(connection, receipt.name, changed)
    all_matched = bool(returns) and all(match.found)
    if not all_matched:
        log.warning("receipt matches nothing of ours", id="CEBD-1701", receipt=receipt_id, type=type_)
    enterprises = {one.record.enterprise for one in news.values()}
    _close(connection, receipt_id, "applied" if all_matched else "unmatched", type_, enterprises)
    ahead = told_by(connection, receipt.received, zip(returns, match.found, match.certain, strict=True))
    if ahead is not None:
        connection.execute(update(receipts).where(receipts.c.id == receipt_id).values(clock=ahead.as_text()))
    return changed


@dataclass
class _News:
    """What a receipt says of one record that it was not told before."""

    record: Declared
    past: list[ReturnedStatus]
    entries: list[ReturnedStatus] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)

    def hear(self, one: Return, was_in_doubt: Callable[[], bool]) -> None:
        status = remembered(one)
        known = {(told.status, told.info, told.time) for told in (*self.past, *self.entries)}
        if status and (status, one.info, one.time) not in known:
            evidence = already_there(self.record.type, status, one.info) and was_in_doubt()
            self.entries.append(ReturnedStatus(status, one.info, one.time, evidence))
        for name, stated in numbers_of(self.record.type, one).items():
            had = self.numbers.get(name) or getattr(self.record, name) or ""
            # Numbers are made of dates and sequences: of two, the greater is the later, whichever came first here.
            if stated > had:
                self.numbers[name] = stated

    def numbers_learned(self) -> set[str]:
        """The numbers of this record that were not known before, where receipts may name it by nothing else."""
        return set(self.numbers.values()) if self.record.type in _NAMED_BY_NUMBER.values() else set()


def _was_in_doubt(connection: Connection, message_id: int) -> bool:
    """Whether the message was handed over again while an earlier hand-over might have succeeded."""
    may_have_arrived = or_(submissions.c.outcome.is_(None), submissions.c.outcome != "failed")
    query = select(func.count()).where(
        submissions.c.message_id == message_id, submissions.c.phase == "handing-over", may_have_arrived
    )
    return bool(connection.execute(query).scalar_one() > 1)


def _write(connection: Connection, receipt_id: int, changed: Sequence[_News]) -> None:
    entries: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    numbered: list[dict[str, Any]] = []
    for one in changed:
        entries += [
            {
                "record_id": one.record.id,
                "receipt_id": receipt_id,
                "status": told.status,
                "info": told.info,
                "time": told.time,
                "evidence": told.evidence,
            }
            for told in one.entries
        ]
        values: dict[str, Any] = {
            "of": one.record.id,
            "pre_no": one.numbers.get("pre_no", one.record.pre_no),
            "invt_no": one.numbers.get("invt_no", one.record.invt_no),
        }
        state, shown = outcome(one.record.type, [*one.past, *one.entries])
        if shown is None:
            numbered.append(values)
            continue
        shown_values = {"status": shown.status, "info": shown.info, "time": shown.time or None}
        said.append({**values, **shown_values, "state": str(state or one.record.state)})
    if entries:
        connection.execute(insert(history), entries)
    for rows in (said, numbered):
        if rows:
            connection.execute(update(records).where(records.c.id == bindparam("of")), rows)
    _answered(connection, {one.record.message_id for one in changed})


def _say_mended(connection: Connection, name: str, changed: Sequence[_News]) -> None:
    """The records that it told something say that their receipt was not well-formed."""
    found = problem("CEBD-1712", value=name)
    log.warning(found.en, id=found.id, receipt=name)
    for one in changed:
        told = connection.execute(select(records.c.problems).where(records.c.id == one.record.id)).scalar_one()
        problems = [*(json.loads(told) if told else []), found.as_json()]
        values = {"problems": json.dumps(problems, ensure_ascii=False)}
        connection.execute(update(records).where(records.c.id == one.record.id).values(values))


def _answered(connection: Connection, message_ids: set[int]) -> None:
    """A message all of whose records were answered is overdue no longer."""
    silent = select(records.c.id).where(records.c.message_id == messages.c.id, records.c.status.is_(None))
    connection.execute(
        update(messages)
        .where(messages.c.id.in_(message_ids), messages.c.state == "sent", ~silent.exists())
        .values(waiting=None)
    )


def _close(connection: Connection, receipt_id: int, state: str, type_: str | None, enterprises: set[str]) -> None:
    connection.execute(
        update(receipts)
        .where(receipts.c.id == receipt_id)
        .values(
            state=state,
            type=type_,
            copied=False,
            owed=None,
            enterprises=json.dumps(sorted(enterprises), ensure_ascii=False),
        )
    )


__all__ = ["apply_stored", "copy_out", "fetch_receipts"]
