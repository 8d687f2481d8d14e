"""Receipts of a message type that was added by its files alone are matched, and mean what its own code book says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.added_types import add_stock_counts, types_from
from builders.customs_messages import CEB, new_guid
from builders.declared import an_open_store, declare, settle, states_of_receipts, the_record
from cebd.customs.code_book import entry_for, noun
from cebd.records.states import State
from cebd.store.store import Store

KEEPER = "4407961666"
WORDS = "盘点单[CNT1]已经申报过"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with types_from(add_stock_counts(tmp_path / "types")), an_open_store(tmp_path) as store:
        yield store


def a_count(store: Store, number: str = "CNT1", *earlier_attempts: str | None) -> int:
    [record] = declare(store, number, code="CEB911", key=f"{number}\x1f{KEEPER}", earlier_attempts=earlier_attempts)
    return record


def a_receipt(status: str, info: str = "回执", number: str = "CNT1", **more: str) -> bytes:
    given = {"guid": new_guid(), "copNo": number, "keeperCode": KEEPER, **more, "returnStatus": status}
    given |= {"returnTime": "20260304100000000", "returnInfo": info}
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in given.items())
    root = f'<CEB912Message xmlns="{CEB}" guid="{new_guid()}" version="1.0">'
    return f"{root}<StockCountReturn>{inner}</StockCountReturn></CEB912Message>".encode()


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("2", State.ACKNOWLEDGED),
        ("3", State.ACKNOWLEDGED),
        ("4", State.REFUSED),
        ("120", State.SUCCEEDED),
        ("100", State.REFUSED),
        ("-911002", State.REFUSED),
    ],
)
def test_each_status_does_what_the_code_book_says(store: Store, status: str, state: State) -> None:
    record = a_count(store)
    settle(store, a_receipt(status))
    assert the_record(store, record)["state"] == state
    assert states_of_receipts(store) == ["applied"]


def test_that_it_is_there_already_is_an_arrival_after_a_doubt_and_a_refusal_else(store: Store) -> None:
    doubtful, sure = a_count(store, "CNT1", None), a_count(store, "CNT2")
    settle(store, a_receipt("-911001", WORDS), a_receipt("-911001", WORDS, "CNT2"))
    assert the_record(store, doubtful)["state"] == State.ACKNOWLEDGED
    assert the_record(store, sure)["state"] == State.REFUSED


def test_the_number_that_customs_give_it_is_kept(store: Store) -> None:
    record = a_count(store)
    settle(store, a_receipt("3", preNo="B20260304000000001", cntNo="51652026I000000001"))
    told = the_record(store, record)
    assert (told["pre_no"], told["invt_no"]) == ("B20260304000000001", "51652026I000000001")


def test_a_receipt_of_another_key_is_not_its(store: Store) -> None:
    record = a_count(store)
    settle(store, a_receipt("120", number="CNT9"))
    assert (states_of_receipts(store), the_record(store, record)["state"]) == (["unmatched"], State.SENT)


def test_it_has_its_name_in_every_meaning(store: Store) -> None:
    assert noun("CEB911") == ("盘点单", "stock count")
    shared, unpublished = entry_for("CEB911", "2"), entry_for("CEB911", "-911999")
    assert ("盘点单" in shared.cause_zh, "stock count" in shared.cause_en) == (True, True)
    assert (unpublished.sure, "盘点单" in unpublished.zh, "stock count" in unpublished.en) == (False, True, True)
