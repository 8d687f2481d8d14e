"""`./dev bench idle`: what the daemon takes while nothing is to be done; without `[metrics]`, and with them, asked every 15 seconds."""

from __future__ import annotations

import socket
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmark import Figure, Options, Result
from process_tree import cpu_seconds_of, memory_of
from whole_station import WholeStation

CORE_LIMIT = 1.0  # percent
MEMORY_LIMIT_MB = 130.0
_ASKED_SECONDS = 15.0  # so often Prometheus asks, if nobody says otherwise


def measure(options: Options) -> Result:
    seconds = options.size(300, 1)
    figures = []
    for port in (None, _free_port()):
        core, memory = _idle(options, seconds, port)
        which = "" if port is None else ", with metrics"
        figures += [
            Figure(f"of a core{which}", core, "%", CORE_LIMIT),
            Figure(f"memory (RSS){which}", memory, "MB", MEMORY_LIMIT_MB),
        ]
    return Result("idle", f"a daemon without work, {seconds} s each", tuple(figures))


def _idle(options: Options, seconds: float, port: int | None) -> tuple[float, float]:
    """The share of a core in percent, and the memory in MB. `port`: where the metrics are asked for."""
    more = "" if port is None else f'[metrics]\nlisten = "127.0.0.1:{port}"'
    with (
        tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder,
        WholeStation(Path(folder), quick=options.quick, more=more) as station,
    ):
        time.sleep(options.size(45, 1))  # the start is over, and a new station's templates are laid out, 20 s after it
        before, began = cpu_seconds_of(station.daemon.pid), time.perf_counter()
        while (left := began + seconds - time.perf_counter()) > 0:
            if port is not None:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                    answer.read()
            time.sleep(min(left, _ASKED_SECONDS))
        used, took = cpu_seconds_of(station.daemon.pid) - before, time.perf_counter() - began
        return 100 * used / took, memory_of(station.daemon.pid, "Rss") / 1e6


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
