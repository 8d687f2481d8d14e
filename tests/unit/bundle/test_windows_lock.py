"""What goes to Windows is all that cebd asks for there, at versions that it takes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TREE = Path(__file__).parents[3]
WINDOWS = {
    "sys_platform": "win32",
    "platform_system": "Windows",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "python_version": "3.13",
}
# In the installer, though `pip install cebd` leaves them out: queues, and the control on the operator's PC.
EXTRAS = ("amqp", "control")


def locked() -> dict[str, str]:
    """By name, the version of each package."""
    lines = (TREE / "bundle/windows.lock").read_text(encoding="utf-8").splitlines()
    found = [re.match(r"([\w.-]+)==([\w.]+)", line) for line in lines]
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def _of(texts: list[str], extras: set[str]) -> Iterator[Requirement]:
    for text in texts:
        wanted = Requirement(text)
        if wanted.marker is None or any(wanted.marker.evaluate({**WINDOWS, "extra": extra}) for extra in ("", *extras)):
            yield wanted


def needed() -> dict[str, list[Requirement]]:
    """By name, what asks for it: cebd, and what stands below, as far as it is installed here."""
    project = tomllib.loads((TREE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    waiting = list(_of([*project["dependencies"], *(line for extra in EXTRAS for line in optional[extra])], set()))
    asked: dict[str, list[Requirement]] = {}
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name not in asked:
            with suppress(PackageNotFoundError):  # it is of Windows alone
                waiting += _of(requires(name) or [], wanted.extras)
        asked.setdefault(name, []).append(wanted)
    return asked


def test_every_package_that_cebd_asks_for_on_windows_is_locked_at_a_version_that_fits() -> None:
    there = locked()
    asked = needed()
    assert {"lxml", "dbos", "pywin32", "olefile", "pika"} <= asked.keys()
    assert sorted(asked.keys() - there.keys()) == []
    assert [str(one) for name, wanted in asked.items() for one in wanted if there[name] not in one.specifier] == []
