"""`./dev bench latency`: how long a small workbook takes, while nothing else is there, and while a large one is worked off.

While there is other work, workbooks come once a second, whatever became of those before them; those that have not come through when
nobody waits any more count with the time until then. Every second of these is an .xls.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmark import Figure, Options, Result
from progress import Moments, Watch
from sheets import old_orders, orders
from spread import percentile
from whole_station import WholeStation

ORDERS = 5
IDLE_LIMIT = 0.5  # seconds, beyond those in which the file must lie still
BUSY_LIMIT = 3.0
EVERY_SECONDS = 1.0
LARGE_PATIENCE_SECONDS = 600.0
LAST_PATIENCE_SECONDS = 120.0
MOMENTS = ("converted", "signed", "sent")
KINDS = (orders, old_orders)


def measure(options: Options) -> Result:
    large = options.size(100_000, 10)
    samples = options.size(20, 1)
    small = [orders(ORDERS, first=10_000_000 + ORDERS * number) for number in range(samples)]
    large_workbook = orders(large)
    with (
        tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder,
        WholeStation(Path(folder), quick=options.quick) as station,
        Watch(station) as watch,
    ):
        idle = _idle(watch, small)
        busy = _busy(watch, large_workbook, options)
        stable_seconds = station.stable_seconds
    old = [moments for moments in busy if moments.name.endswith(".xls")]
    new = [moments for moments in busy if moments not in old]
    figures = [
        *_figures("idle", idle, {("sent", 0.5): stable_seconds + IDLE_LIMIT}),
        *_figures("busy", new, {("sent", 0.95): BUSY_LIMIT}),
        *_figures("busy, .xls", old, {}),  # each is read in a process of its own, which has to start first
    ]
    times = f"{len(idle)} times idle and {len(busy)} times, {len(old)} of these an .xls,"
    what = f"{ORDERS} orders, {times} while {large:,} are worked off"
    return Result("latency", what, tuple(figures))


def _idle(watch: Watch, workbooks: list[Path]) -> list[Moments]:
    """One workbook after the other, each when the one before it is through."""
    seen = []
    for number, workbook in enumerate(workbooks):
        moments = watch.drop(workbook, f"idle-{number}.xlsx")
        if not watch.wait(moments, "sent", LAST_PATIENCE_SECONDS):
            raise TimeoutError(f"an idle station did not send {moments.name}")
        watch.forget(moments)
        time.sleep(0.1 if number == len(workbooks) - 1 else _pause(number))
        seen.append(moments)
    return seen


def _pause(number: int) -> float:
    """From 0.1 to 2.1 seconds, so that no file comes always at the same moment of what the daemon does at intervals."""
    return 0.1 + 0.37 * number % 2.0


def _busy(watch: Watch, large_workbook: Path, options: Options) -> list[Moments]:
    """Workbooks at even intervals from the claim of a large one until it is sent."""
    large = watch.drop(large_workbook, "large.xlsx")
    if not watch.wait(large, "claimed", LAST_PATIENCE_SECONDS):
        raise TimeoutError("the large workbook was not claimed")
    end = time.perf_counter() + LARGE_PATIENCE_SECONDS
    seen: list[Moments] = []
    while len(seen) < len(KINDS) or (large.sent is None and time.perf_counter() < end and not options.quick):
        number = len(seen)
        due = time.perf_counter() + EVERY_SECONDS
        make = KINDS[number % len(KINDS)]
        workbook = make(ORDERS, first=20_000_000 + ORDERS * number)
        seen.append(watch.drop(workbook, f"busy-{number}{workbook.suffix}"))
        time.sleep(max(0.0, due - time.perf_counter()) if not options.quick else 0.0)
    last = time.perf_counter() + LAST_PATIENCE_SECONDS
    for moments in seen:
        watch.wait(moments, "sent", max(0.0, last - time.perf_counter()))
    return seen


def _figures(when: str, seen: list[Moments], limits: dict[tuple[str, float], float]) -> list[Figure]:
    figures = []
    for moment in MOMENTS:
        seconds = [moments.after_drop(moment) for moments in seen]
        for share in (0.5, 0.95):
            limit = limits.get((moment, share))
            name = f"{when}: drop to {moment}, p{share * 100:.0f}"
            figures.append(Figure(name, percentile(seconds, share), "s", limit, aside=moment != "sent"))
    return figures
