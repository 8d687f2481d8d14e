"""After three years a station lets go of what it declared, and still knows that it did."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from builders import processes
from builders.stations import TryStation
from builders.waiting import until
from cebd.clock import CST
from cebd.sandbox.ledger import read_ledger
from cebd.store.safety.evidence import NAME
from cebd.trial.rows import order_rows, write_workbook

DYING = Path(__file__).parents[1] / "daemons" / "dying_retention.py"
LONG_AGO = "2021-03-04"


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TryStation]:
    """A station that declared two files years ago, and one this week."""
    with TryStation(tmp_path_factory.mktemp("years"), audited=False) as station:
        for name, first in (("january", 1), ("february", 11), ("this week", 21)):
            station.drop_rows(f"{name}.xlsx", "order", list(order_rows(3, first=first)))
        station.start()
        for name in ("january", "february", "this week"):
            station.final_receipt(name)
        assert station.stop() == 0
        grow_old(station, "january", "february")
        yield station


@pytest.fixture
def station(declared: TryStation) -> Iterator[TryStation]:
    """That station, put back afterwards."""
    folders = {folder: folder.with_name(f"kept {folder.name}") for folder in (declared.store, declared.share)}
    for folder, kept in folders.items():
        shutil.copytree(folder, kept)
    evidence = declared.settings_path.with_name(NAME)
    progress = evidence.read_bytes()
    yield declared
    evidence.write_bytes(progress)
    for folder, kept in folders.items():
        shutil.rmtree(folder)
        kept.rename(folder)


def grow_old(station: TryStation, *stems: str) -> None:
    """All of these files, and every answer to them, came years ago."""
    with closing(sqlite3.connect(station.store / "cebd.sqlite")) as connection, connection:
        for stem in stems:
            connection.execute(
                "UPDATE drops SET received = ?1 || substr(received, 11), published_at = ?1 || substr(published_at, 11) "
                "WHERE name = ?2",
                (LONG_AGO, f"{stem}.xlsx"),
            )
        of_others = (
            "SELECT receipt_id FROM history JOIN records ON records.id = record_id JOIN drops ON drops.id = drop_id"
        )
        connection.execute(
            f"UPDATE receipts SET received = ? || substr(received, 11) WHERE id NOT IN ({of_others} WHERE received > '2022')",
            (LONG_AGO,),
        )


def ask(station: TryStation, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{station.store / 'cebd.sqlite'}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def retention(station: TryStation, *options: str) -> dict[str, Any]:
    done = station.cebd("retention", "-c", str(station.settings_path), "--json", *options)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def files_of(station: TryStation) -> set[str]:
    kept = ("done", "error", "hold", "outbox")
    return {path.name for folder in kept for path in (station.share / folder).rglob("*") if path.is_file()}


def is_audited(station: TryStation) -> bool:
    return station.audit().clean


REMOVE = ("--yes", "--without-backup", "a test")


def test_without_yes_it_is_said_what_would_go_and_nothing_goes(station: TryStation) -> None:
    before = files_of(station)
    told = retention(station)
    assert (told["removed"], list(told["months"])) == (False, ["2021-03"])
    month = told["months"]["2021-03"]
    assert (month["originals"]["number"], month["messages"]["number"]) == (2, 2)
    assert month["originals"]["bytes"] > 0
    assert files_of(station) == before
    assert ask(station, "SELECT count(*) FROM drops WHERE removed IS NOT NULL") == [(0,)]


def test_old_files_go_with_their_bytes_and_the_new_one_stays_whole(station: TryStation) -> None:
    before = files_of(station)
    retention(station, *REMOVE)
    left = files_of(station)
    assert not [name for name in left if name.startswith(("january", "february"))]
    assert {name for name in before if name.startswith("this week")} <= left
    bodies = "SELECT name, max(length(body)) > 400, count(signature) FROM messages JOIN drops ON drops.id = drop_id"
    assert sorted(ask(station, f"{bodies} GROUP BY name")) == [
        ("february.xlsx", 0, 0),
        ("january.xlsx", 0, 0),
        ("this week.xlsx", 1, 1),
    ]
    [(said,)] = ask(station, "SELECT detail FROM journal WHERE event = 'retention' ORDER BY id DESC LIMIT 1")
    assert "2 originals" in said
    assert "without a backup: a test" in said
    assert is_audited(station)
    assert retention(station)["months"] == {}


def test_a_backup_of_before_is_audited_clean_once_the_retention_is_repeated(station: TryStation) -> None:
    backup = station.store.with_name("before.sqlite")
    settings = ("-c", str(station.settings_path))
    assert station.cebd("backup", str(backup), *settings).returncode == 0
    retention(station, *REMOVE)
    restored = station.cebd("restore", str(backup), "--yes", *settings)
    assert restored.returncode == 0, restored.stderr
    told = station.cebd("audit", "--json", *settings)
    assert {one["id"] for one in json.loads(told.stdout)["exceptions"]} == {"CEBD-1802", "CEBD-1807"}
    retention(station, *REMOVE)
    assert is_audited(station)


def test_what_was_declared_years_ago_is_not_declared_again(station: TryStation) -> None:
    same = next((station.share / "done").rglob("january.xlsx")).read_bytes()
    retention(station, *REMOVE)
    declared = len(read_ledger(station.customs_folder))
    station.drop("january.xlsx", same)
    write_workbook(station.inbox / "again.part", "order", [*order_rows(3, first=11), *order_rows(1, first=31)])
    (station.inbox / "again.part").rename(station.inbox / "again.xlsx")
    station.start()
    receipt = station.final_receipt("again")
    repeated = station.final_receipt("january-2")
    assert station.stop() == 0
    assert [record["state"] for record in receipt["records"]] == ["succeeded"] * 4
    assert [bool(record["problems"]) for record in receipt["records"]] == [True, True, True, False]
    assert [record["state"] for record in repeated["records"]] == ["succeeded"] * 3
    assert len(read_ledger(station.customs_folder)) == declared + 1
    assert is_audited(station)


@pytest.mark.parametrize("point", [("said",), ("removed",), ("removed", "3"), ("said", "2"), ("shrinking",)])
def test_killed_in_the_middle_it_is_finished_by_the_next(station: TryStation, point: tuple[str, ...]) -> None:
    killed = processes.run(
        (str(station.settings_path), *point), script=DYING, environment=station.environment(), changes_cebd=False
    )
    assert killed.returncode == -9, killed.stderr
    assert is_audited(station)
    retention(station, *REMOVE)
    assert not [name for name in files_of(station) if name.startswith(("january", "february"))]
    assert ask(station, "SELECT count(*) FROM files_to_remove") == [(0,)]
    assert ask(station, "SELECT count(*) FROM drops WHERE removed IS NOT NULL") == [(2,)]
    assert is_audited(station)


def test_a_workbook_that_a_person_changed_stays(station: TryStation) -> None:
    [book] = station.outbox.rglob("january.receipt.xlsx")
    book.write_bytes(b"her own notes")
    told = retention(station, *REMOVE)
    assert told["kept"] == [book.relative_to(station.share).as_posix()]
    assert book.read_bytes() == b"her own notes"


def test_what_is_not_final_stays(station: TryStation) -> None:
    with closing(sqlite3.connect(station.store / "cebd.sqlite")) as connection, connection:
        connection.execute(
            "UPDATE records SET state = 'held', message_id = NULL WHERE id = "
            "(SELECT min(records.id) FROM records JOIN drops ON drops.id = drop_id WHERE name = 'january.xlsx')"
        )
    told = retention(station)
    assert told["months"]["2021-03"]["originals"]["number"] == 1


def test_it_wants_a_verified_backup_of_today_and_a_station_at_rest(station: TryStation) -> None:
    refused = station.cebd("retention", "--yes", "-c", str(station.settings_path))
    assert refused.returncode == 2
    assert "cebd backup" in refused.stderr
    backup = station.settings_path.parent / f"{datetime.now(CST):%H%M%S}.sqlite"
    assert station.cebd("backup", str(backup), "-c", str(station.settings_path)).returncode == 0
    with backup.open("r+b") as content:
        content.write(b"rotten")
    assert station.cebd("retention", "--yes", "-c", str(station.settings_path)).returncode == 2
    with closing(sqlite3.connect(station.store / "cebd.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM drops WHERE removed IS NOT NULL").fetchone() == (0,)
    runs = station.log().count("station runs")
    station.start()
    until(lambda: station.log().count("station runs") > runs, "the daemon to run")
    busy = station.cebd("retention", *REMOVE, "-c", str(station.settings_path))
    assert busy.returncode == 6
    assert station.stop() == 0
