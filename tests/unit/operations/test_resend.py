"""A person has sent once more what the other side lost: only what nobody answered, and never by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.new_store import open_store
from builders.signed_message import SignedMessage, submit
from cebd.operations.resend import messages_to_resend, resend
from cebd.operations.text import Refused
from cebd.transport.channel import Found, Handover, Outcome, Sent


class Port:
    def deliver(self, handover: Handover) -> Outcome:
        handover.before_visible()
        return Sent()

    def find(self, handover: Handover) -> Found:
        return "arrived"

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def books(tmp_path: Path) -> SignedMessage:
    made = SignedMessage(open_store(tmp_path))
    submit(made.store, Port(), made.message_id, made.clock, 600.0)
    return made


@pytest.mark.parametrize("ref", ["1.xlsx", "1", "1A", "G1"])
def test_a_message_is_named_by_its_file_a_number_in_it_or_its_guid(books: SignedMessage, ref: str) -> None:
    books.store.close()
    assert [message.guid for message in messages_to_resend(books.store.folder, ref)] == ["G1"]


def test_it_goes_on_its_way_again_with_the_name_of_who_wanted_it(books: SignedMessage) -> None:
    books.store.close()
    assert resend(books.store.folder, "1.xlsx", "the port's hotline said so") == 1
    with pytest.raises(Refused) as refused:  # it is under way already
        messages_to_resend(books.store.folder, "1.xlsx")
    assert "no message" in str(refused.value)


def test_what_was_answered_or_never_sent_is_refused_with_a_reason(books: SignedMessage) -> None:
    books.receipt_for("A")
    books.store.close()
    with pytest.raises(Refused) as refused:
        messages_to_resend(books.store.folder, "1.xlsx")
    assert "answered" in str(refused.value)
    assert "已经得到答复" in str(refused.value)
    with pytest.raises(Refused):
        messages_to_resend(books.store.folder, "another.xlsx")
