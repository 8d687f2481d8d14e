"""Handing over work in flight whose enterprise, signer or channel has a new name, or does not exist any more.

    enterprise  all its work, also finished work: its declarations count as declared under the new name
    signer      messages not signed yet
    channel     messages not handed over yet; messages in doubt only if the other side is the same

A plan is made and shown first; carrying it out is one transaction with its line in the store's journal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Literal

from cebd.operations.text import Refused
from cebd.records.ids import DropId, MessageId
from cebd.records.key import KEY_SEPARATOR
from cebd.records.states import DropState
from cebd.settings import Part, Settings
from cebd.store.across.intervening.reassigning import (
    count_records_of_enterprise,
    drops_of_enterprise,
    give_to,
    keys_of_both,
    messages_of_enterprise,
    rename_enterprise,
    senders_of_unsent,
    unsent_by,
    unsigned_by,
)
from cebd.store.conditions import forget_condition
from cebd.store.databases.migrations import note
from cebd.store.store import Store, StoreError, database_at
from cebd.store.transaction import Transaction


class CannotReassign(Refused):
    """The work cannot be handed over."""


class StationRuns(Refused):
    """A daemon holds the store."""


@dataclass(frozen=True)
class Plan:
    """The work to hand over: ids of files (drops) and messages, the number of records, and the number of messages left in doubt."""

    part: Part
    old: str
    new: str
    drop_ids: tuple[DropId, ...] = ()
    message_ids: tuple[MessageId, ...] = ()
    records: int = 0
    left_in_doubt: int = 0

    def __bool__(self) -> bool:
        return bool(self.drop_ids or self.message_ids or self.records)


@contextmanager
def store_of_stopped_station(settings: Settings) -> Iterator[Store]:
    """The store, locked so that no daemon can start meanwhile. Raises StationRuns while a daemon runs, StoreError without a store."""
    Store.open(settings.store_dir, create=False).close()  # the store exists and is of this version
    try:
        lock = database_at(settings.store_dir).take_station(settings.station.name)
    except StoreError:
        raise StationRuns(
            "守护进程正在使用此数据库：请先停止它，移交后再启动。",
            "The daemon runs on this store: stop it, hand the work over, then start it again",
        ) from None
    try:
        with closing(Store.open(settings.store_dir)) as store:
            yield store
    finally:
        lock.release()


def plan(store: Store, settings: Settings, part: Part, old: str, new: str, *, same_side: bool = False) -> Plan:
    """Plan the hand-over. `same_side`: the new channel leads to the same side as the old channel. Raises CannotReassign."""
    names = {
        Part.ENTERPRISE: [enterprise.name for enterprise in settings.enterprise],
        Part.SIGNER: list(settings.signer),
        Part.CHANNEL: list(settings.channel),
    }[part]
    if old == new:
        raise CannotReassign(f"{old} 和 {new} 是同一个。", f"{old} and {new} are the same")
    if new not in names:
        fault = settings.fault_of(part, new)
        why_zh = f"因设置有误而停用（{fault.zh}）" if fault else "不在设置中"
        why_en = f"is switched off by a mistake in the settings: {fault}" if fault else "is not in the settings"
        raise CannotReassign(
            f"{new} {why_zh}；现有：{', '.join(names) or '无'}。",
            f"Not handed over: the {part} {new} {why_en}; there are: {', '.join(names) or 'none'}",
        )
    with store.read() as transaction:
        if part is Part.ENTERPRISE:
            if old in names or settings.fault_of(part, old) is not None:
                raise CannotReassign(
                    f"企业 {old} 仍在设置中，其工作不能移交：请先把它从设置中删去。",
                    f"Not handed over: the enterprise {old} is still in the settings and keeps its work. Take it out of the settings first",
                )
            return _of_enterprise(transaction, settings, old, new)
        if part is Part.SIGNER:
            unsigned = unsigned_by(transaction, old)
            return Plan(part, old, new, message_ids=tuple(message.id for message in unsigned))
        unsent = unsent_by(transaction, old)
        stay = {message.id for message in unsent if message.may_have_arrived and not same_side}
        go = tuple(message.id for message in unsent if message.id not in stay)
        return Plan(part, old, new, message_ids=go, left_in_doubt=len(stay))


def carry_out(store: Store, planned: Plan) -> None:
    """Hand over. Only with the store's lock. Killed before the commit nothing has changed; after it, the next start goes by it."""
    old, new = planned.old, planned.new
    with store.write() as transaction:
        if planned.part is Part.ENTERPRISE:
            rename_enterprise(transaction, old, new)
        else:
            part: Literal["signer", "channel"] = "signer" if planned.part is Part.SIGNER else "channel"
            give_to(transaction, part, planned.message_ids, new)
        # Conditions of the last run are over; the next start notes the remaining work.
        forget_condition(transaction, f"settings:orphan:{planned.part}:{old}")
        moved = {"files": planned.drop_ids, "messages": planned.message_ids, "records": planned.records}
        note(transaction, "reassigned", json.dumps({"what": planned.part, "before": old, "after": new, **moved}))


def _of_enterprise(transaction: Transaction, settings: Settings, old: str, new: str) -> Plan:
    enterprise = settings.enterprise_named(new)
    # The store has a single active record of each key, so that nothing is declared twice.
    declared_by_both = keys_of_both(transaction, old, new, limit=3)
    if declared_by_both:
        numbers = ", ".join(key.replace(KEY_SEPARATOR, " ") for key in declared_by_both)
        raise CannotReassign(
            f"{old} 和 {new} 都申报过 {numbers}，以哪个为准 cebd 不作猜测：请把 {old} 留在设置中，直到其工作结束。",
            f"Not handed over: {old} and {new} have both declared {numbers}, and cebd does not guess which of them counts. "
            f"Keep {old} in the settings until its work has come to an end",
        )
    for sender in senders_of_unsent(transaction, old):
        if sender != enterprise.dxpId:
            raise CannotReassign(
                f"{old} 未发出的报文是为 DXP 编号 {sender} 制作的，{new} 的是 {enterprise.dxpId}：这是另一家企业，不是改名。"
                f"请把 {old} 放回设置中。",
                f"Not handed over: {old} has unsent messages that were made for the DXP id {sender}; {new} has {enterprise.dxpId}. "
                f"That is another enterprise, not another name: put {old} back into the settings",
            )
    folder = settings.folder(enterprise)
    drops = drops_of_enterprise(transaction, old)
    for drop in drops:
        if drop.state is DropState.CLAIMED and not os.path.exists(folder / drop.place):  # noqa: PTH110
            raise CannotReassign(
                f"没有 {folder / drop.place}：请先把 {old} 文件夹中 working/ 里的文件移到 {folder / 'working'}。",
                f"Not handed over: {folder / drop.place} does not exist. First move what lies in working/ of {old}'s folder into "
                f"{folder / 'working'}",
            )
    return Plan(
        Part.ENTERPRISE,
        old,
        new,
        drop_ids=tuple(drop.id for drop in drops),
        message_ids=tuple(messages_of_enterprise(transaction, old)),
        records=count_records_of_enterprise(transaction, old),
    )
