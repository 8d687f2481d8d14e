"""Pages that change by themselves: a stream of growing numbers (server-sent events) says that the store was written to.

The store is looked at once a second for all pages together, and not at all while no page is open. A page that slept, or lost its line,
names the last number that it had (`Last-Event-ID`, or `after` in the address) and is told at once where it has missed something. Numbers
go on growing when the station is started again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable

SECONDS = 1.0  # between looks
KEEP_ALIVE_SECONDS = 15.0
_SPREAD = 25  # milliseconds for each open page: so many pages ask in turn, not all at once


class Live:
    """`mark` gives a value that stays as it is while nothing is written; `now` (seconds) lets numbers grow from run to run."""

    def __init__(
        self,
        mark: Callable[[], object],
        now: Callable[[], float] = time.time,
        *,
        seconds: float = SECONDS,
        keep_alive: float = KEEP_ALIVE_SECONDS,
    ) -> None:
        self._mark, self._seconds, self._keep_alive = mark, seconds, keep_alive
        self._lock = threading.Lock()
        self._seen = mark()
        self._number = int(now() * 1000)
        self._pages: set[asyncio.Event] = set()
        self._watch: asyncio.Task[None] | None = None

    @property
    def number(self) -> int:
        """That of this moment: what a page shows is at least as new."""
        mark = self._mark()
        with self._lock:  # pages are made in threads of their own
            if mark != self._seen:
                self._seen = mark
                self._number += 1
            return self._number

    @property
    def pages(self) -> int:
        """How many are open."""
        return len(self._pages)

    async def stream(self, after: int | None, may_stay: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        """The events of a page, for as long as it `may_stay`. `after`: the last number that it had; None: it is new."""
        woken = asyncio.Event()
        self._pages.add(woken)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._look_again_and_again())
        try:
            told = self.number if after is None else after
            yield f"retry: 3000\nid: {told}\n\n".encode()
            while True:
                if told != self._number:
                    told = self._number
                    yield f"id: {told}\ndata: {self.pages * _SPREAD}\n\n".encode()
                woken.clear()
                try:
                    await asyncio.wait_for(woken.wait(), self._keep_alive)
                except TimeoutError:
                    if not await may_stay():
                        return
                    yield b": still here\n\n"
        finally:
            self._pages.discard(woken)

    async def _look_again_and_again(self) -> None:
        told = self._number
        while self._pages:
            number = self.number
            if number != told:  # whoever noticed it first: this look, or a page that was made meanwhile
                told = number
                for page in self._pages:
                    page.set()
            await asyncio.sleep(self._seconds)
