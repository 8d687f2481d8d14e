"""For every test: hypothesis on a busy machine, which tests and processes are measured, and what the run says at its end.

That is: minutes by folder, tests skipped by reason.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer.main
from hypothesis import HealthCheck, settings

from builders.measuring import MEASURED, Measuring
from cebd.machine_folder import VARIABLE

if TYPE_CHECKING:
    from cebd.store.store import Store

TESTS = Path(__file__).parent
LONG = ("test_windows.py", "test_systemd.py", "test_libreoffice_workbooks.py")

typer.main.get_command = cache(typer.main.get_command)  # the tree of commands, the same at each call

_machine = tempfile.TemporaryDirectory(
    prefix="cebd-machine-"
)  # what is remembered of PINs here is no matter of this machine's
os.environ[VARIABLE] = _machine.name
os.environ["CEBD_LANG"] = "both"  # commands say everything in both languages, whichever their station speaks

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("cebd", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cebd")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The store of a new station, in the folder `store`."""
    from builders.declared import an_open_store

    with an_open_store(tmp_path) as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is not measured says so.

    What is made once for all workers, and takes minutes, is begun first: begun at the end, it would keep them all waiting.
    """
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))
    for item in items:
        if _folder(item) not in MEASURED:
            item.add_marker(pytest.mark.no_cover)


_measuring = pytest.StashKey[Measuring]()


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_measuring] = Measuring()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_measuring].of_children(_folder(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A measurement that goes on after a test which is not measured has its children measured again."""
    try:
        return (yield)
    finally:
        item.config.stash[_measuring].of_children(_folder(item))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    seconds: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for outcome, reports in terminalreporter.stats.items():
        for report in reports:
            if not isinstance(report, pytest.TestReport):
                continue
            seconds["/".join(report.nodeid.split("/")[:2])] += report.duration
            if outcome == "skipped" and isinstance(report.longrepr, tuple):
                skipped[report.longrepr[2].removeprefix("Skipped: ")] += 1
    for folder, spent in sorted(seconds.items()):
        terminalreporter.write_line(f"{spent / 60:6.1f} min  {folder}")
    for reason, number in skipped.most_common():
        terminalreporter.write_line(f"{number:6} skipped: {reason}")
