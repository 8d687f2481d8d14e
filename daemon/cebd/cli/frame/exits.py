"""How a command speaks and ends: sentences in both languages, JSON, the exit codes that scripts rely on."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import NoReturn

from cebd.operations.text import Refused


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
    """Print a sentence to standard output: a line in Chinese, then a line in English."""
    print(f"{zh}\n{en}")


def stop(code: Exit, zh: str, en: str) -> NoReturn:
    """End the command: what is wrong and what to do, in both languages on one line of standard error."""
    print(f"{zh} {en}", file=sys.stderr)
    raise SystemExit(int(code))


@contextmanager
def refusal_ends(code: Exit) -> Iterator[None]:
    """End the command with the reason of an operation that raises Refused."""
    try:
        yield
    except Refused as refusal:
        stop(code, *refusal.text)


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
