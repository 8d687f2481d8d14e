"""Processes and all that they start: how long they took, what of the processors, and how much memory they had together.

Memory is PSS: a page that several processes share counts once, in parts. What is asked here stands in `/proc`: Linux alone has it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

_EVERY_SECONDS = 0.1
_PROC = Path("/proc")


class Process(Protocol):
    """As `subprocess.Popen`."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


@dataclass(frozen=True)
class Spent:
    """Wall seconds, seconds of the processors, and the most memory of all processes together (PSS, MiB)."""

    seconds: float
    cpu_seconds: float
    mebibytes: float


def start(
    script: Path | None, *arguments: str | Path, output: IO[bytes] | None = None, cores: str | None = None
) -> Process:
    """Start a Python script, or cebd itself. `cores`: the only ones it may use, as `taskset` names them."""
    what = ["-m", "cebd"] if script is None else [str(script)]
    command = [sys.executable, *what, *map(str, arguments)]
    if cores is not None:
        command = ["taskset", "-c", cores, *command]
    out = subprocess.DEVNULL if output is None else output
    errors = None if output is None else output
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)


def measured(
    script: Path | None, *arguments: str | Path, output: IO[bytes] | None = None, cores: str | None = None
) -> Spent:
    """Run it to its end. Raises RuntimeError when that is not a good one."""
    before = _children_cpu_seconds()
    began = time.perf_counter()
    process = start(script, *arguments, output=output, cores=cores)
    with PeakMemory(process.pid) as memory:
        code = process.wait()
    took = time.perf_counter() - began
    if code:
        said = "" if output is None else f":\n{Path(output.name).read_text(encoding='utf-8', errors='replace')}"
        raise RuntimeError(f"{script or 'cebd'} {' '.join(map(str, arguments))} ended with {code}{said}")
    return Spent(took, _children_cpu_seconds() - before, memory.mebibytes)


class PeakMemory:
    """Watches a process and its descendants meanwhile; `mebibytes`: the most they had together."""

    def __init__(self, pid: int) -> None:
        self.mebibytes = 0.0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.mebibytes = max(self.mebibytes, memory_of(self._pid, "Pss") / 2**20)
            if self._ended.wait(_EVERY_SECONDS):
                return


def memory_of(pid: int, kind: str) -> int:
    """Bytes of a process and its descendants together; `kind`: `Pss` or `Rss`."""
    total = 0
    for member in family(pid):
        with suppress(OSError):  # it has ended meanwhile
            for line in (_PROC / str(member) / "smaps_rollup").read_text(encoding="ascii").splitlines():
                if line.startswith(f"{kind}:"):
                    total += int(line.split()[1]) * 1024
    return total


def cpu_seconds_of(pid: int) -> float:
    """What a process and its descendants have taken of the processors until now, those included that it has seen end."""
    ticks = 0
    for member in family(pid):
        with suppress(OSError):
            ticks += sum(map(int, _stat(member)[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir(_PROC):  # noqa: PTH208  asked often
        if entry.isdigit():
            with suppress(OSError):
                children.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
    members = [pid]
    for member in members:
        members += children.get(member, [])
    return members


def end(process: Process, seconds: float = 60.0) -> None:
    """Ask it to end; after so long, make it."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stat(pid: int) -> list[str]:
    """What follows the name in `/proc/PID/stat`: state, parent, ...; the processor's ticks are the 12th to the 15th."""
    return (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _children_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
