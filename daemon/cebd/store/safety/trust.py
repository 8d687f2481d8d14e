"""Whether a station may begin work on its store. A store that is damaged, older than the work done, of another station, or gone must not
be used: work that it does not know would be declared a second time.

| at the start | result |
| --- | --- |
| nothing, and nothing of an earlier store | a new store is made |
| no store (or an empty one), but files in `done/`, evidence, an engine's file, backups | refused; `--new-store REASON` makes one |
| corrupt pages | refused; of a large store the station begins, and ends when they are found |
| the evidence beside it, or the engine's file, is of another identity | refused |
| the evidence is further than the store | refused, until `cebd restore` has said what is in doubt |
| the engine's file damaged | set aside: our own rows say what is to be done |

The pages of a small store are looked through here, those of a large one beside the work (`cebd.store.safety.pages`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from cebd.apart import answered
from cebd.clock import Clock
from cebd.enterprise import StationFolders
from cebd.problems.problem import Problem, problem
from cebd.records.states import DropOutcome
from cebd.store.safety.copies import BACKUPS, newest_backup
from cebd.store.safety.evidence import Found, furthest, read_evidence
from cebd.store.safety.new_store import begin_anew, put_aside
from cebd.store.safety.pages import flaws, is_large, open_read_only
from cebd.store.safety.private import tighten_all
from cebd.store.safety.progress import Progress
from cebd.store.store import STORE, Store, StoreError
from cebd.store.work import ENGINE

log = structlog.get_logger("cebd")

_WORKED = ("working", *DropOutcome)  # folders in which only a station puts files


class StoreRefused(StoreError):
    """The station does not start with this store; `problem` says why and what to do."""

    problem: Problem

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(f"{problem.id} {problem.zh}。{problem.fix_zh}\n{problem.en}. {problem.fix_en}")


def open_trusted(folders: StationFolders, clock: Clock, new_store: str | None = None) -> tuple[Store, list[Found]]:
    """Open the store for work, and return its evidence; the caller holds the lock. Raises StoreError.

    `new_store`: why a person wants a new store although a store existed before.
    """
    folder = folders.store
    _make_private(folders)
    evidence = read_evidence(folders)
    _undo_interrupted_commit(folder / ENGINE)
    try:
        present = present_progress(folder)
        traces = list(_traces(folders, evidence)) if present is None else []
        if traces:
            raise StoreRefused(_problem("CEBD-2103", folder, traces="; ".join(traces[:4])))
        if present is not None:
            _require_sound(folder)
            _require_own(folder, present, evidence)
            _require_newest(folder, present, evidence)
    except StoreRefused as refused:
        if new_store is None:
            raise
        log.warning(
            "making a new store in place of a store that cannot be used", id=refused.problem.id, reason=new_store
        )
        return begin_anew(folders, evidence, clock, new_store), evidence
    if present is not None and new_store is not None:
        raise StoreRefused(_problem("CEBD-2105", folder))
    _put_damaged_engine_aside(folder)
    return Store.open(folder), evidence


def require_undamaged(store: Store) -> None:
    """For a station at work. Raises StoreRefused once SQLite has met pages that do not hold together, and when the file is not there any
    more: what is written into a file without a name is lost with the process.
    """
    if store.damage is not None:
        raise StoreRefused(_problem("CEBD-2101", store.folder, reason=store.damage))
    if not store.is_in_place():
        raise StoreRefused(_problem("CEBD-2103", store.folder, traces=str(store.folder)))


def _make_private(folders: StationFolders) -> None:
    """Everything in the store's folder becomes ours alone; not where somebody made it hold folders that other people work in."""
    folder = folders.store.resolve()
    others = (folders.settings.resolve(), *map(_resolved, folders.enterprises.values()))
    if not any(other.is_relative_to(folder) for other in others):
        tighten_all(folder)


def _resolved(folder: Path) -> Path:
    """As far as it can be: a link that does not answer leads to another machine, not into our store."""
    try:
        return answered(folder.resolve, folder)
    except (OSError, RuntimeError):  # a ring of links
        return folder.absolute()


# The present files


def present_progress(folder: Path, name: str = STORE) -> Progress | None:
    """The store's facts about itself; None if there is no store, or nothing was ever written into it."""
    path = folder / name
    if not path.exists() or (not path.stat().st_size and not _has_content(folder / f"{name}-wal")):
        return None
    try:
        with closing(open_read_only(path)) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "about" not in tables:
                return None
            about = dict(connection.execute("SELECT name, value FROM about"))
            given = dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))
    except sqlite3.Error as error:
        raise StoreRefused(_problem("CEBD-2101", folder, reason=_with_side(folder, str(error)))) from None
    if "identity" not in about:
        return None
    numbers = (int(given.get("drops", 0)), int(given.get("messages", 0)))
    return Progress(about["identity"], int(about.get("step", 0)), *numbers, about.get("stepped", "-"))


def _traces(folders: StationFolders, evidence: list[Found]) -> Iterator[str]:
    """Traces that only an earlier store can have left."""
    folder = folders.store
    yield from (str(folder / name) for name in (ENGINE, f"{STORE}-wal") if _has_content(folder / name))
    backup = newest_backup(folder)
    if backup is not None:
        yield str(backup)
    yield from (str(evidence_file.place.path) for evidence_file in evidence if evidence_file.progress is not None)
    for theirs in folders.enterprises.values():
        for name in _WORKED:
            where = theirs / name
            try:
                worked = answered(partial(_holds_work, where), theirs, seconds=10)
            except OSError as error:
                log.warning(
                    "folder cannot be searched for traces of earlier work", folder=str(where), reason=str(error)
                )
                break  # its other folders do not answer either
            if worked:
                yield str(where)


def _holds_work(folder: Path) -> bool:
    return os.path.isdir(folder) and any(_is_a_file_of_work(path) for path in folder.rglob("*"))  # noqa: PTH112


def _is_a_file_of_work(path: Path) -> bool:
    ignored = path.name.startswith((".", "~", "@", "#", "$")) or path.name.lower() in ("thumbs.db", "desktop.ini")
    return not ignored and os.path.isfile(path)  # noqa: PTH113  (a closed folder is an error to the other)


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


# Whether it may be worked on


def _require_sound(folder: Path) -> None:
    found = [] if is_large(folder / STORE) else flaws(folder / STORE)
    if found:
        raise StoreRefused(_problem("CEBD-2101", folder, reason=_with_side(folder, "; ".join(found))))


def _require_own(folder: Path, present: Progress, evidence: list[Found]) -> None:
    """Beside the store only its own evidence counts; an enterprise may have come from another station, the first time it is served here."""
    own = [
        evidence_file
        for evidence_file in evidence
        if evidence_file.progress is not None and evidence_file.place.enterprise is None
    ]
    identity = present.identity
    known_here = any(
        evidence_file.progress and evidence_file.progress.identity == identity for evidence_file in evidence
    )
    for evidence_file in evidence if not known_here else own:
        if evidence_file.progress is not None and evidence_file.progress.identity != identity:
            other, where = evidence_file.progress.identity, evidence_file.place.path
            raise StoreRefused(_problem("CEBD-2104", folder, own=identity, where=where, other=other))
    of_engine = _engine_of_another(folder / ENGINE, identity)
    if of_engine is not None:
        raise StoreRefused(_problem("CEBD-2104", folder, own=identity, where=folder / ENGINE, other=of_engine))


def _undo_interrupted_commit(path: Path) -> None:
    """Undo what was being written when the writer was killed. SQLite does so for whoever may write; a reader would take it for damage."""
    if _has_content(path):
        with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=30)) as connection:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()


def _engine_of_another(path: Path, identity: str) -> str | None:
    """The identity of the engine's work, when none of that work is of this store."""
    if not _has_content(path):
        return None
    ours = "SELECT 1 FROM workflow_status WHERE workflow_uuid >= ? AND workflow_uuid < ? LIMIT 1"
    try:
        with closing(open_read_only(path)) as connection:
            for what in ("drop", "sign", "send"):
                if connection.execute(ours, (f"{what}-{identity}-", f"{what}-{identity}.")).fetchone():
                    return None
            others = connection.execute("SELECT workflow_uuid FROM workflow_status WHERE workflow_uuid LIKE 'drop-%-%'")
            row = others.fetchone()
    except sqlite3.Error:
        return None  # damaged, or of today's start and empty: not worth anything, see _put_damaged_engine_aside
    return str(row[0]).split("-")[1] if row else None


def _require_newest(folder: Path, present: Progress, evidence: list[Found]) -> None:
    most = furthest(evidence, present.identity)
    if most is None or most.progress is None or most.progress.step <= present.step:
        return
    side = "" if _has_content(folder / f"{STORE}-wal") else "; cebd.sqlite-wal: -"
    own = [
        evidence_file.progress
        for evidence_file in evidence
        if evidence_file.progress is not None and evidence_file.place.enterprise is None
    ]
    ours = [progress.step for progress in own if progress.identity == present.identity]
    # Other people write into an enterprise's folder: evidence without support beside the store may be false, or be all that is left.
    alone = most.place.enterprise is not None and bool(ours) and max(ours) <= present.step
    older = _problem(
        "CEBD-2106" if alone else "CEBD-2102",
        folder,
        own=present.time,
        own_step=present.step,
        side=side,
        where=most.place.path,
        time=most.progress.time,
        step=most.progress.step,
    )
    raise StoreRefused(older)


def _put_damaged_engine_aside(folder: Path) -> None:
    """Set a damaged engine's file aside: its work stands in our own rows as well."""
    path = folder / ENGINE
    if not path.exists() or not flaws(path):
        return
    aside = put_aside(folder, (ENGINE,))
    damaged = problem("CEBD-2112", file=path)
    log.warning(damaged.en, id=damaged.id, aside=str(aside))


def _with_side(folder: Path, reason: str) -> str:
    return reason if _has_content(folder / f"{STORE}-wal") else f"{reason} (cebd.sqlite-wal: -)"


def _problem(id_: str, folder: Path, **facts: Any) -> Problem:
    backup = newest_backup(folder) or (folder / BACKUPS / "…")
    return problem(id_, file=folder / STORE, backup=backup, **facts)
