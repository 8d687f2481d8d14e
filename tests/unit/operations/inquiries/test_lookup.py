"""Everything about one file, message or record, as values, found by what people know of it."""

from __future__ import annotations

import pytest

from builders.customs_messages import new_guid
from builders.declared import a_drop, a_list_return, a_receipt, a_return, declare, settle, the_record
from cebd.operations.inquiries.life import FileInFull, RecordsInFull
from cebd.operations.inquiries.lookup import Filter, list_files, list_records, look_up
from cebd.problems.problem import problem
from cebd.records.ids import MessageId
from cebd.records.states import State
from cebd.store.messages import set_waiting
from cebd.store.store import Store


def test_a_file_is_found_by_its_name_and_by_its_number(store: Store) -> None:
    a_drop(store, "morning.xlsx")
    number = a_drop(store, "orders.xlsx")
    for ref in ("orders.xlsx", str(number)):
        found = look_up(store.folder, ref)
        assert isinstance(found, FileInFull)
        assert (found.drop.id, found.receipt.file) == (number, "orders.xlsx")


def test_a_record_is_found_by_its_number_with_the_attempts_to_send_it(store: Store) -> None:
    declare(store, "N-1", "N-2", earlier_attempts=("failed",))
    found = look_up(store.folder, "N-2")
    assert isinstance(found, RecordsInFull)
    (life,) = found.records
    assert life.record.record.key["orderNo"] == "N-2"
    assert life.record.message is not None
    assert [attempt.outcome for attempt in life.record.message.attempts] == ["failed", "sent"]
    assert life.meaning is None
    shown = found.as_json()["records"][0]  # type: ignore[index]
    assert [(one["phase"], one["outcome"]) for one in shown["submissions"]] == [
        ("handing-over", "failed"),
        ("handing-over", "sent"),
    ]


def test_what_nobody_knows_is_nothing(store: Store) -> None:
    assert look_up(store.folder, "N-1") is None


def test_lists_begin_with_the_latest_and_end_at_the_limit(store: Store) -> None:
    for number in (1, 2, 3):
        declare(store, f"N-{number}", drop=a_drop(store, f"{number}.xlsx"))
    assert [drop.file for drop in list_files(store.folder, Filter(), 2).rows] == ["3.xlsx", "2.xlsx"]
    assert [drop.counts for drop in list_files(store.folder, Filter(), 1).rows] == [{"sent": 1}]
    sent = list_records(store.folder, Filter(state=State.SENT), 2)
    assert [record.key["orderNo"] for record in sent.rows] == ["N-3", "N-2"]


@pytest.mark.parametrize("ref", ["C-1", "O-1", "W-1", "B20260304000000001", "51412026I000000001", "record", "message"])
def test_a_list_is_found_by_every_number_that_people_have_of_it(store: Store, ref: str) -> None:
    (mine, _) = declare(
        store, "C-1", "C-2", code="CEB621", order_no="O-1\x1f9900000001", waybill_no="W-1\x1f9900000003"
    )
    declare(store, "O-9")
    settle(store, a_receipt(a_list_return("C-1", "800", "100000", invtNo="51412026I000000001")))
    record = the_record(store, mine)
    wanted = {"record": record["guid"].lower(), "message": record["message_cop_msg_id"]}.get(ref, ref)
    found = look_up(store.folder, wanted)
    assert isinstance(found, RecordsInFull)
    assert mine in [life.record.record.id for life in found.records]
    assert all(life.record.record.type == "CEB621" for life in found.records)


def test_a_companys_code_is_no_number_of_a_declaration(store: Store) -> None:
    declare(store, "N-1")
    for code in ("9900000001", "9900000002"):  # the platform's, the enterprise's: in the key of every order
        assert look_up(store.folder, code) is None


def test_an_order_that_was_rejected_is_found_by_its_number(store: Store) -> None:
    declare(store, "N-1", state="rejected", order_no=None)
    found = look_up(store.folder, "N-1")
    assert isinstance(found, RecordsInFull)
    assert [life.record.record.state for life in found.records] == [State.REJECTED]


def test_the_life_of_a_declaration_runs_from_its_file_to_its_receipt(store: Store) -> None:
    declare(store, "N-1", earlier_attempts=("failed",))
    settle(store, a_receipt(a_return("N-1", "120", "093000", "逻辑校验通过")))
    found = look_up(store.folder, "N-1")
    assert isinstance(found, RecordsInFull)
    (life,) = found.records
    said = [event.what.en.split(" (")[0].split(":")[0] for event in life.events]
    assert said[0] == "file orders.xlsx taken from inbox/orders.xlsx"
    assert said[1].startswith("message ")
    assert [one for one in said if one.startswith("attempt")] == [
        "attempt 1 began",
        "attempt 1",
        "attempt 2 began",
        "attempt 2",
    ]
    assert said[-1] == "answer 120 逻辑校验通过"
    assert [event.time for event in life.events] == sorted(event.time for event in life.events)
    assert life.message is not None
    assert life.message.composed.size > 0
    assert len(life.message.composed.sha256) == 64


def test_who_waits_for_whom_is_said_at_both_ends(store: Store) -> None:
    (order,) = declare(store, "O-1", order_no="O-1\x1f9900000001", active=True)
    (list_,) = declare(store, "C-1", code="CEB621", order_no="O-1\x1f9900000001", sent_at=None)
    why = problem("CEBD-1643", value="O-1", documents_zh="订单 O-1", documents="order O-1")
    with store.write() as transaction:
        set_waiting(transaction, MessageId(the_record(store, list_)["message_id"]), why)
    found = look_up(store.folder, "O-1")
    assert isinstance(found, RecordsInFull)
    lives = {life.record.record.id: life for life in found.records}
    assert [text.zh for text in lives[order].waited_for_by] == ["清单 C-1"]
    assert [text.en for text in lives[list_].waits_for][-1] == "order O-1"


def test_a_guid_that_nobody_has_is_nothing(store: Store) -> None:
    declare(store, "N-1")
    assert look_up(store.folder, new_guid()) is None
