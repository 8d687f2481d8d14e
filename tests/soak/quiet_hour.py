"""An hour of an ordinary day, at its real pace: every few minutes somebody drops orders and what belongs to them, and customs answer.

./dev soak quiet-hour [--minutes N] [--seed N]

The daemon is an ordinary user's, over SFTP, with `[metrics]`, which are asked for as Prometheus does, and with alarms by mail and webhook.
Nobody is told of anything, no line of the log warns, `cebd status` finds nothing at any look, and every record comes to its end. What the
daemon took is printed: memory at the beginning and at the end, processor time, lines of the log.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from builders.counted_port import CountedPort
from builders.openssh import free_port
from builders.ordinary_user import give_to_the_user
from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.scenario import Scenario
from cebd.trial.rows import inventory_rows, order_rows, payment_rows, waybill_rows
from injected.fault import FirstLines

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

_ASKED_SECONDS = 15.0  # so often Prometheus asks
_LOOKS_SECONDS = 60.0  # so often an administrator looks, or a program for them
_BETWEEN_DROPS = (60.0, 180.0)
_ROWS = (5, 200)
_OF_A_PURCHASE = (
    ("order", order_rows),
    ("payment", payment_rows),
    ("waybill", waybill_rows),
    ("inventory", inventory_rows),
)
_OF_A_TRIAL = "signing with a key file: for trials only"  # said once, at the start
_AS_USUAL = (
    ("stable_seconds = 0.2", "stable_seconds = 1.0"),
    ("rescan_seconds = 0.5", "rescan_seconds = 5.0"),
    ("receipts_seconds = 0.2", "receipts_seconds = 15.0"),
)


class Day:
    """The station, who works with it, and what was seen that should not have been."""

    def __init__(self, station: TryStation, alarms: CountedPort, seed: int) -> None:
        self.wrong: list[str] = []
        self.dropped: dict[str, int] = {}  # by the file's stem, how many records
        self._station, self._alarms, self._chance, self._purchases = station, alarms, random.Random(seed), 0
        self._metrics = f"127.0.0.1:{free_port()}"
        self._left: list[tuple[str, Any, int, int]] = []  # what of a purchase is still to be dropped

    def settings(self) -> None:
        """As an administrator leaves them who wants to hear of trouble."""
        base = self._station.settings_path.parent
        for quick, usual in _AS_USUAL:
            self._station.change_settings(quick, usual)
        (base / "hook").write_text(self._alarms.address, encoding="ascii")
        self._station.add_settings(self._alarms.alarms("hook") + f'\n[metrics]\nlisten = "{self._metrics}"\n')
        give_to_the_user(self._station.log_path.parent)

    def drop(self) -> None:
        """The next file: orders, then their payments, waybills and lists."""
        if not self._left:
            self._purchases += 1
            count, first = self._chance.randint(*_ROWS), 1000 * self._purchases
            self._left = [(code, rows, count, first) for code, rows in _OF_A_PURCHASE]
        code, rows, count, first = self._left.pop(0)
        stem = f"{code}-{self._purchases}"
        self._station.drop_rows(f"{stem}.xlsx", code, list(rows(count, first=first)))
        self.dropped[stem] = count

    def drops_all_of_it(self) -> bool:
        """Whether everything that belongs to the orders so far was dropped."""
        return not self._left

    def asks_for_figures(self) -> None:
        for page in ("metrics", "health"):
            try:
                with urllib.request.urlopen(f"http://{self._metrics}/{page}", timeout=10) as answer:
                    answer.read()
            except OSError as error:
                self.wrong.append(f"/{page}: {error}")

    def looks(self) -> None:
        lines = FirstLines.of(self._station.cebd("status", "--lang", "both", "-c", str(self._station.settings_path)))
        if not lines.is_well:
            self.wrong.append(" | ".join(lines.en))

    def is_all_over(self) -> bool:
        """Whether every record was accepted by customs."""
        return all(
            (self._station.receipt(stem) or {}).get("counts") == {"succeeded": count}
            for stem, count in self.dropped.items()
        )

    def unlike(self) -> list[str]:
        """The files of which not every record was accepted."""
        counts = {stem: (self._station.receipt(stem) or {}).get("counts") for stem in self.dropped}
        return [f"{stem}: {of}" for stem, of in counts.items() if of != {"succeeded": self.dropped[stem]}]

    def log_lines(self) -> Counter[str]:
        """How many lines of each level; whatever warns is wrong."""
        levels: Counter[str] = Counter()
        for line in self._station.log().splitlines():
            level = next((one for one in ("info", "warning", "error", "critical") if f"level={one} " in line), "other")
            levels[level] += 1
            if level != "info" and _OF_A_TRIAL not in line:
                self.wrong.append(line)
        return levels


def campaign(folder: Path, minutes: float, seed: int) -> dict[str, Any]:
    """What was seen, `wrong` first."""
    from process_tree import cpu_seconds_of, memory_of

    station = TryStation(folder / "s", Scenario(), as_user=True)
    with CountedPort() as alarms, station:
        day = Day(station, alarms, seed)
        day.settings()
        station.start(cold=True)
        until(lambda: "station runs" in station.log(), "the daemon to run")
        assert station.daemon is not None
        pid = station.daemon.pid
        day.drop()
        time.sleep(min(60.0, 30.0 * minutes))  # what is loaded once is loaded
        memory, cpu, began = [memory_of(pid, "Rss") / 1e6], cpu_seconds_of(pid), time.monotonic()
        ends, next_drop, next_figures, next_look = began + 60 * minutes, began, began, began
        while (now := time.monotonic()) < ends or not day.drops_all_of_it():
            if now >= next_drop:
                day.drop()
                next_drop = now + (day._chance.uniform(*_BETWEEN_DROPS) if now < ends else 0.0)
            if now >= next_figures:
                day.asks_for_figures()
                next_figures = now + _ASKED_SECONDS
            if now >= next_look:
                day.looks()
                next_look = now + _LOOKS_SECONDS
            time.sleep(1.0)
        cpu, took = cpu_seconds_of(pid) - cpu, time.monotonic() - began
        memory.append(memory_of(pid, "Rss") / 1e6)
        try:
            until(day.is_all_over, "everything accepted", 300.0)
        except AssertionError:
            day.wrong += day.unlike()
        day.looks()
        levels = day.log_lines()
        if alarms.callers:
            day.wrong.append(f"{alarms.callers} alarms")
        before = alarms.callers
        station.cebd("alarm", "test", "-c", str(station.settings_path))
        if alarms.callers < before + 2:
            day.wrong.append("an alarm would not have come")
        return {
            "wrong": day.wrong,
            "minutes": round(took / 60, 1),
            "files": len(day.dropped),
            "records": sum(day.dropped.values()),
            "memory_mb": [round(one, 1) for one in memory],
            "core_percent": round(100 * cpu / took, 2),
            "cpu_seconds": round(cpu, 1),
            "log_lines": dict(levels),
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cebd-quiet-") as folder:
        seen = campaign(Path(folder), asked.minutes, asked.seed)
    print(json.dumps(seen, ensure_ascii=False, indent=1))
    return 1 if seen["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
