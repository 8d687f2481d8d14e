"""Messages that are handed over one after the other share their commits, and at any moment one of them at most is in the dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from builders.new_store import open_store
from builders.signed_message import DOUBT, SignedMessage
from cebd.records.ids import MessageId
from cebd.transport.channel import ChannelError, Failed, Found, Handover, InDoubt, Outcome, Sent
from cebd.transport.submit import SubmissionBatch

Attempts = list[tuple[str, str | None]]
WRITING, VISIBLE, SENT = ("writing", None), ("handing-over", None), ("handing-over", "sent")


class Killed(BaseException):
    """The process ended here."""


class OtherSide:
    """Takes messages, by their CopMsgIds. `before` and `after` are called when one is about to become visible, and when it is."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.outcomes: dict[str, Outcome] = {}
        self.found: Found | ChannelError = "arrived"
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda _name: None
        self.after: Callable[[str], None] = lambda _name: None

    def deliver(self, handover: Handover) -> Outcome:
        outcome = self.outcomes.get(handover.message_id, Sent())
        if isinstance(outcome, Failed):
            return outcome
        self.before(handover.message_id)
        handover.before_visible()
        self.taken.append(handover.message_id)
        self.after(handover.message_id)
        return outcome

    def find(self, handover: Handover) -> Found:
        self.asked.append(handover.message_id)
        if isinstance(self.found, ChannelError):
            raise self.found
        return self.found

    def close(self) -> None:
        pass


class Desk:
    """Three messages that wait for the other side."""

    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder)
        self.messages = [SignedMessage(self.store, number) for number in (1, 2, 3)]
        self.other_side = OtherSide()
        self.batch = self.started_anew()

    def started_anew(self) -> SubmissionBatch:
        self.batch = SubmissionBatch(self.store, self.other_side, self.messages[0].clock, DOUBT)
        return self.batch

    def submit(self, *numbers: int, expected: tuple[int, ...] = (1, 2, 3)) -> list[type[Outcome]]:
        self.batch.expect([self._id(number) for number in expected])
        outcomes = [type(self.batch.submit(self._id(number))) for number in numbers]
        self.batch.store()
        return outcomes

    def killed(self) -> None:
        with pytest.raises(Killed):
            self.submit(1, 2, 3)
        self.other_side.before = self.other_side.after = lambda _name: None
        self.started_anew()

    def _id(self, number: int) -> MessageId:
        return self.messages[number - 1].message_id

    @property
    def attempts(self) -> list[Attempts]:
        return [message.attempts for message in self.messages]

    @property
    def states(self) -> list[str]:
        return [message.state for message in self.messages]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def dies(name: str) -> Callable[[str], None]:
    def die(now: str) -> None:
        if now == name:
            raise Killed

    return die


def test_when_a_message_becomes_visible_the_one_before_it_has_its_outcome_and_the_next_its_intent(desk: Desk) -> None:
    seen: list[list[Attempts]] = []
    desk.other_side.after = lambda _name: seen.append(desk.attempts)
    assert desk.submit(1, 2, 3) == [Sent] * 3
    assert seen == [
        [[VISIBLE], [WRITING], []],
        [[SENT], [VISIBLE], [WRITING]],
        [[SENT], [SENT], [VISIBLE]],
    ]
    assert desk.attempts == [[SENT]] * 3
    assert desk.states == ["sent"] * 3


def test_three_messages_take_five_commits(desk: Desk) -> None:
    commits = []
    event.listen(desk.store.database.engine, "commit", lambda connection: commits.append(is_written(connection)))
    desk.submit(1, 2, 3)
    assert sum(commits) == 5


def is_written(connection: object) -> bool:
    return bool(connection.get_execution_options().get("cebd_write"))  # type: ignore[attr-defined]


def test_killed_when_the_second_is_visible_only_the_second_is_asked_about(desk: Desk) -> None:
    desk.other_side.after = dies("DXPENT0001-2")
    desk.killed()
    assert desk.attempts == [[SENT], [VISIBLE], [WRITING]]
    desk.submit(1, 2, 3)
    assert desk.other_side.asked == ["DXPENT0001-2"]
    assert desk.other_side.taken == ["DXPENT0001-1", "DXPENT0001-2", "DXPENT0001-3"]
    assert desk.attempts == [[SENT], [SENT], [("writing", "failed"), SENT]]


def test_killed_before_the_second_is_visible_only_the_first_is_asked_about(desk: Desk) -> None:
    desk.other_side.before = dies("DXPENT0001-2")
    desk.killed()
    assert desk.attempts == [[VISIBLE], [WRITING], []]
    desk.submit(1, 2, 3)
    assert desk.other_side.asked == ["DXPENT0001-1"]
    assert desk.other_side.taken == ["DXPENT0001-1", "DXPENT0001-2", "DXPENT0001-3"]
    assert desk.attempts == [[SENT], [("writing", "failed"), SENT], [SENT]]


def test_a_batch_that_ends_early_leaves_no_intent_behind(desk: Desk) -> None:
    assert desk.submit(1) == [Sent]
    assert desk.attempts == [[SENT], [], []]


def test_a_message_withdrawn_in_the_middle_of_a_batch_is_not_begun(desk: Desk) -> None:
    desk.other_side.after = lambda _name: None
    assert desk.submit(1, 3) == [Sent, Sent]
    assert desk.attempts == [[SENT], [], [SENT]]


def test_what_did_not_arrive_is_on_record_at_once_with_what_went_before(desk: Desk) -> None:
    desk.other_side.outcomes["DXPENT0001-2"] = Failed("CEBD-1601", "no route")
    desk.batch.expect([message.message_id for message in desk.messages])
    outcomes = [type(desk.batch.submit(message.message_id)) for message in desk.messages[:2]]
    assert outcomes == [Sent, Failed]
    assert desk.attempts == [[SENT], [("writing", "failed")], []]
    assert desk.messages[1].waiting is not None
    desk.batch.store()
    assert desk.states == ["sent", "signed", "signed"]


def test_a_doubt_is_on_record_at_once(desk: Desk) -> None:
    desk.other_side.outcomes["DXPENT0001-1"] = InDoubt("cut")
    desk.batch.expect([message.message_id for message in desk.messages])
    desk.batch.submit(desk.messages[0].message_id)
    assert desk.states == ["in_doubt", "signed", "signed"]


def test_nothing_is_in_the_dark_while_the_other_side_is_asked_about_an_earlier_attempt(desk: Desk) -> None:
    desk.other_side.after = dies("DXPENT0001-2")
    with pytest.raises(Killed):
        desk.submit(2, expected=(2,))
    desk.other_side.after = lambda _name: None
    desk.started_anew()
    seen: list[list[Attempts]] = []
    desk.other_side.found = "arrived"
    find = desk.other_side.find
    desk.other_side.find = lambda handover: (seen.append(desk.attempts), find(handover))[1]  # type: ignore[method-assign]
    assert desk.submit(1, 2, 3) == [Sent] * 3
    assert seen == [[[SENT], [VISIBLE], []]]


def test_an_outcome_that_the_full_disk_did_not_take_is_known_still_and_written_later(desk: Desk) -> None:
    """The disk filled up between the hand-over and its outcome, and the other side has taken the file away."""
    desk.other_side.found = "unknown"
    full = OperationalError("UPDATE", {}, Exception("database or disk is full"))

    def no_room(_connection: object) -> None:
        raise full

    desk.batch.expect([desk.messages[0].message_id])
    desk.batch.submit(desk.messages[0].message_id)
    engine = desk.store.database.engine
    event.listen(engine, "begin", no_room)
    with pytest.raises(OperationalError):
        desk.batch.store()
    event.remove(engine, "begin", no_room)
    assert desk.attempts[0] == [VISIBLE]
    assert desk.submit(1, 2, 3) == [Sent] * 3
    assert desk.other_side.asked == []
    assert desk.other_side.taken == ["DXPENT0001-1", "DXPENT0001-2", "DXPENT0001-3"]
    assert desk.attempts == [[SENT]] * 3
