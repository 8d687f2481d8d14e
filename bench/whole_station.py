"""A whole station with its default settings: the daemon in a process of its own, the simulated customs side over SFTP in another."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import process_tree
from cebd.trial.station import make_station
from process_tree import Process

_Answer = TypeVar("_Answer")
_STARTING_SECONDS = 120.0
_QUICK = (
    ("stable_seconds = 1.0", "stable_seconds = 0.1"),
    ("rescan_seconds = 5.0", "rescan_seconds = 0.5"),
    ("receipts_seconds = 2.0", "receipts_seconds = 0.2"),
)


class WholeStation:
    """Use as a context manager; the daemon runs then. `quick`: with shorter waiting times than the defaults."""

    def __init__(
        self, folder: Path, *, quick: bool, fill: Callable[[Path], None] = lambda _store: None, more: str = ""
    ) -> None:
        """`fill` puts something into the store's folder before the daemon starts; `more`: further tables of the settings."""
        made = make_station(folder / "station", port=0)
        self.folder = folder
        self.settings = made.settings
        self.inbox, self.outbox, self.customs = made.inbox, made.outbox, made.sandbox
        self.store = made.settings.parent / "store" / "cebd.sqlite"
        self.stable_seconds = 0.1 if quick else 1.0
        for slow, fast in _QUICK if quick else ():
            self._change(slow, fast)
        if more:
            with self.settings.open("a", encoding="utf-8") as settings:
                settings.write(f"\n{more}\n")
        self._running: list[Process] = []
        fill(self.store.parent)

    def __enter__(self) -> WholeStation:
        try:
            scenario = self.folder / "scenario.toml"
            scenario.write_text("entered_at_once = true", encoding="utf-8")  # orders alone come to their end, too
            self._start("customs", "sandbox", self.customs, "--port", "0", "--scenario", scenario)
            listening = self._said("customs", "127.0.0.1:")
            self._change("port = 0", f"port = {listening.split(',')[0]}")
            self.start_daemon()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._running):
            process_tree.end(process)

    def start_daemon(self) -> None:
        """Returns when it is ready for files."""
        self.daemon = self._start("daemon", "run", "-c", self.settings)
        self._said("daemon", "station runs")

    def _start(self, name: str, *arguments: str | Path) -> Process:
        with self._log(name).open("wb") as log:
            process = process_tree.start(None, *arguments, output=log)
        self._running.append(process)
        return process

    def _said(self, name: str, words: str) -> str:
        """What it says after these words, once it has said them."""
        process = self._running[-1]

        def after() -> str | None:
            text = self._log(name).read_text(encoding="utf-8", errors="replace")
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended by itself:\n{text}")
            return text.partition(words)[2].partition("\n")[0] if words in text else None

        said = until(after, f"{name} to say: {words}", _STARTING_SECONDS)
        assert said is not None
        return said

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _change(self, old: str, new: str) -> None:
        text = self.settings.read_text(encoding="utf-8")
        if old not in text:
            raise RuntimeError(f"{self.settings} has no line {old}")
        self.settings.write_text(text.replace(old, new), encoding="utf-8")


def until(ask: Callable[[], _Answer], what: str, seconds: float, every: float = 0.01) -> _Answer:
    """The answer, once there is one; asked each `every` seconds. Raises TimeoutError after so long."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(every)
    return answer
