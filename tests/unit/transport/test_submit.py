"""Submitting: three outcomes, the intent on record before bytes leave, every step harmless when it runs twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from builders.new_store import open_store
from builders.signed_message import DOUBT, ENVELOPE, SignedMessage, submit
from cebd.messages.envelope import EnvelopeForm
from cebd.records.ids import DropId
from cebd.records.states import State
from cebd.store.across.sending.again import repeated_messages, send_again, sent_messages
from cebd.store.messages import mark_sent
from cebd.store.tables import records
from cebd.transport.channel import ChannelError, Failed, Found, Handover, InDoubt, Outcome, Sent

NAME = "CEB311Message_DXPENT0001-1.xml"


class Killed(BaseException):
    """The process ended here."""


class FakeChannel:
    """The other side. `answers` are the outcomes of hand-overs, in turn; None: killed there, after `passed` of the two halves."""

    def __init__(self, *answers: Outcome | None, found: Found | ChannelError = "unknown", passed: int = 2) -> None:
        self.answers = list(answers)
        self.found = found
        self.passed = passed
        self.delivered: list[tuple[str, bytes, int]] = []
        self.asked: list[tuple[str, int, int]] = []
        self.was_sent: list[bool] = []  # as told when it was asked
        self.may_be_there: list[bool] = []  # as told at each hand-over
        self.meanwhile: Callable[[], None] = lambda: None

    def deliver(self, handover: Handover) -> Outcome:
        assert handover.message_id == "DXPENT0001-1"
        self.may_be_there.append(handover.may_be_there)
        answer = self.answers.pop(0)
        if answer is None and self.passed == 0:
            raise Killed
        if not isinstance(answer, Failed):
            handover.before_visible()
            if answer is not None or self.passed == 2:
                self.delivered.append((handover.name, handover.content, handover.attempt))
        if answer is None:
            raise Killed
        self.meanwhile()
        return answer

    def find(self, handover: Handover) -> Found:
        self.asked.append((handover.name, len(handover.content), handover.attempt))
        self.was_sent.append(handover.was_sent)
        if isinstance(self.found, ChannelError):
            raise self.found
        return self.found

    def close(self) -> None:
        pass


@pytest.fixture
def books(tmp_path: Path) -> Iterator[SignedMessage]:
    store = open_store(tmp_path)
    yield SignedMessage(store)
    store.close()


def killed(books: SignedMessage, channel: FakeChannel) -> None:
    with pytest.raises(Killed):
        books.submit(channel)


# The three outcomes


def test_a_message_that_was_taken_is_sent_once_however_often_it_is_asked_for(books: SignedMessage) -> None:
    channel = FakeChannel(Sent())
    assert [books.submit(channel), books.submit(channel)] == [Sent, Sent]
    assert channel.delivered == [(NAME, ENVELOPE, 1)]
    assert books.state == "sent"
    assert books.record_states == ["sent", "sent"]
    assert books.attempts == [("handing-over", "sent")]
    assert books.waiting is None


def test_what_the_other_side_did_not_confirm_is_kept_as_evidence(books: SignedMessage) -> None:
    assert books.submit(FakeChannel(Sent("size not confirmed"))) is Sent
    assert books.details == ["size not confirmed"]


def test_a_message_that_certainly_did_not_arrive_waits_with_its_reason_and_is_sent_again(books: SignedMessage) -> None:
    channel = FakeChannel(Failed("CEBD-1601", "no route"), Sent())
    assert books.submit(channel) is Failed
    assert books.state == "signed"
    assert books.record_states == ["signed", "signed"]
    assert books.waiting is not None
    assert "CEBD-1601" in books.waiting
    assert "no route" in books.waiting
    assert books.submit(channel) is Sent
    assert channel.asked == []
    assert channel.delivered == [(NAME, ENVELOPE, 2)]
    assert books.waiting is None


def test_a_message_that_may_have_arrived_is_in_doubt_and_not_sent_again_at_once(books: SignedMessage) -> None:
    channel = FakeChannel(InDoubt("cut"))
    assert [books.submit(channel) for _ in range(3)] == [InDoubt] * 3
    assert len(channel.delivered) == 1
    assert books.state == "in_doubt"
    assert books.record_states == ["in_doubt", "in_doubt"]
    assert channel.asked == [(NAME, len(ENVELOPE), 1)] * 2


def test_the_intent_is_on_record_before_the_first_byte_leaves(books: SignedMessage) -> None:
    seen: list[list[tuple[str, str | None]]] = []

    class Looking(FakeChannel):
        def deliver(self, handover: Handover) -> Outcome:
            seen.append(books.attempts)
            handover.before_visible()
            seen.append(books.attempts)
            return Sent()

    books.submit(Looking())
    assert seen == [[("writing", None)], [("handing-over", None)]]


# Killed, in each row of the table


def test_killed_before_anything_was_visible_it_is_sent_again(books: SignedMessage) -> None:
    killed(books, FakeChannel(None, passed=0))
    assert books.attempts == [("writing", None)]
    channel = FakeChannel(Sent(), found=ChannelError("CEBD-1601", "must not be asked"))
    assert books.submit(channel) is Sent
    assert channel.asked == []
    assert channel.delivered == [(NAME, ENVELOPE, 2)]
    assert books.attempts == [("writing", "failed"), ("handing-over", "sent")]


def test_killed_before_the_rename_it_is_taken_back_and_sent_again(books: SignedMessage) -> None:
    killed(books, FakeChannel(None, passed=1))
    channel = FakeChannel(Sent(), found="not-arrived")
    assert books.submit(channel) is Sent
    assert channel.asked == [(NAME, len(ENVELOPE), 1)]
    assert channel.delivered == [(NAME, ENVELOPE, 2)]
    assert books.attempts == [("handing-over", "failed"), ("handing-over", "sent")]


def test_killed_after_the_rename_it_is_found_at_the_other_side_and_not_sent_again(books: SignedMessage) -> None:
    killed(books, FakeChannel(None))
    channel = FakeChannel(found="arrived")
    assert [books.submit(channel), books.submit(channel)] == [Sent, Sent]
    assert channel.delivered == []
    assert books.state == "sent"
    assert books.attempts == [("handing-over", "sent")]


def test_killed_after_the_rename_receipts_are_evidence_enough(books: SignedMessage) -> None:
    killed(books, FakeChannel(None))
    books.receipt_for("A")
    channel = FakeChannel(found=ChannelError("CEBD-1601", "must not be asked"))
    assert [books.submit(channel), books.submit(channel)] == [Sent, Sent]
    assert channel.asked == []
    assert channel.delivered == []
    assert books.state == "sent"
    assert books.record_states == ["acknowledged", "sent"]


def test_killed_after_the_rename_and_taken_away_it_waits_in_doubt_and_then_sends_the_same_again(
    books: SignedMessage,
) -> None:
    killed(books, FakeChannel(None))
    channel = FakeChannel(Sent(), found="unknown")
    assert books.submit(channel) is InDoubt
    assert books.state == "in_doubt"
    books.later(DOUBT - 1)
    assert books.submit(channel) is InDoubt
    assert channel.delivered == []
    books.later(2)
    assert books.submit(channel) is Sent
    assert channel.delivered == [(NAME, ENVELOPE, 2)]
    assert books.state == "sent"


# Doubt


def test_what_may_have_arrived_goes_again_in_the_form_it_went_in_whatever_the_channel_asks_for_now(
    books: SignedMessage,
) -> None:
    default_namespace = EnvelopeForm("DxpMsg", "")
    first = FakeChannel(InDoubt("no answer"), found="unknown")
    assert books.submit(first, form=default_namespace) is InDoubt
    assert b"<dxp:" not in first.delivered[0][1]
    books.later(DOUBT + 1)
    again = FakeChannel(Sent())
    assert books.submit(again) is Sent
    assert again.asked == [(NAME, len(first.delivered[0][1]), 1)]
    assert [content for _, content, _ in again.delivered] == [first.delivered[0][1]]


def test_what_certainly_did_not_arrive_goes_in_the_form_that_the_channel_asks_for_now(books: SignedMessage) -> None:
    assert books.submit(FakeChannel(Failed("CEBD-1601", "no route")), form=EnvelopeForm("none")) is Failed
    again = FakeChannel(Sent())
    assert books.submit(again) is Sent
    assert [content for _, content, _ in again.delivered] == [ENVELOPE]


def test_what_a_person_has_sent_once_more_goes_byte_for_byte_as_before_and_the_store_tells_by_whom(
    books: SignedMessage,
) -> None:
    default_namespace = EnvelopeForm("DxpMsg", "")
    first = FakeChannel(Sent())
    assert books.submit(first, form=default_namespace) is Sent
    with books.store.write() as transaction:
        assert send_again(transaction, sent_messages(transaction, "1.xlsx"), "li: the port lost it") == 1
    assert books.state == "in_doubt"
    again = FakeChannel(Sent())
    assert books.submit(again) is Sent
    assert [content for _, content, _ in again.delivered] == [content for _, content, _ in first.delivered]
    with books.store.read() as transaction:
        (told,) = repeated_messages(transaction, DropId(1))
    assert (told.guid, told.times, told.by) == ("G1", 2, "li: the port lost it")


def test_what_was_answered_is_not_sent_once_more(books: SignedMessage) -> None:
    assert books.submit(FakeChannel(Sent())) is Sent
    books.receipt_for("A")
    with books.store.write() as transaction:
        sent = sent_messages(transaction, "1.xlsx")
        assert [message.answered for message in sent] == [True]
        assert send_again(transaction, sent, "li: -") == 0
    assert books.state == "sent"


def sent_once_more(books: SignedMessage) -> None:
    """Sent, and a person says that the other side lost it."""
    assert books.submit(FakeChannel(Sent())) is Sent
    with books.store.write() as transaction:
        assert send_again(transaction, sent_messages(transaction, "1.xlsx"), "li: the port lost it") == 1


def test_what_the_other_side_keeps_of_the_lost_one_is_not_taken_for_the_one_sent_once_more(
    books: SignedMessage,
) -> None:
    """Killed at the rename: what stands in a client's SentBox may be the earlier copy."""
    sent_once_more(books)
    killed(books, FakeChannel(None))
    channel = FakeChannel(Sent())
    assert books.submit(channel) is InDoubt
    assert channel.was_sent == [True]
    books.later(DOUBT + 1)
    assert books.submit(channel) is Sent
    assert channel.delivered == [(NAME, ENVELOPE, 3)]


def test_an_answer_that_comes_before_it_is_sent_once_more_ends_the_matter(books: SignedMessage) -> None:
    sent_once_more(books)
    channel = FakeChannel(Sent())
    about = (books.store, channel, books.message_id, books.clock, DOUBT)
    assert isinstance(submit(*about, hear=lambda: books.receipt_for("A")), Sent)
    assert channel.delivered == []
    assert books.state == "sent"


def test_what_is_sent_once_more_and_is_there_has_arrived(books: SignedMessage) -> None:
    sent_once_more(books)
    channel = FakeChannel(Sent("it was there already"))
    assert books.submit(channel) is Sent
    assert channel.may_be_there == [True]


def test_what_fails_when_it_is_sent_once_more_may_have_arrived_all_the_same(books: SignedMessage) -> None:
    """It is none of those whose signature may be taken back."""
    sent_once_more(books)
    channel = FakeChannel(Failed("CEBD-1601", "no route"), Sent())
    assert books.submit(channel) is Failed
    assert books.state == "in_doubt"
    assert books.submit(channel) is Sent
    assert [attempt for _, _, attempt in channel.delivered] == [3]


def test_receipts_end_a_doubt(books: SignedMessage) -> None:
    channel = FakeChannel(InDoubt("cut"))
    books.submit(channel)
    books.receipt_for("B", State.SUCCEEDED)
    assert books.submit(channel) is Sent
    assert len(channel.delivered) == 1
    assert books.state == "sent"
    assert books.record_states == ["sent", "succeeded"]


def test_an_answer_that_came_while_no_station_ran_is_read_before_the_message_goes_out_again(
    books: SignedMessage,
) -> None:
    channel = FakeChannel(InDoubt("cut"), Sent())
    books.submit(channel)
    books.later(DOUBT + 1)
    nothing_came, it_came = lambda: None, lambda: books.receipt_for("A")
    about = (books.store, channel, books.message_id, books.clock, DOUBT)
    assert isinstance(submit(*about, hear=it_came), Sent)
    assert (len(channel.delivered), books.state) == (1, "sent")
    assert isinstance(submit(*about, hear=nothing_came), Sent)
    assert len(channel.delivered) == 1


def test_an_answer_is_read_first_too_where_sending_again_was_interrupted(books: SignedMessage) -> None:
    channel = FakeChannel(InDoubt("cut"))
    books.submit(channel)
    books.later(DOUBT + 1)
    killed(books, FakeChannel(None, passed=0))
    about = (books.store, channel, books.message_id, books.clock, DOUBT)
    assert isinstance(submit(*about, hear=lambda: books.receipt_for("A")), Sent)
    assert (len(channel.delivered), books.state) == (1, "sent")


def test_a_doubt_that_turns_out_well_is_sent(books: SignedMessage) -> None:
    channel = FakeChannel(InDoubt("cut"))
    books.submit(channel)
    channel.found = "arrived"
    assert books.submit(channel) is Sent
    assert books.record_states == ["sent", "sent"]
    assert len(channel.delivered) == 1


def test_a_doubt_stays_while_the_other_side_cannot_be_asked_however_long_that_is(books: SignedMessage) -> None:
    channel = FakeChannel(InDoubt("cut"), found=ChannelError("CEBD-1601", "no route"))
    books.submit(channel)
    for _ in range(3):
        books.later(10 * DOUBT)
        assert books.submit(channel) is InDoubt
    assert len(channel.delivered) == 1
    assert books.waiting is not None
    assert "no route" in books.waiting


def test_killed_in_doubt_with_the_channel_down_the_records_say_so(books: SignedMessage) -> None:
    killed(books, FakeChannel(None))
    assert books.submit(FakeChannel(found=ChannelError("CEBD-1601", "no route"))) is InDoubt
    assert books.state == "in_doubt"
    assert books.record_states == ["in_doubt", "in_doubt"]


def test_a_doubt_found_to_be_none_is_shown_no_more_even_when_sending_again_fails(books: SignedMessage) -> None:
    channel = FakeChannel(InDoubt("cut"), Failed("CEBD-1601", "no route"), found="not-arrived")
    books.submit(channel)
    assert books.submit(channel) is Failed
    assert books.state == "signed"
    assert books.record_states == ["signed", "signed"]


def test_a_doubt_that_was_waited_for_in_vain_stays_one_when_sending_again_fails(books: SignedMessage) -> None:
    channel = FakeChannel(InDoubt("cut"), Failed("CEBD-1601", "no route"))
    books.submit(channel)
    books.later(DOUBT + 1)
    assert books.submit(channel) is Failed
    assert books.state == "in_doubt"
    books.receipt_for("A")
    assert books.submit(channel) is Sent
    assert len(channel.delivered) == 1
    assert books.state == "sent"


def test_every_doubt_waits_for_its_own_time(books: SignedMessage) -> None:
    channel = FakeChannel(InDoubt("cut"), InDoubt("cut again"), Sent())
    books.submit(channel)
    books.later(DOUBT + 1)
    assert books.submit(channel) is InDoubt
    assert books.submit(channel) is InDoubt
    assert len(channel.delivered) == 2
    books.later(DOUBT + 1)
    assert books.submit(channel) is Sent
    assert [attempt for _, _, attempt in channel.delivered] == [1, 2, 3]
    assert {(name, content) for name, content, _ in channel.delivered} == {(NAME, ENVELOPE)}


# Receipts that are none of this message's


def test_a_receipt_before_anything_was_sent_speaks_of_an_earlier_declaration(books: SignedMessage) -> None:
    """An order declared again under its number, while answers to the first one still come in, must not stay unsent."""
    books.receipt_for("A")
    channel = FakeChannel(Sent())
    assert books.submit(channel) is Sent
    assert len(channel.delivered) == 1


def test_a_receipt_after_a_hand_over_that_certainly_failed_does_not_stop_the_next(books: SignedMessage) -> None:
    channel = FakeChannel(Failed("CEBD-1601", "no route"), Sent())
    books.submit(channel)
    books.receipt_for("A")
    assert books.submit(channel) is Sent
    assert len(channel.delivered) == 1


# Nothing goes backwards


def test_a_record_whose_receipt_was_quicker_than_the_outcome_keeps_its_state(books: SignedMessage) -> None:
    channel = FakeChannel(Sent())
    channel.meanwhile = lambda: books.receipt_for("A", State.SUCCEEDED)
    books.submit(channel)
    assert books.record_states == ["succeeded", "sent"]
    assert books.state == "sent"


def test_a_record_whose_receipt_was_quicker_is_not_in_doubt_with_the_others(books: SignedMessage) -> None:
    channel = FakeChannel(InDoubt("cut"))
    channel.meanwhile = lambda: books.receipt_for("A", State.REFUSED)
    books.submit(channel)
    assert books.record_states == ["refused", "in_doubt"]


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.SUCCEEDED, State.REFUSED, State.SENT])
@pytest.mark.parametrize("to", [State.SENT, State.IN_DOUBT, State.SIGNED])
def test_marking_never_moves_a_record_back(books: SignedMessage, state: State, to: State) -> None:
    books.submit(FakeChannel(Sent()))
    with books.store.write() as connection:
        connection.execute(update(records).values(state=str(state)))
        mark_sent(connection, books.message_id, to, "2026-03-04T05:06:07+08:00")
    assert books.record_states == [str(state)] * 2


def test_a_channel_that_breaks_in_an_unknown_way_is_asked_and_not_believed(books: SignedMessage) -> None:
    class Violation(FakeChannel):
        def deliver(self, handover: Handover) -> Outcome:
            handover.before_visible()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        books.submit(Violation())
    channel = FakeChannel(found="arrived")
    assert books.submit(channel) is Sent
    assert len(channel.asked) == 1
    assert channel.delivered == []


def test_every_outcome_can_be_shown_in_both_languages(books: SignedMessage) -> None:
    for problem in ("CEBD-1601", "CEBD-1602", "CEBD-1603", "CEBD-1605"):
        books.submit(FakeChannel(replace(Failed("", "why"), problem=problem)))
        assert books.waiting is not None
        assert problem in books.waiting
        assert "eport" in books.waiting


def test_only_after_a_doubt_may_the_other_side_have_it_already(books: SignedMessage) -> None:
    told: list[bool] = []

    class Listening(FakeChannel):
        def deliver(self, handover: Handover) -> Outcome:
            told.append(handover.may_be_there)
            return super().deliver(handover)

    channel = Listening(Failed("CEBD-1601", "no route"), InDoubt("cut"), Sent())
    for _ in range(3):
        books.submit(channel)
        books.later(DOUBT + 1)
    assert told == [False, False, True]
    assert books.state == State.SENT


def test_an_answer_that_nobody_understands_is_shown_beside_the_message(books: SignedMessage) -> None:
    assert books.submit(FakeChannel(InDoubt("HTTP 302 Found", "CEBD-1664"))) is InDoubt
    assert books.waiting is not None
    assert "CEBD-1664" in books.waiting
    assert "HTTP 302 Found" in books.waiting
