"""How often a property is tried: now and then in every run, many times by `./dev soak properties`."""

from __future__ import annotations

import os

LONG = "CEBD_TESTS_LONG"


def examples(few: int, many: int) -> int:
    """As many examples as this run is to try."""
    return many if os.environ.get(LONG) else few
