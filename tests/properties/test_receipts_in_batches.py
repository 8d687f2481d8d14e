"""Receipts applied together leave the store as receipts applied one by one do, whatever is among them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select

import cebd.receipts.settle as module
from builders.clocks import StillClock
from builders.customs_answers import (
    KEYS,
    LIST_NO,
    a_format_refusal,
    a_platform_answer,
    a_tax_bill,
    an_answer,
    declare_n1,
)
from builders.declared import (
    AGENT,
    SENT_AT,
    Mailbox,
    a_list_return,
    a_receipt,
    a_return,
    an_open_store,
    declare,
    states_of_receipts,
)
from cebd.receipts.fetching import fetch_receipts
from cebd.receipts.settle import apply_stored
from cebd.store.store import Store
from cebd.store.tables import drops, history, messages, receipts, records

FOREIGN = a_receipt(a_return("Z9", "120", "100000"))
BROKEN = FOREIGN[:200]
CHANGED_NUMBER = "B20260304000000009"
ARRIVING = (
    an_answer("CEB311", "2", "100000"),
    an_answer("CEB311", "-301010", "100100", returnInfo="已存在相同编号的订单"),
    an_answer("CEB511", "120", "100100"),
    an_answer("CEB621", "2", "100000"),
    an_answer("CEB621", "120", "100100", invtNo=LIST_NO),
    an_answer("CEB621", "120", "100100", preNo=CHANGED_NUMBER),
    an_answer("CEB621", "800", "100200", leave_out=("copNo", "agentCode"), preNo=CHANGED_NUMBER),
    a_tax_bill("T1", "1", "090000"),
    a_tax_bill("T1", "3", "100000", code="CEB818"),
    an_answer("CEB623", "120", "100100"),
    an_answer("CEB623", "399", "100200", agentCode=AGENT),
    an_answer("CEB711", "120", "100100", rkdNo="51412026I000000009"),
    an_answer("CEB711", "399", "100200", leave_out=("copNo", "preNo"), rkdNo="51412026I000000009"),
    a_receipt(a_return("A1", "-301008", "091000"), a_return("A2", "120", "091000")),
    a_receipt(a_return("A1", "120", "101500"), a_return("A1", "2", "101000")),
    a_receipt(a_return("A1", "-301008", "101600", info="地址 A@B 座有误")).replace(b"@", b"&"),
    a_receipt(a_return("A2", "100", "110000", leave_out=("ebcCode",))),
    a_receipt(a_list_return("L2", "300", "100000"), a_return_of_nobody := a_list_return("L9", "2", "100000")),
    a_receipt(a_return_of_nobody),
    a_format_refusal("order-message"),
    a_platform_answer("order-message", "0000"),
    FOREIGN,
    BROKEN,
    b"<x/>",
)


def declared_before(store: Store) -> None:
    for code in KEYS:
        number = {"list_no": LIST_NO} if code in ("CEB623", "CEB625") else {}
        declare_n1(store, code, earlier_attempts=("in_doubt",) if code == "CEB311" else (), **number)
    declare(store, "A1", "A2", cop_msg_id="order-message")
    declare(store, "A1", sent_at=SENT_AT + timedelta(hours=1))
    declare(store, "L2", code="CEB621")


def tables(store: Store) -> Mapping[str, list[tuple[Any, ...]]]:
    """All rows that receipts change, but for the order in which words came: of one transaction, it is that of the receipts."""

    def rows(table: Table, *but: str) -> list[tuple[Any, ...]]:
        columns = [column for column in table.columns if column.name not in but]
        with store.read() as transaction:
            return sorted(map(tuple, transaction.execute(select(*columns))), key=repr)

    return {
        "receipts": rows(receipts, "content"),
        "history": rows(history, "id"),
        "records": rows(records),
        "messages": rows(messages, "body", "signature"),
    }


def touches(store: Store) -> Mapping[int, int]:
    """How often the files of each drop became due."""
    with store.read() as transaction:
        return {row.id: row.changed for row in transaction.execute(select(drops.c.id, drops.c.changed))}


def applied(folder: Path, arriving: list[bytes], returns_together: int, poisoned: str = "") -> Mapping[str, Any]:
    """The tables, and the drops whose files are due, after these receipts came at once and were applied, so many returns in a
    transaction."""
    original = module.Match

    def matching(known: Any, receipt: Any, returns: Any) -> Any:
        if receipt.name == poisoned:
            raise RuntimeError("a mistake of ours")
        return original(known, receipt, returns)

    with an_open_store(folder) as store, pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_RETURNS_TOGETHER", returns_together)
        patched.setattr(module, "Match", matching)
        fetch_receipts(store, "sftp", Mailbox(*arriving), StillClock(SENT_AT + timedelta(hours=3)))
        before = touches(store)
        apply_stored(store)
        assert "stored" not in states_of_receipts(store)
        due = {drop for drop, times in touches(store).items() if times > before[drop]}
        return {**tables(store), "due": due}


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(arriving=st.permutations(ARRIVING), poisoned=st.integers(0, len(ARRIVING) - 1))
def test_receipts_applied_together_leave_what_they_leave_one_by_one(arriving: list[bytes], poisoned: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        one_by_one, together = Path(temporary) / "one by one", Path(temporary) / "together"
        with an_open_store(one_by_one) as store:
            declared_before(store)
        shutil.copytree(one_by_one, together)
        name = f"{poisoned:04d}.xml"
        expected = applied(one_by_one, arriving, returns_together=1, poisoned=name)
        assert applied(together, arriving, returns_together=1000, poisoned=name) == expected
