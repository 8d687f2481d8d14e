"""What the scripts of the pages do beyond HTML, in a browser: the console's application listens by itself, without a station."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from builders.browser import Desk, a_browser, needs_chromium
from builders.consoles import EVERYTHING, PASSWORD, TryConsole
from builders.waiting import until
from cebd.listening.door import Door
from cebd.listening.listener import Listener

pytestmark = needs_chromium
PATIENCE = 15_000  # milliseconds


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TryConsole, Listener, Desk]]:
    """Its parts, the listener, and a browser in which li is logged in. Files of 1 MB at most are brought in."""
    here = TryConsole.at(tmp_path_factory.mktemp("console"), "listen_largest_mb = 1\n")
    here.account("li", *EVERYTHING)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    with Listener(here.console.app, Door("127.0.0.1", port)) as listener, a_browser(base) as desk:
        desk.log_in("li", PASSWORD)
        yield here, listener, desk


def open_a_new_draft(desk: Desk) -> None:
    desk.go("/drafts")
    desk.page.get_by_role("button", name="新建").click()
    desk.page.wait_for_url("**/drafts/*")


def test_a_second_press_on_declare_before_the_answer_asks_for_nothing(
    console: tuple[TryConsole, Listener, Desk],
) -> None:
    _here, _listener, desk = console
    open_a_new_draft(desk)
    taken: list[bool] = desk.page.evaluate(
        "() => [1, 2].map(() => document.getElementById('draft').dispatchEvent("
        "new SubmitEvent('submit', {bubbles: true, cancelable: true})))"
    )
    assert taken == [True, False]


def test_what_was_typed_before_the_answer_to_an_earlier_save_is_kept_when_the_page_is_left(
    console: tuple[TryConsole, Listener, Desk],
) -> None:
    _here, _listener, desk = console
    open_a_new_draft(desk)
    draft = desk.page.url
    desk.page.evaluate(
        "() => { const fetched = window.fetch; window.fetch = async (...asked) => { const answer = await fetched(...asked);"
        " await new Promise((goOn) => { window.goOn = goOn; }); return answer; }; }"
    )
    number = desk.page.locator('[name="head.copNo"]')
    number.fill("A")
    desk.page.wait_for_function("() => window.goOn")  # the station has kept it, and the page does not know it yet
    number.evaluate(
        "(field) => { field.value = 'AB'; field.dispatchEvent(new Event('input', {bubbles: true})); window.goOn(); }"
    )
    desk.go("/drafts")

    def stands_there() -> bool:
        desk.page.goto(draft)
        return number.input_value() == "AB"

    until(stands_there, "what was typed last is kept", seconds=15)


def test_a_page_whose_station_is_gone_says_so_until_it_is_back(console: tuple[TryConsole, Listener, Desk]) -> None:
    _here, _listener, desk = console
    desk.page.route("**/events?*", lambda route: route.abort())
    desk.go("/")
    away = desk.page.locator("#away")
    expect(away).to_be_visible(timeout=PATIENCE)
    desk.page.unroute("**/events?*")
    expect(away).to_be_hidden(timeout=PATIENCE)


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    console: tuple[TryConsole, Listener, Desk], tmp_path: Path
) -> None:
    _here, _listener, desk = console
    desk.go("/imports")
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * (1024**2 + 1))
    sent: list[str] = []
    desk.page.on("request", lambda request: sent.append(request.method))
    chosen = desk.page.locator("#file")
    chosen.set_input_files(large)
    desk.page.get_by_role("button", name="检查").click()
    assert "超过 1 MB" in chosen.evaluate("input => input.validationMessage")
    assert sent == []
    chosen.set_input_files({"name": "small.csv", "mimeType": "text/csv", "buffer": b"orderNo\nA-1\n"})
    assert chosen.evaluate("input => input.validity.valid")
