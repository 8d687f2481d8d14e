"""Warnings and errors in the event log of Windows, where administrators look first; everything else stands in the log file."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any


def to_event_log(_logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: hands on what it is given."""
    if sys.platform == "win32" and method in ("warning", "error", "critical", "exception"):
        import servicemanager

        about = ", ".join(f"{name}={value}" for name, value in event.items() if name not in _OWN)
        text = f"{event['event']}" + (f" ({about})" if about else "")
        (servicemanager.LogWarningMsg if method == "warning" else servicemanager.LogErrorMsg)(text)
    return event


_OWN = ("event", "level", "timestamp")
