"""A record has the state of its message until customs speak of it: a message is signed and sent without a write to its hundred rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from builders.declared import declare
from builders.new_store import open_store
from builders.signed_message import SignedMessage
from cebd.records.states import State
from cebd.store.across.counts import state_counts
from cebd.store.across.receipt_content import records_to_publish
from cebd.store.messages import mark_sent
from cebd.store.store import Store
from cebd.store.tables import messages, records, state_of

NOW = "2026-03-04T05:06:07+08:00"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("message", "record"),
    [("ready", "ready"), ("signed", "signed"), ("in_doubt", "in_doubt"), ("sent", "sent"), ("asked", "in_doubt")],
)
def test_a_record_is_what_its_message_is(store: Store, message: str, record: str) -> None:
    declared = SignedMessage(store)
    with store.write() as transaction:
        transaction.execute(update(messages).values(state=message))
        (drop_id,) = transaction.execute(select(messages.c.drop_id)).scalars()
    assert declared.record_states == [record, record]
    with store.read() as transaction:
        assert state_counts(transaction).records == {record: 2}
        published = [one.outcome.state for some in records_to_publish(transaction, drop_id) for one in some]
    assert published == [record, record]


def test_what_customs_said_of_a_record_outlasts_what_becomes_of_its_message(store: Store) -> None:
    declared = SignedMessage(store)
    declared.receipt_for("A", State.REFUSED)
    with store.write() as transaction:
        mark_sent(transaction, declared.message_id, State.SENT, NOW)
    assert declared.record_states == ["refused", "sent"]


def test_a_row_that_repeats_a_record_is_shown_as_the_record_is_now(store: Store) -> None:
    (first,) = declare(store, "A1")
    with store.write() as transaction:
        row = dict(transaction.execute(select(records)).mappings().one())
        row |= {"id": None, "state": "repeat", "message_id": None, "active": False, "repeat_of": first}
        transaction.execute(insert(records).values(row))
        outcomes = [one.outcome.state for some in records_to_publish(transaction, row["drop_id"]) for one in some]
    assert outcomes == ["sent", "sent"]


def test_no_row_of_a_record_is_written_when_its_message_is_signed_and_sent(store: Store) -> None:
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        written.append(statement)

    declared = SignedMessage(store)
    event.listen(store.database.engine, "before_cursor_execute", note)
    with store.write() as transaction:
        mark_sent(transaction, declared.message_id, State.SENT, NOW)
    assert any(statement.startswith("UPDATE messages") for statement in written)
    assert not any(statement.startswith("UPDATE records") for statement in written)


def test_what_an_earlier_version_wrote_into_the_rows_of_messages_under_way_is_taken_out_of_them(tmp_path: Path) -> None:
    with_store = open_store(tmp_path)
    doubtful, signed, sent = (SignedMessage(with_store, number) for number in (1, 2, 3))
    doubtful.receipt_for("B", State.SUCCEEDED)
    with with_store.write() as transaction:
        for message, state in ((doubtful, "in_doubt"), (signed, "signed"), (sent, "sent")):
            for table, number in ((messages, messages.c.id), (records, records.c.message_id)):
                untold = update(table).where(number == message.message_id, table.c.state != "succeeded")
                transaction.execute(untold.values(state=state))
    with_store.close()
    store = open_store(tmp_path)
    with store.write() as transaction:
        assert transaction.execute(select(records.c.state).order_by(records.c.key)).scalars().all() == [
            *("ready", "succeeded"),
            *("ready", "ready"),
            *("sent", "sent"),
        ]
        mark_sent(transaction, doubtful.message_id, State.SENT, NOW)
        states = transaction.execute(select(state_of()).order_by(records.c.key)).scalars().all()
    store.close()
    assert states == ["sent", "succeeded", "signed", "signed", "sent", "sent"]
