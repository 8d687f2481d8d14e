"""A list waits for what it rests on, a change for its original, and a new channel's messages for the first answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from builders.clocks import StillClock
from builders.new_store import open_store
from builders.signed_message import SignedMessage
from cebd.records.ids import MessageId
from cebd.records.states import SubmissionOutcome, SubmissionPhase
from cebd.store.across.sending.order import give_to_channel, not_delivered
from cebd.store.across.undecided import give_up, release, undecided_records
from cebd.store.messages import load_message
from cebd.store.submissions import add_submission
from cebd.store.tables import messages, records
from cebd.transport.sending_order import SendingOrder

AFTER_AN_HOUR = "2026-03-04T03:00:00+08:00"


class Books:
    """Documents and lists of a station, each in a message of its own."""

    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder)
        self.clock = StillClock()
        self.number = 0

    def add(self, type_: str, *, sent: bool = False, key: str | None = None, **facts: object) -> MessageId:
        """A message with one record, signed, or handed over."""
        self.number += 1
        made = SignedMessage(self.store, self.number)
        with self.store.write() as transaction:
            now = self.clock.now().isoformat(timespec="milliseconds")
            about = {"type": type_, "state": "sent", "sent_at": now} if sent else {"type": type_}
            transaction.execute(update(messages).where(messages.c.id == made.message_id).values(**about))
            of = records.c.message_id == made.message_id
            transaction.execute(records.delete().where(of, records.c.key == f"{self.number}B"))
            values = {"type": type_, "key": key or f"K{self.number}", **facts}
            transaction.execute(update(records).where(of).values(**values))
            if sent:
                phase, outcome = SubmissionPhase.HANDING_OVER, SubmissionOutcome.SENT
                add_submission(transaction, made.message_id, "x", now, phase=phase, outcome=outcome, settled=now)
        return made.message_id

    def answer(self, message_id: MessageId, status: str, state: str = "acknowledged") -> None:
        with self.store.write() as transaction:
            of = records.c.message_id == message_id
            transaction.execute(update(records).where(of).values(status=status, state=state))

    def order(self, *, first: bool = False) -> SendingOrder:
        return SendingOrder(self.store, self.clock, "eport", first=first, list_minutes=60)

    def keeps_back(self, message_id: MessageId) -> str | None:
        """The problem for which it is kept back; None: it may go."""
        kept = self.order().keeps_back(message_id)
        return self.waiting(message_id) if kept else None

    def waiting(self, message_id: MessageId) -> str | None:
        with self.store.read() as transaction:
            waiting = load_message(transaction, message_id).waiting
        return None if waiting is None else waiting.id

    def state(self, message_id: MessageId) -> str:
        with self.store.read() as transaction:
            return load_message(transaction, message_id).state


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path)
    yield made
    made.store.close()


# A list and what it rests on


@pytest.mark.parametrize(
    ("type_", "facts", "named"),
    [
        ("CEB311", {"order_no": "O1"}, {"order_no": "O1"}),
        ("CEB411", {"order_no": "O1"}, {"order_no": "O1"}),
        ("CEB511", {"key": "W1"}, {"waybill_no": "W1"}),
    ],
)
def test_a_list_goes_once_the_e_port_has_its_document(
    books: Books, type_: str, facts: dict[str, str], named: dict[str, str]
) -> None:
    document = books.add(type_, sent=True, **facts)
    inventory = books.add("CEB621", **named)
    assert books.keeps_back(inventory) == "CEBD-1643"
    books.answer(document, "dxp:0000")  # the exchange platform's word on the envelope is not the e-port's on the record
    assert books.keeps_back(inventory) == "CEBD-1643"
    books.answer(document, "2")
    assert books.keeps_back(inventory) is None


def test_a_list_does_not_wait_for_what_others_declare(books: Books) -> None:
    books.add("CEB311", order_no="another")
    assert books.keeps_back(books.add("CEB621", order_no="O1", waybill_no="W1")) is None


def test_the_deletion_of_a_list_waits_for_no_document(books: Books) -> None:
    books.add("CEB311", order_no="O1")
    assert books.keeps_back(books.add("CEB621", order_no="O1", app_type="3")) is None


def test_a_list_whose_documents_do_not_arrive_in_time_is_held_with_a_word_and_not_sent(books: Books) -> None:
    books.add("CEB311", order_no="O1", sent=True)
    inventory = books.add("CEB621", order_no="O1")
    books.clock.moment += _minutes(59)
    assert books.keeps_back(inventory) == "CEBD-1643"
    books.clock.moment += _minutes(2)
    assert books.keeps_back(inventory) == "CEBD-1644"
    assert books.state(inventory) == "held"


def test_a_list_is_not_held_while_its_documents_are_still_here(books: Books) -> None:
    books.add("CEB311", order_no="O1")  # the token was away for a night
    inventory = books.add("CEB621", order_no="O1")
    books.clock.moment += _minutes(600)
    assert books.keeps_back(inventory) == "CEBD-1643"
    assert books.state(inventory) == "signed"


def test_a_list_that_a_person_releases_is_signed_anew_and_does_not_wait_again(books: Books) -> None:
    inventory = _held(books)
    with books.store.write() as transaction:
        assert release(transaction, undecided_records(transaction), "the port has it") == 1
    assert books.state(inventory) == "ready"
    with books.store.write() as transaction:
        transaction.execute(update(messages).where(messages.c.id == inventory).values(state="signed"))
    assert books.keeps_back(inventory) is None


def test_a_list_that_a_person_drops_is_given_up(books: Books) -> None:
    inventory = _held(books)
    with books.store.write() as transaction:
        give_up(transaction, undecided_records(transaction), "declared elsewhere")
        assert transaction.execute(messages.select().where(messages.c.id == inventory)).first() is None


# A change


def test_a_change_waits_until_what_it_changes_is_answered(books: Books) -> None:
    original = books.add("CEB311", key="O1", sent=True)
    change = books.add("CEB311", key="O1", app_type="2", active=False)
    assert books.keeps_back(change) == "CEBD-1645"
    books.answer(original, "2")
    assert books.keeps_back(change) is None


# A new channel


def test_a_new_channel_sends_one_message_of_each_type_until_it_is_answered(books: Books) -> None:
    order = books.order(first=True)
    first, second, waybill = books.add("CEB311"), books.add("CEB311"), books.add("CEB511")
    assert not order.keeps_back(first)
    _send(books, first)
    assert order.keeps_back(second)
    assert books.waiting(second) == "CEBD-1642"
    assert not order.keeps_back(waybill)
    books.answer(first, "2")
    assert not order.keeps_back(second)


def test_a_new_channel_that_the_platform_refuses_tries_the_next_message_alone(books: Books) -> None:
    order = books.order(first=True)
    first, second, third = (books.add("CEB311") for _ in range(3))
    _send(books, first)
    books.answer(first, "dxp:0002", "refused")
    assert not order.keeps_back(second)
    _send(books, second)
    assert order.keeps_back(third)


# Another channel that takes over


def test_the_other_channel_takes_what_certainly_did_not_arrive_and_what_waits_behind_it(books: Books) -> None:
    tried, behind, doubtful, resting = (books.add("CEB311") for _ in range(4))
    with books.store.write() as transaction:
        failed, handing = SubmissionOutcome.FAILED, SubmissionPhase.HANDING_OVER
        add_submission(transaction, tried, "x", AFTER_AN_HOUR, outcome=failed, settled=AFTER_AN_HOUR)
        add_submission(transaction, doubtful, "x", AFTER_AN_HOUR, outcome=failed, settled=AFTER_AN_HOUR)
        add_submission(transaction, doubtful, "x", AFTER_AN_HOUR, phase=handing)
        down = '{"id": "CEBD-1601"}'
        for message_id in (tried, behind, doubtful):
            transaction.execute(update(messages).where(messages.c.id == message_id).values(waiting=down))
        before = not_delivered(transaction, "eport", "e", "2026-03-04T02:59:00+08:00", ("CEBD-1601",))
        assert before == []  # it failed a moment ago
        waiting = not_delivered(transaction, "eport", "e", AFTER_AN_HOUR, ("CEBD-1601",))
        assert waiting == [tried, behind]
        assert give_to_channel(transaction, [*waiting, doubtful], "other") == [tried, behind]
        channels = dict(
            transaction.execute(messages.select().with_only_columns(messages.c.id, messages.c.channel)).all()
        )
    assert channels == {tried: "other", behind: "other", doubtful: "eport", resting: "eport"}


def _held(books: Books) -> MessageId:
    books.add("CEB311", order_no="O1", sent=True)
    inventory = books.add("CEB621", order_no="O1")
    books.clock.moment += _minutes(61)
    assert books.keeps_back(inventory) == "CEBD-1644"
    return inventory


def _send(books: Books, message_id: MessageId) -> None:
    with books.store.write() as transaction:
        transaction.execute(update(messages).where(messages.c.id == message_id).values(state="sent"))
        phase, outcome = SubmissionPhase.HANDING_OVER, SubmissionOutcome.SENT
        add_submission(transaction, message_id, "x", "", phase=phase, outcome=outcome)


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
