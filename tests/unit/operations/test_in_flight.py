"""Work in flight of what the settings do not have any more: it is named at once, with the right numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from builders.clocks import StillClock
from builders.declared import a_drop, declare
from builders.settings_files import GOOD
from cebd.operations.audit import audit
from cebd.operations.in_flight import note_missing_parts, orphans
from cebd.settings import Part, Settings, load_settings
from cebd.store.conditions import Conditions
from cebd.store.store import Store
from cebd.store.tables import drops, records

OURS = "one"  # as in GOOD


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "cebd.toml").write_text(GOOD, encoding="utf-8")
    return load_settings(tmp_path / "cebd.toml")


def test_sent_messages_of_a_removed_enterprise_are_named_before_a_receipt_comes(
    store: Store, settings: Settings
) -> None:
    filed = {"changed": 1, "published": 1}
    for number in ("N-1", "N-2"):
        declare(
            store,
            number,
            f"{number}-B",
            drop=a_drop(store, f"{number}.xlsx", enterprise="老名", **filed),
            enterprise="老名",
            active=True,
        )
    declare(store, "N-3", drop=a_drop(store, "own.xlsx", enterprise=OURS, **filed), enterprise=OURS)
    conditions = Conditions(store, StillClock())
    note_missing_parts(store, settings, conditions)
    (said,) = (one.problem for one in conditions.current() if one.key.startswith("settings:orphan:enterprise:"))
    assert "2 份报文等待回执" in said.zh
    assert "2 messages await" in said.en
    assert "cebd queue reassign --enterprise 老名" in said.fix_zh
    assert "CEBD-2011" in [one.id for one in audit(store, settings).exceptions]


def test_nothing_is_named_of_a_removed_enterprise_whose_work_has_come_to_an_end(
    store: Store, settings: Settings
) -> None:
    done = a_drop(store, enterprise="老名", changed=1, published=1)
    declare(store, "N-1", drop=done, enterprise="老名", active=True)
    with store.write() as connection:
        connection.execute(update(records).values(state="succeeded"))
        connection.execute(update(drops).values(published=drops.c.changed))
    with store.read() as connection:
        assert orphans(connection, settings) == {}


def test_receipts_of_a_removed_enterprise_that_are_not_published_yet_are_named(
    store: Store, settings: Settings
) -> None:
    declare(
        store, "N-1", drop=a_drop(store, enterprise="老名", changed=3, published=1), enterprise="老名", sent_at=None
    )
    with store.read() as connection:
        said = orphans(connection, settings)[Part.ENTERPRISE, "老名"]
    assert "1 个文件" in said.zh
    assert "0 份报文等待回执" in said.zh
