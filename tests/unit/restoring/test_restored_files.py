"""Files in `done/` that a restored store does not know: none is sent by itself, and an odd one keeps no other out."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from builders.new_store import open_store
from builders.old_station import old_station
from builders.trial_messages import unsigned_of_rows
from cebd.clock import SystemClock
from cebd.restoring import restore as restoring
from cebd.restoring.restore import Restored, plan_restore, restore
from cebd.settings import Settings, load_settings
from cebd.store.across.intervening.holding import Choice
from cebd.store.across.undecided import CannotRelease, give_up, release, undecided_records
from cebd.store.safety.copies import copy_store
from cebd.store.store import Store
from cebd.store.tables import drops, journal, messages, records
from cebd.trial.rows import order_rows, write_workbook


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(old_station(tmp_path))


def restored(settings: Settings) -> Restored:
    return restore(
        settings.folders,
        settings.enterprise,
        settings.reading_options,
        plan_restore(settings.folders, None),
        SystemClock(),
    )


def told(settings: Settings, name: str) -> list[dict[str, Any]]:
    """The rows of the latest drop of that name, with their messages' states."""
    with closing(Store.open(settings.store_dir, create=False)) as store, store.read() as connection:
        latest = select(drops.c.id).where(drops.c.name == name).order_by(drops.c.id.desc()).limit(1).scalar_subquery()
        query = (
            select(records.c.state, records.c.guid, messages.c.state.label("message"), messages.c.sign)
            .outerjoin(messages, messages.c.id == records.c.message_id)
            .where(records.c.drop_id == latest)
            .order_by(records.c.id)
        )
        return [dict(row) for row in connection.execute(query).mappings()]


def test_a_second_restore_counts_the_files_since_the_backup_not_the_numbers_left_out(
    settings: Settings, tmp_path: Path
) -> None:
    backup = tmp_path / "noon.sqlite"
    copy_store(settings.store_dir / "cebd.sqlite", backup)
    restored(settings)
    first = plan_restore(settings.folders, backup)
    write_workbook(
        settings.folder(settings.enterprise[0]) / "done" / "2026-11-26" / "added.xlsx",
        "order",
        list(order_rows(1, prefix="A")),
    )
    restored(settings)
    assert first.furthest.drops - first.copied.drops >= 1000, "the numbers jump"
    second = plan_restore(settings.folders, backup)
    assert second.is_counted
    assert (first.unknown, second.unknown) == (0, 1)
    (settings.store_dir / "cebd.sqlite").unlink()
    without = plan_restore(settings.folders, backup)
    assert not without.is_counted
    assert (without.most_unknown or 0) >= 1, "numbers of which the rows are lost may be files"


def test_a_file_that_was_claimed_then_and_is_put_away_now_is_in_doubt(settings: Settings) -> None:
    share = settings.folder(settings.enterprise[0])
    (share / "working" / "000007-claimed.xlsx").rename(share / "done" / "2026-11-26" / "claimed.xlsx")
    done = restored(settings)
    assert (done.doubted, done.files, done.asked) == (4, 1, 2)
    assert [(row["state"], row["message"]) for row in told(settings, "claimed.xlsx")] == [("in_doubt", "asked")] * 2
    assert told(settings, "claiming.xlsx") == [], "still in the inbox: nothing of it was declared"


def test_a_file_that_is_gone_is_withdrawn(settings: Settings) -> None:
    share = settings.folder(settings.enterprise[0])
    (share / "working" / "000007-claimed.xlsx").unlink()
    restored(settings)
    with closing(Store.open(settings.store_dir, create=False)) as store, store.read() as connection:
        query = select(drops.c.name, drops.c.state).where(drops.c.state.in_(("withdrawn", "claiming", "claimed")))
        assert {tuple(row) for row in connection.execute(query)} == {
            ("claimed.xlsx", "withdrawn"),
            ("claiming.xlsx", "claiming"),
        }


def test_odd_files_keep_no_other_out(settings: Settings) -> None:
    done = settings.folder(settings.enterprise[0]) / "done" / "2026-11-26"
    (done / "no-workbook.xlsx").write_bytes(b"PK\x03\x04 this is none")
    (done / "empty.csv").write_bytes(b"")
    os.mkfifo(done / "pipe.xlsx")
    (done / "link.xlsx").symlink_to("/etc/passwd")
    (done / os.fsdecode("订单.csv".encode("gbk"))).write_bytes(b"a,b\n1,2\n")
    (done / "message.xml").write_bytes(unsigned_of_rows("CEB311", order_rows(1, prefix="MESSAGE")))
    shutil.copy(done / "sent.xlsx", done / "sent-again.xlsx")
    (settings.folder(settings.enterprise[0]) / "outbox" / "odd.json").write_bytes(b'{"v": 1, "sha256": ["x"]')
    found = restored(settings)
    rows = told(settings, "message.xml")
    assert {(row["state"], row["message"]) for row in rows} == {("in_doubt", "asked")}
    assert found.asked == len(rows)
    with closing(Store.open(settings.store_dir, create=False)) as store, store.read() as connection:
        again = connection.execute(
            select(drops.c.repeat_of).where(drops.c.place.endswith("sent-again.xlsx"))
        ).scalar_one()
    assert again == 2, "the same content as sent.xlsx"


def test_a_person_releases_a_message_under_the_guid_it_had_or_gives_it_up(settings: Settings) -> None:
    done = settings.folder(settings.enterprise[0]) / "done" / "2026-11-26"
    (done / "message.xml").write_bytes(unsigned_of_rows("CEB311", order_rows(1, prefix="MESSAGE")))
    share = settings.folder(settings.enterprise[0])
    (share / "working" / "000007-claimed.xlsx").rename(done / "claimed.xlsx")
    restored(settings)
    with closing(open_store(settings.store_dir)) as store, store.write() as connection:
        assert release(connection, undecided_records(connection, Choice("message.xml")), "not at customs") == 1
        assert give_up(connection, undecided_records(connection, Choice("claimed.xlsx")), "never mind") == 1
        assert undecided_records(connection) == []
    (row,) = told(settings, "message.xml")
    assert (row["state"], row["message"], row["sign"]) == ("ready", "ready", "foreign")
    assert {row["state"] for row in told(settings, "claimed.xlsx")} == {"rejected"}


def test_a_file_declared_after_the_same_bytes_were_rejected_whole_is_no_repeat_of_them(settings: Settings) -> None:
    """The setting was mended and the file dropped once more, after the backup: customs may have it."""
    enterprise = settings.enterprise[0]
    body = unsigned_of_rows("CEB311", order_rows(1, prefix="MESSAGE"))
    (settings.folder(enterprise) / "done" / "2026-11-26" / "message.xml").write_bytes(body)
    facts = {
        "enterprise": enterprise.name,
        "name": "morning.xml",
        "stem": "morning",
        "stem_key": "morning",
        "received": "t",
    }
    facts |= {"state": "filed", "outcome": "error", "source": "inbox/morning.xml", "place": "error/morning.xml"}
    with closing(open_store(settings.store_dir)) as store, store.write() as connection:
        morning = insert(drops).values(**facts, sha256=sha256(body).hexdigest(), records=1).returning(drops.c.id)
        about = {"drop_id": connection.execute(morning).scalar_one(), "enterprise": enterprise.name, "type": "CEB311"}
        row = {"key": "k", "guid": "G", "rows": "2", "content": b"", "state": "rejected", "active": False}
        connection.execute(insert(records).values(about | row))
    done = restored(settings)
    assert (done.files, done.asked) == (1, 1)
    assert [(row["state"], row["message"]) for row in told(settings, "message.xml")] == [("in_doubt", "asked")]


def test_a_file_that_had_arrived_in_done_before_its_row_said_so_is_known(settings: Settings) -> None:
    with closing(open_store(settings.store_dir)) as store, store.write() as connection:
        sent = update(drops).where(drops.c.name == "sent.xlsx", drops.c.state == "filed").values(state="filing")
        assert connection.execute(sent).rowcount == 1
        before = connection.execute(select(drops.c.id)).all()
    assert restored(settings).files == 0
    with closing(Store.open(settings.store_dir, create=False)) as store, store.read() as connection:
        assert connection.execute(select(drops.c.id)).all() == before


def test_rows_that_could_not_be_read_again_are_not_released_into_an_empty_message(settings: Settings) -> None:
    """The columns of the file are no longer in the settings: all that is left of its row is what the receipt says."""
    enterprise = settings.enterprise[0]
    share, body = settings.folder(enterprise), b"own,x\nA1,1\n"
    (share / "done" / "2026-11-26" / "own.csv").write_bytes(body)
    key = {"orderType": "I", "orderNo": "A1", "ebpCode": "1", "ebcCode": "2"}
    row = {"type": "CEB311", "key": key, "place": {"sheet": "own", "row": 2}, "state": "signed", "guid": "AAAA"}
    row |= {"message": "BBBB-1", "customs": None, "history": [], "problems": []}
    about = {"v": 1, "file": "own.csv", "sha256": sha256(body).hexdigest(), "enterprise": enterprise.name}
    about |= dict.fromkeys(("received", "published"), "2026-11-26T10:00:00+08:00")
    receipt = about | {"final": False, "counts": {}, "records": [row]}
    (share / "outbox" / "own.receipt.json").write_text(json.dumps(receipt), encoding="utf-8")
    assert restored(settings).asked == 1
    with closing(open_store(settings.store_dir)) as store, store.write() as connection:
        with pytest.raises(CannotRelease, match=r"own.csv: the message BBBB-1 .* drop it, declare it in a new file"):
            release(connection, undecided_records(connection, Choice("own.csv")), "not there")
        assert [one.message_guid for one in undecided_records(connection, Choice("own.csv"))] == ["BBBB-1"]
        assert give_up(connection, undecided_records(connection, Choice("own.csv")), "declared anew") == 1


def test_rows_of_several_messages_are_put_together_as_they_were_and_can_be_released(settings: Settings) -> None:
    """A message holds a hundred records: all rows of a larger file in one could never be declared."""
    share = settings.folder(settings.enterprise[0])
    write_workbook(share / "done" / "2026-11-26" / "many.xlsx", "order", list(order_rows(150, prefix="MANY")))
    assert restored(settings).asked == 150
    with closing(open_store(settings.store_dir)) as store, store.write() as connection:
        assert release(connection, undecided_records(connection, Choice("many.xlsx")), "not at customs") == 2


def test_a_restore_killed_while_the_files_changed_places_is_brought_to_its_end_by_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_aside = restoring.put_aside

    def killed(*about: Any) -> Path:
        put_aside(*about)
        raise KeyboardInterrupt

    with monkeypatch.context() as killing, pytest.raises(KeyboardInterrupt):
        killing.setattr(restoring, "put_aside", killed)
        restored(settings)
    assert not (settings.store_dir / "cebd.sqlite").exists()
    restored(settings)
    assert not (settings.store_dir / "restoring").exists()
    with closing(Store.open(settings.store_dir, create=False)) as store, store.read() as connection:
        events = list(connection.execute(select(journal.c.event)).scalars())
    assert events.count("restored") == 1
