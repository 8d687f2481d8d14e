"""Serving a station for as long as the service lasts: new settings are taken over between two rounds of the same process.

    asked for ──▶ read and checked ──▶ the station stops, as for its end ──▶ it starts with them
                       │ a mistake: named, the settings in use stay

Whatever is under way at the change is resumed, as after any stop: nothing of it depends on the process going on. What cannot change
while the process runs is named and waits for the next start.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

from cebd.clock import SystemClock, iso
from cebd.customs.book_files import CodeBookError
from cebd.messages.annotations import DescriptionError
from cebd.operations.environment import in_environment_of
from cebd.operations.settings.check import check_settings
from cebd.problems.problem import Problem, problem
from cebd.service.supervised import UnderSystemd
from cebd.settings import Settings, SettingsError
from cebd.station.run import RunResult, run_station
from cebd.station.supervisor import Pulse, Supervisor
from cebd.store.conditions import Party
from cebd.store.safety.holder import holder_of
from cebd.store.safety.last_ending import LastEnding, forget_ending, note_ending
from cebd.store.safety.trust import StoreRefused
from cebd.store.store import StoreError

log = structlog.get_logger("cebd")

_REFUSED, _WAITS = "settings:reload", "settings:restart"


class Wishes:
    """What is asked of a service by signals, or by the service manager. Everything may be called from a signal handler."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.reload = threading.Event()
        self.round_over = threading.Event()

    def ask_end(self) -> None:
        self.end.set()
        self.round_over.set()

    def ask_reload(self) -> None:
        """The settings have changed."""
        self.reload.set()


class _Serving(Supervisor):
    """Looks each second whether new settings are asked for, and takes them when they can be used."""

    def __init__(self, wishes: Wishes, read: Callable[[], Settings], manager: UnderSystemd) -> None:
        self.settings: Settings | None = None  # for the next round
        self._wishes = wishes
        self._read = read
        self._manager = manager
        self._waits: list[str] = []

    def ready(self, pulse: Pulse) -> None:
        self.settings = None
        forget_ending(pulse.settings.store_dir)
        if self._waits:
            self._note(pulse, _WAITS, "CEBD-2018", value=", ".join(self._waits))
        self._manager.ready(pulse)

    def beat(self, pulse: Pulse) -> None:
        if self._wishes.reload.is_set():
            self._wishes.reload.clear()
            self._manager.reloading()
            self._take(pulse)
            if self.settings is not None:
                self._wishes.round_over.set()
                return
            self._manager.ready(pulse)
        self._manager.beat(pulse)

    def stopping(self) -> None:
        if self.settings is None or self._wishes.end.is_set():
            self._manager.stopping()

    def _take(self, pulse: Pulse) -> None:
        try:
            wanted, waits = _keep_what_cannot_change(self._read(), pulse.settings)
            wanted = in_environment_of(check_settings(wanted), pulse.store)
            wanted.require_an_enterprise()
            _ = wanted.code_tables  # raises SettingsError
        except (SettingsError, StoreError) as error:
            first = (error.errors or [""])[0] if isinstance(error, SettingsError) else str(error)
            self._refuse(pulse, first)
            return
        before = {str(fault) for fault in pulse.settings.faults}
        new = [fault for fault in wanted.faults if fault.severity == "error" and str(fault) not in before]
        if new:
            self._refuse(pulse, str(new[0]))
            return
        pulse.conditions.end(_REFUSED)
        self.settings, self._waits = wanted, waits
        log.info("new settings are taken over", waits_for_a_start=", ".join(waits) or "-")

    def _refuse(self, pulse: Pulse, reason: str) -> None:
        self._note(pulse, _REFUSED, "CEBD-2017", value=reason)

    def _note(self, pulse: Pulse, key: str, number: str, value: str) -> None:
        said = problem(number, value=value)
        if pulse.conditions.note(key, said, Party.ADMINISTRATOR):
            log.warning(said.en, id=said.id)


def serve(
    settings: Settings,
    read: Callable[[], Settings],
    wishes: Wishes,
    manager: UnderSystemd,
    *,
    new_store: str | None = None,
) -> RunResult:
    """Run the station until its end is asked for. `read`: the settings file, anew. Raises as `run_station` does."""
    supervisor = _Serving(wishes, read, manager)
    while True:
        try:
            result = run_station(settings, wishes.round_over, new_store=new_store, supervisor=supervisor)
        except Exception as error:
            _say_why(settings, error)
            raise
        if wishes.end.is_set() or supervisor.settings is None:
            return result
        if result is RunResult.UNDER_WAY:
            # A thread is in a call that does not return; only with its process it lets go of the store. The manager starts the next.
            log.warning("the service ends, to be started again with the new settings")
            return result
        settings, new_store = supervisor.settings, None
        wishes.round_over.clear()
        if wishes.end.is_set():  # asked for in between
            return result


def _say_why(settings: Settings, error: Exception) -> None:
    """Keep for `cebd status` why it ends; not where it ends because another daemon has the store."""
    holder = holder_of(settings.store_dir)
    if holder.runs and holder.pid != os.getpid():
        return
    party, found = Party.ADMINISTRATOR, _as_problem(error)
    if not isinstance(error, SettingsError | StoreError | DescriptionError | CodeBookError | OSError):
        party = Party.CEBD
    with suppress(OSError):
        note_ending(settings.store_dir, LastEnding(iso(SystemClock().now()), party, found))


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, StoreRefused):
        return error.problem
    reason, zh = str(error) or type(error).__name__, ""
    if isinstance(error, SettingsError):
        reason, zh = error.errors[0], error.zh[0]
    elif isinstance(error, StoreError):
        zh = error.zh
    return problem("CEBD-1915", reason=reason, reason_zh=zh or reason)


def _keep_what_cannot_change(wanted: Settings, current: Settings) -> tuple[Settings, list[str]]:
    """The settings with the present values of those, and the names of those that differ."""
    waits = []
    station = wanted.station
    if wanted.store_dir.resolve() != current.store_dir.resolve():
        waits.append("store.path")
        wanted = wanted.model_copy(update={"store": current.store})
    if station.name != current.station.name:
        waits.append("station.name")
        station = station.model_copy(update={"name": current.station.name})
    if station.environment not in (None, current.station.environment):
        waits.append("station.environment")
        station = station.model_copy(update={"environment": current.station.environment})
    return wanted.model_copy(update={"station": station}), waits


__all__ = ["Wishes", "serve"]
