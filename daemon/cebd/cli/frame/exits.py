"""How a command speaks and ends: sentences in the language that is spoken, JSON, the exit codes that scripts rely on."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import NoReturn, TextIO

from cebd.cli.frame.language import spoken
from cebd.operations.text import Refused, Text

_READER_GONE = 141  # as a shell reports a program that SIGPIPE ended


class Exit(IntEnum):
    """Exit codes; their numbers are a promise."""

    DONE = 0
    INTERNAL = 1
    SETTINGS = 2
    REJECTED = 3
    TOKEN = 4
    NETWORK = 5
    STORE = 6
    IN_DOUBT = 7


def say(zh: str, en: str) -> None:
    """Print a sentence to standard output: a line in each language that is spoken, Chinese first."""
    for line in spoken().lines(Text(zh, en)):
        print(line)


def stop(code: Exit, zh: str, en: str) -> NoReturn:
    """End the command: what is wrong and what to do, on one line of standard error."""
    print(spoken().word(zh, en), file=sys.stderr)
    raise SystemExit(int(code))


@contextmanager
def refusal_ends(code: Exit) -> Iterator[None]:
    """End the command with the reason of an operation that raises Refused."""
    try:
        yield
    except Refused as refusal:
        stop(code, *refusal.text)


_REASONS = (
    (FileExistsError, "是文件，不是文件夹", "is a file, not a folder"),  # from mkdir
    (NotADirectoryError, "的上级是文件，不是文件夹", "is below a file, not in a folder"),
    (IsADirectoryError, "是文件夹，不是文件", "is a folder, not a file"),
    (FileNotFoundError, "不存在", "does not exist"),
    (PermissionError, "没有使用它的权限", "may not be used by this user"),
)


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """End the command as wrongly used when the system refuses a path that the user named, or a folder above or a file below it.

    Errors about other paths pass.
    """
    try:
        yield
    except OSError as error:
        if not isinstance(error.filename, str) or not _concerns(Path(error.filename), path):
            raise
        refused = error.filename
        zh, en = next(
            ((zh, en) for kind, zh, en in _REASONS if isinstance(error, kind)),
            (f"不能使用（{error.strerror}）", f"cannot be used ({error.strerror})"),
        )
        stop(Exit.SETTINGS, f"{refused} {zh}：请改正，或另指一个。", f"{refused} {en}; correct it or name another")


def _concerns(refused: Path, path: Path) -> bool:
    refused, path = refused.absolute(), path.absolute()
    return refused == path or refused in path.parents or path in refused.parents


def quiet_without_reader(stream: TextIO | None) -> None:
    """Write out what waits in standard output. Ends the process as the system would, without a word, when its reader has gone."""
    gone = getattr(stream, "reader_gone", False)
    try:
        if stream is not None:
            stream.flush()
    except BrokenPipeError:
        gone = True
    if gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python's own flush at the end has a reader
        raise SystemExit(_READER_GONE) from None


def end_process(code: Exit) -> NoReturn:
    """End with this code without waiting for threads that are still at work: the next start resumes their work."""
    if any(thread is not threading.main_thread() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))
    raise SystemExit(int(code))


def print_json(value: Mapping[str, object]) -> None:
    """One JSON object on standard output, version 1."""
    print(json.dumps({"v": 1, **value}, ensure_ascii=False, indent=1))
