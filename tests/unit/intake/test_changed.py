"""A file that changed after it was taken is held back: nothing of it goes out, and what stood before it stands again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from builders.clocks import StillClock
from builders.new_store import open_store
from cebd.intake.changed import hold_changed
from cebd.intake.claim import claim, file_away
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, SignatureMode
from cebd.store.messages import NewMessage, add_message
from cebd.store.tables import drops, messages, records

RECORD = {"enterprise": "e", "type": "CEB311", "rows": "2", "content": b"x", "key": "K"}
MESSAGE: dict[str, Any] = {
    "enterprise": "e",
    "type": "CEB311",
    "signer": "s",
    "channel": "c",
    "signature_mode": SignatureMode.DETACHED,
}


class Desk:
    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder / "store")
        self.folder = folder / "share"
        (self.folder / "inbox").mkdir(parents=True)

    def drop(self, name: str) -> tuple[DropId, Path]:
        path = self.folder / "inbox" / name
        path.write_text(name)
        taken = claim(self.store, "e", self.folder, path, StillClock())
        assert taken is not None
        return taken.drop_id, taken.path

    def record(self, drop_id: DropId, message: str | None, active: bool, state: str, key: str = "K") -> int:
        """A record of the drop, in a message of that state; its number."""
        with self.store.write() as connection:
            message_id = None
            if message is not None:
                more = {"created": "", "sender": "", "receiver": "", "guid": "g", "cop_msg_id": f"m{drop_id}{key}"}
                message_id = add_message(connection, NewMessage(drop_id, **MESSAGE, **more), b"m")
                connection.execute(update(messages).where(messages.c.id == message_id).values(state=message))
            values = {**RECORD, "key": key, "drop_id": drop_id, "message_id": message_id, "guid": f"{drop_id}{key}"}
            made = connection.execute(insert(records).values(**values, state=state, active=active)).inserted_primary_key
            assert made is not None
            return int(made[0])

    def of(self, record_id: int) -> tuple[str, bool]:
        with self.store.read() as connection:
            row = connection.execute(select(records).where(records.c.id == record_id)).one()
        return row.state, row.active

    def row(self, drop_id: int) -> dict[str, Any]:
        with self.store.read() as connection:
            return dict(connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_file_that_is_what_was_read_is_not_held(desk: Desk) -> None:
    drop_id, _ = desk.drop("a.csv")
    record = desk.record(drop_id, "ready", True, "ready")
    assert not hold_changed(desk.store, drop_id, desk.folder)
    assert desk.of(record) == ("ready", True)


@pytest.mark.parametrize("how", ["written on", "a link in its place", "a folder in its place"])
def test_what_was_made_of_a_file_that_changed_is_taken_back(desk: Desk, how: str) -> None:
    first, _ = desk.drop("first.csv")
    before = desk.record(first, "sent", False, "succeeded")
    again, path = desk.drop("again.csv")
    record = desk.record(again, "ready", True, "ready")
    if how == "written on":
        path.write_text("more")
    else:
        path.unlink()
        path.symlink_to(desk.folder) if "link" in how else path.mkdir()
    assert hold_changed(desk.store, again, desk.folder)
    assert desk.of(record) == ("held", False)
    assert desk.of(before) == (
        "succeeded",
        True,
    )  # declared before, it is what counts: a second declaration of it is refused
    with desk.store.read() as connection:
        assert list(connection.execute(select(messages.c.drop_id)).scalars()) == [first]
    assert desk.row(again)["outcome"] == "hold"
    assert '"CEBD-1048"' in desk.row(again)["problems"]
    # Killed behind that, it is found so, and no second time taken back.
    assert hold_changed(desk.store, again, desk.folder)


def test_what_is_on_its_way_already_is_left_and_said(desk: Desk) -> None:
    drop_id, path = desk.drop("a.csv")
    sent = desk.record(drop_id, "sent", True, "sent", key="S")
    ready = desk.record(drop_id, "ready", True, "ready", key="R")
    path.write_text("more")
    assert hold_changed(desk.store, drop_id, desk.folder)
    assert (desk.of(sent), desk.of(ready)) == (("sent", True), ("held", False))
    assert "1 of its records were declared before, the other 1 are not" in desk.row(drop_id)["problems"]
    assert file_away(desk.store, drop_id, desk.folder, DropOutcome.HOLD, "d").read_text() == "more"


def test_the_same_bytes_dropped_again_are_no_repeat_of_what_was_held(desk: Desk) -> None:
    drop_id, path = desk.drop("a.csv")
    desk.record(drop_id, "ready", True, "ready")
    path.write_text("more")
    hold_changed(desk.store, drop_id, desk.folder)
    file_away(desk.store, drop_id, desk.folder, DropOutcome.HOLD, "d")
    again, _ = desk.drop("a.csv")
    assert desk.row(again)["repeat_of"] is None
