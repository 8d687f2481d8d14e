"""The pages of the store, looked through at every start: damage is found before customs hear anything of a station that has it.

| the store's file | its pages are looked through |
| --- | --- |
| up to `AT_ONCE_BYTES` | before anything is done with it (`cebd.store.safety.trust`): it takes a moment |
| larger | beside the work: files are taken and converted meanwhile, nothing is signed, handed over or fetched |

Of a larger store the start itself proves what the first pages say: that it is a store, whose it is, its version, and that it has come as
far as its evidence; and SQLite refuses a page that does not hold together whenever it reads one. What is taken in on a damaged store is
still there after `cebd restore`; so nothing is lost by beginning, and nothing can be declared twice while nothing is handed over.

The look takes at most `LOOK_SECONDS` (some 300 MB a second); the rest of a still larger store is left to `cebd backup`, which reads all.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import structlog

from cebd.store.databases.sqlite import STORE
from cebd.store.store import Store

log = structlog.get_logger("cebd")

AT_ONCE_BYTES = 64 << 20
LOOK_SECONDS = 10.0
_STEPS_BETWEEN = 100_000  # of SQLite's machine, between two looks at the clock
_OFTEN_SECONDS = 0.2


def is_large(path: Path) -> bool:
    """Whether its pages are looked through beside the work."""
    return path.stat().st_size > AT_ONCE_BYTES


def flaws(path: Path, stop: threading.Event | None = None) -> list[str]:
    """The corrupt parts of the file, as far as the time allows; what is known by then when `stop` is set."""
    end = time.monotonic() + LOOK_SECONDS

    def is_over() -> bool:
        return time.monotonic() > end or (stop is not None and stop.is_set())

    try:
        with closing(open_read_only(path)) as connection:
            connection.set_progress_handler(is_over, _STEPS_BETWEEN)
            return [line for (line,) in connection.execute("PRAGMA quick_check(3)") if line != "ok"]
    except sqlite3.OperationalError as error:
        if not is_over():
            return [str(error)]
        log.info(
            "the store is large: the check at the start did not read all of it", file=path.name, seconds=LOOK_SECONDS
        )
        return []
    except sqlite3.Error as error:
        return [str(error)]


def open_read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)


class LookBesideTheWork:
    """Looks through the pages of a large store while the station works; of another it has been done."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = store.folder / STORE
        self._stop = threading.Event()
        self._sound = threading.Event()
        self._thread = threading.Thread(target=self._look, name="look through the store", daemon=True)

    def start(self) -> None:
        if is_large(self._path):
            self._thread.start()
        else:
            self._sound.set()

    def stop(self) -> None:
        self._stop.set()

    def wait(self, ended: threading.Event) -> bool:
        """Wait until the store is found sound; False when `ended` is set before: of a damaged store it never is."""
        while not self._sound.wait(_OFTEN_SECONDS):
            if ended.is_set():
                return False
        return True

    def _look(self) -> None:
        found = flaws(self._path, self._stop)
        if found:
            self._store.damage = "; ".join(found)  # the station ends by itself (`trust.require_undamaged`)
        elif not self._stop.is_set():
            self._sound.set()
