"""`./dev bench start`: how long a command takes to begin, and the daemon until it takes files."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

import process_tree
from benchmark import Figure, Options, Result
from spread import middle
from whole_station import WholeStation

HELP_CPU_LIMIT = 0.3  # seconds


def measure(options: Options) -> Result:
    process_tree.measured(None, "--help")  # its modules are in the disk's cache then
    help_ = middle([process_tree.measured(None, "--help") for _ in range(options.runs)])
    ready, processors = [], []
    with (
        tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder,
        WholeStation(Path(folder), quick=options.quick) as station,
    ):
        for _ in range(options.runs):
            process_tree.end(station.daemon)
            began = time.perf_counter()
            station.start_daemon()
            ready.append(time.perf_counter() - began)
            processors.append(process_tree.cpu_seconds_of(station.daemon.pid))
    return Result(
        "start",
        f"median of {options.runs}",
        (
            Figure("`cebd --help`, processors", help_.cpu_seconds, "s", HELP_CPU_LIMIT),
            Figure("`cebd --help`", help_.seconds, "s", aside=True),
            Figure("daemon ready after", median(ready), "s"),
            Figure("daemon ready after, processors", median(processors), "s", aside=True),
        ),
    )
