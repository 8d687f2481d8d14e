"""Receipts come late, more than once and broken; each record ends in the state that customs last gave it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from builders.clocks import StillClock
from builders.customs_messages import CEB
from builders.declared import (
    Mailbox,
    a_list_return,
    a_receipt,
    a_return,
    declare,
    settle,
    states_of_receipts,
    the_record,
)
from builders.papers import CASES
from cebd.receipts.fetching import fetch_receipts
from cebd.receipts.publishing.raw_receipts import copy_out
from cebd.receipts.settle import apply_stored
from cebd.store.store import Store
from cebd.store.tables import drops, receipts


class TestOrderOfTime:
    def test_a_released_list_stays_released_when_earlier_words_come_late(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        for status, at in (("800", "100300"), ("2", "100000"), ("120", "100100")):
            settle(store, a_receipt(a_list_return("L1", status, at)))
        record = the_record(store, mine)
        assert (record["state"], record["status"]) == ("succeeded", "800")

    def test_released_may_be_followed_by_closed(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "800", "100000")), a_receipt(a_list_return("L1", "899", "110000")))
        record = the_record(store, mine)
        assert (record["state"], record["status"]) == ("succeeded", "899")

    def test_a_refusal_after_entry_wins_over_the_entry(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "100", "110000"), a_list_return("L1", "120", "100000")))
        assert the_record(store, mine)["state"] == "refused"

    def test_of_words_of_one_moment_the_one_further_along_counts(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "120", "100000"), a_list_return("L1", "2", "100000")))
        assert the_record(store, mine)["status"] == "120"

    def test_a_return_without_a_time_never_outweighs_one_that_has_one(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "120", "100000")), a_receipt(a_return("A1", "2", "soon")))
        assert the_record(store, mine)["state"] == "succeeded"

    @pytest.mark.parametrize("text", ["2026-03-04 10:00:00.123", "20260304100000123", "2026/03/04 10:00:00:123"])
    def test_a_time_is_read_in_any_punctuation(self, store: Store, text: str) -> None:
        (mine,) = declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "120", text)))
        assert the_record(store, mine)["time"] == "2026-03-04T10:00:00.123+08:00"


class TestBrokenAndForeign:
    def test_a_receipt_cut_in_half_is_parked_and_later_ones_still_apply(self, store: Store, tmp_path: Path) -> None:
        (mine,) = declare(store, "A1")
        whole = a_receipt(a_return("A1", "120", "100000"))
        settle(store, whole[: len(whole) // 2], b"", b"\x00\xff garbage", whole)
        assert states_of_receipts(store) == ["unreadable", "unreadable", "unreadable", "applied"]
        assert the_record(store, mine)["state"] == "succeeded"
        folder = tmp_path / "甲"
        copy_out(store, {"甲": folder}, {"sftp": ["甲"]})
        parked = sorted((folder / "outbox" / "unmatched").glob("*.xml"))
        assert [path.read_bytes() for path in parked] == [whole[: len(whole) // 2], b"", b"\x00\xff garbage"]
        assert "CEBD-1704" in parked[0].with_name(f"{parked[0].name}.problem.txt").read_text(encoding="utf-8")
        assert [path.read_bytes() for path in (folder / "outbox" / "customs").iterdir()] == [whole]

    def test_a_receipt_that_breaks_us_does_not_hold_up_the_others(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (mine,) = declare(store, "A1")
        import cebd.receipts.settle as module

        original = module.read_returns

        def breaks(content: bytes) -> Any:
            if b"poison" in content:
                raise RuntimeError("a mistake of ours")
            return original(content)

        monkeypatch.setattr(module, "read_returns", breaks)
        mailbox = Mailbox(f'<poison xmlns="{CEB}"/>'.encode(), a_receipt(a_return("A1", "120", "100000")))
        fetch_receipts(store, "sftp", mailbox, StillClock())
        apply_stored(store)
        assert states_of_receipts(store) == ["unreadable", "applied"]
        assert the_record(store, mine)["state"] == "succeeded"

    def test_a_receipt_that_breaks_us_halfway_leaves_nothing_of_itself(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (mine,) = declare(store, "A1")
        import cebd.receipts.changes as module

        def breaks(*_: Any) -> None:
            raise RuntimeError("a mistake of ours")

        monkeypatch.setattr(module, "end_overdue", breaks)
        settle(store, a_receipt(a_return("A1", "120", "100000")))
        record = the_record(store, mine)
        assert (record["state"], record["history"]) == ("sent", [])
        assert states_of_receipts(store) == ["unreadable"]

    def test_a_declaration_among_the_receipts_is_none(self, store: Store) -> None:
        settle(store, f'<CEB311Message xmlns="{CEB}" guid="x" version="1.0"/>'.encode())
        assert states_of_receipts(store) == ["unreadable"]

    def test_a_receipt_with_a_bare_ampersand_is_applied_and_its_record_says_so_once(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        receipt = a_receipt(a_return("A1", "-301008", "100000", "地址 A@B 座有误")).replace(b"@", b"&")
        settle(store, receipt, receipt.replace(b"<?xml", b"\n<?xml"))
        record = the_record(store, mine)
        assert (record["state"], record["info"]) == ("refused", "地址 A&B 座有误")
        assert [one["id"] for one in json.loads(record["problems"])] == ["CEBD-1712"]
        assert states_of_receipts(store) == ["applied", "applied"]

    def test_a_receipt_whose_words_the_store_does_not_take_is_parked_alone(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine, other = declare(store, "A1", "A2")
        import cebd.receipts.changes as module

        original = module.close_receipts

        def breaks(connection: Any, closed: Any) -> None:
            original(connection, closed)
            if 1 in [receipt.id for receipt in closed]:
                connection.execute(insert(receipts).values(id=1))

        monkeypatch.setattr(module, "close_receipts", breaks)
        mailbox = Mailbox(*(a_receipt(a_return(number, "120", "100000")) for number in ("A1", "A2")))
        fetch_receipts(store, "sftp", mailbox, StillClock())
        apply_stored(store)
        assert [the_record(store, one)["state"] for one in (mine, other)] == ["sent", "succeeded"]
        assert states_of_receipts(store) == ["unreadable", "applied"]

    def test_an_enterprise_that_left_the_settings_does_not_hold_up_the_copies_of_others(
        self, store: Store, tmp_path: Path
    ) -> None:
        declare(store, "A1", enterprise="旧")
        declare(store, "A2")
        settle(store, a_receipt(a_return("A1", "120", "100000")), a_receipt(a_return("A2", "120", "100000")))
        assert copy_out(store, {"甲": tmp_path / "甲"}, {"sftp": ["甲"]}) == 2
        assert len(list((tmp_path / "甲" / "outbox" / "customs").iterdir())) == 1


class TestC15:
    """Case C15: the same receipt in an envelope and bare in GB 2312, in both orders, each twice, and one cut at half between."""

    @pytest.mark.parametrize("bare_first", [True, False])
    def test_one_order_state_2_one_entry_both_files_kept(self, store: Store, tmp_path: Path, bare_first: bool) -> None:
        (mine,) = declare(store, "C15-0001")
        bare = (CASES / "C15-receipt-gb2312.xml").read_bytes()
        enveloped = (CASES / "C15-receipt-in-dxp-envelope.xml").read_bytes()
        first, second = (bare, enveloped) if bare_first else (enveloped, bare)
        settle(store, first, first, first[: len(first) // 2], second, second)
        record = the_record(store, mine)
        assert (record["state"], record["status"]) == ("acknowledged", "2")
        assert record["history"] == [("2", "2025-01-02T03:05:10.123+08:00", "新增申报成功[订单:C15-0001]")]
        copy_out(store, {"甲": tmp_path / "甲"}, {"sftp": ["甲"]})
        kept = (tmp_path / "甲" / "outbox" / "customs").iterdir()
        assert sorted(path.read_bytes() for path in kept) == sorted([bare, enveloped])


def test_what_was_told_before_does_not_have_everything_published_anew(store: Store) -> None:
    declare(store, "A1")
    with store.read() as connection:
        before = connection.execute(select(drops.c.changed)).scalar_one()
    settle(store, a_receipt(a_return("A1", "2", "100000")))
    with store.read() as connection:
        once = connection.execute(select(drops.c.changed)).scalar_one()
    settle(store, a_receipt(a_return("A1", "2", "100000")))
    with store.read() as connection:
        twice = connection.execute(select(drops.c.changed)).scalar_one()
    assert before < once == twice
