"""Everything about one file or record, as values, found by what people know of it."""

from __future__ import annotations

from builders.declared import a_drop, declare
from cebd.operations.inquiries.lookup import FileInFull, RecordsInFull, latest_files, latest_records, look_up
from cebd.records.states import State
from cebd.store.store import Store


def test_a_file_is_found_by_its_name_and_by_its_number(store: Store) -> None:
    a_drop(store, "morning.xlsx")
    number = a_drop(store, "orders.xlsx")
    for ref in ("orders.xlsx", str(number)):
        found = look_up(store.folder, ref)
        assert isinstance(found, FileInFull)
        assert (found.drop.id, found.receipt.file) == (number, "orders.xlsx")


def test_a_record_is_found_by_any_number_of_its_key_with_the_attempts_to_send_it(store: Store) -> None:
    declare(store, "N-1", "N-2", earlier_attempts=("failed",))
    found = look_up(store.folder, "N-2")
    assert isinstance(found, RecordsInFull)
    (explained,) = found.records
    assert explained.record.record.key["orderNo"] == "N-2"
    assert explained.record.message is not None
    assert [attempt.outcome for attempt in explained.record.message.attempts] == ["failed", "sent"]
    assert explained.meaning is None
    shown = found.as_json()["records"][0]
    assert [(one["phase"], one["outcome"]) for one in shown["submissions"]] == [
        ("handing-over", "failed"),
        ("handing-over", "sent"),
    ]


def test_what_nobody_knows_is_nothing(store: Store) -> None:
    assert look_up(store.folder, "N-1") is None


def test_lists_begin_with_the_latest_and_end_at_the_limit(store: Store) -> None:
    for number in (1, 2, 3):
        declare(store, f"N-{number}", drop=a_drop(store, f"{number}.xlsx"))
    assert [drop.file for drop in latest_files(store.folder, 2)] == ["3.xlsx", "2.xlsx"]
    assert [drop.counts for drop in latest_files(store.folder, 1)] == [{"sent": 1}]
    assert [record.key["orderNo"] for record in latest_records(store.folder, State.SENT, None, 2)] == ["N-3", "N-2"]
