"""`./dev bench end-to-end`: a large workbook through a whole station with its default settings, from the drop to the customs side."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from benchmark import Figure, Options, Result
from process_tree import PeakMemory
from progress import Moments, Watch
from sheets import orders
from whole_station import WholeStation

CONVERTED_LIMIT = 3.0  # seconds
PUBLISHED_LIMIT = 8.0
SENT_LIMIT = 14.0
PATIENCE_SECONDS = 300.0


def measure(options: Options) -> Result:
    count = options.size(20_000, 5)
    workbook = orders(count)
    runs = [_run(workbook, options) for _ in range(options.runs)]
    converted = median(moments.after_drop("converted") - moments.after_drop("claimed") for moments, _ in runs)
    claimed, signed, published, sent = (
        median(moments.after_drop(moment) for moments, _ in runs)
        for moment in ("claimed", "signed", "published", "sent")
    )
    return Result(
        "end-to-end",
        f"{count:,} orders over SFTP, median of {options.runs}",
        (
            Figure("claimed after the drop", claimed, "s", aside=True),
            Figure("converted after the claim", converted, "s", CONVERTED_LIMIT),
            Figure("first receipt workbook after the drop", published, "s", PUBLISHED_LIMIT),
            Figure("all signed after the drop", signed, "s", aside=True),
            Figure("all sent after the drop", sent, "s", SENT_LIMIT),
            Figure("the daemon's memory", max(memory for _, memory in runs), "MiB", aside=True),
        ),
    )


def _run(workbook: Path, options: Options) -> tuple[Moments, float]:
    """The moments of one file in a new station, and the daemon's peak memory (MiB)."""
    with (
        tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder,
        WholeStation(Path(folder), quick=options.quick) as station,
        PeakMemory(station.daemon.pid) as memory,
        Watch(station) as watch,
    ):
        moments = watch.drop(workbook, "orders.xlsx")
        for moment in ("converted", "signed", "sent", "published"):
            if not watch.wait(moments, moment, PATIENCE_SECONDS):
                raise TimeoutError(f"not {moment} within {PATIENCE_SECONDS:.0f} s")
        return moments, memory.mebibytes
