"""Work in flight whose enterprise, signer or channel the settings do not have, or have with a mistake: it stands by, named, never lost.

    not in the settings any more   CEBD-2011 to 2013 (`settings:orphan:...`), with the command that hands it over
    switched off by a mistake      the mistake itself, with its line (`cebd.operations.settings_check`)

Either way each message says so itself (CEBD-2014), and everything else goes on.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, and_, func, select, text

from cebd.file_names import path_from_text
from cebd.operations.settings_check import as_problem, machine_faults, note_faults
from cebd.problems.problem import Problem, problem
from cebd.records.states import State
from cebd.settings import Fault, Part, Settings
from cebd.store.conditions import Conditions, Party
from cebd.store.messages import set_waiting
from cebd.store.store import Store
from cebd.store.tables import IS_BEHIND, IS_OPEN, drops, messages, records

log = structlog.get_logger("cebd")

STANDS_BY = "CEBD-2014"
_UNSENT = ("ready", "signed", "in_doubt")  # named one by one, so that the index finds the few among many
_WORDS = {Part.ENTERPRISE: ("企业", "enterprise"), Part.SIGNER: ("签名", "signer"), Part.CHANNEL: ("通道", "channel")}
_ORPHANS = {Part.ENTERPRISE: "CEBD-2011", Part.SIGNER: "CEBD-2012", Part.CHANNEL: "CEBD-2013"}
_UNANSWERED = (State.SENT, State.ACKNOWLEDGED)
_ACTIVE = text("records.active")  # in the letters of the index; `active = 1` does not find it
# What is not there: how many files, messages not sent and messages without a last answer depend on it.
Named = dict[tuple[Part, str], tuple[int, int, int]]


def is_served(settings: Settings, enterprise: str, source: str) -> bool:
    """Whether a drop's enterprise, and the mapping that its subfolder names, can be used."""
    parts = path_from_text(source).parts
    folder = parts[1] if len(parts) > 2 else None
    return any(one.name == enterprise for one in settings.enterprise) and not is_off(settings, folder)


def is_off(settings: Settings, folder: str | None) -> bool:
    """Whether that subfolder of an inbox is named after a mapping that a mistake has switched off: its files would be read wrongly."""
    return folder is not None and settings.fault_of(Part.MAPPING, folder) is not None


def open_drops(connection: Connection, settings: Settings) -> Iterator[int]:
    """Drops under way that can go on."""
    query = select(drops.c.id, drops.c.enterprise, drops.c.source).where(IS_OPEN)
    return (row.id for row in connection.execute(query) if is_served(settings, row.enterprise, row.source))


def look_after(store: Store, settings: Settings, conditions: Conditions) -> None:
    """Name what stands by because of the settings, and what of theirs the machine lacks now."""
    for said in name_what_stands_by(store, settings, conditions):
        log.warning(said.en, id=said.id, fix=said.fix_en)
    note_faults(machine_faults(settings), conditions, "machine")


def not_in_its_folder(store: Store, settings: Settings, drop_id: int, conditions: Conditions) -> Path | None:
    """Where a claimed file should lie and does not, since the folder in the settings is another one now; None where all is well."""
    with store.read() as connection:
        drop = connection.execute(select(drops).where(drops.c.id == drop_id)).one()
    key = f"settings:missing:{drop_id}"
    if drop.state == "claimed" and drop.outcome is None and is_served(settings, drop.enterprise, drop.source):
        path: Path = settings.folder(settings.enterprise_named(drop.enterprise)) / drop.place
        if not os.path.exists(path):  # noqa: PTH110  (nor when it cannot be looked at)
            said = problem("CEBD-2015", value=drop.name, where=path)
            if conditions.note(key, said, Party.ADMINISTRATOR, drop.enterprise):
                log.warning(said.en, id=said.id)
            return path
    conditions.end(key)
    return None


def name_what_stands_by(store: Store, settings: Settings, conditions: Conditions) -> list[Problem]:
    """Let each message say why it stands by, and `status` what is missing; returns what is new."""
    with store.read() as connection:
        waiting = list(_waiting(connection, settings))
        found = orphans(connection, settings)
    if waiting:
        with store.write() as connection:
            for message_id, why in waiting:
                set_waiting(connection, message_id, why)
    keys = {f"settings:orphan:{part}:{name}": said for (part, name), said in found.items()}
    new = [said for key, said in keys.items() if conditions.note(key, said, Party.ADMINISTRATOR)]
    conditions.end_others("settings:orphan:", keys)
    return new


def orphans(connection: Connection, settings: Settings) -> dict[tuple[Part, str], Problem]:
    """Each name that work in flight depends on and that the settings do not have, with the command that hands the work over."""
    return {
        (part, name): problem(_ORPHANS[part], value=name, files=files, messages=count, answers=answers)
        for (part, name), (files, count, answers) in _depends_on(connection, settings).items()
        if not _is_there(settings, part, name) and settings.fault_of(part, name) is None
    }


def standing_by(connection: Connection, settings: Settings) -> list[Problem]:
    """All that keeps work in flight from going on as far as the settings go, for `audit`: what is missing, and what is switched off."""
    faults: list[Fault | None] = [
        settings.fault_of(part, name)
        for part, name in _depends_on(connection, settings)
        if not _is_there(settings, part, name)
    ]
    return [
        *orphans(connection, settings).values(),
        *(as_problem(one) for one in dict.fromkeys(faults) if one is not None),
    ]


def _is_there(settings: Settings, part: Part, name: str) -> bool:
    known = {
        Part.ENTERPRISE: {one.name for one in settings.enterprise},
        Part.SIGNER: settings.signer,
        Part.CHANNEL: settings.channel,
    }
    return name in known[part]


def _depends_on(connection: Connection, settings: Settings) -> Named:
    # Asked in two parts, so that each finds its few rows by an index.
    behind = _counts(connection, drops.c.enterprise, and_(drops.c.state == "filed", IS_BEHIND))
    files = Counter(_counts(connection, drops.c.enterprise, IS_OPEN)) + Counter(behind)
    unsent = _counts(connection, messages.c.enterprise, messages.c.state.in_(_UNSENT))
    answers = _unanswered(connection, {one.name for one in settings.enterprise})
    found: Named = {
        (Part.ENTERPRISE, name): (files.get(name, 0), unsent.get(name, 0), answers.get(name, 0))
        for name in sorted({*files, *unsent, *answers})
    }
    unsigned = _counts(connection, messages.c.signer, messages.c.state == "ready")
    found |= {(Part.SIGNER, name): (0, count, 0) for name, count in sorted(unsigned.items())}
    for_channel = _counts(connection, messages.c.channel, messages.c.state.in_(_UNSENT))
    return found | {(Part.CHANNEL, name): (0, count, 0) for name, count in sorted(for_channel.items())}


def _unanswered(connection: Connection, served: set[str]) -> dict[str, int]:
    """Messages that were sent and have no last answer, by enterprise; of none that is served: of those there are always many."""
    gone: list[str] = []
    name: str | None = ""
    # From name to name by the index: asked every few seconds.
    while name := connection.execute(select(func.min(drops.c.enterprise)).where(drops.c.enterprise > name)).scalar():
        if name not in served:
            gone.append(name)
    if not gone:
        return {}
    query = select(records.c.enterprise, func.count(records.c.message_id.distinct())).where(
        records.c.enterprise.in_(gone), _ACTIVE, records.c.state.in_(_UNANSWERED)
    )
    return {str(name): int(count) for name, count in connection.execute(query.group_by(records.c.enterprise))}


def _counts(connection: Connection, column: Any, where: Any) -> dict[str, int]:
    query = select(column, func.count()).where(where).group_by(column)
    return {str(name): int(count) for name, count in connection.execute(query)}


def _waiting(connection: Connection, settings: Settings) -> Iterator[tuple[int, Problem | None]]:
    """Messages whose stated reason is not the true one as far as the settings go; None: it can go on."""
    query = select(
        messages.c.id,
        messages.c.enterprise,
        messages.c.signer,
        messages.c.channel,
        messages.c.state,
        messages.c.waiting,
    ).where(messages.c.state.in_(_UNSENT))
    for row in connection.execute(query):
        needed = [(Part.ENTERPRISE, row.enterprise), (Part.CHANNEL, row.channel)]
        if row.state == "ready":
            needed.insert(1, (Part.SIGNER, row.signer))
        missing = next(((part, name) for part, name in needed if not _is_there(settings, part, name)), None)
        told = json.loads(row.waiting) if row.waiting else {}
        if missing is not None:
            part, name = missing
            zh, en = _WORDS[part]
            why = problem(STANDS_BY, value=name, what=en, what_zh=zh)
            if told.get("zh") != why.zh:
                yield row.id, why
        elif told.get("id") == STANDS_BY:
            yield row.id, None
