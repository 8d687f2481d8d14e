"""A station that systemd watches over: READY, STATUS, and the watchdog, which is fed only while the work goes round.

| what | the watchdog |
| --- | --- |
| the main loop comes round, the store answers | is fed |
| the store answers with an error (full disk, locked) | is fed: an error is an answer, and a new start would not mend it |
| a look for files or for work left over has not come back for `HUNG_SECONDS` | starves |
| the store gives no answer at all | starves: the main loop waits for it |
| a folder, token or line does not answer | is fed: each of them is waited for apart, and `status` names it |
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from cebd.operations.inquiries.overview import overview
from cebd.operations.inquiries.status import StationStatus
from cebd.operations.text import Text
from cebd.service.notify import Notify
from cebd.station.run import LOOK_FOR_FILES, RESUME_WORK
from cebd.station.supervisor import Pulse, Supervisor
from cebd.store.safety.holder import Holder

log = structlog.get_logger("cebd")

HUNG_SECONDS = 300.0
"""Longer than the store lets anybody wait for it, twice 120 seconds."""
_SELDOM_SECONDS = 30.0  # between two looks where no watchdog wants more


class UnderSystemd(Supervisor):
    """What systemd hears of a station."""

    def __init__(self, notify: Notify, now: Callable[[], float] = time.monotonic) -> None:
        self._notify = notify
        self._now = now
        watchdog = notify.watchdog_seconds
        self._between = _SELDOM_SECONDS if watchdog is None else min(_SELDOM_SECONDS, watchdog / 4)
        self._hung_seconds = HUNG_SECONDS
        self._looked: float | None = None
        self._told_hung: list[str] = []

    def ready(self, pulse: Pulse) -> None:
        self._looked = self._now()
        self._notify.ready(headline(pulse))

    def beat(self, pulse: Pulse) -> None:
        if self._looked is not None and self._now() - self._looked < self._between:
            return
        self._looked = self._now()
        status = headline(pulse)
        hung = [name for name in (LOOK_FOR_FILES, RESUME_WORK) if pulse.timers.busy_for(name) > self._hung_seconds]
        if not hung:
            self._notify.alive(status)
        elif hung != self._told_hung:
            log.error("work does not come back; systemd is to start the service again", work=hung)
        self._told_hung = hung

    def reloading(self) -> None:
        """Until the next `ready`: the settings are read anew."""
        self._notify.reloading()

    def stopping(self) -> None:
        self._notify.stopping()


def headline(pulse: Pulse) -> str:
    """The first sentence of `cebd status`, asked of the running station; an error of the store is its own sentence."""
    station = pulse.settings.station
    try:
        with pulse.store.read() as transaction:
            facts = overview(transaction)
    except Exception as error:
        return f"{station.name}: {type(error).__name__}"
    status = StationStatus(station.name, station.environment, Holder(True), facts)
    return in_language(status.first_lines[0], station.language)


def in_language(text: Text, language: str) -> str:
    wanted = {"zh": text.zh, "en": text.en}
    return wanted.get(language) or f"{text.zh} {text.en}"
