"""Waiting for what another thread or process brings about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 180.0  # seconds: a busy machine is slow, and a condition that comes about is not waited for


def until(holds: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait for a condition; its value. Fails naming what did not come about.

    Twenty times a second at most; one that takes long to ask takes a fifth of the time.
    """
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        value = holds()
        if value:
            return value
        now = time.monotonic()
        assert now < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(min(max(0.05, 4 * (now - began)), 1.0))
