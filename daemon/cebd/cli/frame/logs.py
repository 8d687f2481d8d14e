"""Logs: sentences for operators with fields for machines, on standard error, one line each."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from cebd.plain import lines, one_line
from cebd.when_asked import left_out

with left_out("rich"):  # for coloured tracebacks
    import structlog

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


def set_up_logs(also: Callable[..., Any] | None = None) -> None:
    """Log to standard error: in colours on a terminal, with fields where it is systemd's journal, else as key=value. Lines that cannot be
    written are dropped.

    `also`: a processor of structlog that hears of each event.
    """
    from cebd.cli.frame.journal import journal_here

    journal = journal_here()

    def to_journal(_logger: Any, _method: str, event: EventDict) -> EventDict:
        if journal is not None and journal.write(event):
            raise structlog.DropEvent
        return event

    renderer: Any = structlog.dev.ConsoleRenderer()
    if not sys.stderr.isatty():
        renderer = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _local_time,
            structlog.processors.format_exc_info,
            _one_line,
            *([also] if also is not None else []),
            *([to_journal] if journal is not None else []),
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Tolerant())),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    for library in ("paramiko", "pika"):  # the channel itself reports broken connections
        logging.getLogger(library).setLevel(logging.CRITICAL)


def log_to_file(path: Path, largest: int, kept: int) -> None:
    """Log as JSON to that file as well, from now on; what cannot be opened is said in the log. Lines that cannot be written are dropped."""
    from cebd.cli.frame.log_file import LogFile

    try:
        file = LogFile(path, largest, kept)
    except OSError as error:
        structlog.get_logger("cebd").warning("the log file cannot be written", file=str(path), reason=error.strerror)
        return

    def to_file(_logger: Any, _method: str, event: EventDict) -> EventDict:
        file.write(event)
        return event

    processors = structlog.get_config()["processors"]
    behind = next(at for at, processor in enumerate(processors) if processor is _one_line) + 1
    structlog.configure(processors=[*processors[:behind], to_file, *processors[behind:]])


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
