"""A new version takes over the stations of this machine: each is stopped, backed up, brought up to date, started and audited.

| what fails | the station |
| --- | --- |
| backup, or bringing up to date | is not started, its store is as it was: the earlier version, installed again, goes on with it |
| the start | the service manager tries again; named |
| the audit | runs; what does not agree is named, for it may have been so before |

Where no station could be brought up to date, the setup for Windows puts the earlier version back by itself (`start_all`).

What is done with a store is done by a child, as the user whose store it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cebd.disk.files import write_file
from cebd.operations.text import Refused, Text
from cebd.service.manager import Installed, Manager

_RUNS = ("running", "starting")
_RUNNING = Text("已启动。", "It runs.")


class Step(NamedTuple):
    """What was done with a station, or could not be. `detail`: what a command printed about it, in both languages.
    `is_up_to_date`: the store is of this version from now on.
    """

    station: str
    said: Text
    is_done: bool = True
    detail: str = ""
    is_up_to_date: bool = False


class Ended(NamedTuple):
    """A command of cebd: its exit code and what it printed."""

    code: int
    said: str


Cebd = Callable[[Installed, Sequence[str]], Ended]
"""Runs a command of cebd, with the station's settings."""


def stop_all(manager: Manager, listed: Path | None) -> Iterator[Step]:
    """Stop every station that runs; their names go into the file `listed`, beside those that are there already. Raises Refused."""
    for station in manager.installed():
        if manager.status(station.name).state not in _RUNS:
            continue
        if listed is not None:
            _write(
                listed, list(dict.fromkeys([*_read(listed), station.name]))
            )  # first: killed here, it is started again
        manager.stop(station.name)
        yield Step(station.name, Text("已停止。", "It has stopped."))


def start_all(manager: Manager, listed: Path) -> Iterator[Step]:
    """Start every station in the file `listed`. One that could not be started stays in it."""
    names = {station.name for station in manager.installed()}
    left = to_start = [name for name in _read(listed) if name in names]
    for name in to_start:
        try:
            manager.start(name)
            left = [other for other in left if other != name]
            yield Step(name, _RUNNING)
        except Refused as refusal:
            yield Step(name, refusal.text, is_done=False)
    _write(listed, left)


def upgrade(manager: Manager, listed: Path | None, cebd: Cebd) -> Iterator[Step]:
    """Every station that runs, and those in the file `listed`, which ran before. One that could not be started stays in the file."""
    stations = {station.name: station for station in manager.installed()}
    to_start = {name for name in _read(listed) if name in stations} if listed is not None else set()
    to_start |= {name for name in stations if manager.status(name).state in _RUNS}
    left = sorted(to_start)
    if listed is not None:
        _write(listed, left)  # first: killed in here, they are started by the next upgrade
    for name, station in stations.items():
        if name not in to_start:
            yield Step(
                name, Text("没有运行；下次启动时更新。", "It does not run; its next start brings it up to date.")
            )
            continue
        try:
            yield from _take_over(manager, station, cebd)
            left.remove(name)
        except _NotStarted as failed:
            yield failed.step
        except Refused as refusal:
            yield Step(name, refusal.text, is_done=False)
    if listed is not None:
        _write(listed, left)


class _NotStarted(Exception):
    def __init__(self, step: Step) -> None:
        self.step = step


def _take_over(manager: Manager, station: Installed, cebd: Cebd) -> Iterator[Step]:
    name = station.name
    manager.stop(name)
    prepared = cebd(station, ("service", "prepare"))
    if prepared.code != 0:
        said = Text(
            "未启动，数据库未改动：装回原来的版本即可继续。",
            "It is not started and its store is as it was: install the earlier version again to go on.",
        )
        raise _NotStarted(Step(name, said, is_done=False, detail=prepared.said))
    said = Text("已备份并更新。", "It is backed up and up to date.")
    yield Step(name, said, detail=prepared.said, is_up_to_date=True)
    manager.start(name)
    yield Step(name, _RUNNING)
    audited = cebd(station, ("audit",))
    if audited.code == 0:
        yield Step(name, Text("账目相符。", "Its books balance."))
    else:
        said = Text("已在运行，但账目不符：", "It runs, but its books do not balance:")
        yield Step(name, said, detail=audited.said)


def as_its_user(station: Installed, words: Sequence[str]) -> Ended:
    """The command in a process of its own, of the user whose store it is."""
    as_user: dict[str, Any] = {}
    if sys.platform != "win32" and station.user is not None and os.geteuid() == 0:
        as_user = {"user": station.user, "group": station.user, "extra_groups": [], "umask": 0o077}
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-X", "utf8", "-m", "cebd", *words, "-c", str(station.settings_path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        check=False,
        **as_user,
    )
    return Ended(ended.returncode, (ended.stdout + ended.stderr).strip())


def _read(listed: Path) -> list[str]:
    try:
        lines = listed.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    names = (line.removeprefix("cebd@").removesuffix(".service") for line in map(str.strip, lines) if line)
    return list(dict.fromkeys(names))


def _write(listed: Path, names: list[str]) -> None:
    """The list as a whole; where the disk is full the earlier one stays. Raises OSError."""
    if not names:
        listed.unlink(missing_ok=True)
    elif names != _read(listed):
        write_file(listed, "".join(f"{name}\n" for name in names).encode())
