"""Another channel takes over what certainly did not arrive; and what is in doubt is asked about before anything new goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from builders.new_store import open_store
from builders.signed_message import SignedMessage
from builders.ways_out import NEVER, settings_with, ways_of
from cebd.clock import iso
from cebd.records.states import SubmissionOutcome, SubmissionPhase
from cebd.station.ways_out.fallback import AFTER, Fallback
from cebd.store.submissions import add_submission
from cebd.store.tables import messages
from cebd.transport.channel import Failed, Found, Handover, Outcome, Sent


class OtherSide:
    """Takes everything, and notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuses: Failed | None = None

    def deliver(self, handover: Handover) -> Outcome:
        if self.refuses is not None:
            self.asked.append("refused")
            return self.refuses
        handover.before_visible()
        self.asked.append(f"deliver {handover.message_id}")
        return Sent()

    def find(self, handover: Handover) -> Found:
        self.asked.append(f"find {handover.message_id}")
        return "arrived"

    def close(self) -> None:
        """Nothing is open."""


class Desk:
    """A station's two channels, and messages that wait for the first."""

    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder / "store")
        self.messages = [SignedMessage(self.store, number) for number in (1, 2)]
        self.clock = self.messages[0].clock
        channels = {"eport": "plain", "other": "plain"}
        settings = settings_with(folder, channels, channel='{ default = "eport", fallback = "other" }')
        self.sides = {name: OtherSide() for name in channels}
        self.ways, _ = ways_of(settings, self.store, self.clock, self.sides)
        self.fallback = Fallback(settings, self.store, self.clock, self.ways.move)

    def look(self, channel: str) -> list[str]:
        """What the channel's other side was asked at a look of its watcher."""
        self.ways.sending[channel].look(NEVER)
        asked, self.sides[channel].asked = self.sides[channel].asked, []
        return asked

    def tried(self, number: int, outcome: SubmissionOutcome | None) -> None:
        """An attempt that ended so, now; None: it was interrupted."""
        now = iso(self.clock.now())
        message_id = self.messages[number - 1].message_id
        with self.store.write() as transaction:
            phase = SubmissionPhase.HANDING_OVER if outcome is None else SubmissionPhase.WRITING
            name, settled = f"CEB311Message_DXPENT0001-{number}.xml", None if outcome is None else now
            add_submission(transaction, message_id, name, now, phase=phase, outcome=outcome, settled=settled)
            down = '{"id": "CEBD-1601", "severity": "warning", "zh": "", "en": "", "fix_zh": "", "fix_en": ""}'
            transaction.execute(update(messages).values(waiting=down))

    def channels(self) -> list[str]:
        with self.store.read() as transaction:
            return list(transaction.execute(select(messages.c.channel).order_by(messages.c.id)).scalars())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_what_the_first_channel_did_not_deliver_for_a_while_goes_by_the_other_and_by_that_alone(desk: Desk) -> None:
    desk.ways.keep([message.message_id for message in desk.messages])
    desk.tried(1, SubmissionOutcome.FAILED)
    desk.fallback.look()
    assert desk.channels() == ["eport", "eport"]  # it failed a moment ago
    desk.clock.moment += AFTER + timedelta(seconds=1)
    desk.fallback.look()
    assert desk.channels() == ["other", "other"]  # the second waited behind it, for the same line
    assert desk.look("eport") == []
    assert not any(desk.ways.sending["eport"].keeps(message.message_id) for message in desk.messages)
    assert desk.look("other") == ["deliver DXPENT0001-1", "deliver DXPENT0001-2"]


@pytest.mark.parametrize("problem", ["CEBD-1660", "CEBD-1633"])
def test_where_no_message_can_go_by_a_channel_one_alone_is_tried_and_the_other_takes_over_all(
    desk: Desk, problem: str
) -> None:
    desk.sides["eport"].refuses = Failed(problem, "its certificate has expired")
    desk.ways.keep([message.message_id for message in desk.messages])
    assert desk.look("eport") == ["refused"]
    assert [problem in str(message.waiting) for message in desk.messages] == [True, True]
    desk.clock.moment += AFTER + timedelta(seconds=1)
    desk.fallback.look()
    assert desk.channels() == ["other", "other"]


def test_a_channel_that_takes_no_more_for_a_moment_keeps_what_waits_behind(desk: Desk) -> None:
    desk.sides["eport"].refuses = Failed("CEBD-1663", "again in 30 s")
    desk.ways.keep([message.message_id for message in desk.messages])
    assert desk.look("eport") == ["refused"]
    desk.clock.moment += AFTER + timedelta(seconds=1)
    desk.fallback.look()
    assert desk.channels() == ["other", "eport"]


def test_what_may_have_arrived_by_the_first_channel_stays_with_it(desk: Desk) -> None:
    desk.tried(1, SubmissionOutcome.FAILED)
    desk.tried(1, None)
    desk.clock.moment += AFTER + timedelta(seconds=1)
    desk.fallback.look()
    assert desk.channels() == ["eport", "eport"]


def test_a_message_that_was_given_away_while_it_was_begun_is_not_sent_by_its_old_channel(desk: Desk) -> None:
    desk.ways.keep([desk.messages[0].message_id])
    with desk.store.write() as transaction:
        transaction.execute(update(messages).values(channel="other"))
    assert desk.look("eport") == []
    assert not desk.ways.keeps(desk.messages[0].message_id)


def test_at_the_start_what_is_in_doubt_is_asked_about_before_anything_new_goes(desk: Desk) -> None:
    desk.tried(2, None)
    desk.ways.keep([message.message_id for message in desk.messages])
    assert desk.look("eport") == ["find DXPENT0001-2", "deliver DXPENT0001-1"]
