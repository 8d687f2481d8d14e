"""The store is damaged, gone, older than the work that was done, or another station's: the station does not begin on it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from builders.stations import TryStation
from builders.waiting import until
from cebd.clock import SystemClock
from cebd.operations.audit import audit_station
from cebd.restoring.restore import plan_restore, restore
from cebd.settings import Settings, load_settings
from cebd.store.safety.copies import copy_store
from cebd.store.safety.evidence import NAME, read_evidence
from cebd.store.safety.progress import numbers
from cebd.store.safety.trust import StoreRefused, open_trusted
from cebd.store.store import Store, StoreError
from cebd.store.tables import journal, messages, records
from cebd.trial.rows import order_rows


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TryStation]:
    """A station with two enterprises that was killed after three orders were declared and accepted, and evidence was written."""
    with TryStation(tmp_path_factory.mktemp("killed"), audited=False) as station:
        station.add_enterprise()
        station.drop_rows("orders.xlsx", "order", list(order_rows(3)))
        station.start()
        station.final_receipt("orders")
        settings = load_settings(station.settings_path)
        with closing(sqlite3.connect(f"file:{station.store / 'cebd.sqlite'}?mode=ro", uri=True)) as connection:

            def noted() -> bool:
                (step,) = connection.execute("SELECT CAST(value AS INTEGER) FROM about WHERE name = 'step'").fetchone()
                found = read_evidence(settings.folders)
                return len(found) == 3 and all(one.progress and one.progress.step == step for one in found)

            until(noted, "evidence beside the settings and in both folders")
        station.kill()
        yield station


@pytest.fixture
def settings(killed: TryStation, tmp_path: Path) -> Settings:
    """The settings of a copy of that station."""
    shutil.copytree(killed.settings_path.parent, tmp_path / "station")
    return load_settings(tmp_path / "station" / "cebd.toml")


def begin(settings: Settings, new_store: str | None = None) -> Store:
    return open_trusted(settings.folders, SystemClock(), new_store)[0]


def refused(settings: Settings) -> str:
    """The id of the reason why the station does not begin; what is there is left as it is."""
    before = {path: path.read_bytes() for path in settings.store_dir.iterdir() if path.suffix == ".sqlite"}
    with pytest.raises(StoreRefused) as reason:
        begin(settings)
    assert "cebd restore" in reason.value.problem.fix_en
    assert {path: path.read_bytes() for path in before} == before
    return reason.value.problem.id


def test_a_station_that_was_killed_begins_again(settings: Settings) -> None:
    begin(settings).close()


def test_a_store_without_its_wal_is_older_than_what_was_done(settings: Settings) -> None:
    (settings.store_dir / "cebd.sqlite-wal").unlink()
    assert refused(settings) in ("CEBD-2102", "CEBD-2103")


def test_a_store_of_this_morning_is_refused_whichever_evidence_is_left(settings: Settings) -> None:
    begin(settings).close()
    with closing(sqlite3.connect(settings.store_dir / "cebd.sqlite")) as connection, connection:
        connection.execute("UPDATE about SET value = '1' WHERE name = 'step'")
    for place in (settings.base, settings.folder(settings.enterprise[0])):
        assert refused(settings) == "CEBD-2102"
        (place / NAME).unlink()
    assert refused(settings) == "CEBD-2102"
    (settings.folder(settings.enterprise[1]) / NAME).unlink()
    begin(settings).close()


@pytest.mark.parametrize("where", [0.3, 0.6], ids=["in a third of it", "further behind"])
def test_a_damaged_store_is_refused(settings: Settings, where: float) -> None:
    begin(settings).close()
    path = settings.store_dir / "cebd.sqlite"
    size = path.stat().st_size
    with path.open("r+b") as content:
        content.seek(int(size * where) // 4096 * 4096)
        content.write(b"\xa5" * 4096 * 8)
    assert refused(settings) == "CEBD-2101"


def test_a_store_that_is_no_store_any_more_is_refused(settings: Settings) -> None:
    begin(settings).close()
    (settings.store_dir / "cebd.sqlite").write_bytes(b"not a database" * 1000)
    assert refused(settings) == "CEBD-2101"


@pytest.mark.parametrize("left", ["all", "engine", "folders", "evidence"])
def test_a_store_that_is_gone_is_not_made_anew(settings: Settings, left: str) -> None:
    for path in settings.store_dir.glob("cebd.sqlite*"):
        path.unlink()
    if left not in ("all", "engine"):
        shutil.rmtree(settings.store_dir)
        settings.store_dir.mkdir()
    if left not in ("all", "evidence"):
        for one in read_evidence(settings.folders):
            one.place.path.unlink()
    if left not in ("all", "folders"):
        for enterprise in settings.enterprise:
            shutil.rmtree(settings.folder(enterprise) / "done", ignore_errors=True)
    assert refused(settings) == "CEBD-2103"


def test_an_empty_store_beside_a_full_done_is_refused(settings: Settings) -> None:
    begin(settings).close()
    (settings.store_dir / "cebd.sqlite").write_bytes(b"")
    assert refused(settings) == "CEBD-2103"


def test_a_first_start_makes_the_store(settings: Settings) -> None:
    shutil.rmtree(settings.store_dir)
    for one in read_evidence(settings.folders):
        one.place.path.unlink()
    for enterprise in settings.enterprise:
        shutil.rmtree(settings.folder(enterprise) / "done", ignore_errors=True)
    (settings.folder(settings.enterprise[0]) / "done").mkdir()
    (settings.folder(settings.enterprise[0]) / "done" / "Thumbs.db").write_bytes(b"x")
    begin(settings).close()


def test_the_engines_file_or_the_evidence_of_another_station_is_seen(settings: Settings, tmp_path: Path) -> None:
    begin(settings).close()
    with closing(sqlite3.connect(settings.store_dir / "cebd.sqlite")) as connection, connection:
        connection.execute("UPDATE about SET value = 'aaaabbbbcccc' WHERE name = 'identity'")
    assert refused(settings) == "CEBD-2104"
    for one in read_evidence(settings.folders):
        one.place.path.unlink()
    assert refused(settings) == "CEBD-2104"
    (settings.store_dir / "engine.sqlite").unlink()
    begin(settings).close()


def test_an_enterprise_that_came_from_another_station_is_served(settings: Settings) -> None:
    path = settings.folder(settings.enterprise[1]) / NAME
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "identity": "aaaabbbbcccc", "step": 1_000_000}))
    begin(settings).close()


@pytest.mark.parametrize("odd", ["fifo", "link", "folder", "garbage", "nothing"])
def test_evidence_that_somebody_meddled_with_keeps_nobody_from_starting(settings: Settings, odd: str) -> None:
    path = settings.folder(settings.enterprise[1]) / NAME
    path.unlink()
    if odd == "fifo":
        os.mkfifo(path)
    elif odd == "link":
        path.symlink_to("/etc/passwd")
    elif odd == "folder":
        path.mkdir()
    elif odd == "garbage":
        path.write_bytes(b'{"identity": [')
    begin(settings).close()


def test_a_damaged_file_of_the_engine_is_put_aside(settings: Settings) -> None:
    (settings.store_dir / "engine.sqlite").write_bytes(b"not a database" * 1000)
    begin(settings).close()
    assert not (settings.store_dir / "engine.sqlite").exists()
    assert len(list((settings.store_dir / "set-aside").rglob("engine.sqlite"))) == 1


DIES_IN_A_COMMIT = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("CREATE TABLE unfinished (text)")
connection.executemany("INSERT INTO unfinished VALUES (?)", [("x" * 500,)] * 2000)
os._exit(9)
"""


@pytest.fixture
def killed_in_a_commit(settings: Settings) -> Settings:
    """The same, killed while the engine wrote to its file: what it had written is to be undone by whoever may write there."""
    path = settings.store_dir / "engine.sqlite"
    subprocess.run([sys.executable, "-c", DIES_IN_A_COMMIT, path], check=False)
    assert path.with_name("engine.sqlite-journal").stat().st_size > 0
    return settings


def test_what_the_engine_was_writing_when_it_was_killed_is_undone_and_its_file_goes_on(
    killed_in_a_commit: Settings,
) -> None:
    begin(killed_in_a_commit).close()
    assert not (killed_in_a_commit.store_dir / "set-aside").exists()
    with closing(sqlite3.connect(killed_in_a_commit.store_dir / "engine.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM workflow_status").fetchone()[0] > 0
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'unfinished'").fetchone()[0] == 0


def test_the_engines_file_of_another_station_is_seen_after_a_kill_in_a_commit(killed_in_a_commit: Settings) -> None:
    with closing(sqlite3.connect(killed_in_a_commit.store_dir / "cebd.sqlite")) as connection, connection:
        connection.execute("UPDATE about SET value = 'aaaabbbbcccc' WHERE name = 'identity'")
    for one in read_evidence(killed_in_a_commit.folders):
        one.place.path.unlink()
    with pytest.raises(StoreRefused) as reason:
        begin(killed_in_a_commit)
    assert reason.value.problem.id == "CEBD-2104"


def test_the_books_can_be_looked_through_after_a_kill_in_a_commit(killed_in_a_commit: Settings) -> None:
    begin(killed_in_a_commit).close()  # the store itself is of today
    kill = [sys.executable, "-c", DIES_IN_A_COMMIT, killed_in_a_commit.store_dir / "engine.sqlite"]
    subprocess.run(kill, check=False)
    assert audit_station(killed_in_a_commit).clean


def test_a_new_store_is_made_for_a_reason_that_is_kept(settings: Settings) -> None:
    begin(settings).close()
    with pytest.raises(StoreRefused, match="CEBD-2105"):
        begin(settings, "no need for it")
    (settings.store_dir / "cebd.sqlite").write_bytes(b"not a database" * 1000)
    with closing(begin(settings, "the disk went bad")) as store, store.read() as connection:
        assert any("the disk went bad" in one for one in connection.execute(select(journal.c.detail)).scalars())
        assert numbers(connection).drops == 1, "the next drop is number 2"
    assert len(list((settings.store_dir / "set-aside").rglob("cebd.sqlite"))) == 1
    begin(settings).close()


def test_an_image_of_this_morning_goes_on_once_it_was_restored(settings: Settings) -> None:
    begin(settings).close()
    with closing(sqlite3.connect(settings.store_dir / "cebd.sqlite")) as connection, connection:
        connection.execute("UPDATE about SET value = '1' WHERE name = 'step'")
        connection.execute("UPDATE messages SET state = 'signed'")
        connection.execute("UPDATE records SET state = 'signed', status = NULL")
        connection.execute("DELETE FROM history")
        connection.execute("DELETE FROM submissions")
        connection.execute("DELETE FROM receipts")
    assert refused(settings) == "CEBD-2102"
    done = restore(
        settings.folders,
        settings.enterprise,
        settings.reading_options,
        plan_restore(settings.folders, None),
        SystemClock(),
    )
    assert (done.doubted, done.heard, done.asked) == (1, 3, 0)
    with closing(begin(settings)) as store, store.read() as connection:
        assert set(connection.execute(select(records.c.state)).scalars()) == {"succeeded"}
        assert connection.execute(select(messages.c.state)).scalars().all() == ["sent"]
        assert numbers(connection).drops > 1000
        assert "restored" in connection.execute(select(journal.c.event)).scalars().all()
    assert not (settings.store_dir / "engine.sqlite").exists(), "work is begun anew from our own rows"
    assert (done.aside or Path("/nowhere")).joinpath("cebd.sqlite").exists()


@pytest.mark.parametrize("what", ["a byte is another", "cut short", "another station's", "of a later version"])
def test_a_backup_that_is_not_to_be_trusted_is_refused(settings: Settings, tmp_path: Path, what: str) -> None:
    begin(settings).close()
    path = tmp_path / "backup.sqlite"
    made = copy_store(settings.store_dir / "cebd.sqlite", path)
    if what == "a byte is another":
        path.with_name("backup.sqlite.sha256").write_text(f"{made.sha256}  backup.sqlite\n")
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    elif what == "cut short":
        path.write_bytes(path.read_bytes()[:-8192])
    else:
        name, value = ("identity", "aaaabbbbcccc") if what.startswith("another") else ("version", "99")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE about SET value = ? WHERE name = ?", (value, name))
    with pytest.raises(StoreError):
        plan_restore(settings.folders, path)
    begin(settings).close()


def test_the_daemon_ends_with_exit_6_and_says_what_to_do(killed: TryStation) -> None:
    path, aside = killed.store / "cebd.sqlite", killed.store / "aside.sqlite"
    path.rename(aside)
    try:
        ended = killed.run_once()
    finally:
        aside.rename(path)
    assert ended.returncode == 6, ended.stderr
    assert "CEBD-2103" in ended.stderr
    assert "cebd restore" in ended.stderr


def test_a_store_that_goes_bad_under_a_station_at_work_stops_it(tmp_path: Path) -> None:
    with TryStation(tmp_path, audited=False) as station:
        station.start()
        until(lambda: "station runs" in station.log(), "the daemon to run")
        path = station.store / "cebd.sqlite"
        with path.open("r+b") as content:
            content.write(b"not a database" * 5000)
        (station.store / "cebd.sqlite-wal").write_bytes(b"")
        station.drop_rows("orders.xlsx", "order", list(order_rows(1)))
        assert station.daemon is not None
        assert station.daemon.wait(timeout=60) == 6, station.log()
