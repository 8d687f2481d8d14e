"""Running a station: when to look for files and receipts and when to publish; until told to stop, or until all is worked off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import func, select

from cebd.config import Settings
from cebd.rules.codes import tables_of
from cebd.station import Station
from cebd.store.reading import ended_badly, standing
from cebd.store.tables import drops
from cebd.store.trust import require_undamaged

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

log = structlog.get_logger("cebd")


class Ending(StrEnum):
    """How a run that works off what is there came out; the worst thing wins."""

    DONE = "done"
    REJECTED = "rejected"  # some records were rejected or refused
    TOKEN = "token"  # noqa: S105  messages wait for the token
    NETWORK = "network"  # messages wait for the channel
    IN_DOUBT = "in_doubt"  # it is not known whether something arrived


def run_station(
    settings: Settings, stop: threading.Event, *, once: bool = False, new_store: str | None = None
) -> Ending:
    """Run until `stop` is set; with `once`, until what is there is worked off. `new_store`: see `Station`.

    Raises StoreError; SettingsError for code tables that cannot be used; TokenError or ChannelError when a signer or channel is such
    that work could not even begin.
    """
    # Read here for the whole run: what is wrong with them is said before a file is taken.
    tables_of(settings)
    station = Station(settings, new_store=new_store)
    station.start()
    try:
        station.try_ways_out()
        with station.store.read() as connection:
            before = connection.execute(select(func.max(drops.c.id))).scalar() or 0
        log.info("station runs", station=settings.station.name)
        if once:
            _work_off(station, stop)
            return _ending(station, before)
        _serve(station, stop)
        return Ending.DONE
    finally:
        station.stop()
        log.info("station stopped", station=settings.station.name)


def _serve(station: Station, stop: threading.Event) -> None:
    from apscheduler.schedulers.background import BackgroundScheduler

    timing = station.settings.station
    scheduler = BackgroundScheduler(job_defaults={"coalesce": True, "max_instances": 1})
    scheduler.add_job(_guarded(station.rounds.look_for_files), "interval", seconds=timing.rescan_seconds)
    scheduler.add_job(_guarded(station.take_up_again), "interval", seconds=timing.rescan_seconds)
    scheduler.add_job(_guarded(station.rounds.look_for_receipts), "interval", seconds=timing.receipts_seconds)
    scheduler.add_job(_guarded(station.rounds.publish_changes), "interval", seconds=1.0)
    woken = threading.Event()
    observer = _observe(station.settings, woken)
    scheduler.start()
    look = _guarded(station.rounds.look_for_files)
    look()
    quick = max(0.1, timing.stable_seconds / 2)
    look_until = time.monotonic() + 2 * timing.stable_seconds + 1
    try:
        while not stop.wait(quick):
            require_undamaged(station.store)
            if woken.is_set():
                woken.clear()
                look_until = time.monotonic() + 2 * timing.stable_seconds + 1
            # A file was touched: look often until it has been still for long enough.
            if time.monotonic() < look_until:
                look()
    finally:
        scheduler.shutdown()
        if observer is not None:
            observer.stop()
            observer.join()
        _guarded(lambda: station.rounds.publish_changes(at_once=True))()


def _work_off(station: Station, stop: threading.Event) -> None:
    timing = station.settings.station
    look = _guarded(station.rounds.look_for_files)
    look()
    look_until = time.monotonic() + timing.stable_seconds + 0.5
    while not stop.wait(0.1):
        require_undamaged(station.store)
        look()
        if time.monotonic() > look_until and station.worked_off():
            break
    for _ in range(2):  # a receipt in a folder is taken at the second look, when it has not grown since the first
        _guarded(station.rounds.look_for_receipts)()
        stop.wait(0.5)
    station.rounds.publish_changes(at_once=True)


def _ending(station: Station, before: int) -> Ending:
    with station.store.read() as connection:
        facts = standing(connection)
        badly = ended_badly(connection, before)
    if facts["messages"].get("in_doubt"):
        return Ending.IN_DOUBT
    waiting = {one["state"] for one in facts["waiting"]}
    if "ready" in waiting:
        return Ending.TOKEN
    if "signed" in waiting:
        return Ending.NETWORK
    return Ending.REJECTED if badly else Ending.DONE


def _guarded(act: Callable[[], None]) -> Callable[[], None]:
    """A look that failed is logged and tried again at its next time."""

    def look() -> None:
        try:
            act()
        except Exception:
            log.exception("a look failed; it is tried again", look=act.__name__)

    return look


def _observe(settings: Settings, woken: threading.Event) -> BaseObserver | None:
    """Wake up on file events; where the system gives none (network shares), the rescan does it all."""
    from watchdog.events import FileSystemEventHandler
    from watchdog.observers import Observer

    class Wake(FileSystemEventHandler):
        def on_any_event(self, event: Any) -> None:
            if event.event_type in ("created", "modified", "moved", "closed"):
                woken.set()

    observer = Observer()
    try:
        for enterprise in settings.enterprise:
            observer.schedule(Wake(), str(settings.folder(enterprise) / "inbox"), recursive=True)
        observer.start()
    except OSError:
        log.warning("no file events here; folders are rescanned", seconds=settings.station.rescan_seconds)
        return None
    return observer
