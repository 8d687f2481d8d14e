"""A station with nothing to do leaves the machine alone: it asks neither its store nor its engine again and again."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from builders.new_station import new_station
from builders.waiting import until
from cebd.settings import load_settings
from cebd.station.run import run_station
from cebd.trial.rows import order_rows, write_workbook

CHANNEL = '[channel.sandbox]\ntype = "folder"\nsend_dir = "client/in"\nreceive_dir = "client/out"\n'
SETTLED_SECONDS = 5.0  # after the start the engine is asked often for a while
WATCHED_SECONDS = 6.0


def test_a_station_at_rest_begins_few_transactions_and_a_file_wakes_it(tmp_path: Path) -> None:
    """An administrator: "I leave it on all night on the old office machine, and nobody notices that it is there." """
    made = new_station(tmp_path / "station")
    text = made.settings.read_text(encoding="utf-8")
    made.settings.write_text(text[: text.index("[channel.sandbox]")] + CHANNEL, encoding="utf-8")
    client = made.settings.parent / "client"
    for name in ("in", "out"):
        (client / name).mkdir(parents=True)
    begun: Counter[str] = Counter()

    def count(_connection: Any) -> None:
        begun[threading.current_thread().name] += 1

    stop = threading.Event()
    station = threading.Thread(target=run_station, args=(load_settings(made.settings), stop))
    station.start()
    try:
        until(made.inbox.is_dir, "the station to run")
        time.sleep(SETTLED_SECONDS)
        event.listen(Engine, "begin", count)
        time.sleep(WATCHED_SECONDS)
        event.remove(Engine, "begin", count)

        part = made.inbox / "small.part"
        write_workbook(part, "order", list(order_rows(5)))
        part.rename(made.inbox / "small.xlsx")
        until(lambda: any((client / "in").glob("*.xml")), "the file at the other side")
    finally:
        stop.set()
        station.join(30)
    assert not station.is_alive()
    # Asked five times a second, the engine's two queues alone began 80 and more.
    assert begun.total() < 50, begun
