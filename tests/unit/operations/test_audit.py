"""The audit reads every stored message whole, however little of it was parsed when it was composed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from builders.declared import a_drop, declare
from builders.settings_files import GOOD
from cebd.operations.audit import audit
from cebd.settings import Settings, load_settings
from cebd.store.messages import message_body, messages_of_drop
from cebd.store.packing import packed
from cebd.store.store import Store
from cebd.store.tables import messages, records


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "cebd.toml").write_text(GOOD, encoding="utf-8")
    return load_settings(tmp_path / "cebd.toml")


def misfits(store: Store, settings: Settings) -> list[tuple[str | None, bool]]:
    """The messages that are named for their schema, and whether the element is named, too."""
    found = [problem for problem in audit(store, settings).exceptions if problem.id == "CEBD-1810"]
    return [(problem.value, "number" in problem.en and "number" in problem.zh) for problem in found]


def test_a_stored_message_that_does_not_fit_its_schema_is_named_until_customs_have_answered_it(
    store: Store, settings: Settings
) -> None:
    drop = a_drop(store)
    declare(store, "N-1", drop=drop)
    assert misfits(store, settings) == []
    with store.write() as transaction:
        (message_id,) = messages_of_drop(transaction, drop)
        body = packed(message_body(transaction, message_id).replace(b"orderNo>", b"number>"))
        changed = (
            update(messages).where(messages.c.id == message_id).values(guid="G-1", body=body.packed, sha256=body.sha256)
        )
        transaction.execute(changed.values(signature=None, sign="no"))
    assert misfits(store, settings) == [("G-1", True)]
    with store.write() as transaction:
        transaction.execute(update(records).values(status="120"))
    assert misfits(store, settings) == []


def test_a_stored_message_that_is_no_xml_or_no_message_is_named(store: Store, settings: Settings) -> None:
    drop = a_drop(store)
    declare(store, "N-1", drop=drop)
    for content in (b"<number", b"<number></number>"):
        body = packed(content)
        with store.write() as transaction:
            transaction.execute(
                update(messages).values(guid="G-1", body=body.packed, sha256=body.sha256, signature=None, sign="no")
            )
        assert [guid for guid, _ in misfits(store, settings)] == ["G-1"]
