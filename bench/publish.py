"""`./dev bench publish`: the receipt workbook and JSON of a large drop, and how much everything else is slowed meanwhile.

The daemon's own call (`Polling.publish_changes`) in a process of its own: first by itself, then once more while a thread of that process
counts how often it can do a small piece of work. What it loses, the daemon's other threads would lose.

    python bench/publish.py STATION        publishes the drop of a station that bench/conversion.py has converted
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import process_tree
from benchmark import Figure, Options, Result
from cebd.records.ids import DropId
from conversion import new_station, put_into_inbox, read_what_a_daemon_reads
from sheets import orders
from side_by_side import CONVERSION

if TYPE_CHECKING:
    from cebd.station.station import Station
    from cebd.store.store import Store

DROP = DropId(1)
SECONDS_LIMIT = 8.0
# Percent; up to 6 of it any other process costs that works beside, for the processors are one machine's.
SLOWED_LIMIT = 10.0
_ALONE_SECONDS = 1.0


def measure(options: Options) -> Result:
    count = options.size(100_000, 5)
    seconds, slowed, memory = [], [], []
    with tempfile.TemporaryDirectory(prefix="cebd-bench-") as temporary:
        folder = Path(temporary)
        station = new_station(folder / "station")
        put_into_inbox(station, orders(count))
        process_tree.measured(CONVERSION, station.settings.parent)
        for _ in range(options.runs):
            with (folder / "said").open("wb") as said:
                spent = process_tree.measured(Path(__file__), station.settings.parent, output=said)
            made = json.loads((folder / "said").read_text(encoding="utf-8").splitlines()[-1])
            seconds.append(made["seconds"])
            slowed.append(made["slowed"])
            memory.append(spent.mebibytes)
    return Result(
        "publish",
        f"the receipt of {count:,} records, median of {options.runs}",
        (
            Figure("JSON and workbook", median(seconds), "s", SECONDS_LIMIT),
            Figure("other work slowed by", median(slowed), "%", SLOWED_LIMIT),
            Figure("memory of all processes", max(memory), "MiB", aside=True),
        ),
    )


def publish(folder: Path) -> None:
    """Put the drop away when that is not done yet, publish it, and print what that took."""
    from cebd.clock import SystemClock
    from cebd.intake.claim import file_away
    from cebd.records.states import DropOutcome
    from cebd.settings import load_settings
    from cebd.station.station import Station

    settings = load_settings(folder / "cebd.toml")
    share = settings.folder(settings.enterprise[0])
    read_what_a_daemon_reads()
    station = Station(settings)
    file_away(station.store, DROP, share, DropOutcome.DONE, f"{SystemClock().now():%Y-%m-%d}")
    seconds = _published(station)
    with _other_work() as before:
        time.sleep(_ALONE_SECONDS)
    with _other_work() as beside:
        _published(station)
    with _other_work() as after:
        time.sleep(_ALONE_SECONDS)
    if not list((share / "outbox").glob("**/dropped.receipt.xlsx")):
        raise RuntimeError("no receipt workbook was made")
    alone = (before.a_second + after.a_second) / 2  # one of them swings by some hundredths, as the machine's clock does
    print(json.dumps({"seconds": seconds, "slowed": 100 * (1 - beside.a_second / alone)}), flush=True)


def _published(station: Station) -> float:
    """Seconds until the outbox tells all that there is to tell; something has changed just before."""
    from cebd.store.messages import touch

    with station.store.write() as transaction:
        touch(transaction, [DROP])
    began = time.perf_counter()
    while _is_behind(
        station.store
    ):  # written in a thread of its own; asked again, as the daemon asks: the last one may be ending
        station.polling.publish_changes(at_once=True)
        time.sleep(0.1)
    return time.perf_counter() - began


def _is_behind(store: Store) -> bool:
    from cebd.store.published import drops_behind

    with store.read() as transaction:
        return bool(drops_behind(transaction))


class _Counted:
    """How many pieces of work were done a second."""

    a_second = 0.0


@contextmanager
def _other_work() -> Iterator[_Counted]:
    """A thread that does small pieces of work, one after the other."""
    counted = _Counted()
    ended = threading.Event()
    done = 0

    def work() -> None:
        nonlocal done
        while not ended.is_set():
            sum(range(1_000))
            done += 1

    thread = threading.Thread(target=work)
    began = time.perf_counter()
    thread.start()
    try:
        yield counted
    finally:
        ended.set()
        thread.join()
        counted.a_second = done / (time.perf_counter() - began)


if __name__ == "__main__":
    publish(Path(sys.argv[1]))
