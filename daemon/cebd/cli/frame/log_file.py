"""The log as JSON, a line for each event, in files that do not grow for ever."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path


class _Tolerant(RotatingFileHandler):
    """A full disk must not end the work, nor fill standard error with tracebacks."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002
        return


class LogFile:
    """`path`, and `path`.1 and so on, the earlier ones; each of at most so many bytes. Safe to use from several threads."""

    def __init__(self, path: Path, largest: int, kept: int) -> None:
        """Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handler = _Tolerant(path, maxBytes=largest, backupCount=kept, encoding="utf-8")

    def write(self, event: Mapping[str, object]) -> None:
        """Never raises for the disk's sake."""
        line = json.dumps(event, ensure_ascii=False, default=str)
        self._handler.handle(logging.LogRecord("cebd", logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        self._handler.close()
