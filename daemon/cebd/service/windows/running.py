"""The station of a Windows service: its streams, its children, its log; then as under any other manager."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from logging import makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import NamedTuple, TextIO, cast

import structlog

from cebd.service.notify import Notify
from cebd.service.serving import Wishes, serve
from cebd.service.supervised import UnderSystemd
from cebd.service.windows.backups import BACKUPS, DailyBackups
from cebd.service.windows.drives import refused_folders
from cebd.service.windows.job import keep_children_in_a_job
from cebd.settings import SettingsError, load_settings
from cebd.station.supervisor import Pulse

log = structlog.get_logger("cebd")

_LOG_BYTES, _LOGS = 10_000_000, 5


class Logs(NamedTuple):
    """What the command line knows of logs. `to_file`: as JSON too, with the file, its largest size in bytes, how many earlier ones stay."""

    set_up: Callable[[], None]
    to_file: Callable[[Path, int, int], None]


class _LogFile:
    """What the service prints, in `cebd.log` beside its settings: 50 MB at most, in five files."""

    def __init__(self, path: Path) -> None:
        self._handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOGS - 1, encoding="utf-8")
        self._handler.terminator = ""

    def write(self, text: str) -> int:
        self._handler.emit(makeLogRecord({"msg": text}))
        return len(text)

    def flush(self) -> None:
        self._handler.flush()

    def isatty(self) -> bool:
        return False


class _Manager(UnderSystemd):
    """Windows hears that the station works; it has no watchdog and no line for how it stands, and no timer for backups."""

    def __init__(self, ready: Callable[[Pulse], None], backups: DailyBackups) -> None:
        super().__init__(Notify({}))
        self._ready = ready
        self._backups = backups

    def ready(self, pulse: Pulse) -> None:
        self._ready(pulse)

    def beat(self, pulse: Pulse) -> None:
        self._backups.look(pulse.settings)


def run(
    settings_path: Path,
    logs: Logs,
    hear: Callable[[Wishes], None],
    ready: Callable[[Pulse], None],
) -> int:
    """Run the station until `hear`'s wishes end it; the exit code. Raises what `run_station` raises, but for the settings."""
    _set_up_streams(settings_path.with_name("cebd.log"))
    logs.set_up()
    keep_children_in_a_job()
    backups = DailyBackups(settings_path.with_name(BACKUPS))
    wishes = Wishes()
    hear(wishes)
    try:
        settings = load_settings(settings_path)
        if settings.log_file is not None:
            logs.to_file(*settings.log_file)
        refused = refused_folders(settings)
        if refused:
            log.error(" ".join(map(str, refused)))
            return 2
        serve(settings, partial(load_settings, settings_path), wishes, _Manager(ready, backups))
    except SettingsError as error:
        log.error(str(error))
        return 2
    # The process ends where something is still under way, to be started again: not at a wish of the manager's.
    return 0 if wishes.end.is_set() else 1


def _set_up_streams(path: Path) -> None:
    """A service has no streams; whatever libraries and children print goes into the log."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115  for as long as the process
    sys.stdout = sys.stderr = cast(TextIO, _LogFile(path))
