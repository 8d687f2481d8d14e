"""Work in flight whose enterprise, signer or channel is missing in the settings, or has a mistake: it waits, is reported, never lost.

    not in the settings any more   CEBD-2011 to 2013 (`settings:orphan:...`), with the command that hands it over
    switched off by a mistake      the mistake itself, with its line (`cebd.operations.settings.check`)

Either way each such message carries the reason (CEBD-2014), and all other work goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path, PurePath

import structlog

from cebd.file_names import kind_folder, path_from_text
from cebd.intake.moves import is_there
from cebd.operations.settings.faults import as_problem, note_faults
from cebd.operations.settings.machine import machine_faults
from cebd.problems.problem import Problem, problem
from cebd.records.ids import DropId, MessageId
from cebd.records.states import DropState, MessageState
from cebd.settings import Part, Settings
from cebd.store import drops
from cebd.store.across.depending import WorkInFlight, work_of_channels, work_of_enterprises, work_of_signers
from cebd.store.conditions import Conditions, Party
from cebd.store.messages import set_waiting, unsent_messages
from cebd.store.store import Store
from cebd.store.transaction import Transaction

log = structlog.get_logger("cebd")

PART_IS_MISSING = "CEBD-2014"
_WORDS = {Part.ENTERPRISE: ("企业", "enterprise"), Part.SIGNER: ("签名", "signer"), Part.CHANNEL: ("通道", "channel")}
_ORPHANS = {Part.ENTERPRISE: "CEBD-2011", Part.SIGNER: "CEBD-2012", Part.CHANNEL: "CEBD-2013"}


def is_served(settings: Settings, enterprise: str, source: str) -> bool:
    """Whether a drop's enterprise, and the mapping that its subfolder names, can be used."""
    folder = kind_folder(PurePath(*path_from_text(source).parts[1:]))
    return enterprise in _names(settings, Part.ENTERPRISE) and not is_off(settings, folder)


def is_off(settings: Settings, folder: str | None) -> bool:
    """Whether that subfolder of an inbox is named after a mapping that a mistake has switched off: its files would be read wrongly."""
    return folder is not None and settings.fault_of(Part.MAPPING, folder) is not None


def open_drops(transaction: Transaction, settings: Settings) -> Iterator[DropId]:
    """Drops under way that can go on."""
    return (drop.id for drop in drops.open_drops(transaction) if is_served(settings, drop.enterprise, drop.source))


def note_missing_parts(store: Store, settings: Settings, conditions: Conditions) -> None:
    """Note the work that waits because of the settings, and the files and secrets that they name and the machine lacks now."""
    for orphan in note_orphans(store, settings, conditions):
        log.warning(orphan.en, id=orphan.id, fix=orphan.fix_en)
    note_faults(machine_faults(settings), conditions, "machine")


def file_missing_from_folder(store: Store, settings: Settings, drop_id: DropId, conditions: Conditions) -> Path | None:
    """The path of a claimed file that is missing because the folder in the settings was changed; None when all files are present.

    Raises OSError where a share does not tell.
    """
    with store.read() as transaction:
        drop = drops.load_drop(transaction, drop_id)
    key = f"settings:missing:{drop_id}"
    is_worked_on = drop.state is DropState.CLAIMED and drop.outcome is None
    if is_worked_on and is_served(settings, drop.enterprise, drop.source):
        path: Path = settings.folder(settings.enterprise_named(drop.enterprise)) / drop.place
        if not is_there(path):
            missing = problem("CEBD-2015", value=drop.name, where=path)
            if conditions.note(key, missing, Party.ADMINISTRATOR, drop.enterprise):
                log.warning(missing.en, id=missing.id)
            return path
    conditions.end(key)
    return None


def note_orphans(store: Store, settings: Settings, conditions: Conditions) -> list[Problem]:
    """Note at every message why it waits, and for `status` the missing parts; returns the new problems."""
    with store.read() as transaction:
        reasons = list(_new_reasons(transaction, settings))
        missing = orphans(transaction, settings)
    if reasons:
        with store.write() as transaction:
            for message_id, reason in reasons:
                set_waiting(transaction, message_id, reason)
    keys = {f"settings:orphan:{part}:{name}": orphan for (part, name), orphan in missing.items()}
    new = [orphan for key, orphan in keys.items() if conditions.note(key, orphan, Party.ADMINISTRATOR)]
    conditions.end_others("settings:orphan:", keys)
    return new


def orphans(transaction: Transaction, settings: Settings) -> dict[tuple[Part, str], Problem]:
    """Each name that work in flight depends on and that the settings do not have, with the command that hands the work over."""
    return {
        (part, name): problem(
            _ORPHANS[part], value=name, files=work.files, messages=work.unsent, answers=work.unanswered
        )
        for (part, name), work in _missing(transaction, settings).items()
        if settings.fault_of(part, name) is None
    }


def problems_in_flight(transaction: Transaction, settings: Settings) -> list[Problem]:
    """All parts, missing or switched off in the settings, that block work in flight; for `audit`."""
    faults = (settings.fault_of(part, name) for part, name in _missing(transaction, settings))
    return [
        *orphans(transaction, settings).values(),
        *(as_problem(fault) for fault in dict.fromkeys(faults) if fault is not None),
    ]


def _missing(transaction: Transaction, settings: Settings) -> dict[tuple[Part, str], WorkInFlight]:
    """Parts that work in flight depends on and that the settings do not have in use."""
    depending = {
        Part.ENTERPRISE: work_of_enterprises(transaction, _names(settings, Part.ENTERPRISE)),
        Part.SIGNER: work_of_signers(transaction),
        Part.CHANNEL: work_of_channels(transaction),
    }
    return {
        (part, name): work
        for part, by_name in depending.items()
        for name, work in by_name.items()
        if name not in _names(settings, part)
    }


def _names(settings: Settings, part: Part) -> Collection[str]:
    if part is Part.ENTERPRISE:
        return {enterprise.name for enterprise in settings.enterprise}
    return settings.signer if part is Part.SIGNER else settings.channel


def _new_reasons(transaction: Transaction, settings: Settings) -> Iterator[tuple[MessageId, Problem | None]]:
    """Messages whose noted reason contradicts the settings, with the right reason; None: the message can go on."""
    for message in unsent_messages(transaction):
        needed = [(Part.ENTERPRISE, message.enterprise), (Part.CHANNEL, message.channel)]
        channel = settings.channel.get(message.channel)
        is_to_be_signed = message.state is MessageState.READY and not (channel and channel.is_signed_by_client)
        if is_to_be_signed and not settings.signers_for(message.enterprise, message.signer):
            needed.insert(1, (Part.SIGNER, message.signer))
        missing = next(((part, name) for part, name in needed if name not in _names(settings, part)), None)
        if missing is not None:
            part, name = missing
            zh, en = _WORDS[part]
            reason = problem(PART_IS_MISSING, value=name, what=en, what_zh=zh)
            if message.waiting is None or message.waiting.zh != reason.zh:
                yield message.id, reason
        elif message.waiting is not None and message.waiting.id == PART_IS_MISSING:
            yield message.id, None
