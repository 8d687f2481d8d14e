"""When each of the files dropped into a station came how far, seen from outside: its folders, its store (read only), customs' folders.

| moment | what shows it |
| --- | --- |
| claimed | the file is no longer in the inbox |
| converted | the store knows how many records it has |
| signed | none of its messages waits for the token |
| sent | each of its messages lies in the customs side's folder, under its final name |
| published | its receipt workbook is in the outbox |
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from whole_station import WholeStation

_LOOK_SECONDS = 0.02


@dataclass
class Moments:
    """Seconds of `time.perf_counter`; None: not yet."""

    name: str
    dropped: float
    claimed: float | None = None
    converted: float | None = None
    signed: float | None = None
    sent: float | None = None
    published: float | None = None

    def after_drop(self, moment: str) -> float:
        """Seconds from the drop to that moment; until now when it has not come yet."""
        at = getattr(self, moment)
        return (time.perf_counter() if at is None else at) - self.dropped


class Watch:
    """Looks fifty times a second, in a thread. Use as a context manager."""

    def __init__(self, station: WholeStation) -> None:
        self._station = station
        self._open: list[Moments] = []
        self._messages: dict[str, set[str]] = {}  # by file: the CopMsgIds of its messages
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._error: Exception | None = None

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def drop(self, workbook: Path, name: str) -> Moments:
        """Put the workbook into the inbox, whole, under this name; from now on it is watched."""
        part = self._station.inbox / f".{name}.part"
        part.write_bytes(workbook.read_bytes())
        part.replace(self._station.inbox / name)
        moments = Moments(name, time.perf_counter())
        self._open = [*self._open, moments]
        return moments

    def wait(self, moments: Moments, moment: str, seconds: float) -> bool:
        """Whether the moment came within so long."""
        end = time.perf_counter() + seconds
        while getattr(moments, moment) is None:
            if self._error is not None:
                raise self._error
            if time.perf_counter() > end:
                return False
            time.sleep(0.005)
        return True

    def forget(self, moments: Moments) -> None:
        """Nobody waits for what comes of this file now."""
        self._open = [other for other in self._open if other is not moments]

    def _watch(self) -> None:
        try:
            with sqlite3.connect(f"file:{self._station.store}?mode=ro", uri=True, check_same_thread=False) as store:
                while not self._ended.wait(_LOOK_SECONDS):
                    if self._open:
                        self._look(store, self._open)
        except Exception as error:
            self._error = error

    def _look(self, store: sqlite3.Connection, files: list[Moments]) -> None:
        now = time.perf_counter()
        for file in files:
            if file.claimed is None and not (self._station.inbox / file.name).exists():
                file.claimed = now
            if file.published is None and file.converted is not None:
                workbook = f"{Path(file.name).stem}.receipt.xlsx"
                places = (self._station.outbox, *self._station.outbox.glob("20*"))
                if any((place / workbook).exists() for place in places):
                    file.published = now
        unsigned = [file for file in files if file.signed is None and file.claimed is not None]
        for file in unsigned:
            records, messages, to_sign = store.execute(_HOW_FAR, (file.name,)).fetchone()
            if file.converted is None and records is not None:
                file.converted = now
            if file.converted is not None and messages and not to_sign:
                file.signed = now
                asked = store.execute(_MESSAGES, (file.name,))
                self._messages[file.name] = {cop_msg_id for (cop_msg_id,) in asked}
        unsent = [file for file in files if file.sent is None and file.signed is not None]
        if unsent:
            arrived = self._arrived()
            for file in unsent:
                if self._messages[file.name] <= arrived:
                    file.sent = now

    def _arrived(self) -> set[str]:
        """The CopMsgIds in the names of what the customs side has; it moves them from the first folder to the second."""
        names = [name for folder in ("in", "taken") for name in os.listdir(self._station.customs / folder)]  # noqa: PTH208
        return {name.removesuffix(".xml").rpartition("_")[2] for name in names if name.endswith(".xml")}


_HOW_FAR = """
select max(drops.records), count(messages.id), count(messages.id) filter (where messages.state = 'ready')
from drops left join messages on messages.drop_id = drops.id where drops.name = ?
"""
_MESSAGES = "select cop_msg_id from messages join drops on drops.id = messages.drop_id where drops.name = ?"
