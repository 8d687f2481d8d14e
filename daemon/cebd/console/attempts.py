"""Attempts to log in that failed: after some, an address waits for that account, after more for all. So many as make an account wait
for everybody come from no single address: nobody keeps another person out."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network

_FREE = 5  # of an address for a name
_OF_AN_ADDRESS = 50  # for all names
_FOR_A_NAME = 100  # of all addresses
_WINDOW = 600.0  # seconds
_MOST = 10_000  # names, addresses and pairs of them remembered
_Key = tuple[str | None, str | None]  # a name, an address, or both


class Attempts:
    """Counts failures of the last ten minutes, of a name, of an address and of both together; safe for several threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failed: OrderedDict[_Key, list[float]] = OrderedDict()

    def wait(self, name: str, address: str) -> int:
        """Seconds until the next attempt is heard; 0: now."""
        with self._lock:
            return max(self._wait(key, free) for key, free in _counted(name, address))

    def failed(self, name: str, address: str) -> None:
        """One more that failed."""
        with self._lock:
            for key, _ in _counted(name, address):
                self._failed.setdefault(key, []).append(self._now())
                self._failed.move_to_end(key)
            while len(self._failed) > _MOST:
                self._failed.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """The failures of that address for the name are forgotten."""
        with self._lock:
            self._failed.pop((name, _source(address)), None)

    def _wait(self, key: _Key, free: int) -> int:
        since = self._now() - _WINDOW
        times = [moment for moment in self._failed.get(key, ()) if moment > since][-free:]
        if key in self._failed:
            self._failed[key] = times
        return int(times[0] - since) + 1 if len(times) >= free else 0


def _counted(name: str, address: str) -> tuple[tuple[_Key, int], ...]:
    source = _source(address)
    return ((name, source), _FREE), ((None, source), _OF_AN_ADDRESS), ((name, None), _FOR_A_NAME)


def _source(address: str) -> str:
    """The address; of IPv6 its network, in which one machine has as many addresses as it likes."""
    try:
        given = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(given.ipv4_mapped or IPv6Network((given, 64), strict=False))
