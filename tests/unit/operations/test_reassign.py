"""Handing work over: the whole of an enterprise, what a signer or channel has not done yet, and never what could arrive twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from builders.new_store import open_store
from builders.settings_files import GOOD
from cebd.operations.reassign import CannotReassign, Plan, carry_out, plan
from cebd.settings import Part, Settings, load_settings
from cebd.store.store import Store
from cebd.store.tables import drops, journal, messages, receipts, records, submissions


class Handing:
    """A store with work of the enterprise `old`, and settings that know `one`, the signer `s` and the channel `c`."""

    def __init__(self, folder: Path, store: Store) -> None:
        (folder / "cebd.toml").write_text(GOOD, encoding="utf-8")
        self.settings: Settings = load_settings(folder / "cebd.toml")
        self.store = store

    def drop(self, enterprise: str, stem: str) -> int:
        values = {
            "enterprise": enterprise, "name": f"{stem}.xlsx", "stem": stem, "sha256": "0", "received": "t", "state": "filed",
            "source": f"inbox/{stem}.xlsx", "place": f"done/{stem}.xlsx",
        }  # fmt: skip
        with self.store.write() as connection:
            return int(connection.execute(insert(drops).values(values)).inserted_primary_key[0])

    def message(self, drop_id: int, state: str, sender: str = "D", enterprise: str = "old") -> int:
        values = {
            "drop_id": drop_id, "enterprise": enterprise, "type": "CEB311", "guid": "g", "cop_msg_id": f"m{drop_id}-{state}",
            "signer": "token", "channel": "line", "sign": "composed", "state": state, "created": "t", "sender": sender,
            "receiver": "r", "body": b"", "sha256": "0",
        }  # fmt: skip
        with self.store.write() as connection:
            return int(connection.execute(insert(messages).values(values)).inserted_primary_key[0])

    def record(self, drop_id: int, key: str, enterprise: str = "old") -> None:
        values = {
            "drop_id": drop_id, "enterprise": enterprise, "type": "CEB311", "key": key, "guid": "g", "rows": "[]", "content": b"",
            "state": "succeeded", "active": True,
        }  # fmt: skip
        with self.store.write() as connection:
            connection.execute(insert(records).values(values))

    def plan(self, part: Part, old: str, new: str, *, same_side: bool = False) -> Plan:
        return plan(self.store, self.settings, part, old, new, same_side=same_side)


@pytest.fixture
def handing(tmp_path: Path) -> Iterator[Handing]:
    store = open_store(tmp_path / "store")
    yield Handing(tmp_path, store)
    store.close()


def test_an_enterprise_is_handed_over_whole_so_that_what_it_declared_stays_declared(handing: Handing) -> None:
    drop_id = handing.drop("old", "orders")
    handing.drop("one", "orders")
    handing.message(drop_id, "signed")
    handing.record(drop_id, "A-1")
    with handing.store.write() as connection:
        receipt = {
            "channel": "line",
            "name": "r",
            "sha256": "0",
            "received": "t",
            "state": "applied",
            "copied": True,
            "content": b"",
        }
        connection.execute(insert(receipts).values(**receipt, enterprises='["old", "other"]'))
    carry_out(handing.store, handing.plan(Part.ENTERPRISE, "old", "one"))
    with handing.store.read() as connection:
        for table in (drops, messages, records):
            assert set(connection.execute(select(table.c.enterprise)).scalars()) == {"one"}
        assert set(connection.execute(select(drops.c.stem)).scalars()) == {"orders", "orders-2"}
        assert json.loads(connection.execute(select(receipts.c.enterprises)).scalar_one()) == ["one", "other"]
        (told,) = connection.execute(select(journal.c.detail).where(journal.c.event == "reassigned")).scalars()
    assert (json.loads(told)["before"], json.loads(told)["after"]) == ("old", "one")


def test_what_both_have_declared_is_for_a_person_to_decide(handing: Handing) -> None:
    handing.record(handing.drop("old", "a"), "A-1")
    handing.record(handing.drop("one", "b"), "A-1", enterprise="one")
    with pytest.raises(CannotReassign, match="have both declared A-1"):
        handing.plan(Part.ENTERPRISE, "old", "one")


def test_messages_of_another_dxp_id_are_no_matter_of_a_name(handing: Handing) -> None:
    handing.message(handing.drop("old", "a"), "ready", sender="DXP-OF-OLD")
    with pytest.raises(CannotReassign, match="made for the DXP id DXP-OF-OLD; one has D"):
        handing.plan(Part.ENTERPRISE, "old", "one")


def test_a_name_that_the_settings_do_not_have_takes_nothing(handing: Handing) -> None:
    for part in (Part.ENTERPRISE, Part.SIGNER, Part.CHANNEL):
        with pytest.raises(CannotReassign, match="nobody is not in the settings"):
            handing.plan(part, "old", "nobody")


def test_a_signer_hands_over_what_is_not_signed_a_channel_what_is_not_in_doubt(handing: Handing) -> None:
    drop_id = handing.drop("old", "a")
    ready, signed, doubt, _sent = (handing.message(drop_id, state) for state in ("ready", "signed", "in_doubt", "sent"))
    assert handing.plan(Part.SIGNER, "token", "s").message_ids == (ready,)
    kept = handing.plan(Part.CHANNEL, "line", "c")
    assert (kept.message_ids, kept.left_in_doubt) == ((ready, signed), 1)
    renamed = handing.plan(Part.CHANNEL, "line", "c", same_side=True)
    assert (renamed.message_ids, renamed.left_in_doubt) == ((ready, signed, doubt), 0)


def test_what_the_old_side_may_have_is_not_handed_over_although_nobody_has_called_it_in_doubt_yet(
    handing: Handing,
) -> None:
    """Killed between the rename and its outcome, a message is `signed` still; doubted by a restore, it is `ready` or `signed`."""
    drop_id = handing.drop("old", "a")
    ids = {}
    attempts: dict[str, tuple[str, str | None]] = {
        "killed behind the rename": ("handing-over", None),
        "doubted by a restore": ("handing-over", "in_doubt"),
        "killed before the rename": ("writing", None),
        "refused": ("handing-over", "failed"),
    }
    for number, (case, (phase, outcome)) in enumerate(attempts.items()):
        ids[case] = handing.message(drop_id, "signed")
        with handing.store.write() as connection:
            own = update(messages).where(messages.c.id == ids[case])
            connection.execute(own.values(cop_msg_id=f"own {number}"))
            attempt = {"message_id": ids[case], "name": "n", "phase": phase, "outcome": outcome, "intent": "t"}
            connection.execute(insert(submissions).values(attempt))
    kept = handing.plan(Part.CHANNEL, "line", "c")
    assert (kept.message_ids, kept.left_in_doubt) == ((ids["killed before the rename"], ids["refused"]), 2)
    renamed = handing.plan(Part.CHANNEL, "line", "c", same_side=True)
    assert (renamed.message_ids, renamed.left_in_doubt) == (tuple(ids.values()), 0)
