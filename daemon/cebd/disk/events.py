"""What happens in a folder, as the system tells it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver


def new_observer() -> BaseObserver:
    """It observes nothing yet. Raises OSError where the system has no more of what it gives events by.

    Its library is silent: of an observer that is stopped while an event comes it prints that it is inactive.
    """
    from watchdog.observers import Observer

    logging.getLogger("watchdog").setLevel(logging.CRITICAL)
    return Observer()
