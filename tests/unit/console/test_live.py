"""Open pages are told that something has changed: by growing numbers, once for all, and a page that slept is told what it missed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

from builders.consoles import TryConsole
from cebd.console.live import Live
from cebd.console.remembered import Remembered


class Store:
    """Counts how often it is looked at."""

    def __init__(self) -> None:
        self.written = 0
        self.looks = 0

    def mark(self) -> int:
        self.looks += 1
        return self.written


async def stays() -> bool:
    return True


async def next_number(events: AsyncIterator[bytes]) -> int:
    """The number of the next event that says that something has changed."""
    async for event in events:
        if b"data:" in event:
            found = re.search(rb"id: (\d+)", event)
            assert found is not None
            return int(found[1])
    raise AssertionError("the stream ended")


def test_every_page_is_told_of_a_change_and_the_store_is_asked_once_for_all() -> None:
    store = Store()

    async def run() -> None:
        live = Live(store.mark, lambda: 5.0, seconds=0.01)
        pages = [live.stream(None, stays) for _ in range(50)]
        for page in pages:
            assert (await anext(page)).startswith(b"retry")
        looks = store.looks
        store.written += 1
        assert {await next_number(page) for page in pages} == {5001}
        assert store.looks - looks < 50
        for page in pages:
            await page.aclose()

    asyncio.run(run())


def test_a_change_that_a_page_noticed_first_is_told_to_the_others_too() -> None:
    store = Store()

    async def run() -> None:
        live = Live(store.mark, lambda: 5.0, seconds=0.01, keep_alive=60)
        page = live.stream(None, stays)
        await anext(page)
        store.written += 1
        assert live.number == 5001  # another page is made just now
        assert await asyncio.wait_for(next_number(page), 5) == 5001
        await page.aclose()

    asyncio.run(run())


def test_nobody_looks_at_the_store_while_no_page_is_open() -> None:
    store = Store()

    async def run() -> None:
        live = Live(store.mark, lambda: 5.0, seconds=0.001)
        page = live.stream(None, stays)
        await anext(page)
        await page.aclose()
        assert live.pages == 0
        await asyncio.sleep(0.01)
        looks = store.looks
        await asyncio.sleep(0.05)
        assert store.looks == looks

    asyncio.run(run())


def test_a_page_that_slept_is_told_at_once_and_one_that_missed_nothing_is_not() -> None:
    store = Store()

    async def run() -> None:
        live = Live(store.mark, lambda: 5.0, seconds=60)
        had = live.number
        store.written += 1  # while the page slept and nobody else looked
        missed = live.stream(had, stays)
        assert await next_number(missed) == had + 1
        nothing = live.stream(
            had + 1,
            stays,
        )
        await anext(nothing)
        with_patience = asyncio.wait_for(anext(nothing), 0.05)
        try:
            await with_patience
        except TimeoutError:
            return
        raise AssertionError("a page that missed nothing was told of a change")

    asyncio.run(run())


def test_numbers_go_on_growing_when_the_station_starts_again() -> None:
    store = Store()
    first = Live(store.mark, lambda: 5.0)
    store.written += 1
    assert Live(store.mark, lambda: 6.0).number > first.number


def test_a_page_whose_session_was_ended_is_told_nothing_more() -> None:
    async def run() -> None:
        async def gone() -> bool:
            return False

        live = Live(Store().mark, seconds=60, keep_alive=0.01)
        told = [event async for event in live.stream(None, gone)]
        assert len(told) == 1

    asyncio.run(run())


def test_whoever_is_not_logged_in_is_told_nothing_and_asks_no_more(tmp_path: Path) -> None:
    here = TryConsole.at(tmp_path)
    here.account("li")
    assert here.visitor().get("/events").status_code == 204


def test_what_takes_long_is_made_again_only_after_ten_times_as_long() -> None:
    now, made = 0, 0

    def make() -> int:
        nonlocal now, made
        now += 2
        made += 1
        return made

    remembered: Remembered[int] = Remembered(lambda: now)
    assert remembered.of("a", make) == 1
    now += 19
    assert remembered.of("b", make) == 1
    now += 1
    assert remembered.of("b", make) == 2
    now += 1000
    assert remembered.of("b", make) == 2
