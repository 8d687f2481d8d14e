"""`./dev bench start [--records=N]`: how long a command takes to begin, and the daemon until it takes files.

The daemon starts on a store of a million records, all answered, and looks through it before it begins.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import process_tree
from benchmark import Figure, Options, Result
from million import fill
from spread import middle
from whole_station import WholeStation

HELP_CPU_LIMIT = 0.3  # seconds
READY_LIMIT = 2.0  # seconds
RECORDS = 1_000_000


def measure(options: Options) -> Result:
    process_tree.measured(None, "--help")  # its modules are in the disk's cache then
    help_ = middle([process_tree.measured(None, "--help") for _ in range(options.runs)])
    asked = argparse.ArgumentParser(prog="./dev bench start", allow_abbrev=False)
    asked.add_argument("--records", type=int, default=RECORDS)
    records = asked.parse_args(options.rest).records if options.rest else options.size(RECORDS, 2000)
    ready, processors = [], []
    with (
        tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder,
        WholeStation(
            Path(folder), quick=options.quick, fill=lambda store: fill(store, records, under_way=False)
        ) as station,
    ):
        for _ in range(options.runs):
            process_tree.end(station.daemon)
            began = time.perf_counter()
            station.start_daemon()
            ready.append(time.perf_counter() - began)
            processors.append(process_tree.cpu_seconds_of(station.daemon.pid))
    return Result(
        "start",
        f"median of {options.runs}, the daemon on {records:,} records",
        (
            Figure("`cebd --help`, processors", help_.cpu_seconds, "s", HELP_CPU_LIMIT),
            Figure("`cebd --help`", help_.seconds, "s", aside=True),
            Figure("daemon ready after", median(ready), "s", READY_LIMIT),
            Figure("daemon ready after, processors", median(processors), "s", aside=True),
        ),
    )
