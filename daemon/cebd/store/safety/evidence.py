"""Evidence outside the store of its progress: after an older store was put in its place, the next start reports it.

    .cebd-progress.json    beside the settings, beside the store's folder, and in the folder of each enterprise

It lies in several places because an image of the machine, put back, brings back the first together with the store; a share does not go
back with it. The furthest counts. A missing or unreadable file is reported and does not stop the start.

The store is ahead of its evidence, never behind: first the store's own commit, then the file. Before a message may become visible to the
other side the evidence beside the store has been written (`transport/submit.py`); everywhere else it follows within a second. Nobody
waits for the folder of an enterprise: each is looked into apart (`cebd.apart`).
"""

from __future__ import annotations

import json
import os
import stat
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.exc import DatabaseError

from cebd.apart import Apart, NoAnswer, answered
from cebd.clock import Clock, iso
from cebd.disk.files import write_file
from cebd.enterprise import StationFolders
from cebd.problems.problem import problem
from cebd.store.across.changes import Changes
from cebd.store.conditions import Conditions, Party
from cebd.store.safety.progress import Numbers, Progress, advance, numbers
from cebd.store.store import Store

log = structlog.get_logger("cebd")

NAME = ".cebd-progress.json"
_FOLLOW_SECONDS = 1.0  # how far the evidence in the enterprises' folders may be behind
_LOOK_SECONDS = 10.0  # between two looks while nothing is written to the store
_MAX_BYTES = 10_000  # more is not ours
_MAX_NUMBER = 2**53  # above it are no numbers of ours, and they could not be counted on from
_READING_SECONDS = 5.0  # at the start: a slow share is worth it
_ENDING_SECONDS = 1.5  # at the stop: for writes under way, and for the last writes


@dataclass(frozen=True)
class Place:
    """A place of evidence. `enterprise`: the owner of the folder; None beside settings and store."""

    path: Path
    folder: Path
    enterprise: str | None


@dataclass(frozen=True)
class Found:
    """The evidence at a place: missing, unreadable (`trouble`), or a store's progress."""

    place: Place
    progress: Progress | None = None
    trouble: str | None = None


def own_places(folders: StationFolders) -> list[Place]:
    """Beside the settings and beside the store."""
    folder = folders.store
    name = NAME if folder.name == "store" else f".cebd-progress-{folder.name}.json"  # two stores may lie side by side
    beside = dict.fromkeys(path.resolve() for path in (folders.settings, folder.parent))
    return [Place(path / name, path, None) for path in beside]


def writable(own: list[Place]) -> list[Place]:
    """Those that may be written: a service has no right to the folder of its settings. That beside the store is always among them."""
    return [place for place in own[:-1] if os.access(place.folder, os.W_OK)] + own[-1:]


def places_of_enterprises(folders: StationFolders) -> list[Place]:
    """In the folder of each enterprise, whether it can be reached or not."""
    return [Place(folder / NAME, folder, name) for name, folder in folders.enterprises.items()]


def read_evidence(folders: StationFolders) -> list[Found]:
    """The evidence at every place; missing folders are left out."""
    evidence = [_read(place) for place in own_places(folders)]
    for place in places_of_enterprises(folders):
        try:
            theirs = answered(partial(_read_theirs, place), place.folder, _READING_SECONDS)
        except NoAnswer as error:
            theirs = Found(place, trouble=str(error.strerror))
        if theirs is not None:
            evidence.append(theirs)
    return evidence


def furthest(evidence: list[Found], identity: str | None = None) -> Found | None:
    """The evidence of the furthest progress; of the named store only, if a store is named."""
    usable = [
        file_evidence
        for file_evidence in evidence
        if file_evidence.progress is not None and (identity is None or file_evidence.progress.identity == identity)
    ]
    return max(
        usable, key=lambda file_evidence: file_evidence.progress.step if file_evidence.progress else 0, default=None
    )


def put_evidence(folders: StationFolders, made: Progress) -> None:
    """Write it into every place that can be written; for commands. A daemon at work has `Evidence`."""
    for place in (*own_places(folders), *places_of_enterprises(folders)):
        with suppress(OSError):
            answered(partial(_put, place, made), place.folder)


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
            values = json.loads(file.read(_MAX_BYTES))
        step, drops, messages = (_number(values[name]) for name in ("step", "drops", "messages"))
        progress = Progress(str(values["identity"]), step, drops, messages, str(values["time"]))
    except FileNotFoundError:
        return Found(place)
    except OSError as error:
        return Found(place, trouble=str(error.strerror))
    except (ValueError, KeyError, TypeError, RecursionError):
        return Found(place, trouble="cannot be understood")
    return Found(place, progress)


def _read_theirs(place: Place) -> Found | None:
    """Nothing is missing from a folder that is not there."""
    try:
        is_folder = stat.S_ISDIR(place.folder.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Found(place, trouble=str(error.strerror))
    return _read(place) if is_folder else None


def _number(value: object) -> int:
    """A number that a store can have come to. Raises ValueError."""
    if not isinstance(value, int) or not 0 <= value <= _MAX_NUMBER:
        raise ValueError
    return value


class Evidence:
    """Keeps the evidence of a running station up to date, beside its work."""

    def __init__(
        self, folders: StationFolders, store: Store, clock: Clock, conditions: Conditions, found_before: list[Found]
    ) -> None:
        """`found_before`: the evidence before the start."""
        self._store = store
        self._clock = clock
        self._conditions = conditions
        self._found_before = found_before
        self._own = writable(own_places(folders))
        self._theirs = places_of_enterprises(folders)
        self._ended = threading.Event()
        self._writing_own = threading.Lock()
        self._apart = Apart("evidence")
        self._thread = threading.Thread(target=self._follow, name="evidence", daemon=True)
        self._seen: Numbers | None = None
        self._newest: Progress | None = None
        self._written: dict[Path, int] = {}

    def start(self) -> None:
        """Report missing evidence, write the store's progress, then follow it."""
        is_first = not any(file_evidence.progress for file_evidence in self._found_before)
        for file_evidence in () if is_first else self._found_before:
            if file_evidence.progress is None and file_evidence.place in (*self._own, *self._theirs):
                missing = problem("CEBD-2111", file=file_evidence.place.path, reason=file_evidence.trouble or "-")
                log.warning(missing.en, id=missing.id)
        self.follow(at_once=True)
        self._store.witness = self.before_hand_over
        self._thread.start()

    def stop(self) -> None:
        """Write the store's progress a last time. Places that do not answer are not waited for."""
        self._ended.set()
        self._thread.join(_ENDING_SECONDS)
        if self._thread.is_alive():
            log.warning("progress of the store could not be written at shutdown", reason="a write is still under way")
            return
        try:
            self.follow(seconds=_ENDING_SECONDS)
        except (DatabaseError, OSError) as error:
            log.warning("progress of the store could not be written at shutdown", reason=str(error))

    def before_hand_over(self, made: Progress) -> None:
        """Written beside the store before this returns, if it can be; the folders of the enterprises follow."""
        with self._writing_own:
            trouble = {place: reason for place in self._own if (reason := self._write(place, made)) is not None}
        # One of the two places beside settings and store is enough: the service may have no access to the settings' folder.
        if len(trouble) == len(self._own):
            self._note(self._own[-1], trouble[self._own[-1]])
        else:
            self._note(self._own[0], None)

    def follow(self, *, at_once: bool = False, seconds: float | None = None) -> None:
        """Write the store's progress since the last time. `at_once`: also when there is none.

        `seconds`: the total time to wait for the folders of the enterprises.
        """
        with self._store.read() as connection:
            now = numbers(connection)
        if now != self._seen or at_once:
            with self._store.write() as connection:
                made = self._newest = advance(connection, iso(self._clock.now()))
            # Killed here, the store is a step ahead of its evidence.
            self._seen = now
            self.before_hand_over(made)
        newest = self._newest
        if newest is None:
            return
        behind = {
            str(place.enterprise): place for place in self._theirs if self._written.get(place.path, -1) < newest.step
        }
        hung = self._apart.in_turn(
            {name: partial(self._write_theirs, place, newest) for name, place in behind.items()}, seconds
        )
        for place in self._theirs:
            if place.enterprise in hung:
                self._note(place, str(NoAnswer().strerror))
            elif self._written.get(place.path, -1) >= newest.step:
                self._note(place, None)  # it may have answered while its silence was reported

    def _follow(self) -> None:
        failing = ""
        changes = Changes(self._store, _LOOK_SECONDS)
        while not self._ended.wait(_FOLLOW_SECONDS):
            try:
                changes.look(self._follow_whole)
                failing = ""
            except Exception as error:
                if failing != repr(error):  # not once a second
                    failing = repr(error)
                    log.exception("progress of the store cannot be written; cebd will try again")

    def _follow_whole(self) -> bool:
        """True when some place does not tell yet what is known."""
        self.follow()
        newest = self._newest
        return newest is not None and any(
            self._written.get(place.path, -1) < newest.step for place in (*self._own, *self._theirs)
        )

    def _write_theirs(self, place: Place, made: Progress) -> None:
        self._note(place, self._write(place, made))

    def _write(self, place: Place, made: Progress) -> str | None:
        """Why it could not be written."""
        if self._written.get(place.path, -1) >= made.step:
            return None
        try:
            _put(place, made)
        except (FileNotFoundError, NotADirectoryError) as error:
            # A folder that is not there is named by whoever needs it.
            return str(error.strerror) if place.enterprise is None else None
        except OSError as error:
            return str(error.strerror or error)
        self._written[place.path] = made.step
        return None

    def _note(self, place: Place, trouble: str | None) -> None:
        key = f"store:evidence:{place.enterprise or 'station'}"
        if trouble is None:
            self._conditions.end(key)
            return
        unwritten = problem("CEBD-2110", file=place.path, reason=trouble)
        if self._conditions.note(key, unwritten, Party.ADMINISTRATOR, place.enterprise):
            log.warning(unwritten.en, id=unwritten.id, reason=trouble)
