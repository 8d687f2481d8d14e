"""A process that has imported cebd once and becomes a cebd process whenever it is asked to: each time in a child of its own.

    python tests/builders/warm.py CONTROL all|libraries

CONTROL is a socket. What stands in a request: `Request` in processes.py; stdin, stdout, stderr and a socket for the answers come with it.
The answers are lines: the process id; then, when it has ended, its exit code, the seconds of processor time and the most memory (KiB).

`all`: everything of cebd is imported, and what it keeps of its own files is read: message types, problems, code tables, the code book.
`libraries`: only what cebd stands on; for scripts that change
cebd before it is used, and must be the first to import it.

What a child does differs in nothing from `python -m cebd`, but that it is there a second earlier: it has its own environment, its own
streams, no thread but its first, and ends as any Python ends: it waits for its threads, does what it is to do at its end, and writes out
what it said. It leaves its modules standing: to take them apart would copy all the memory that it shares, for a tenth of a second.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

LIBRARIES = (
    *(
        "calendar",
        "concurrent.futures",
        "cryptography.x509",
        "dbos",
        "lxml.etree",
        "openpyxl",
        "paramiko",
        "pkcs11",
    ),
    *(
        "pydantic",
        "python_calamine",
        "sqlalchemy.dialects.sqlite",
        "structlog",
        "typer",
        "typer.main",
        "watchdog.observers",
    ),
    "zoneinfo",
)


def warm_up(what: str) -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    if what == "all":
        import cebd

        for module in pkgutil.walk_packages(cebd.__path__, "cebd."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        read_own_files()
        lay_out_the_commands()
    gc.collect()
    gc.freeze()
    assert threading.active_count() == 1, threading.enumerate()


def read_own_files() -> None:
    """They say the same to every process, and take a quarter of a second."""
    from cebd.customs.book_files import book
    from cebd.messages.description import message_types
    from cebd.problems.problem import catalogue
    from cebd.rules.codes.tables import PUBLISHED, table_names

    for export in (False, True):
        list(message_types(export=export).values())
    for table in table_names():
        _ = PUBLISHED[table].by_code
    catalogue()
    book()


def lay_out_the_commands() -> None:
    """Typer makes the tree of commands at each call, always the same."""
    import typer.main

    from cebd.cli.main import app

    typer.main.get_command = cache(typer.main.get_command)
    typer.main.get_command(app)


def next_request(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Returns in a new child only, with what it is to be and its three streams."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, 1 << 18, 4)
        if not request:
            os._exit(0)  # whoever asked is gone
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            *streams, answers = descriptors
            child = os.fork()
            if child == 0:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                os.close(answers)
                control.close()
                return json.loads(request), streams
            _keep(child, streams, answers)
        for descriptor in descriptors:
            os.close(descriptor)


def _keep(child: int, streams: list[int], answers: int) -> None:
    """Say which process the child is, and how it ended."""
    for stream in streams:
        os.close(stream)
    os.write(answers, f"{child}\n".encode())
    _, status, usage = os.wait4(child, 0)
    ended = (os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
    try:
        os.write(answers, (" ".join(map(str, ended)) + "\n").encode())
    finally:
        os._exit(0)


def become(request: dict[str, Any], streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    if any(name.startswith("COVERAGE_PROCESS") for name in os.environ):
        import coverage

        coverage.process_startup(force=True)
    script, arguments = request["script"], request["arguments"]
    if script is None:
        sys.argv = ["cebd", *arguments]
        runpy.run_module("cebd", run_name="__main__", alter_sys=True)
    else:
        sys.argv = [script, *arguments]
        # Whose builders a script may use, and its own folder.
        sys.path[:1] = [str(Path(__file__).parents[1]), str(Path(script).parent)]
        runpy.run_path(script, run_name="__main__")


def exit_code(end: SystemExit) -> int:
    """As Python has it: what is no number is printed."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def end(code: int) -> None:
    """As Python ends, up to the taking apart."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # its reader is gone, or it was closed
            code = code or 120
    os._exit(code & 0xFF)


if __name__ == "__main__":
    asked = socket.socket(fileno=int(sys.argv[1]))
    warm_up(sys.argv[2])
    request = next_request(asked)
    try:
        become(*request)
    except SystemExit as ended:
        end(exit_code(ended))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        end(1)
    end(0)
