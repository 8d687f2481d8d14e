"""What a service says to systemd: sd_notify(3), lines in a datagram to the socket that it names.

systemd itself recommends to write these lines rather than to load its library; the packages that do it for Python have had no release for
years or have to be compiled.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress

SOCKET, WATCHDOG = "NOTIFY_SOCKET", "WATCHDOG_USEC"
_MOST_STATUS = 400  # characters


class Notify:
    """The socket of the service manager. Nothing is said where there is none, or when it is gone."""

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        """Takes the socket out of the environment: what this process starts has nothing to say to systemd."""
        self._address = environment.pop(SOCKET, "")
        seconds = int(environment.pop(WATCHDOG, "0") or 0) / 1e6
        self.watchdog_seconds: float | None = seconds or None

    @property
    def is_heard(self) -> bool:
        return bool(self._address)

    def ready(self, status: str) -> None:
        self._send("READY=1", _status(status))

    def reloading(self) -> None:
        """Needs the time since boot in microseconds, else systemd from 253 on refuses it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def alive(self, status: str) -> None:
        self._send("WATCHDOG=1", _status(status))

    def status(self, status: str) -> None:
        self._send(_status(status))

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, *lines: str) -> None:
        if not self._address or not hasattr(socket, "AF_UNIX"):
            return
        # "@": a name in the abstract namespace, which begins with a zero byte (unix(7)).
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(1.0)
            channel.sendto("\n".join(lines).encode(), address)


def _status(text: str) -> str:
    return "STATUS=" + " ".join(text.split())[:_MOST_STATUS]
