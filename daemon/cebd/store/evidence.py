"""Evidence outside the store of how far it had come: whoever puts an older store in its place is told so at the next start.

    .cebd-progress.json    beside the settings, beside the store's folder, and in the folder of each enterprise

It lies in several places because an image of the machine, put back, brings back the first together with the store; a share does not go
back with it. The furthest counts. One that is missing or cannot be read is said and is no reason not to start.

The store is ahead of its evidence, never behind: first the store's own commit, then the file. Before a message may become visible to the
other side the evidence beside the store has been written (`transport/submit.py`); everywhere else it follows within a second.
"""

from __future__ import annotations

import json
import os
import stat
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
from sqlalchemy.exc import DatabaseError

from cebd.clock import Clock, iso
from cebd.disk import write_file
from cebd.problems.problem import problem
from cebd.settings import Settings
from cebd.store.conditions import Conditions, Party
from cebd.store.progress import Numbers, Progress, advance, numbers
from cebd.store.store import Store

log = structlog.get_logger("cebd")

NAME = ".cebd-progress.json"
_SECONDS = 1.0  # how far what lies in the folders of the enterprises may be behind
_LONGEST = 10_000  # bytes; more is not ours


@dataclass(frozen=True)
class Place:
    """Where evidence lies. `enterprise`: in whose folder; None beside settings and store."""

    path: Path
    folder: Path
    enterprise: str | None


@dataclass(frozen=True)
class Found:
    """What was found there: nothing, something that cannot be read (`trouble`), or how far a store had come."""

    place: Place
    progress: Progress | None = None
    trouble: str | None = None


def places(settings: Settings) -> list[Place]:
    """Every place for evidence about the store of these settings."""
    folder = settings.store_dir
    name = NAME if folder.name == "store" else f".cebd-progress-{folder.name}.json"  # two stores may lie side by side
    beside = dict.fromkeys(one.resolve() for one in (settings.base, folder.parent))
    own = [Place(one / name, one, None) for one in beside]
    return own + [
        Place(where / NAME, where, one.name) for one in settings.enterprise if (where := settings.folder(one)).is_dir()
    ]


def read_evidence(settings: Settings) -> list[Found]:
    """What lies in each place."""
    return [_read(place) for place in places(settings)]


def furthest(found: list[Found], identity: str | None = None) -> Found | None:
    """The evidence of the furthest progress; of that store alone, where one is named."""
    usable = [
        one for one in found if one.progress is not None and (identity is None or one.progress.identity == identity)
    ]
    return max(usable, key=lambda one: one.progress.step if one.progress else 0, default=None)


def put_evidence(settings: Settings, made: Progress) -> None:
    """Write it into every place that can be written; for commands. A daemon at work has `Evidence`."""
    for place in places(settings):
        with suppress(OSError):
            _put(place, made)


def _put(place: Place, made: Progress) -> None:
    content = json.dumps({"v": 1, **asdict(made)}, indent=1).encode()
    if place.enterprise is None:
        write_file(place.path, content, private=True)
    else:
        write_file(place.path, content, within=place.folder)


def _read(place: Place) -> Found:
    try:
        # Other people can write to some of these folders: no link is followed, nothing that is no file is waited for.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(place.path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Found(place, trouble="is no file")
            told = json.loads(file.read(_LONGEST))
        progress = Progress(
            *(str(told["identity"]), int(told["step"]), int(told["drops"]), int(told["messages"]), str(told["time"]))
        )
    except FileNotFoundError:
        return Found(place)
    except OSError as error:
        return Found(place, trouble=str(error.strerror))
    except (ValueError, KeyError, TypeError):
        return Found(place, trouble="cannot be understood")
    return Found(place, progress)


class Evidence:
    """Keeps the evidence of a running station up to date, beside its work."""

    def __init__(
        self, settings: Settings, store: Store, clock: Clock, conditions: Conditions, found: list[Found]
    ) -> None:
        """`found`: what was there before the start."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._conditions = conditions
        self._found = found
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._follow, name="evidence", daemon=True)
        self._seen: Numbers | None = None
        self._written: dict[Path, int] = {}

    def start(self) -> None:
        """Say what was missing, write where the store stands, then follow it."""
        for one in self._found if any(one.progress for one in self._found) else ():
            if one.progress is None:
                said = problem("CEBD-2111", file=one.place.path, reason=one.trouble or "-")
                log.warning(said.en, id=said.id)
        self.follow(at_once=True)
        self._store.witness = self.before_hand_over
        self._thread.start()

    def stop(self) -> None:
        """Write where the store stands, and leave it at that."""
        self._ended.set()
        self._thread.join()
        try:
            self.follow()
        except DatabaseError as error:
            log.warning("how far the store has come could not be noted at the end", reason=str(error.orig))

    def before_hand_over(self, made: Progress) -> None:
        """Written beside the store before this returns, if it can be; the folders of the enterprises follow."""
        self._write([place for place in places(self._settings) if place.enterprise is None], made)

    def follow(self, *, at_once: bool = False) -> None:
        """Note outside what the store has done since the last time. `at_once`: also when that is nothing."""
        with self._store.read() as connection:
            now = numbers(connection)
        if now == self._seen and not at_once:
            return
        with self._store.write() as connection:
            made = advance(connection, iso(self._clock.now()))
        # Killed here, the store is a step ahead of its evidence.
        self._seen = now
        self._write(places(self._settings), made)

    def _follow(self) -> None:
        while not self._ended.wait(_SECONDS):
            try:
                self.follow()
            except Exception:
                log.exception("how far the store has come cannot be noted; it is tried again")

    def _write(self, wanted: list[Place], made: Progress) -> None:
        trouble: dict[Place, str] = {}
        with self._lock:
            for place in wanted:
                if self._written.get(place.path, -1) >= made.step:
                    continue
                try:
                    _put(place, made)
                    self._written[place.path] = made.step
                except OSError as error:
                    trouble[place] = str(error.strerror or error)
        self._say(wanted, trouble)

    def _say(self, wanted: list[Place], trouble: dict[Place, str]) -> None:
        own = [place for place in wanted if place.enterprise is None]
        for place in wanted:
            key = f"store:evidence:{place.enterprise or 'station'}"
            # Of the places beside settings and store one is enough: a settings folder may be closed to the service.
            spared = place.enterprise is None and any(one not in trouble for one in own)
            if place in trouble and not spared:
                said = problem("CEBD-2110", file=place.path, reason=trouble[place])
                if self._conditions.note(key, said, Party.ADMINISTRATOR, place.enterprise):
                    log.warning(said.en, id=said.id, reason=trouble[place])
            else:
                self._conditions.end(key)
