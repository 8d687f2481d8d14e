"""Messages wait for a token that is away, for days: what that costs the engine's file. Time is simulated.

    ./dev soak waiting --messages 1000 --hours 48        (`./dev soak waiting`)

A station is run in this process; one order is dropped, and its message is copied; all are handed to the watcher of the token. Then the
watchers look once a simulated second, and abandoned work is looked for once in ten simulated minutes.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from sqlalchemy import func, insert, select

from builders.clocks import SimulatedTime
from builders.waiting import until
from cebd.settings import load_settings
from cebd.station.station import Station
from cebd.station.ways_out.watcher import Watcher
from cebd.store.databases.sqlite import EngineFile
from cebd.store.tables import messages
from cebd.trial.rows import order_rows, write_workbook
from cebd.trial.station import make_station

LIMIT = 5_000_000  # bytes


def engine_size(store: Path) -> int:
    """Bytes of the engine's file and its journal."""
    return sum(path.stat().st_size for path in store.glob("engine.sqlite*"))


def copies(station: Station, count: int) -> list[int]:
    """Add so many copies of the first message, each with ids of its own; all numbers there are."""
    with station.store.write() as connection:
        first = dict(connection.execute(select(messages)).mappings().one())
        for _ in range(count):
            values = {**first, "guid": str(uuid4()).upper(), "cop_msg_id": str(uuid4()).upper(), "waiting": None}
            connection.execute(insert(messages).values({name: values[name] for name in values if name != "id"}))
        return list(connection.execute(select(messages.c.id).order_by(messages.c.id)).scalars())


def campaign(folder: Path, count: int, hours: float) -> bool:
    """Run one; true when it went as promised."""
    made = make_station(folder / "station", 9)  # nobody listens there
    text = made.settings.read_text(encoding="utf-8").replace("stable_seconds = 1.0", "stable_seconds = 0.0")
    made.settings.write_text(text.replace('"keys/trial.key.pem"', '"usb/trial.key.pem"'), encoding="utf-8")
    settings, now, stop = load_settings(made.settings), SimulatedTime(), threading.Event()
    station = Station(settings, now=now)
    station.start()
    write_workbook(made.inbox / "orders.xlsx", "order", list(order_rows(1)))
    watchers = station.ways_out.watchers().values()

    def at_rest() -> bool:
        station.polling.claim_new_files()
        look(watchers, stop)
        with station.store.read() as connection:
            return bool(connection.execute(select(func.count()).where(messages.c.waiting.is_not(None))).scalar_one())

    until(at_rest, "the first message waiting")
    before = engine_size(settings.store_dir)
    numbers = copies(station, count - 1)
    station.ways_out.keep(numbers[1:])
    until(lambda: not EngineFile(settings.store_dir).in_flight(), "the engine's work ended")
    waiting = engine_size(settings.store_dir)
    for second in range(int(hours * 3600)):
        now.now += 1.0
        look(watchers, stop)
        if second % 600 == 0:
            station.interrupted.resume_abandoned()
        if second % 3600 == 0:
            station.engine.forget_old_work(stop)
    after = engine_size(settings.store_dir)
    print(
        f"{count} messages handed over: {waiting - before} bytes; {hours:g} hours of waiting: {after - waiting} bytes",
        flush=True,
    )

    (made.settings.parent / "usb").mkdir()
    (made.settings.parent / "usb" / "trial.key.pem").write_bytes(
        (made.settings.parent / "keys" / "trial.key.pem").read_bytes()
    )
    now.now += 60.0
    look(watchers, stop)
    with station.store.read() as connection:
        states = {
            row[0]: row[1]
            for row in connection.execute(select(messages.c.state, func.count()).group_by(messages.c.state))
        }
    print(f"the token is back: {states}", flush=True)

    until(lambda: not EngineFile(settings.store_dir).in_flight(), "the engine's work ended")
    kept = station.engine.forget_old_work(stop)
    a_week_later(settings.store_dir)
    forgotten = station.engine.forget_old_work(stop)
    print(f"pieces of work taken out of the engine's file: {kept} at once, {forgotten} after a week", flush=True)
    station.interrupted.resume_abandoned()
    station.stop()
    # A drop: the messages are in our own rows alone.
    return after - before < LIMIT and states == {"signed": count} and (kept, forgotten) == (0, 1)


def look(watchers: Iterable[Watcher], stop: threading.Event) -> None:
    for watcher in watchers:
        watcher.look(stop)


def a_week_later(store: Path) -> None:
    """Let everything in the engine's file be a week older."""
    with closing(sqlite3.connect(store / "engine.sqlite", timeout=30)) as connection, connection:
        week = 7 * 24 * 3600 * 1000 + 1000
        connection.execute("UPDATE workflow_status SET completed_at = completed_at - ?", (week,))


def main() -> int:
    parser = argparse.ArgumentParser(description="Messages wait for a token for days; the engine's file must not grow.")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=48)
    parser.add_argument("--seed", type=int, help="nothing here is left to chance; taken as the other campaigns take it")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cebd-waiting-") as folder:
        return 0 if campaign(Path(folder), wanted.messages, wanted.hours) else 1


if __name__ == "__main__":
    sys.exit(main())
