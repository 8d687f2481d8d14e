"""The facts of the machine: without them a figure says nothing."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Machine:
    """What the figures were seen on. `memory_gib`: of the machine; `load`: how many processes wanted a core when the run began."""

    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str
    sqlite: str
    commit: str
    load: float

    @property
    def is_busy(self) -> bool:
        """Whether it has so much other work that figures say little."""
        return self.load > self.cores / 2

    def is_like(self, other: Mapping[str, object]) -> bool:
        """Whether figures of that machine (as JSON) may be held against those of this one."""
        return (other["cpu"], other["cores"]) == (self.cpu, self.cores)

    def as_text(self) -> str:
        busy = " (OTHER WORK: these figures say little)" if self.is_busy else ""
        return (
            f"{self.cpu}, {self.cores} cores, {self.memory_gib:.0f} GiB; {self.system}; Python {self.python}, "
            f"SQLite {self.sqlite}; commit {self.commit}; load at the beginning {self.load:.1f}{busy}"
        )

    def as_json(self) -> Mapping[str, object]:
        return asdict(self)


def this_machine() -> Machine:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(memory / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        commit=_commit(),
        load=round(os.getloadavg()[0], 1),
    )


def _cpu() -> str:
    named = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return named[1].strip() if named else platform.machine()


def _commit() -> str:
    """The commit measured; `+` behind it: with changes that are in no commit."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changed else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", "-C", _HERE, *arguments], capture_output=True, text=True, check=True).stdout.strip()
