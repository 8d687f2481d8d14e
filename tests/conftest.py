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

from cebd.machine_folder import VARIABLE

if TYPE_CHECKING:
    from cebd.store.store import Store

TESTS = Path(__file__).parent
MEASURED = ("unit", "contracts", "integration")
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
    """Which lines are passed is measured in the tests of MEASURED alone: it takes a test its time again, and they pass nearly all.

    What is made once for all workers, and takes minutes, is begun first: begun at the end, it would keep them all waiting.
    """
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))
    for item in items:
        if item.path.relative_to(TESTS).parts[0] not in MEASURED:
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """Which lines daemons and commands pass is measured where one worker starts them.

    To be measured takes a process half its time again, and one worker has enough of each kind.
    """
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


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
