"""Processes of cebd for the tests: children of a process that has imported cebd already (warm.py), or Python started anew.

A start costs two seconds of a processor, and the tests need a thousand. `cold=True` is the real entry, for the tests that are about it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Protocol

from builders.measuring import unmeasured
from builders.ordinary_user import as_ordinary_user, runs_as_root

WARM = Path(__file__).with_name("warm.py")
# Read by Python or the loader as a process begins: a child of a process that runs already would not heed them.
_READ_AT_START = ("LD_", "PYTHON", "LC_", "LANG", "COVERAGE_RCFILE")
_HEEDED = {"PYTHONDONTWRITEBYTECODE"}


class Process(Protocol):
    """As `subprocess.Popen`."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


@dataclass(frozen=True)
class Spent:
    """What a process took: `seconds` of processor time, and the most memory it ever had."""

    seconds: float
    mebibytes: float


class Ended(subprocess.CompletedProcess[str]):
    """How a command ended and what it said; what it took is known unless it was cold."""

    spent: Spent | None = None


class WarmProcess:
    """A process that another one started for us."""

    def __init__(self, answers: socket.socket) -> None:
        self._answers = answers
        self._lines = answers.makefile("r", encoding="ascii")
        self.pid = int(self._lines.readline())
        self.returncode: int | None = None
        self.spent: Spent | None = None

    def poll(self) -> int | None:
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._answers], [], [], seconds)[0]:
            code, used, memory = self._lines.readline().split()
            self.returncode, self.spent = int(code), Spent(float(used), int(memory) / 1024)
            self._lines.close()
            self._answers.close()
        return self.returncode


class _Warm:
    """One such process, for as long as the tests of this process run."""

    def __init__(self, what: str, as_user: bool) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, str(WARM), str(theirs.fileno()), what]
        environment = unmeasured(os.environ)
        if as_user:
            command = as_ordinary_user(command)
            environment |= {"PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),), env=environment
        )
        theirs.close()

    def start(self, request: Mapping[str, object], streams: Sequence[int]) -> WarmProcess:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [json.dumps(request).encode()], [*streams, theirs.fileno()])
        return WarmProcess(ours)


@cache
def _warm(what: str, as_user: bool) -> _Warm:
    return _Warm(what, as_user)


def _is_plain(environment: Mapping[str, str]) -> bool:
    """Nothing is asked of the process that it must be told as it begins."""

    def at_start(variables: Mapping[str, str]) -> dict[str, str]:
        names = (name for name in variables if name.startswith(_READ_AT_START) and name not in _HEEDED)
        return {name: variables[name] for name in names}

    return at_start(environment) == at_start(os.environ)


def start(
    arguments: Sequence[str | Path],
    *,
    script: Path | None = None,
    stdin: int | IO[bytes] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
    as_user: bool = False,
    cold: bool = False,
    changes_cebd: bool = True,
) -> Process:
    """`cebd ARGUMENTS`, or a script that runs cebd in a way of its own. Streams that are not given lead nowhere.

    `changes_cebd`: the script must be the first to import it.
    """
    words = [str(argument) for argument in arguments]
    variables = dict(os.environ if environment is None else environment)
    streams = [subprocess.DEVNULL if stream is None else stream for stream in (stdin, stdout, stderr)]
    as_user = as_user and runs_as_root()
    if as_user:
        variables = unmeasured(variables)
    if cold or not hasattr(os, "fork") or not _is_plain(variables):
        command = [sys.executable, *(["-m", "cebd"] if script is None else [str(script)]), *words]
        command = as_ordinary_user(command) if as_user else command
        return subprocess.Popen(command, stdin=streams[0], stdout=streams[1], stderr=streams[2], env=variables)
    umask = os.umask(0o022)
    os.umask(umask)
    request = {
        "script": None if script is None else str(script),
        "arguments": words,
        "environment": variables,
        "folder": str(Path.cwd()),
        "umask": umask,
    }
    warm = _warm("libraries" if script is not None and changes_cebd else "all", as_user)
    with Path(os.devnull).open("r+b", buffering=0) as nowhere:
        numbers = [_number(nowhere if stream == subprocess.DEVNULL else stream) for stream in streams]
        return warm.start(request, numbers)


def _number(stream: int | IO[bytes]) -> int:
    return stream if isinstance(stream, int) else stream.fileno()


def run(
    arguments: Sequence[str | Path],
    *,
    script: Path | None = None,
    answer: str = "",
    seconds: float = 120.0,
    environment: Mapping[str, str] | None = None,
    as_user: bool = False,
    cold: bool = False,
    changes_cebd: bool = True,
) -> Ended:
    """A command and what it said; raises only when it does not end. `answer`: what is typed into it."""
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        typed.write(answer.encode())
        typed.seek(0)
        process = start(
            arguments,
            script=script,
            stdin=typed,
            stdout=out,
            stderr=err,
            environment=environment,
            as_user=as_user,
            cold=cold,
            changes_cebd=changes_cebd,
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read().decode())
        ended = Ended(["cebd", *map(str, arguments)], code, *said)
        ended.spent = process.spent if isinstance(process, WarmProcess) else None
        return ended
