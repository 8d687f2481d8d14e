"""One number, N1, in declarations of every type: each receipt finds the declaration that it answers and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from builders.customs_answers import (
    KEYS,
    LIST_NO,
    NUMBERS,
    OTHER_LIST_NO,
    a_tax_bill,
    an_answer,
    declare_n1,
)
from builders.customs_messages import CEB
from builders.declared import (
    AGENT,
    settle,
    states_of_receipts,
    the_record,
)
from cebd.receipts.publishing.raw_receipts import copy_out
from cebd.store.packing import pack
from cebd.store.store import Store
from cebd.store.tables import drops, messages


@pytest.mark.parametrize("code", list(KEYS))
def test_another_key_is_another_declaration(store: Store, code: str) -> None:
    mine = declare_n1(store, code)
    others: list[dict[str, Any]] = [{name: "X9"} for name in KEYS[code][1] if name not in NUMBERS]
    settle(store, *(an_answer(code, "100", "100000", **other) for other in others))
    assert the_record(store, mine)["state"] == "sent"
    assert set(states_of_receipts(store)) == {"unmatched"}


def test_a_waybill_is_not_taken_for_its_status(store: Store) -> None:
    waybill, status = declare_n1(store, "CEB511"), declare_n1(store, "CEB513")
    settle(store, an_answer("CEB513", "399", "100000"))
    assert [the_record(store, one)["state"] for one in (waybill, status)] == ["sent", "succeeded"]


@pytest.mark.parametrize("code", ["CEB623", "CEB625"])
def test_an_application_told_the_number_of_its_list_does_not_become_that_list(store: Store, code: str) -> None:
    """What comes for the list by its number goes to the list, or, where another system declared it, to nobody."""
    mine = declare_n1(store, code)
    settle(store, an_answer(code, "120", "100000"))
    before = the_record(store, mine)
    settle(store, a_tax_bill("T1", "1", "090000"))
    settle(store, an_answer("CEB621", "899", "110000", invtNo=LIST_NO, preNo="B20260304000000002"))
    assert the_record(store, mine) == before
    assert states_of_receipts(store) == ["applied", "unmatched", "unmatched"]


@pytest.mark.parametrize("code", ["CEB623", "CEB625"])
def test_two_applications_about_one_list_are_told_apart_by_their_own_numbers(store: Store, code: str) -> None:
    first, second = declare_n1(store, code), declare_n1(store, code, key=f"N2\x1f{AGENT}")
    settle(
        store,
        an_answer(code, "100", "100000"),
        an_answer(code, "120", "100100", copNo="N2", preNo="B20260304000000008"),
    )
    assert [the_record(store, one)["status"] for one in (first, second)] == ["100", "120"]


@pytest.mark.parametrize(("customs", "state"), [("5141", "acknowledged"), ("1501", "sent")])
def test_an_application_is_known_by_its_number_where_the_codes_given_are_those_declared(
    store: Store, customs: str, state: str
) -> None:
    mine = declare_n1(store, "CEB623")
    record = the_record(store, mine)
    head = (
        f"<guid>{record['guid']}</guid><customsCode>5141</customsCode><copNo>N1</copNo><agentCode>{AGENT}</agentCode>"
    )
    body = pack(f'<CEB623Message xmlns="{CEB}"><InvtCancel>{head}</InvtCancel></CEB623Message>'.encode())
    with store.write() as connection:
        connection.execute(update(messages).where(messages.c.id == record["message_id"]).values(body=body))
    settle(store, an_answer("CEB623", "120", "100000", customsCode=customs))
    assert the_record(store, mine)["state"] == state


def test_an_entry_is_known_by_the_number_customs_gave_it(store: Store) -> None:
    mine = declare_n1(store, "CEB711")
    settle(store, an_answer("CEB711", "120", "100000", rkdNo="51412026I000000009", operatorCode="9900000006"))
    settle(store, an_answer("CEB711", "399", "100100", leave_out=("copNo", "preNo"), rkdNo="51412026I000000009"))
    settle(store, an_answer("CEB711", "100", "100200", leave_out=("copNo", "preNo"), rkdNo="51412026I000000008"))
    record = the_record(store, mine)
    assert (record["state"], record["pre_no"]) == ("succeeded", "B20260304000000004")
    assert states_of_receipts(store) == ["applied", "applied", "unmatched"]


class TestTaxBills:
    @pytest.fixture
    def released(self, store: Store) -> int:
        mine = declare_n1(store, "CEB621")
        settle(store, an_answer("CEB621", "800", "100000", invtNo=LIST_NO))
        return mine

    def test_a_bill_is_kept_with_its_list_and_changes_nothing_of_what_is_shown(
        self, store: Store, released: int
    ) -> None:
        before = the_record(store, released)
        settle(store, a_tax_bill("T1", "1", "090000"))
        after = the_record(store, released)
        assert after["history"] == [*before["history"], ("tax:1", "2026-03-05T09:00:00.000+08:00", "税单 tax bill T1")]
        assert {**after, "history": None} == {**before, "history": None}

    def test_the_outbox_is_written_anew_with_a_bill_and_not_again_when_it_is_repeated(
        self, store: Store, released: int
    ) -> None:
        def changes() -> int:
            with store.read() as connection:
                return int(connection.execute(select(drops.c.changed)).scalar_one())

        before = changes()
        bill = a_tax_bill("T1", "1", "090000")
        settle(store, bill)
        settle(store, bill.replace(b'guid="x"', b'guid="y"'))
        assert changes() == before + 1
        assert len(the_record(store, released)["history"]) == 2

    def test_a_bill_of_another_list_is_nobodys(self, store: Store, released: int) -> None:
        settle(store, a_tax_bill("T1", "1", "090000", list_no=OTHER_LIST_NO))
        assert len(the_record(store, released)["history"]) == 1
        assert states_of_receipts(store) == ["applied", "unmatched"]

    def test_a_bill_that_came_before_its_list_was_numbered_is_copied_to_those_that_are_ours_then(
        self, store: Store, tmp_path: Path
    ) -> None:
        mine = declare_n1(store, "CEB621")
        bill = a_tax_bill("T1", "1", "090000")
        settle(store, bill)
        copy_out(store, {"甲": tmp_path}, {"sftp": ["甲"]})
        assert [path.read_bytes() for path in (tmp_path / "outbox").rglob("*.xml")] == [bill]
        settle(store, an_answer("CEB621", "120", "100000", invtNo=LIST_NO))
        copy_out(store, {"甲": tmp_path}, {"sftp": ["甲"]})
        assert bill in [path.read_bytes() for path in (tmp_path / "outbox" / "customs").iterdir()]
        assert [entry[0] for entry in the_record(store, mine)["history"]] == ["120", "tax:1"]
        assert (the_record(store, mine)["state"], the_record(store, mine)["status"]) == ("acknowledged", "120")
