"""Handing over work in flight whose enterprise, signer or channel has another name now, or is not there any more.

    enterprise  everything of it, the finished too: what it has declared counts as declared under the new name
    signer      what is not signed yet
    channel     what is not handed over yet; what is in doubt only where the other side is the same

A plan is made and shown first; carrying it out is one transaction with its line in the store's journal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from cebd.settings import Part, Settings
from cebd.store.migrations import note
from cebd.store.store import Store
from cebd.store.tables import conditions, drops, messages, receipts, records, submissions


class CannotReassign(Exception):
    """The work cannot be handed over; says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """What is handed over: numbers of files (drops) and messages, how many records, and what of it stays in doubt behind."""

    part: Part
    old: str
    new: str
    drop_ids: tuple[int, ...] = ()
    message_ids: tuple[int, ...] = ()
    records: int = 0
    left_in_doubt: int = 0

    def __bool__(self) -> bool:
        return bool(self.drop_ids or self.message_ids or self.records)


def plan(store: Store, settings: Settings, part: Part, old: str, new: str, *, same_side: bool = False) -> Plan:
    """What would be handed over. `same_side`: the new channel leads to where the old one led. Raises CannotReassign."""
    known = {
        Part.ENTERPRISE: [one.name for one in settings.enterprise],
        Part.SIGNER: list(settings.signer),
        Part.CHANNEL: list(settings.channel),
    }[part]
    if old == new:
        raise CannotReassign(f"{old} and {new} are the same")
    if new not in known:
        fault = settings.fault_of(part, new)
        why = f"is switched off by a mistake in the settings: {fault}" if fault else "is not in the settings"
        raise CannotReassign(f"the {part} {new} {why}; there are: {', '.join(known) or 'none'}")
    with store.read() as connection:
        if part is Part.ENTERPRISE:
            if old in known or settings.fault_of(part, old) is not None:
                raise CannotReassign(
                    f"the enterprise {old} is in the settings still: its work is its own. Take it out first"
                )
            return _of_enterprise(connection, settings, old, new)
        column = messages.c.signer if part is Part.SIGNER else messages.c.channel
        states = ("ready",) if part is Part.SIGNER else ("ready", "signed", "in_doubt")
        query = select(messages.c.id, _may_have_arrived().label("doubt")).where(
            column == old, messages.c.state.in_(states)
        )
        found = list(connection.execute(query.order_by(messages.c.id)))
        left = {row.id for row in found if row.doubt} if part is Part.CHANNEL and not same_side else set()
        return Plan(part, old, new, (), tuple(row.id for row in found if row.id not in left), 0, len(left))


def _may_have_arrived() -> ColumnElement[bool]:
    """Of a message: whether the other side may have it. One that was killed while it was handed over is `signed` still."""
    attempt = select(submissions.c.id).where(
        submissions.c.message_id == messages.c.id,
        submissions.c.phase == "handing-over",
        submissions.c.outcome.is_(None) | (submissions.c.outcome == "in_doubt"),
    )
    return or_(messages.c.state == "in_doubt", attempt.exists())


def carry_out(store: Store, planned: Plan) -> None:
    """Hand over. Only with the store's lock. Killed before the commit nothing has changed; after it, the next start goes by it."""
    old, new = planned.old, planned.new
    with store.write() as connection:
        if planned.part is Part.ENTERPRISE:
            _free_stems(connection, old, new)
            for table in (drops, messages, records):
                connection.execute(update(table).where(table.c.enterprise == old).values(enterprise=new))
            _rename_in_receipts(connection, old, new)
        else:
            column = messages.c.signer if planned.part is Part.SIGNER else messages.c.channel
            for message_id in planned.message_ids:
                connection.execute(update(messages).where(messages.c.id == message_id).values({column: new}))
        # What the last run named is over; the next start names what is left.
        connection.execute(delete(conditions).where(conditions.c.key == f"settings:orphan:{planned.part}:{old}"))
        moved = {"files": planned.drop_ids, "messages": planned.message_ids, "records": planned.records}
        note(connection, "reassigned", json.dumps({"what": planned.part, "before": old, "after": new, **moved}))


def _of_enterprise(connection: Connection, settings: Settings, old: str, new: str) -> Plan:
    enterprise = settings.enterprise_named(new)
    twice = list(_declared_twice(connection, old, new))
    if twice:
        raise CannotReassign(
            f"{old} and {new} have both declared {', '.join(twice)}: which of them counts is not for cebd to guess. Keep {old} in the "
            "settings until its work has come to an end"
        )
    unsent = select(messages.c.sender).where(messages.c.enterprise == old, messages.c.state != "sent").distinct()
    for sender in connection.execute(unsent).scalars():
        if sender != enterprise.dxpId:
            raise CannotReassign(
                f"messages of {old} wait that were made for the DXP id {sender}; {new} has {enterprise.dxpId}. That is another "
                f"enterprise, not another name: put {old} back into the settings"
            )
    folder = settings.folder(enterprise)
    query = select(drops.c.id, drops.c.place, drops.c.state).where(drops.c.enterprise == old).order_by(drops.c.id)
    found = list(connection.execute(query))
    for row in found:
        if row.state == "claimed" and not os.path.exists(folder / row.place):  # noqa: PTH110
            raise CannotReassign(
                f"{folder / row.place} is not there: move what lies in working/ of {old}'s folder into {folder / 'working'} first"
            )
    message_ids = connection.execute(select(messages.c.id).where(messages.c.enterprise == old)).scalars()
    count = connection.execute(select(func.count()).where(records.c.enterprise == old)).scalar_one()
    return Plan(Part.ENTERPRISE, old, new, tuple(row.id for row in found), tuple(message_ids), int(count))


def _declared_twice(connection: Connection, old: str, new: str) -> Iterator[str]:
    """Keys that both have an active record of: the store has one of each, so that nothing is declared twice."""
    other = aliased(records)
    same = and_(other.c.type == records.c.type, other.c.key == records.c.key, other.c.enterprise == new, other.c.active)
    query = select(records.c.key).join(other, same).where(records.c.enterprise == old, records.c.active).limit(3)
    return (str(key).replace("\x1f", " ") for key in connection.execute(query).scalars())


def _free_stems(connection: Connection, old: str, new: str) -> None:
    """Receipts of both enterprises are in one outbox from now on: those of the same name get a number behind it."""
    query = select(drops.c.id, drops.c.enterprise, drops.c.stem).where(drops.c.enterprise.in_((old, new)))
    rows = list(connection.execute(query))
    taken = {row.stem for row in rows if row.enterprise == new}
    for row in rows:
        if row.enterprise != old:
            continue
        stem, number = row.stem, 2
        while stem in taken:
            stem, number = f"{row.stem}-{number}", number + 1
        taken.add(stem)
        if stem != row.stem:
            changed = {"stem": stem, "changed": drops.c.changed + 1}
            connection.execute(update(drops).where(drops.c.id == row.id).values(changed))


def _rename_in_receipts(connection: Connection, old: str, new: str) -> None:
    for column in (receipts.c.enterprises, receipts.c.owed):
        query = select(receipts.c.id, column).where(column.contains(json.dumps(old, ensure_ascii=False)))
        for receipt_id, told in connection.execute(query).all():
            names = dict.fromkeys(new if name == old else name for name in json.loads(told))
            renamed = json.dumps(list(names), ensure_ascii=False)
            connection.execute(update(receipts).where(receipts.c.id == receipt_id).values({column: renamed}))
