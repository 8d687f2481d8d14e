"""Debian's Chromium as a person uses it: with keys alone, told on when it asks anything of another host or breaks the page's policy."""

from __future__ import annotations

import importlib.resources
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, Request, sync_playwright

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)")
_QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update"
_TABS = 250


@dataclass
class Desk:
    """A person at a browser. `outside`: requests to other hosts; `broken`: what the pages' policy or scripts complained of."""

    page: Page
    base: str
    outside: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note from now on what the page asks for and complains of."""

        def asked(request: Request) -> None:
            if not request.url.startswith((self.base, "data:")):
                self.outside.append(request.url)

        self.page.on("request", asked)
        self.page.on("pageerror", lambda error: self.broken.append(str(error)))
        self.page.on("console", lambda said: self.broken.append(said.text) if "Security Policy" in said.text else None)

    def go(self, address: str) -> None:
        self.page.goto(self.base + address)

    def focused(self) -> dict[str, str]:
        """What the keyboard is at."""
        told: dict[str, str] = self.page.evaluate(
            "() => { const e = document.activeElement; return {tag: e.tagName, name: e.getAttribute('name') || '',"
            " value: e.getAttribute('value') || '', text: e.textContent.trim()} }"
        )
        return told

    def tab_to(self, **wanted: str) -> None:
        """Press Tab until the keyboard is at what begins so."""
        for _ in range(_TABS):
            self.page.keyboard.press("Tab")
            focused = self.focused()
            if all(focused[name].startswith(value) for name, value in wanted.items()):
                return
        raise AssertionError(f"the keyboard does not come to {wanted}")

    def type_into(self, values: dict[str, str], *, until: str) -> None:
        """Press Tab from field to field and type what each is to have, opening what is folded, up to the button of that value."""
        left = dict(values)
        for _ in range(_TABS):
            self.page.keyboard.press("Tab")
            focused = self.focused()
            if focused["tag"] == "SUMMARY":
                self.page.keyboard.press("Enter")
            elif focused["tag"] == "BUTTON" and focused["value"] == until:
                assert not left, f"no field takes {left}"
                return
            elif focused["name"] in left:
                if focused["tag"] == "INPUT":
                    self.page.keyboard.press("Control+a")
                self.page.keyboard.type(left.pop(focused["name"]))  # a list of few goes to what begins so
        raise AssertionError(f"the keyboard does not come to {until}")

    def log_in(self, name: str, password: str) -> None:
        """By keyboard."""
        self.go("/login")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(self.base + "/")

    def grave_findings(self) -> list[str]:
        """What axe finds on the page that is serious or critical."""
        self.page.evaluate(importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
        found: dict[str, Any] = self.page.evaluate("() => axe.run({resultTypes: ['violations']})")
        return [
            f"{self.page.url}: {one['id']}: {one['nodes'][0]['html'][:120]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]

    def too_wide(self) -> str | None:
        """The page, where it does not fit the window."""
        wide = self.page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
        return f"{self.page.url}: {wide[0]} > {wide[1]}" if wide[0] > wide[1] else None


@contextmanager
def a_browser(base: str, *, width: int = 1280, policy_off: bool = False) -> Iterator[Desk]:
    """One with an empty memory. `policy_off`: pages may be examined with scripts of the test."""
    assert CHROMIUM is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET.split())
        try:
            context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=policy_off)
            desk = Desk(context.new_page(), base)
            desk.watch()
            yield desk
        finally:
            browser.close()
