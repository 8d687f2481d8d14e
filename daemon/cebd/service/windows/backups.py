"""The store's daily backup, made by the service itself: Windows has no timer that belongs to a service and to its account.

| the last backup | |
| --- | --- |
| is not known, or older than the latest three o'clock | one is made now: also after the machine was off at that time |
| failed | the next try is an hour later; `cebd status` says when the last one is older than two days |
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from cebd.operations.backup import back_up, last_backup
from cebd.settings import Settings

log = structlog.get_logger("cebd")

BACKUPS, KEPT = "backups", 14  # the folder, beside the settings
_HOUR = 3
_PAUSE = timedelta(hours=1)


class DailyBackups:
    """Asked each second; what is due is done in a thread of its own."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now().astimezone()) -> None:
        self._folder = folder
        self._now = now
        self._next = now()
        self._thread: threading.Thread | None = None

    def look(self, settings: Settings) -> None:
        """Begin a backup where one is due."""
        now = self._now()
        if now < self._next or (self._thread is not None and self._thread.is_alive()):
            return
        self._next = now + _PAUSE
        last = last_backup(settings.store_dir)
        if last is None or last < _latest_time(now):
            self._thread = threading.Thread(target=self._make, args=(settings,), name="backup", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Until the backup that was begun has ended."""
        if self._thread is not None:
            self._thread.join()

    def _make(self, settings: Settings) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
            copy = back_up(settings, self._folder, KEPT)
        except Exception as error:
            log.warning("no backup was made; it is tried again in an hour", reason=str(error))
            return
        log.info("the store is backed up", file=str(copy.path), bytes=copy.size)


def _latest_time(now: datetime) -> datetime:
    """The latest three o'clock of this machine."""
    today = now.replace(hour=_HOUR, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)
