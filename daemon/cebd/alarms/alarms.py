"""The alarms of a station: they look at the conditions, and each tells what is due to it, apart from the others and from all work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from cebd.alarms.kind import AlarmSettings, NotDelivered, Sender
from cebd.alarms.kinds import open_alarm
from cebd.alarms.matters import OWN, Matter, matters
from cebd.alarms.rounds import Notice, Pace, Round
from cebd.apart import Apart
from cebd.clock import Clock
from cebd.problems.problem import problem
from cebd.secret_file import SecretError
from cebd.store.across.counts import messages_waiting
from cebd.store.beside.alarms_told import note_told, told_by
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store

log = structlog.get_logger("cebd")

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


class Alarms:
    """Looks at what stands in the conditions, and tells it by every alarm of the settings.

    A server that hangs keeps its own alarm alone; one that refuses is said as a condition (`alarm:NAME`), tried again at growing pauses,
    and told by the other alarms.
    """

    def __init__(
        self,
        station: str,
        settings: Mapping[str, AlarmSettings],
        base: Path,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        language: str,
    ) -> None:
        self._store, self._clock, self._conditions = store, clock, conditions
        self._apart = Apart("alarm", patience=0.0)
        self._alarms = {
            name: _Alarm(name, station, wanted, open_alarm(wanted, base), store, conditions, language)
            for name, wanted in settings.items()
        }

    @property
    def are_wanted(self) -> bool:
        return bool(self._alarms)

    def look(self) -> None:
        """Tell what is due. Returns at once: what is delivered is delivered apart."""
        if not self._alarms:
            return
        with self._store.read() as transaction:
            waiting = messages_waiting(transaction)
        now, found = self._clock.now(), matters(self._conditions.current(), waiting)
        self._apart.in_turn({name: partial(alarm.look, found, now) for name, alarm in self._alarms.items()})

    def at_it(self) -> dict[str, float]:
        """The alarms that are being delivered, and for how many seconds."""
        return self._apart.at_it()


class _Alarm:
    """One alarm; used by one thread at a time."""

    def __init__(
        self,
        name: str,
        station: str,
        settings: AlarmSettings,
        sender: Sender,
        store: Store,
        conditions: Conditions,
        language: str,
    ) -> None:
        self._name, self._station, self._sender, self._language = name, station, sender, language
        self._store, self._conditions = store, conditions
        self._pace = Pace(timedelta(minutes=settings.after_minutes), timedelta(minutes=settings.every_minutes))
        self._round: Round | None = None
        self._pause = _FIRST_PAUSE
        self._next_try: datetime | None = None

    def look(self, found: Mapping[str, Matter], now: datetime) -> None:
        if self._round is None:
            with self._store.read() as transaction:
                self._round = Round(self._pace, told_by(transaction, self._name))
        others = {key: matter for key, matter in found.items() if key != OWN + self._name}
        notice = self._round.decide(others, now)
        if notice is None or (self._next_try is not None and now < self._next_try):
            return
        try:
            self._sender.deliver(self._station, notice, self._language)
        except (NotDelivered, SecretError) as error:
            self._failed(str(error), now)
            return
        except Exception as error:
            log.exception("an alarm broke", alarm=self._name)
            self._failed(type(error).__name__, now)
            return
        self._pause, self._next_try = _FIRST_PAUSE, None
        self._conditions.end(OWN + self._name)
        self._round.was_told(notice, now)
        # Killed before this is durable, it is told once more: twice is better than never.
        with self._store.write() as transaction:
            told = [self._round.told[matter.key] for matter in notice.new]
            note_told(transaction, self._name, told, [one.key for one in notice.over])
        log.info("alarm delivered", alarm=self._name, new=len(notice.new), over=len(notice.over))

    def _failed(self, reason: str, now: datetime) -> None:
        self._next_try, self._pause = now + self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        said = problem("CEBD-2401", value=self._name, reason=reason)
        if self._conditions.note(OWN + self._name, said, Party.ADMINISTRATOR):
            log.warning(said.en, id=said.id, alarm=self._name)


def deliver_trial(station: str, settings: AlarmSettings, base: Path, language: str) -> None:
    """Have the alarm deliver a message that asks for nothing. Raises NotDelivered, SecretError."""
    open_alarm(settings, base).deliver(station, Notice(is_trial=True), language)


__all__ = ["Alarms", "deliver_trial"]
