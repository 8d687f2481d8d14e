"""systemd's journal, in its own protocol: each event with its fields, so that `journalctl CEBD_ID=CEBD-1601` finds what was said of it.

A datagram of `NAME=value` lines; a value of several lines has its length before it (systemd.io, "Native Journal Protocol").
"""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
from collections.abc import Mapping

SOCKET = "/run/systemd/journal/socket"
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_NO_FIELD = re.compile(r"[^A-Z0-9_]")
_LARGEST = 100_000  # bytes; a larger event goes the plain way


class Journal:
    """The journal, where it reads our standard error already; see `journal_here`."""

    _path: str
    _socket: socket.socket

    def __init__(self, path: str = SOCKET) -> None:
        """Raises OSError on Windows, which has none."""
        if sys.platform == "win32":
            raise OSError("there is no journal on Windows")
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def write(self, event: Mapping[str, object]) -> bool:
        """Whether the journal has taken the event. Never raises."""
        datagram = fields(event)
        if len(datagram) > _LARGEST:
            return False
        try:
            self._socket.sendto(datagram, self._path)
        except OSError:
            return False
        return True


def journal_here() -> Journal | None:
    """The journal, if systemd has connected our standard error to it (JOURNAL_STREAM has device and inode)."""
    if sys.platform == "win32" or sys.stderr is None:
        return None
    try:
        about = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return None
    if os.environ.get("JOURNAL_STREAM") != f"{about.st_dev}:{about.st_ino}":
        return None
    return Journal()


def fields(event: Mapping[str, object]) -> bytes:
    """The event as a datagram: the sentence with its facts for readers, and each fact as a field `CEBD_NAME`."""
    facts = {
        name: str(value) for name, value in event.items() if name not in ("event", "level", "timestamp", "exception")
    }
    sentence = " ".join([str(event.get("event", "")), *(f"{name}={value}" for name, value in facts.items())])
    if "exception" in event:
        sentence += f"\n{event['exception']}"
    named = {
        "MESSAGE": sentence,
        "PRIORITY": str(_PRIORITIES.get(str(event.get("level")), 6)),
        "SYSLOG_IDENTIFIER": "cebd",
        "CEBD_EVENT": str(event.get("event", "")),
        **{f"CEBD_{_NO_FIELD.sub('_', name.upper())}": value for name, value in facts.items()},
    }
    return b"".join(_field(name, value.encode()) for name, value in named.items())


def _field(name: str, value: bytes) -> bytes:
    if b"\n" not in value:
        return name.encode() + b"=" + value + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
