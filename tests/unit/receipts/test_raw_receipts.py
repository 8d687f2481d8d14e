"""Raw receipts reach the people they are for, each alone: a folder, a name or an enterprise that is gone keeps no other waiting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from builders.clocks import StillClock
from builders.declared import Mailbox, a_receipt, a_return, an_open_store, declare, settle, the_record
from cebd.receipts.fetching import fetch_receipts
from cebd.receipts.publishing.raw_receipts import copy_out
from cebd.receipts.settle import apply_stored
from cebd.records.ids import RecordId
from cebd.store.conditions import Conditions
from cebd.store.store import Store
from cebd.store.tables import receipts


@pytest.fixture
def store(tmp_path: Path) -> Any:
    for name in ("甲", "乙", "旧"):
        (tmp_path / name).mkdir()
    with an_open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def conditions(store: Store) -> Conditions:
    return Conditions(store, StillClock())


def answered(store: Store, *numbers: str, enterprise: str = "甲", at: str = "100000") -> list[RecordId]:
    mine = [declare(store, number, enterprise=enterprise)[0] for number in numbers]
    settle(store, *(a_receipt(a_return(number, "120", at)) for number in numbers))
    return mine


def copies(folder: Path) -> int:
    return len(list((folder / "outbox" / "customs").glob("*.xml")))


def said(conditions: Conditions) -> dict[str, str]:
    return {one.key: one.problem.id for one in conditions.current()}


def test_a_folder_that_cannot_be_written_keeps_no_other_enterprise_waiting(
    store: Store, conditions: Conditions, tmp_path: Path
) -> None:
    mine, other = tmp_path / "甲", tmp_path / "乙"
    (mine / "outbox").mkdir(parents=True)
    (mine / "outbox" / "customs").write_text("somebody put a file here")
    answered(store, *(f"A{number}" for number in range(60)))
    answered(store, "B1", enterprise="乙")
    folders, channels = {"甲": mine, "乙": other}, {"sftp": ["甲", "乙"]}
    assert copy_out(store, folders, channels, conditions) == 1
    assert copies(other) == 1
    assert said(conditions) == {"receipt:copies/甲": "CEBD-1714"}
    (mine / "outbox" / "customs").unlink()
    assert copy_out(store, folders, channels, conditions) == 60
    assert copies(mine) == 60
    assert said(conditions) == {}


def test_a_long_name_is_made_to_fit(store: Store, tmp_path: Path) -> None:
    answered(store, "A1")
    mailbox = Mailbox()
    mailbox.there = {f"{'回执' * 60}.xml": b"<cut", "../../x.xml": b"<cut too"}
    fetch_receipts(store, "sftp", mailbox, StillClock())
    apply_stored(store)
    assert copy_out(store, {"甲": tmp_path}, {"sftp": ["甲"]}) == 3
    names = [path.name for path in (tmp_path / "outbox" / "unmatched").iterdir()]
    assert len(names) == 4
    assert all(len(name.encode()) <= 220 for name in names)


def test_receipts_of_an_enterprise_that_left_the_settings_are_applied_named_and_written_when_it_is_back(
    store: Store, conditions: Conditions, tmp_path: Path
) -> None:
    (left,) = answered(store, "A1", enterprise="旧")
    answered(store, "A2")
    folders = {"甲": tmp_path / "甲"}
    assert copy_out(store, folders, {"sftp": ["甲"]}, conditions) == 2
    assert the_record(store, left)["state"] == "succeeded"
    assert said(conditions) == {"receipt:owed/旧": "CEBD-1715"}
    assert copy_out(store, folders, {"sftp": ["甲"]}, conditions) == 0
    folders["旧"] = tmp_path / "旧"
    assert copy_out(store, folders, {"sftp": ["甲", "旧"]}, conditions) == 1
    assert (copies(tmp_path / "旧"), copies(tmp_path / "甲")) == (1, 1)
    assert said(conditions) == {}


def test_a_receipt_for_two_is_written_for_one_and_owed_to_the_other(store: Store, tmp_path: Path) -> None:
    declare(store, "A1", enterprise="旧")
    declare(store, "A2")
    settle(store, a_receipt(a_return("A1", "120", "100000"), a_return("A2", "120", "100000")))
    assert copy_out(store, {"甲": tmp_path / "甲"}, {"sftp": ["甲"]}) == 1
    with store.read() as connection:
        assert json.loads(connection.execute(select(receipts.c.owed)).scalar_one()) == ["旧"]
    [copy] = (tmp_path / "甲" / "outbox" / "customs").iterdir()
    copy.unlink()
    copy_out(store, {"甲": tmp_path / "甲", "旧": tmp_path / "旧"}, {"sftp": ["甲"]})
    assert (copies(tmp_path / "旧"), copies(tmp_path / "甲")) == (1, 0)
