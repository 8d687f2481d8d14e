"""A person keeps messages back, lets them go or gives them up: nothing of a held one leaves, and what may have left is never held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from builders.signed_message import TwoSignedMessages
from cebd.records.states import DropState
from cebd.store.across.intervening.holding import (
    Choice,
    chosen_messages,
    forget_retries,
    hold,
    wish_retry,
    wished_retries,
)
from cebd.store.across.undecided import give_up, release, undecided_records
from cebd.store.messages import Signed, mark_signed
from cebd.store.tables import drops, journal, messages, records
from cebd.transport.channel import InDoubt, Outcome, Sent

ALL = Choice(channel="eport")


class Desk(TwoSignedMessages):
    def hold(self, choice: Choice = ALL) -> int:
        with self.store.write() as transaction:
            return hold(transaction, choice, "li", "wrong price", self.now)

    def release(self, choice: Choice = ALL) -> int:
        with self.store.write() as transaction:
            return release(transaction, undecided_records(transaction, choice), "li: it was right")

    def sign_anew(self) -> None:
        with self.store.write() as transaction:
            made = {one.message_id: Signed(body=b"<signed/>") for one in self.messages}
            mark_signed(transaction, made, "s")

    def journal(self) -> list[tuple[str, str]]:
        query = select(journal.c.event, journal.c.detail).where(journal.c.event != "made").order_by(journal.c.id)
        with self.store.read() as transaction:
            return [(row.event, row.detail) for row in transaction.execute(query)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_what_is_held_does_not_leave_and_says_by_whom_and_why(desk: Desk) -> None:
    assert desk.hold() == 2
    assert desk.states == ["held", "held"]
    desk.submit()
    assert desk.other_side.taken == []
    waiting = json.loads(desk.messages[0].waiting or "{}")
    assert waiting["id"] == "CEBD-1648"
    assert "li" in waiting["zh"]
    assert "wrong price" in waiting["zh"]
    (line,) = desk.journal()
    assert line == ("held", "G1 (was signed), G2 (was signed): li: wrong price")


def test_held_while_a_message_is_being_written_it_is_not_shown_and_neither_is_the_next(desk: Desk) -> None:
    desk.other_side.before = desk.hold
    desk.submit()
    assert desk.other_side.taken == []
    assert desk.states == ["held", "held"]
    assert {attempt[1] for message in desk.messages for attempt in message.attempts} <= {"failed"}


def test_held_while_the_token_signs_it_its_signature_is_not_kept(desk: Desk) -> None:
    with desk.store.write() as transaction:
        transaction.execute(update(messages).values(state="ready", signature=None))
    desk.hold()
    desk.sign_anew()
    assert desk.states == ["held", "held"]


@pytest.mark.parametrize("outcome", [Sent(), InDoubt("the line broke")])
def test_what_may_have_arrived_cannot_be_held(desk: Desk, outcome: Outcome) -> None:
    desk.other_side.outcome = outcome
    desk.submit()
    before = desk.states
    assert desk.hold() == 0
    assert desk.states == before


def test_a_message_of_a_file_that_is_not_put_away_is_not_held(desk: Desk) -> None:
    """Its file may have changed: what was made of it is then taken back, which a held message would escape."""
    with desk.store.write() as transaction:
        transaction.execute(update(drops).values(state=DropState.CLAIMED))
    assert desk.hold() == 0


def test_what_is_released_is_signed_anew_and_sent_once(desk: Desk) -> None:
    desk.hold()
    assert desk.release() == 2
    assert desk.states == ["ready", "ready"]
    desk.sign_anew()
    desk.submit()
    desk.submit()
    assert desk.other_side.taken == ["DXPENT0001-1", "DXPENT0001-2"]
    with desk.store.read() as transaction:  # it still waits for what it rests on
        assert transaction.execute(select(messages.c.let_go)).scalars().all() == [None, None]


@pytest.mark.parametrize(
    ("choice", "held"),
    [
        (Choice("1.xlsx"), ["held", "signed"]),
        (Choice("2B"), ["signed", "held"]),
        (Choice("G1"), ["held", "signed"]),
        (Choice(signer="s"), ["held", "held"]),
        (Choice(enterprise="another"), ["signed", "signed"]),
        (Choice("1.xlsx", channel="another"), ["signed", "signed"]),
    ],
)
def test_messages_are_chosen_by_file_number_guid_enterprise_signer_and_channel(
    desk: Desk, choice: Choice, held: list[str]
) -> None:
    desk.hold(choice)
    assert desk.states == held


def test_what_is_given_up_is_not_declared_and_what_it_would_have_changed_still_holds_its_number(desk: Desk) -> None:
    """Else the next file with that number would be declared a second time."""
    with desk.store.write() as transaction:
        first = transaction.execute(select(records).where(records.c.key == "1A")).mappings().one()
        transaction.execute(update(records).where(records.c.id == first["id"]).values(active=False))
        second = select(records.c.id).where(records.c.key == "2A")
        changed = transaction.execute(second).scalar_one()
        transaction.execute(update(records).where(records.c.id == changed).values(key="1A", app_type="2"))
    desk.hold(Choice("2.xlsx"))
    with desk.store.write() as transaction:
        assert give_up(transaction, undecided_records(transaction, Choice("2.xlsx")), "li: no") == 1
    with desk.store.read() as transaction:
        rows = transaction.execute(select(records.c.id, records.c.state, records.c.active).where(records.c.key == "1A"))
        assert {row.id: (row.state, row.active) for row in rows} == {
            first["id"]: ("ready", True),
            changed: ("rejected", False),
        }


def test_a_message_that_waits_can_be_wished_for_at_once_and_the_wish_is_kept_until_it_is_heard(desk: Desk) -> None:
    with desk.store.write() as transaction:
        assert wish_retry(transaction, Choice("1.xlsx"), "li", "the line is back", desk.now) == 1
        assert wish_retry(transaction, Choice("1.xlsx"), "li", "still", desk.now) == 1
    with desk.store.read() as transaction:
        assert wished_retries(transaction) == [desk.messages[0].message_id]
    with desk.store.write() as transaction:
        forget_retries(transaction, wished_retries(transaction))
        assert wished_retries(transaction) == []


def test_a_finished_message_is_no_choice(desk: Desk) -> None:
    desk.submit()
    with desk.store.read() as transaction:
        assert chosen_messages(transaction, ALL) == []
