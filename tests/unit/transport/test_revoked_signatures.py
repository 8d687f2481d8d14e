"""A token is revoked while its messages are on their way: what has not left is signed anew, what may have arrived keeps its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builders.signed_message import DOUBT, SignedMessage
from cebd.clock import iso
from cebd.store.across.revoking import TakenBack, take_back_signatures
from cebd.store.store import Store
from cebd.store.tokens import Identity, record, revoke
from cebd.transport.channel import Found, Handover, InDoubt, Outcome, Sent
from cebd.transport.submit import SubmissionBatch


class OtherSide:
    """`before`: what happens while a message is being written; `outcome`: what comes of it."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.before: Callable[[], object] = lambda: None
        self.outcome: Outcome = Sent()

    def deliver(self, handover: Handover) -> Outcome:
        self.before()
        handover.before_visible()
        self.taken.append(handover.message_id)
        return self.outcome

    def find(self, handover: Handover) -> Found:
        return "unknown"

    def close(self) -> None:
        pass


class Desk:
    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder)
        self.messages = [SignedMessage(self.store, number) for number in (1, 2)]
        self.now = iso(self.messages[0].clock.now())
        self.other_side = OtherSide()
        self.batch = SubmissionBatch(self.store, self.other_side, self.messages[0].clock, DOUBT)

    def revoke(self) -> TakenBack:
        with self.store.write() as transaction:
            revoke(transaction, "s", Identity("0001", "a model"), "lost", self.now)
            return take_back_signatures(transaction, "s", self.now)

    def let_the_next_in(self) -> None:
        with self.store.write() as transaction:
            record(transaction, "s", Identity("0002", "a model"), "accepted", self.now)

    def submit(self) -> list[type[Outcome]]:
        ids = [message.message_id for message in self.messages]
        self.batch.expect(ids)
        outcomes = [type(self.batch.submit(one)) for one in ids]
        self.batch.store()
        return outcomes

    @property
    def states(self) -> list[str]:
        return [message.state for message in self.messages]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_what_has_not_left_is_to_be_signed_anew_and_does_not_leave(desk: Desk) -> None:
    assert desk.revoke() == (2, 0)
    assert desk.states == ["ready", "ready"]
    desk.submit()
    assert desk.other_side.taken == []


def test_revoked_while_a_message_is_being_written_it_is_not_shown_and_neither_is_the_next(desk: Desk) -> None:
    desk.other_side.before = desk.revoke
    desk.submit()
    assert desk.other_side.taken == []
    assert desk.states == ["ready", "ready"]
    assert {attempt[1] for message in desk.messages for attempt in message.attempts} <= {"failed"}


def test_what_may_have_arrived_keeps_its_bytes_and_waits_for_the_next_token(desk: Desk) -> None:
    desk.other_side.outcome = InDoubt("the line broke")
    desk.submit()
    assert desk.revoke() == (0, 2)
    assert desk.states == ["in_doubt", "in_doubt"]
    desk.messages[0].later(2 * DOUBT)
    desk.other_side.taken.clear()
    assert desk.submit() == [InDoubt, InDoubt]
    assert desk.other_side.taken == []
    assert "CEBD-1527" in (desk.messages[0].waiting or "")
    desk.other_side.outcome = Sent()
    desk.let_the_next_in()
    assert desk.submit() == [Sent, Sent]
    assert desk.states == ["sent", "sent"]


def test_what_has_arrived_stays_sent(desk: Desk) -> None:
    desk.submit()
    assert desk.revoke() == (0, 0)
    assert desk.states == ["sent", "sent"]


def test_the_messages_of_another_signer_go_on(desk: Desk) -> None:
    with desk.store.write() as transaction:
        assert take_back_signatures(transaction, "another", desk.now) == (0, 0)
    assert desk.submit() == [Sent, Sent]
