"""`./dev bench idle`: what the daemon takes while nothing is to be done."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmark import Figure, Options, Result
from process_tree import cpu_seconds_of, memory_of
from whole_station import WholeStation

CORE_LIMIT = 1.0  # percent
MEMORY_LIMIT_MB = 130.0


def measure(options: Options) -> Result:
    seconds = options.size(300, 1)
    with (
        tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder,
        WholeStation(Path(folder), quick=options.quick) as station,
    ):
        time.sleep(options.size(10, 0))  # the start is over
        before, began = cpu_seconds_of(station.daemon.pid), time.perf_counter()
        time.sleep(seconds)
        used, took = cpu_seconds_of(station.daemon.pid) - before, time.perf_counter() - began
        memory = memory_of(station.daemon.pid, "Rss") / 1e6
    return Result(
        "idle",
        f"a daemon without work, {seconds} s",
        (
            Figure("of a core", 100 * used / took, "%", CORE_LIMIT),
            Figure("memory (RSS)", memory, "MB", MEMORY_LIMIT_MB),
        ),
    )
