"""What the official client says of a message is said of its records: refused before customs saw them, or on their way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from builders.new_store import open_store
from builders.signed_message import SignedMessage, submit
from cebd.client_notes import marked
from cebd.customs.code_book import entry_for
from cebd.receipts.settle import apply_stored
from cebd.store.receipts import add_receipt
from cebd.store.tables import records
from cebd.transport.channel import Found, Handover, Outcome, Sent

NOTE = "<CommonResponeMessage><CheckInfo>{}</CheckInfo><DealFlag>{}</DealFlag></CommonResponeMessage>"


class Client:
    def deliver(self, handover: Handover) -> Outcome:
        handover.before_visible()
        return Sent()

    def find(self, handover: Handover) -> Found:
        return "arrived"

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def books(tmp_path: Path) -> Iterator[SignedMessage]:
    store = open_store(tmp_path)
    made = SignedMessage(store)
    submit(store, Client(), made.message_id, made.clock, 600.0)
    yield made
    store.close()


def told(books: SignedMessage, name: str, content: str) -> set[tuple[str, str | None, str | None]]:
    with books.store.write() as transaction:
        add_receipt(transaction, "eport", name, marked(name, content.encode()), "2026-03-04T06:00:00+08:00")
    apply_stored(books.store)
    with books.store.read() as transaction:
        return {tuple(row) for row in transaction.execute(select(records.c.state, records.c.status, records.c.info))}


def test_what_the_client_could_not_send_is_refused_with_its_words(books: SignedMessage) -> None:
    name = "Failed_CEB311Message_DXPENT0001-1.xml"
    assert told(books, name, NOTE.format("卡未登录", -1)) == {("refused", "dxp:failed", "卡未登录")}
    assert entry_for("CEB311", "dxp:failed", "").zh == "单一窗口客户端未能发送"


def test_what_the_client_has_sent_is_on_its_way(books: SignedMessage) -> None:
    name = "Successed_CEB311Message_DXPENT0001-1.xml"
    assert told(books, name, NOTE.format("成功", 0)) == {("acknowledged", "dxp:sent", "成功")}


def test_a_note_about_another_message_says_nothing_of_this_one(books: SignedMessage) -> None:
    name = "Failed_CEB311Message_DXPENT0001-2.xml"
    assert {state for state, *_ in told(books, name, NOTE.format("卡未登录", -1))} == {"ready"}
