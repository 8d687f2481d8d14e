"""A list whose cancellation customs granted is over: the application's own 399 says so, no receipt of the list ever does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from builders.customs_answers import (
    CANCELLATION_GRANTED,
    LIST_ENTERED,
    LIST_NO,
    OTHER_LIST_NO,
    an_answer,
    declare_n1,
)
from builders.declared import (
    SENT_AT,
    declare,
    settle,
    the_record,
)
from cebd.records.states import FINAL, State
from cebd.store.store import Store
from cebd.store.tables import drops

CANCELLED = ("cancel:399", "2026-03-04T11:00:00.000+08:00", "撤销申请单 N1 海关审结 cancel application N1 concluded")


@pytest.fixture
def mine(store: Store) -> int:
    return declare_n1(store, "CEB621")


@pytest.fixture
def application(store: Store) -> int:
    return declare_n1(store, "CEB623", list_no=LIST_NO)


def test_a_list_ends_when_its_cancellation_is_granted_and_names_the_application(
    store: Store, mine: int, application: int
) -> None:
    settle(store, LIST_ENTERED, an_answer("CEB623", "120", "103000"))
    assert the_record(store, mine)["state"] == "acknowledged"
    settle(store, CANCELLATION_GRANTED)
    record = the_record(store, mine)
    assert (record["state"], record["status"], record["time"]) == ("refused", CANCELLED[0], CANCELLED[1])
    assert record["info"] == CANCELLED[2]
    assert record["history"] == [("120", "2026-03-04T10:00:00.000+08:00", "回执120"), CANCELLED]
    assert the_record(store, application)["state"] == "succeeded"
    assert State(record["state"]) in FINAL


def test_the_outbox_of_the_list_is_written_anew_once(store: Store, mine: int, application: int) -> None:
    settle(store, LIST_ENTERED)

    def changes() -> int:
        with store.read() as connection:
            query = select(drops.c.changed).where(drops.c.id == the_record(store, mine)["drop_id"])
            return int(connection.execute(query).scalar_one())

    before = changes()
    settle(store, CANCELLATION_GRANTED)
    assert changes() == before + 1
    settle(store, CANCELLATION_GRANTED.replace(b'guid="x"', b'guid="y"'))
    settle(store, an_answer("CEB623", "399", "110000", preNo="B20260304000000009"))
    assert changes() == before + 1


@pytest.mark.parametrize("status", ["2", "120", "100", "-623005"])
def test_an_application_not_granted_ends_nothing(store: Store, mine: int, application: int, status: str) -> None:
    settle(store, LIST_ENTERED, an_answer("CEB623", status, "110000"))
    record = the_record(store, mine)
    assert (record["state"], record["status"]) == ("acknowledged", "120")


def test_a_granted_application_ends_no_other_list(store: Store, mine: int, application: int) -> None:
    (other,) = declare(store, "N2", code="CEB621")
    settle(
        store, an_answer("CEB621", "120", "100000", copNo="N2", preNo="B9", invtNo=OTHER_LIST_NO), CANCELLATION_GRANTED
    )
    assert the_record(store, other)["state"] == "acknowledged"


def test_what_customs_say_of_the_list_later_still_decides(store: Store, mine: int, application: int) -> None:
    settle(store, LIST_ENTERED, CANCELLATION_GRANTED, an_answer("CEB621", "800", "120000", invtNo=LIST_NO))
    assert (the_record(store, mine)["state"], the_record(store, mine)["status"]) == ("succeeded", "800")


def test_a_grant_is_final_and_a_list_released_after_it_is_released(store: Store, mine: int, application: int) -> None:
    settle(store, LIST_ENTERED, CANCELLATION_GRANTED, an_answer("CEB623", "100", "120000"))
    assert the_record(store, mine)["status"] == "cancel:399"
    settle(store, an_answer("CEB621", "800", "130000", invtNo=LIST_NO))
    assert (the_record(store, mine)["state"], the_record(store, mine)["status"]) == ("succeeded", "800")


def test_an_application_refused_and_made_again_under_its_number_ends_the_list(
    store: Store, mine: int, application: int
) -> None:
    settle(store, LIST_ENTERED, an_answer("CEB623", "100", "103000"))
    later = SENT_AT + timedelta(hours=1, minutes=45)
    declare_n1(store, "CEB623", list_no=LIST_NO, sent_at=later)
    settle(store, CANCELLATION_GRANTED)
    assert the_record(store, mine)["state"] == "refused"
    settle(store, an_answer("CEB623", "100", "103000", preNo="B20260304000000007"), an_answer("CEB623", "2", "101000"))
    assert the_record(store, mine)["history"].count(CANCELLED) == 1


def test_a_change_of_the_list_ends_with_it(store: Store, mine: int, application: int) -> None:
    settle(store, LIST_ENTERED)
    change = declare_n1(store, "CEB621", app_type="2", sent_at=SENT_AT + timedelta(hours=1, minutes=15))
    settle(store, an_answer("CEB621", "120", "102000", invtNo=LIST_NO), CANCELLATION_GRANTED)
    assert [the_record(store, one)["state"] for one in (mine, change)] == ["refused", "refused"]


def test_a_returned_list_stays_released(store: Store, mine: int) -> None:
    declare_n1(store, "CEB625", list_no=LIST_NO)
    settle(store, an_answer("CEB621", "800", "100000", invtNo=LIST_NO))
    before = the_record(store, mine)
    settle(store, an_answer("CEB625", "399", "110000"))
    assert the_record(store, mine) == before
    assert before["state"] == "succeeded"
