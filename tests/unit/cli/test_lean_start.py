"""What asks little of a command loads little: a script asks `cebd status` every minute, a person `--help` on a slow machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"cryptography", "lxml", "openpyxl", "paramiko", "pydantic", "sqlalchemy", "structlog", "watchdog", "xmlschema"}


@pytest.mark.parametrize(
    ("module", "used"),
    [("cebd.cli.main", set()), ("cebd.operations.inquiries.status", {"lxml", "pydantic", "sqlalchemy", "structlog"})],
)
def test_a_command_loads_no_library_that_it_does_not_use(module: str, used: set[str]) -> None:
    asked = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert HEAVY.intersection(run.stdout.split()) <= used


def test_a_daemon_that_has_written_no_workbook_holds_no_library_that_writes_them() -> None:
    asked = "import sys, cebd.station.run; print('openpyxl' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.split() == ["False"]
