"""A secret: a PIN, a password, in a file or typed at a terminal. Nothing here quotes what is inside."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from getpass import getpass
from pathlib import Path

_typed: dict[str, str] = {}  # by the words that asked for it


class SecretError(Exception):
    """A secret named in the settings is not where they say."""


def read_secret(path: Path) -> str:
    """The secret, without the end of its line. Raises SecretError, which names the place and never the content."""
    try:
        # Windows editors put a byte order mark in front: as part of a PIN it would use up the token's attempts.
        return path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise SecretError(f"secret file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretError(f"secret file {path}: is not text in UTF-8") from None


def secret_is_there(path: Path) -> bool:
    """Whether there is a file with something in it, which is not read. Raises SecretError when it cannot be."""
    try:
        with path.open("rb"):
            return path.stat().st_size > 0
    except OSError as error:
        raise SecretError(f"secret file {path}: {error.strerror}") from None


def typed_secret(words: str) -> str:
    """The secret that was typed when these words asked for it at the terminal: once in the life of this process, and by its main thread,
    since whatever interrupts it must give the terminal back. Raises SecretError where there is no terminal, or nothing was typed.
    """
    if words in _typed:
        return _typed[words]
    if threading.current_thread() is not threading.main_thread() or not _has_terminal():
        raise SecretError(f"{words}: there is no terminal to type it at")
    try:
        typed = getpass(f"{words}: ")
    except EOFError:
        typed = ""
    if not typed:
        raise SecretError(f"{words}: nothing was typed")
    _typed[words] = typed
    return typed


def _has_terminal() -> bool:
    """Whether somebody can type: a terminal whose turn is this process's, and not that of others of its session."""
    if sys.platform == "win32":
        return sys.stdin is not None and sys.stdin.isatty()
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return False
