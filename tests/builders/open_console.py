"""A running station with its console open, and accounts to log in with."""

from __future__ import annotations

import os
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect

from builders.browser import Desk
from builders.consoles import PASSWORD
from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.scenario import Scenario

PATIENCE = 30_000  # milliseconds
ACCOUNTS = (("li", "enter", "declare", "administer"), ("wang", "view"), ("zhao", "enter"))


@contextmanager
def an_open_console(folder: Path, scenario: Scenario, *, real: bool = False) -> Iterator[tuple[TryStation, str]]:
    """The station, and the address of its console; `real`: with a token, and OpenSSH's server."""
    with TryStation(folder, scenario, real=real) as station:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        station.add_settings(f'\n[console]\nlisten = "127.0.0.1:{port}"\n')
        station.start()
        base = f"http://127.0.0.1:{port}"
        until(lambda: _answers(base), "the console answers")
        password = folder / "password"
        password.write_text(PASSWORD + "\n", encoding="utf-8")
        for name, *roles in ACCOUNTS:
            how = [word for role in roles for word in ("--role", role)]
            added = station.cebd(
                "console", "user", "add", name, *how, "--password-file", str(password), "-c", str(station.settings_path)
            )
            assert added.returncode == 0, added.stderr
        yield station, base


def _answers(base: str) -> bool:
    try:
        with urllib.request.urlopen(base + "/login", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def shows(desk: Desk, state: str) -> None:
    """The page comes to show that state, by itself."""
    expect(desk.page.locator(f"main .state.{state}").first).to_be_visible(timeout=PATIENCE)


def look(desk: Desk, name: str) -> None:
    """A picture for people, where they want some (CEBD_PICTURES names the folder)."""
    folder = os.environ.get("CEBD_PICTURES")
    if folder:
        desk.page.screenshot(path=str(Path(folder, f"{name}.png")), full_page=True)
