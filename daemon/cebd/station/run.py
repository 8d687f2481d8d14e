"""Running a station: when to look for files and receipts and when to publish; until told to stop, or until all is worked off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import func, select

from cebd.apart import Apart
from cebd.operations.in_flight import STANDS_BY
from cebd.operations.settings_check import look_over
from cebd.records.states import MessageState
from cebd.settings import Enterprise, Settings
from cebd.signing.signer import TokenError
from cebd.station.station import Station
from cebd.station.timers import Timers, guarded
from cebd.store.across.standing import any_failed_after, state_counts
from cebd.store.conditions import read_conditions
from cebd.store.messages import waiting_messages
from cebd.store.safety.environment import require_same_environment
from cebd.store.safety.trust import require_undamaged
from cebd.store.tables import drops

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

log = structlog.get_logger("cebd")

_WATCH_SECONDS = 0.5
_SETTLING_SECONDS = 120.0  # at most so long `run --once` waits for files that go on changing
_TIDY_SECONDS = 3600.0
_TAKE_UP_SECONDS = 1.0  # between two looks of `run --once` for work that nobody does
_STOP_SECONDS = 3.0  # for each of: what is under way, the outbox, the engine's steps


class RunResult(StrEnum):
    """How a run that works off what is there came out; the worst thing wins."""

    DONE = "done"
    REJECTED = "rejected"  # some records were rejected or refused
    SETTINGS = (
        "settings"  # a mistake has switched something off, or work in flight stands by because of changed settings
    )
    BROKEN = "broken"  # something broke each time, and is left for the next run
    TOKEN = "token"  # noqa: S105  messages wait for the token
    NETWORK = "network"  # messages wait for the channel
    IN_DOUBT = "in_doubt"  # it is not known whether something arrived


def run_station(
    settings: Settings, stop: threading.Event, *, once: bool = False, new_store: str | None = None
) -> RunResult:
    """Run until `stop` is set; with `once`, until what is there is worked off. `new_store`: see `Station`.

    Raises StoreError; SettingsError for code tables that cannot be used, and where mistakes leave no enterprise to serve. A token or
    channel that cannot be used is a state that `status` names; with `once` TokenError or ChannelError is raised when there is no way at
    all by which anything could be declared.
    """
    require_same_environment(settings)
    settings = look_over(settings)
    settings.require_an_enterprise()
    # Read here for the whole run: what is wrong with them is said before a file is taken.
    _ = settings.code_tables  # raises SettingsError
    station = Station(settings, new_store=new_store)
    station.settings.require_an_enterprise()  # what the store's environment does not allow is switched off by now
    station.start()
    ended = threading.Event()
    timers = Timers(ended, station.failures)
    try:
        trouble = station.check_ways_out() if once else None
        with station.store.read() as connection:
            before = connection.execute(select(func.max(drops.c.id))).scalar() or 0
        for name, look in station.ways_out.looks(ended).items():
            timers.every(_WATCH_SECONDS, name, look)
        log.info("station runs", station=settings.station.name)
        if once:
            _work_off(station, stop)
            return max(_ending(station, before), _ending_of(trouble), key=list(RunResult).index)
        _serve(station, stop, timers)
        return RunResult.DONE
    finally:
        _stop(station, ended, timers, served=not once)
        log.info("station stopped", station=settings.station.name)


def _serve(station: Station, stop: threading.Event, timers: Timers) -> None:
    timing = station.settings.station
    rounds = station.rounds
    woken = threading.Event()
    observers: list[BaseObserver] = []
    _observe(station.settings, woken, observers)
    timers.every(max(0.1, timing.stable_seconds / 2), "look for files", _look_for_files(station, woken))
    timers.every(timing.rescan_seconds, "take up work", station.resume_abandoned)
    timers.every(timing.rescan_seconds, "look after the settings", station.look_after_settings)
    timers.every(timing.rescan_seconds, "make folders", station.make_folders)
    timers.every(timing.receipts_seconds, "settle receipts", rounds.settle_receipts)
    for name in station.settings.channel:
        timers.every(timing.receipts_seconds, f"receipts of channel {name}", _receipts_of(station, name))
    timers.every(1.0, "publish", lambda: rounds.publish_changes(stop=stop))
    timers.every(_TIDY_SECONDS, "forget old work", lambda: station.engine.forget_old_work(stop))
    while not stop.wait(1.0):
        require_undamaged(station.store)
    for observer in list(observers):
        observer.stop()


def _look_for_files(station: Station, woken: threading.Event) -> Callable[[], None]:
    """Look now and then; often after a file was touched, until it has been still for long enough."""
    timing = station.settings.station
    often_until = time.monotonic() + 2 * timing.stable_seconds + 1
    next_look = 0.0

    def look() -> None:
        nonlocal often_until, next_look
        if woken.is_set():
            woken.clear()
            often_until = time.monotonic() + 2 * timing.stable_seconds + 1
        now = time.monotonic()
        if now < often_until or now >= next_look:
            next_look = now + timing.rescan_seconds
            station.rounds.claim_new_files()

    return look


def _receipts_of(station: Station, name: str) -> Callable[[], None]:
    def look() -> None:
        if station.rounds.fetch_from(name):
            station.rounds.settle_receipts()

    return look


def _stop(station: Station, ended: threading.Event, timers: Timers, *, served: bool) -> None:
    """End within a few seconds, whatever is under way: what is not done or written by then is taken up by the next start."""
    ended.set()
    busy = timers.join(_STOP_SECONDS)
    at_it = station.rounds.at_it
    if not busy:
        # Killed here, or out of time, the outbox is behind until the next start.
        last = Timers(threading.Event(), station.failures, lambda _stop, _seconds: True)
        out_of_time = threading.Event()
        last.every(0.0, "publish", lambda: station.rounds.publish_changes(at_once=True, stop=out_of_time))
        if served:
            last.every(0.0, "say that nobody is here", station.rounds.say_stopped)
        end = time.monotonic() + _STOP_SECONDS
        busy = last.join(_STOP_SECONDS)
        while any(took < _STOP_SECONDS for took in at_it().values()) and time.monotonic() < end:
            time.sleep(0.05)
        out_of_time.set()
    busy += at_it()
    is_quiet = station.stop(keep_open=bool(busy))
    if busy or not is_quiet:
        log.info("left for the next start", under_way=busy or ["steps of the engine"])


def _work_off(station: Station, stop: threading.Event) -> None:
    timing = station.settings.station

    def look() -> None:
        guarded(station.rounds.claim_new_files, "look for files", station.failures)

    look()
    inboxes = station.rounds.inboxes
    began = taken_up = time.monotonic()
    while not stop.wait(0.1):
        require_undamaged(station.store)
        look()
        if time.monotonic() - taken_up >= _TAKE_UP_SECONDS:
            guarded(station.resume_abandoned, "take up work", station.failures)
            taken_up = time.monotonic()
        took = time.monotonic() - began
        is_still = took > _SETTLING_SECONDS or not inboxes.settling()
        if took > timing.stable_seconds + 0.5 and is_still and station.is_idle():
            break
    guarded(lambda: inboxes.look(time.monotonic(), last=True), "look for files", station.failures)
    for _ in range(2):  # a receipt in a folder is taken at the second look, when it has not grown since the first
        station.rounds.look_for_receipts()
        stop.wait(0.5)
    station.rounds.publish_changes(at_once=True, stop=stop, patience=_SETTLING_SECONDS)


def _ending_of(trouble: Exception | None) -> RunResult:
    if trouble is None:
        return RunResult.DONE
    return RunResult.TOKEN if isinstance(trouble, TokenError) else RunResult.NETWORK


def _ending(station: Station, before: int) -> RunResult:
    with station.store.read() as transaction:
        messages = state_counts(transaction).messages
        waiting = waiting_messages(transaction)
        conditions = read_conditions(transaction)
        badly = any_failed_after(transaction, before)
    if messages.get(MessageState.IN_DOUBT) or messages.get(MessageState.ASKED):
        return RunResult.IN_DOUBT
    waiting_in = {message.state for message in waiting if message.waiting and message.waiting.id != STANDS_BY}
    if MessageState.READY in waiting_in:
        return RunResult.TOKEN
    if MessageState.SIGNED in waiting_in:
        return RunResult.NETWORK
    undone = station.left_undone()
    if undone:
        log.warning("left undone", what=undone)
        return RunResult.BROKEN
    if any(
        condition.key.startswith(("settings:mistake:", "settings:orphan:", "settings:missing:"))
        for condition in conditions
    ):
        return RunResult.SETTINGS
    return RunResult.REJECTED if badly else RunResult.DONE


def _observe(settings: Settings, woken: threading.Event, observers: list[BaseObserver]) -> None:
    """Wake up on file events; where the system gives none (network shares), the rescan does it all.

    An observer for each enterprise, added to `observers` once it observes: beginning means to look into the inbox, which may not answer.
    """
    from watchdog.events import FileSystemEventHandler
    from watchdog.observers import Observer

    class Wake(FileSystemEventHandler):
        def on_any_event(self, event: Any) -> None:
            if event.event_type in ("created", "modified", "moved", "closed"):
                woken.set()

    def observe(enterprise: Enterprise) -> None:
        observer = Observer()
        try:
            observer.schedule(Wake(), str(settings.folder(enterprise) / "inbox"), recursive=True)
            observer.start()
        except OSError as error:
            log.warning(
                "no file events here; the folder is rescanned",
                enterprise=enterprise.name,
                seconds=settings.station.rescan_seconds,
                reason=str(error),
            )
        else:
            observers.append(observer)

    Apart("observe").in_turn({one.name: partial(observe, one) for one in settings.enterprise})
