"""`./dev bench memory`: what the daemon still holds when 200,000 orders have been worked off and answered."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from benchmark import Figure, Options, Result
from process_tree import PeakMemory, memory_of
from progress import Watch
from sheets import orders
from whole_station import WholeStation, until

MEMORY_LIMIT_MB = 250.0
FILES = 2
PATIENCE_SECONDS = 1_800.0
BACK_SECONDS = 60.0


def measure(options: Options) -> Result:
    count = options.size(100_000, 3)
    workbooks = [orders(count, first=1 + count * number) for number in range(FILES)]
    with (
        tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder,
        WholeStation(Path(folder), quick=options.quick) as station,
        PeakMemory(station.daemon.pid) as peak,
    ):
        with Watch(station) as watch:
            files = [watch.drop(workbook, f"orders-{number}.xlsx") for number, workbook in enumerate(workbooks)]
            for moments in files:
                if not watch.wait(moments, "sent", PATIENCE_SECONDS):
                    raise TimeoutError(f"{moments.name} was not sent within {PATIENCE_SECONDS:.0f} s")
        until(lambda: _all_said(station.store), "the last receipt workbook", PATIENCE_SECONDS, every=0.5)
        memory = _back_at(station.daemon.pid, options)
        mebibytes = peak.mebibytes
    return Result(
        "memory",
        f"{FILES} workbooks of {count:,} orders, worked off and answered",
        (
            Figure("memory then (RSS)", memory, "MB", MEMORY_LIMIT_MB),
            Figure("most memory meanwhile (PSS)", mebibytes, "MiB", aside=True),
        ),
    )


def _all_said(store: Path) -> bool:
    """Whether customs have answered every record, and the outbox says so."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        unanswered, behind = connection.execute(_UNSAID).fetchone()
    return not unanswered and not behind


_UNSAID = """
select (select count(*) from records where state not in ('succeeded', 'refused', 'rejected')),
       (select count(*) from drops where changed > published)
"""


def _back_at(pid: int, options: Options) -> float:
    """Megabytes, once they are under the limit; else after a minute."""
    end = time.monotonic() + options.size(int(BACK_SECONDS), 0)
    while (memory := memory_of(pid, "Rss") / 1e6) > MEMORY_LIMIT_MB and time.monotonic() < end:
        time.sleep(0.5)
    return memory
