"""A large store is looked through beside the work: files are taken meanwhile, and customs hear nothing before it is found sound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import order_rows

LOOKS_BESIDE = Path(__file__).parents[1] / "daemons" / "looks_beside.py"


def converted(station: TryStation, file: str) -> bool:
    """Whether the file's declarations stand in the store."""
    query = "SELECT count(*) FROM messages JOIN drops ON drops.id = drop_id WHERE drops.name = ?"
    try:
        with closing(sqlite3.connect(f"file:{station.store / 'cebd.sqlite'}?mode=ro", uri=True)) as connection:
            return bool(connection.execute(query, (file,)).fetchone()[0])
    except sqlite3.OperationalError:  # the daemon has not made it yet
        return False


def damage(station: TryStation, table: str) -> None:
    """The page at which that table begins, which nobody reads, becomes rubbish."""
    path = station.store / "cebd.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as content:
        content.seek((page - 1) * size)
        content.write(b"\xa5" * size)


def test_nothing_is_declared_before_a_large_store_was_looked_through(tmp_path: Path) -> None:
    still = tmp_path / "still"
    with TryStation(tmp_path) as station:
        still.touch()
        station.drop_rows("first.xlsx", "order", list(order_rows(2)))
        station.start(LOOKS_BESIDE, (str(still),))
        until(lambda: converted(station, "first.xlsx"), "the file to be converted meanwhile")
        assert read_ledger(station.customs_folder) == []
        still.unlink()
        assert station.final_receipt("first")["counts"] == {"succeeded": 2}
        assert station.stop() == 0


def test_a_large_store_found_damaged_ends_the_station_before_customs_hear_of_it(tmp_path: Path) -> None:
    still = tmp_path / "still"
    with TryStation(tmp_path, audited=False) as station:
        station.start()
        assert station.stop() == 0
        damage(station, "drafts")
        still.touch()
        station.drop_rows("first.xlsx", "order", list(order_rows(2)))
        station.start(LOOKS_BESIDE, (str(still),))
        until(lambda: converted(station, "first.xlsx"), "the file to be converted meanwhile")
        still.unlink()
        assert station.daemon is not None
        assert station.daemon.wait(timeout=60) == 6
        assert "CEBD-2101" in station.log()
        assert read_ledger(station.customs_folder) == []
