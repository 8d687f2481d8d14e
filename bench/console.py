"""`./dev bench console [--records=N]`: the console's pages over HTTP, on a store of a million records.

Lists by every filter, records, the nine keys, the overview, one after the other; then lists are saved and
judged, alone and beside open pages. `list p95` is of all lists, `record p95` of records
chosen evenly from the whole store.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from benchmark import Figure, Options, Result
from cebd.clock import SystemClock
from cebd.console.app import Console
from cebd.listening.listener import Listener
from cebd.memory import keep_little, trim
from cebd.operations.console.accounts import put_account
from cebd.settings import Settings, load_settings
from cebd.store.console.accounts import Role
from cebd.store.store import Store
from cebd.trial.rows import inventory_rows
from cebd.trial.station import make_station
from million import PER_FILE, fill

LIST_LIMIT, RECORD_LIMIT, SAVE_LIMIT = 100.0, 50.0, 200.0  # milliseconds
MEMORY_LIMIT = 60.0
RECORDS = 1_000_000
_PASSWORD = "a password of a benchmark"
_RECORD_PAGES = 200
_SAVES, _VIEWERS = 60, 200


class Visitor:
    """A browser that is logged in."""

    def __init__(self, port: int) -> None:
        self._line = HTTPConnection("127.0.0.1", port, timeout=300)
        given = urlencode({"name": "bench", "password": _PASSWORD})
        form = {"content-type": "application/x-www-form-urlencoded"}
        self._line.request("POST", "/login", given, form)
        answer = self._line.getresponse()
        answer.read()
        self._cookie = answer.headers["set-cookie"].partition(";")[0]

    @property
    def cookie(self) -> str:
        """What the browser keeps of its session."""
        return self._cookie

    def saves(self, count: int, pause: float = 0.0) -> list[float]:
        """How long it takes to save and judge a list, in milliseconds, each time with another number. `pause`: seconds between."""
        address = self._post("/drafts", {"type": "CEB621", "enterprise": "trial"})[1]
        (row,) = inventory_rows(1)
        fields = {name: text for name, text in row.items() if name.startswith("head.")}
        fields |= {f"line.0.{name[5:]}": text for name, text in row.items() if name.startswith("line.")}
        fields.pop("line.0.gnum", None)
        taken = []
        for nth in range(count):
            fields["head.copNo"] = f"SAVED{nth}"
            time.sleep(pause)
            began = time.perf_counter()
            status, _ = self._post(address, {**fields, "action": "save"})
            taken.append((time.perf_counter() - began) * 1000)
            if status not in (200, 422):
                raise SystemExit(f"{address}: {status}")
        return taken

    def _post(self, address: str, fields: dict[str, str]) -> tuple[int, str]:
        """The status, and where the browser is sent."""
        token = sha256(b"form" + self._cookie.partition("=")[2].encode()).hexdigest()[:32]
        headers = {"cookie": self._cookie, "content-type": "application/x-www-form-urlencoded"}
        self._line.request("POST", address, urlencode({"token": token, **fields}), headers)
        answer = self._line.getresponse()
        answer.read()
        return answer.status, answer.headers.get("location", "")

    def milliseconds(self, address: str) -> float:
        """How long that page takes, whole."""
        began = time.perf_counter()
        self._line.request("GET", address, headers={"cookie": self._cookie})
        answer = self._line.getresponse()
        answer.read()
        taken = (time.perf_counter() - began) * 1000
        if answer.status not in (200, 303):
            raise SystemExit(f"{address}: {answer.status}")
        return taken


def lists(records: int) -> Sequence[str]:
    """Addresses of lists: without a filter, by each, deep in the store."""
    files = records // PER_FILE
    return [
        "/records",
        *(f"/records?group={group}" for group in ("needs", "underway", "done", "refused", "rejected", "held", "sent")),
        "/records?type=CEB621",
        "/records?type=CEB621&group=needs",
        "/records?code=1322",
        "/records?code=-621004",
        "/records?code=9999",
        "/records?since=2026-01-03&until=2026-01-03",
        "/records?file=CEB411-000009.xlsx",
        f"/records?order=O{records // 8}",
        f"/records?before={files // 2}-{records // 2}",
        f"/records?group=done&before={files // 3}-{records // 3}",
        "/records?district=5208",
        "/records?district=9999",
        "/drops",
    ]


def keys(records: int) -> Sequence[str]:
    """Searches by the nine keys of a list in the middle of the store."""
    number = next(file for file in range(records // PER_FILE // 2, records // PER_FILE) if file % 4 == 3) * PER_FILE - 7
    return [
        f"/search?q={text}"
        for text in (
            f"O{records // 8}",
            f"W{number}",
            f"C{number}",
            f"B{number:017d}",
            "X-1",
            "CEB411-000009.xlsx",
            "7",
        )
    ]


def measure(options: Options) -> Result:
    asked = argparse.ArgumentParser(prog="./dev bench console", allow_abbrev=False)
    asked.add_argument("--records", type=int, default=RECORDS)
    records = asked.parse_args(options.rest).records if options.rest else options.size(RECORDS, 4000)
    with tempfile.TemporaryDirectory(prefix="cebd-bench-") as folder:
        made = make_station(Path(folder) / "station", port=1)
        port = _free_port()
        with made.settings.open("a", encoding="utf-8") as file:
            file.write(f'\n[console]\nlisten = "127.0.0.1:{port}"\n')
        settings = load_settings(made.settings)
        keep_little()  # as the daemon does
        fill(settings.store_dir, records)
        figures = tuple(_figures(settings, records, port, options))
    worst = max((figure for figure in figures if figure.aside), key=lambda figure: figure.value)
    return Result(
        "console", f"{records:,} records, each page {options.runs} times", figures, (f"the slowest: {worst.name}",)
    )


def _figures(settings: Settings, records: int, port: int, options: Options) -> Iterator[Figure]:
    runs, viewers = options.runs, options.size(_VIEWERS, 2)
    saves, record_pages = options.size(_SAVES, 2), options.size(_RECORD_PAGES, 5)
    with closing(Store.open(settings.store_dir)) as store:
        trim()  # what filling the store has left would be used again, and not be counted
        before = _megabytes()
        put_account(store, "bench", [Role.ENTER, Role.DECLARE], _PASSWORD, SystemClock().now())
        door = settings.console.door(settings.base)
        assert door is not None  # it listens, by these settings
        with Listener(Console(settings, store, SystemClock()).app, door):
            visitor = Visitor(port)
            visitor.milliseconds("/records")  # what is loaded at the first request
            by_address = {address: [visitor.milliseconds(address) for _ in range(runs)] for address in lists(records)}
            step = max(records // record_pages, 1)
            pages = [visitor.milliseconds(f"/records/{number}") for number in range(1, records, step)]
            found = [visitor.milliseconds(address) for address in keys(records) for _ in range(runs)]
            overview = [visitor.milliseconds("/") for _ in range(runs)]
            charts = visitor.milliseconds("/figures")
            after = _megabytes()
            visitor.saves(1)  # makes the store in which all are judged
            alone = visitor.saves(saves)
            with _viewers(port, visitor.cookie, records, viewers):
                beside = visitor.saves(saves, 0.15)  # for longer than the pages take to ask
    yield Figure("list p95", _p95([taken for of in by_address.values() for taken in of]), "ms", LIST_LIMIT)
    yield Figure("record p95", _p95(pages), "ms", RECORD_LIMIT)
    yield Figure("key p95", _p95(found), "ms", LIST_LIMIT)
    yield Figure("overview after a change", max(overview), "ms")
    yield Figure("charts, once a minute", charts, "ms")
    yield Figure("saving a list p95", _p95(alone), "ms", SAVE_LIMIT)
    yield Figure(f"saving beside {viewers} viewers p50", sorted(beside)[len(beside) // 2], "ms", SAVE_LIMIT)
    yield Figure(f"saving beside {viewers} viewers p95", _p95(beside), "ms", SAVE_LIMIT)
    yield Figure("memory on top", after - before, "MB", MEMORY_LIMIT)
    for address, taken in by_address.items():
        yield Figure(address, min(taken), "ms", aside=True)


@contextmanager
def _viewers(port: int, cookie: str, records: int, count: int) -> Iterator[None]:
    """So many open pages, in a process of their own."""
    script = Path(__file__).with_name("console_viewers.py")
    command = [sys.executable, str(script), str(port), cookie, str(count), str(records)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as viewers:
        assert viewers.stdin is not None and viewers.stdout is not None
        try:
            if not viewers.stdout.readline():
                raise SystemExit("the viewers could not look")
            yield
        finally:
            viewers.stdin.close()


def _p95(taken: Sequence[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]


def _megabytes() -> float:
    """What this process has in memory now; 0 where the system does not say."""
    told = Path("/proc/self/statm")
    return (
        int(told.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2 if told.exists() else 0
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
