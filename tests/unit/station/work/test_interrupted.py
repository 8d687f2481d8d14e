"""Work that nobody does is resumed, and no message before its file was held against what was read of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from builders.new_store import open_store
from builders.settings_files import GOOD
from cebd.clock import SystemClock
from cebd.records.ids import DropId, MessageId
from cebd.records.states import SignatureMode
from cebd.settings import load_settings
from cebd.station.failures import Failures
from cebd.station.work.interrupted import Interrupted
from cebd.store.across.intervening.holding import Choice, wish_retry
from cebd.store.conditions import Conditions
from cebd.store.messages import NewMessage, add_message
from cebd.store.tables import drops

FULL = OperationalError("UPDATE drops", {}, Exception("database or disk is full"))
MESSAGE: dict[str, Any] = {
    "enterprise": "one", "type": "CEB311", "guid": "g", "signer": "s", "channel": "c", "signature_mode": SignatureMode.DETACHED,
    "created": "t", "sender": "D", "receiver": "r",
}  # fmt: skip


@dataclass
class Watchers:
    """Those of the signers and channels; what is handed to them is signed and sent at once."""

    given: list[MessageId] = field(default_factory=list)
    kept: set[MessageId] = field(default_factory=set)
    tried_now: list[MessageId] = field(default_factory=list)

    def keep(self, message_ids: Sequence[MessageId]) -> int:
        self.given += message_ids
        return len(message_ids)

    def keeps(self, message_id: MessageId) -> bool:
        return message_id in self.kept

    def try_now(self, message_ids: Sequence[MessageId]) -> None:
        self.tried_now += message_ids


class Desk:
    """A store with a drop that was converted, and whose workflow has ended without putting its file away."""

    def __init__(self, folder: Path) -> None:
        (folder / "cebd.toml").write_text(GOOD, encoding="utf-8")
        settings = load_settings(folder / "cebd.toml")
        self.store = open_store(settings.store_dir)
        self.watchers = Watchers()
        self.begun: list[DropId] = []
        self.now = 0.0
        self.conditions = conditions = Conditions(self.store, SystemClock())
        self.interrupted = Interrupted(
            self.store,
            settings,
            self.watchers,
            Failures(conditions),
            lambda drop_id, *, again: self.begun.append(drop_id) if again else None,
            set,
            lambda _: False,
            lambda: self.now,
        )
        values = {
            "enterprise": "one", "name": "a.xlsx", "stem": "a", "sha256": "0", "received": "t", "state": "claimed",
            "source": "inbox/a.xlsx", "place": "working/000001-a.xlsx", "outcome": "done", "records": 1,
        }  # fmt: skip
        with self.store.write() as connection:
            self.drop = DropId(connection.execute(insert(drops).values(values).returning(drops.c.id)).scalar_one())
            self.message = add_message(connection, NewMessage(self.drop, cop_msg_id="m1", **MESSAGE), b"m")

    def filed(self) -> None:
        with self.store.write() as connection:
            connection.execute(drops.update().values(state="filed"))

    def look(self, seconds: float = 10.0) -> None:
        self.now += seconds
        self.interrupted.resume_abandoned()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_nothing_of_a_file_is_sent_while_the_disk_is_full_before_it_was_held_against_what_was_read(desk: Desk) -> None:
    desk.interrupted.drop_failed(desk.drop, FULL)
    for _ in range(60):
        desk.look()
        desk.interrupted.drop_failed(desk.drop, FULL)
    assert len(desk.begun) > 2
    assert desk.watchers.given == []
    desk.filed()
    desk.look()
    assert desk.watchers.given == [desk.message]


def test_what_broke_with_a_file_that_is_put_away_by_now_is_said_no_more(desk: Desk) -> None:
    """An administrator: "The share was away for a second as the station started; since then the status says that drop 6 fails." """
    desk.interrupted.drop_failed(desk.drop, OSError(116, "Stale file handle"))
    desk.look()
    assert [one.problem.id for one in desk.conditions.current()] == ["CEBD-1910"]
    desk.filed()
    desk.look()
    assert desk.conditions.current() == []


def test_at_the_start_a_message_goes_with_its_drop(desk: Desk) -> None:
    desk.interrupted.resume_abandoned(at_start=True)
    assert (desk.begun, desk.watchers.given) == ([desk.drop], [])


def test_a_message_that_nobody_has_is_handed_to_its_watcher_at_the_second_look(desk: Desk) -> None:
    desk.filed()
    desk.look()
    assert desk.watchers.given == []
    desk.look()
    assert desk.watchers.given == [desk.message]


def test_a_message_that_a_watcher_has_is_left_to_it(desk: Desk) -> None:
    desk.filed()
    desk.watchers.kept = {desk.message}
    for _ in range(3):
        desk.look()
    assert desk.watchers.given == []


def test_what_a_person_wants_tried_at_once_is_told_to_the_watchers_once(desk: Desk) -> None:
    with desk.store.write() as transaction:
        wish_retry(transaction, Choice(enterprise="one"), "li", "the line is back", "2026-03-04T10:00:00+08:00")
    desk.interrupted.resume_abandoned()
    desk.interrupted.resume_abandoned()
    assert desk.watchers.tried_now == [desk.message]
