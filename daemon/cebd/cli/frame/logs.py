"""Logs: sentences for operators with fields for machines, on standard error, one line each."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO, cast

from cebd.plain import lines, one_line

if TYPE_CHECKING:
    from structlog.typing import EventDict


class _Tolerant:
    """Standard error. A full disk behind it, or a reader that has gone, must not end the work."""

    def write(self, text: str) -> None:
        with suppress(OSError, UnicodeError):
            getattr(sys.stderr, "unfiltered", sys.stderr).write(
                text
            )  # `_one_line` has escaped the text; the colours are ours

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def set_up_logs() -> None:
    """Log to standard error: in colours on a terminal, else as key=value. Lines that cannot be written are dropped."""
    import structlog

    renderer: Any = structlog.dev.ConsoleRenderer()
    if not sys.stderr.isatty():
        renderer = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _local_time,
            structlog.processors.format_exc_info,
            _one_line,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Tolerant())),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # the channel itself reports broken connections


def _local_time(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The machine's own time, with its offset: logs of machines elsewhere can be laid beside it."""
    return {**event, "timestamp": datetime.now().astimezone().isoformat(timespec="milliseconds")}


def _one_line(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Make every value a text or a number, as logfmt needs, on one line without control characters. Tracebacks keep their lines."""
    return {
        key: value
        if isinstance(value, int | float | bool)
        else lines(str(value))
        if key == "exception"
        else one_line(str(value))
        for key, value in event.items()
    }
