"""Runs a station: looks for files and receipts and publishes, until it is stopped or all work is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from cebd.apart import Apart
from cebd.customs.book_files import book
from cebd.disk.events import new_observer
from cebd.intake.inboxes.shares import is_share
from cebd.memory import FreeMemory, keep_little
from cebd.messages.description import read_descriptions
from cebd.operations.environment import require_same_environment
from cebd.operations.settings.check import check_settings, exceptions
from cebd.operations.settings.faults import as_problem
from cebd.settings import Enterprise, Settings
from cebd.station.listening.watched import Watched
from cebd.station.once import RunResult, check_signers_and_channels, work_off
from cebd.station.room import watch_room
from cebd.station.station import Station
from cebd.station.supervisor import NOBODY, Pulse, Supervisor
from cebd.station.timers import Timers
from cebd.station.ways_out.watcher import Watcher
from cebd.store.across.changes import Changes
from cebd.store.safety.pages import LookBesideTheWork
from cebd.store.safety.trust import require_undamaged

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

log = structlog.get_logger("cebd")

LOOK_FOR_FILES, RESUME_WORK = "look for files", "resume work"
"""The tasks that touch nothing that may hang for long: folders are looked into apart, and the store has limits of its own."""

_BETWEEN_RECEIPTS_SECONDS = 0.2
_HAND_OUT_SECONDS = 20.0
_PROGRESS_SECONDS, _WINDOW_SECONDS = 15.0, 120.0
_WATCHED_SECONDS = 5.0
_ROOM_SECONDS = 15.0
_OWED_SECONDS = 30.0
_CERTIFICATES_SECONDS = 30.0
_ALARMS_SECONDS = 15.0
_TIDY_SECONDS = 3600.0
_DEADLINES_SECONDS = 600.0
_STATEMENTS_SECONDS = 10.0
_STOP_SECONDS = 3.0  # for each of: what is under way, the outbox, the engine's steps


def run_station(
    settings: Settings,
    stop: threading.Event,
    *,
    once: bool = False,
    new_store: str | None = None,
    supervisor: Supervisor = NOBODY,
) -> RunResult:
    """Run until `stop` is set; with `once`, until the waiting work is finished. `new_store`: see `Station`.

    The `supervisor` hears of each step of its life.

    Raises DescriptionError and CodeBookError where the schemas or the code book have a mistake, with its file and line.
    Raises StoreError; SettingsError for code tables that cannot be used, and where mistakes leave no enterprise to serve. A token or
    channel that cannot be used is a state that `status` names; with `once` TokenError or ChannelError is raised when there is no way at
    all by which anything could be declared.
    """
    require_same_environment(settings)
    keep_little()
    settings = check_settings(settings)
    settings.require_an_enterprise()
    # Read here for the whole run: their mistakes are reported before a file is taken.
    _ = settings.code_tables  # raises SettingsError
    read_descriptions()
    book()
    station = Station(settings, new_store=new_store)
    station.settings.require_an_enterprise()  # parts that the store's environment forbids are switched off by now
    for found in map(as_problem, exceptions(station.settings)):
        log.warning(found.en, id=found.id, fix=found.fix_en)
    station.start()
    ended = threading.Event()
    timers = Timers(ended, station.failures)
    try:
        trouble = check_signers_and_channels(station) if once else None
        for name, watcher in station.ways_out.watchers().items():
            timers.when(watcher.bell, 0.0, name, _look_of(watcher, station.pages, ended))
        log.info("station runs", station=settings.station.name)
        if once:
            station.pages.wait(stop)
            return work_off(station, stop, trouble)
        _serve(station, stop, timers, supervisor)
    finally:
        supervisor.stopping()
        at_rest = _stop(station, timers, served=not once)
        log.info("station stopped", station=settings.station.name)
    return RunResult.DONE if at_rest else RunResult.UNDER_WAY


def _serve(station: Station, stop: threading.Event, timers: Timers, supervisor: Supervisor) -> None:
    timing = station.settings.station
    polling = station.polling
    woken = threading.Event()
    observers: list[BaseObserver] = []
    _observe(station.settings, woken, observers)
    often = max(0.1, timing.stable_seconds / 4)
    timers.when(woken, often, LOOK_FOR_FILES, _look_for_files(station, often))
    timers.every(1.0, "preview files", station.previews.look)
    timers.every(1.0, "answer questions", station.questions.look)
    timers.every(timing.rescan_seconds, RESUME_WORK, station.interrupted.resume_abandoned)
    timers.every(timing.rescan_seconds, "look after the settings", station.look_after_settings)
    timers.every(timing.rescan_seconds, "make folders", station.make_folders)
    timers.every(_HAND_OUT_SECONDS, "hand out templates", station.hand_out)
    timers.every(timing.rescan_seconds, "listen for signatures", station.endpoint.look)
    timers.every(_OWED_SECONDS, "bring in what was declared", station.owed.look)
    timers.every(timing.rescan_seconds, "open the console", station.console.look)
    if station.fallback.is_wanted:
        timers.every(timing.rescan_seconds, "let other channels take over", station.fallback.look)
    timers.every(_ROOM_SECONDS, "room on the disk", lambda: watch_room(station.settings.store_dir, station.conditions))
    if station.alarms.are_wanted:
        timers.every(_ALARMS_SECONDS, "alarms", station.alarms.look)
    settled = Changes(station.store, timing.rescan_seconds)
    timers.every(timing.receipts_seconds, "settle receipts", lambda: settled.look(polling.settle_receipts))
    for name in station.settings.channel:
        timers.every(timing.receipts_seconds, f"receipts of channel {name}", _receipts_of(station, name, stop))
    timers.when(station.stages.filed, _BETWEEN_RECEIPTS_SECONDS, "publish", _publish(station, stop))
    written = Changes(station.store, _DEADLINES_SECONDS)  # a day ends by itself
    timers.every(_STATEMENTS_SECONDS, "write statements", lambda: written.look(station.write_statements))
    timers.every(_DEADLINES_SECONDS, "remind of returned goods", station.remind_of_returned_goods)
    timers.every(_CERTIFICATES_SECONDS, "watch certificates", station.watch_certificates)
    timers.every(_DEADLINES_SECONDS, "watch backups", station.watch_backups)
    timers.every(_DEADLINES_SECONDS, "learn goods", station.learn_goods)
    timers.every(_TIDY_SECONDS, "forget old work", lambda: station.engine.forget_old_work(stop))
    moved = Changes(station.store, _WINDOW_SECONDS)
    timers.every(_PROGRESS_SECONDS, "progress", lambda: moved.look(station.progress.look))
    watched = Watched(
        station.settings, station.store, station.clock, station.conditions, station.meter, partial(_hung, timers)
    )
    if watched.is_wanted:
        timers.every(_WATCHED_SECONDS, "figures", watched.look)
    memory = FreeMemory(station.store.let_go_of_caches)
    pulse = Pulse(station.settings, station.store, station.conditions, timers)
    supervisor.ready(pulse)
    try:
        while not stop.wait(1.0):
            require_undamaged(station.store)
            memory.look()
            watched.health.beat()
            supervisor.beat(pulse)
    finally:
        watched.stop()
    for observer in list(observers):
        observer.stop()


def _hung(timers: Timers, seconds: float) -> list[str]:
    """The looks that touch nothing that may hang, and have not come back for so long."""
    return [name for name in (LOOK_FOR_FILES, RESUME_WORK) if timers.busy_for(name) > seconds]


def _look_for_files(station: Station, often: float) -> Callable[[bool], float]:
    """Look now and then; often after a file was touched, until it has been still for long enough. Returns the seconds until then."""
    timing = station.settings.station
    a_while = 2 * timing.stable_seconds + 1
    often_until = time.monotonic() + a_while

    def look(was_touched: bool) -> float:
        nonlocal often_until
        if was_touched:
            often_until = time.monotonic() + a_while
        station.polling.claim_new_files()
        return often if time.monotonic() < often_until else timing.rescan_seconds

    return look


def _look_of(watcher: Watcher, pages: LookBesideTheWork, ended: threading.Event) -> Callable[[bool], float]:
    """Nothing is signed or handed over before the store is known to be sound."""
    return lambda _has_rung: watcher.look(ended) if pages.wait(ended) else 0.0


def _publish(station: Station, stop: threading.Event) -> Callable[[bool], float]:
    """Write what is behind every second, and the first receipt of a file as soon as it is put away."""
    published = Changes(station.store, station.settings.station.rescan_seconds)

    def look(_is_filed: bool) -> float:
        published.look(lambda: station.polling.publish_changes(stop=stop))
        return 1.0

    return look


def _receipts_of(station: Station, name: str, stop: threading.Event) -> Callable[[], None]:
    """What is fetched is taken away at the other side: so it waits for a sound store, too."""

    def look() -> None:
        if station.pages.wait(stop) and station.polling.fetch_from(name):
            station.polling.settle_receipts()

    return look


def _stop(station: Station, timers: Timers, *, served: bool) -> bool:
    """End within a few seconds; the next start resumes work that is unfinished by then.

    False where some is: it keeps hold of the store until the process has ended.
    """
    timers.end()
    busy = timers.join(_STOP_SECONDS)
    at_it = station.at_it
    if not busy:
        # Killed here, or out of time, the outbox is behind until the next start.
        last = Timers(threading.Event(), station.failures, lambda _stop, _seconds: True)
        out_of_time = threading.Event()
        last.every(0.0, "publish", lambda: station.polling.publish_changes(at_once=True, stop=out_of_time))
        if served:
            last.every(0.0, "say that nobody is here", station.polling.say_stopped)
        end = time.monotonic() + _STOP_SECONDS
        busy = last.join(_STOP_SECONDS)
        while any(took < _STOP_SECONDS for took in at_it().values()) and time.monotonic() < end:
            time.sleep(0.05)
        out_of_time.set()
    busy += at_it()
    is_quiet = station.stop(keep_open=bool(busy))
    if busy or not is_quiet:
        log.info(
            "station stops before all work is finished; the next start resumes it",
            under_way=busy or ["steps of the engine"],
        )
    return is_quiet


def _observe(settings: Settings, woken: threading.Event, observers: list[BaseObserver]) -> None:
    """Wake up on file events; where the system gives none, the rescan finds all files. Of a share it would tell our own doings alone.

    An observer for each enterprise, added to `observers` once it observes: beginning means to look into the inbox, which may not answer.
    """
    from watchdog.events import FileSystemEventHandler

    class Wake(FileSystemEventHandler):
        def on_any_event(self, event: Any) -> None:
            if event.event_type in ("created", "modified", "moved", "closed"):
                woken.set()

    def observe(enterprise: Enterprise) -> None:
        inbox, seconds = settings.folder(enterprise) / "inbox", settings.station.rescan_seconds
        if is_share(inbox):
            log.info(
                "this folder is on a network share; it is scanned at intervals",
                enterprise=enterprise.name,
                seconds=seconds,
            )
            return
        try:
            observing = new_observer()
            observing.schedule(Wake(), str(inbox), recursive=True)
            observing.start()
        except OSError as error:
            log.warning(
                "the system reports no file events for this folder; it is scanned at intervals",
                enterprise=enterprise.name,
                seconds=seconds,
                reason=str(error),
            )
        else:
            observers.append(observing)

    Apart("observe").in_turn({enterprise.name: partial(observe, enterprise) for enterprise in settings.enterprise})


__all__ = ["RunResult", "run_station"]
