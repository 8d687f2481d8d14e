"""`cebd audit`: from store and disk alone, that every claimed file and every record is in exactly one place and state.

    claimed = rejected + succeeded + refused + held + in flight (+ rows that repeat an earlier declaration)

Each exception says what to do. The store is only read; the daemon may run meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from cebd.apart import answered
from cebd.customs.statuses import state_for
from cebd.file_names import path_from_text, readable
from cebd.intake.claim import is_the_one
from cebd.intake.notices import reasons, shown
from cebd.messages.schema import NotXml, flaws, parse_xml
from cebd.operations.in_flight import problems_in_flight
from cebd.problems.problem import Problem, problem
from cebd.receipts.publishing.places import place_of
from cebd.records.states import DropOutcome, DropState, MessageState, SignatureMode, State
from cebd.settings import Settings
from cebd.signing.verification import BadSignature, Readers, readers, verify_apart
from cebd.store.across.books import (
    MessageBytes,
    RecordPlace,
    all_drops,
    count_records_read,
    message_bytes,
    receipt_bytes,
    record_counts,
    record_places,
    sent_more_than_once,
)
from cebd.store.across.counts import state_counts
from cebd.store.drops import Drop, open_drops
from cebd.store.store import Store
from cebd.store.transaction import Transaction

IN_FLIGHT = (State.READY, State.SIGNED, State.SENT, State.IN_DOUBT, State.ACKNOWLEDGED)

# A record has the state of its message; an answer of customs wins over it.
_RECORDS_OF = {
    MessageState.READY: {State.READY},
    MessageState.SIGNED: {State.SIGNED},
    MessageState.SENT: {State.SENT},
    MessageState.IN_DOUBT: {State.IN_DOUBT},
    MessageState.ASKED: {State.IN_DOUBT},
    MessageState.HELD: {State.HELD},
}
_ANSWERED = {State.ACKNOWLEDGED, State.SUCCEEDED, State.REFUSED}
_WITHOUT_MESSAGE = {State.REJECTED, State.HELD, State.REPEAT}
_UNSIGNED = (MessageState.READY, MessageState.ASKED)
_FOLDERS = {DropOutcome.DONE: "done/", DropOutcome.ERROR: "error/", DropOutcome.HOLD: "hold/"}


@dataclass(frozen=True)
class Balance:
    """The books: records read from claimed files on one side, their states on the other; and the exceptions."""

    files: dict[str, int]
    claimed: int
    states: dict[str, int]
    exceptions: list[Problem]

    @property
    def in_flight(self) -> int:
        """How many records are on their way."""
        return sum(self.states.get(state, 0) for state in IN_FLIGHT)

    @property
    def clean(self) -> bool:
        return not self.exceptions

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return {
            "files": self.files,
            "claimed": self.claimed,
            "states": self.states,
            "in_flight": self.in_flight,
            "clean": self.clean,
            "exceptions": [exception.as_json() for exception in self.exceptions],
        }


def audit_station(settings: Settings) -> Balance:
    """Look through the store and the folders of these settings; the store is only read. Raises StoreError."""
    with closing(Store.open(settings.store_dir, create=False)) as store:
        return audit(store, settings)


def audit(store: Store, settings: Settings) -> Balance:
    """Look through store and folders. Raises StoreError when the store cannot be read."""
    closed = _closed(settings)
    with store.read() as transaction:
        counts = state_counts(transaction)
        claimed = count_records_read(transaction)
        exceptions = [
            *closed.values(),
            *_files(transaction, settings, closed),
            *_strangers(transaction, settings, closed),
            *_records(transaction),
            *_messages(transaction, store, settings.sm2_ids),
            *_receipts(transaction),
            *problems_in_flight(transaction, settings),
        ]
    stored = sum(counts.records.values())
    if claimed != stored:
        exceptions.insert(0, problem("CEBD-1801", value=claimed, found=stored))
    return Balance(counts.drops, claimed, counts.records, exceptions)


def _closed(settings: Settings) -> dict[str, Problem]:
    """The enterprises whose folders cannot be read now: their files cannot be audited."""
    closed = {}
    for enterprise in settings.enterprise:
        folder = settings.folder(enterprise)
        try:
            answered(partial(os.listdir, folder / "working"), folder)
        except (FileNotFoundError, NotADirectoryError):
            continue  # missing files are reported one by one
        except OSError as error:
            closed[enterprise.name] = problem("CEBD-1053", value=shown(Path(folder.name)), **reasons(error))
    return closed


def _files(transaction: Transaction, settings: Settings, closed: Container[str]) -> Iterator[Problem]:
    """Each claimed file is where its row says, and nowhere else."""
    for drop in all_drops(transaction):
        folder = _folder(settings, drop.enterprise)
        if folder is None or drop.enterprise in closed:
            continue  # its work in flight is named by itself
        place = folder / drop.place
        possible = [place]
        if drop.state is DropState.CLAIMING:
            possible = [folder / path_from_text(drop.source), place]
        elif drop.state is DropState.FILING:
            possible = [folder / drop.working_place, place]
        present = [path for path in dict.fromkeys(possible) if os.path.exists(path)]  # noqa: PTH110  (of any length)
        if len(present) != 1:
            yield problem("CEBD-1802", value=drop.name, where=drop.place)
        if drop.state is DropState.FILED:
            if drop.outcome is None or not drop.place.startswith(_FOLDERS[drop.outcome]):
                yield problem("CEBD-1802", value=drop.name, where=drop.place)
            lies = place_of(drop.stem)
            receipt = folder / "outbox" / lies.jsons / f"{lies.name}.receipt.json"
            if drop.published and not os.path.exists(receipt):  # noqa: PTH110
                yield problem("CEBD-1807", value=receipt.name)


def _folder(settings: Settings, enterprise: str) -> Path | None:
    try:
        return settings.folder(settings.enterprise_named(enterprise))
    except KeyError:
        return None


def _strangers(transaction: Transaction, settings: Settings, closed: Container[str]) -> Iterator[Problem]:
    """Nothing stands in `working/` that is not the file of a row which is being worked on."""
    worked_on: dict[tuple[str, str], Drop] = {}
    for drop in open_drops(transaction):
        place = drop.place if drop.state is DropState.CLAIMING else drop.working_place
        worked_on[drop.enterprise, Path(place).name] = drop
    for enterprise in settings.enterprise:
        if enterprise.name in closed:
            continue
        working = settings.folder(enterprise) / "working"
        if os.path.islink(working):  # noqa: PTH114
            yield problem("CEBD-1050", value="working/")
            continue
        try:
            paths = sorted(working.iterdir())
        except OSError:
            paths = []
        for path in paths:
            owner = worked_on.get((enterprise.name, path.name))
            if owner is None or not _is_file_of(path, owner):
                id_ = "CEBD-1809" if os.path.islink(path) else "CEBD-1803"  # noqa: PTH114
                yield problem(id_, value=readable(path.name))


def _is_file_of(path: Path, drop: Drop) -> bool:
    """True also for a file that moved on during the audit."""
    try:
        return is_the_one(path, drop)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _records(transaction: Transaction) -> Iterator[Problem]:
    """Each drop has as many records as were read from it, and each record stands where its message does."""
    for count in record_counts(transaction):
        if count.read != count.stored:
            yield problem("CEBD-1801", value=count.read, found=count.stored)
    for record in record_places(transaction):
        if not _fits_its_message(record):
            yield problem("CEBD-1804", value=record.guid, state=record.state, message=record.message_state or "-")


def _fits_its_message(record: RecordPlace) -> bool:
    if not record.has_message:
        return record.state in _WITHOUT_MESSAGE
    is_answered = record.status is not None and state_for(record.type, record.status) is not None
    if record.follows_message and is_answered and record.message_state is MessageState.SENT:
        return False  # its row forgot what customs said
    on_its_way = _RECORDS_OF[record.message_state] if record.message_state is not None else set()
    return record.state in on_its_way | _ANSWERED


def _messages(transaction: Transaction, store: Store, sm2_ids: Sequence[str]) -> Iterator[Problem]:
    """Every message's bytes are whole and fit its schema; one not sent yet has work under way or a reason to wait; nothing arrived twice.

    A message that waits for a reason, or is in doubt, has no work in the engine: the watcher of its signer or channel keeps it.
    """
    alive = store.database.work.in_flight()
    by = readers(sm2_ids)
    for message in message_bytes(transaction):
        if not _is_whole(message, by):
            yield problem("CEBD-1805", value=message.guid)
        elif (reason := _misfit(message)) is not None:
            yield problem("CEBD-1810", value=message.guid, reason=reason)
        goes_on = message.state in (MessageState.READY, MessageState.SIGNED) and not message.waits
        if alive is not None and goes_on and not alive & store.work_of_message(message.drop_id, message.id):
            yield problem("CEBD-1806", value=message.guid, state=message.state)
    for guid, times in sent_more_than_once(transaction):
        yield problem("CEBD-1808", value=guid, times=times)


def _is_whole(message: MessageBytes, by: Readers) -> bool:
    body = message.body
    if body is None:
        return False
    if message.signature is not None:
        try:
            verify_apart(message.signature, body, by)
        except BadSignature:
            return False
    elif (
        message.signature_mode is SignatureMode.DETACHED
        and message.state not in _UNSIGNED
        and b"<ds:Signature" not in body
    ):
        return False
    return sha256(body).hexdigest() == message.sha256


def _misfit(message: MessageBytes) -> str | None:
    """Why the message does not fit its schema. What customs have answered they have read, and schemas change over the years.

    A dropped message is complete only once it is signed; one that was put together again after a restore was sent as it was before.
    """
    mode, unsigned = message.signature_mode, message.state in _UNSIGNED
    if message.body is None or message.answered or mode is SignatureMode.RESTORED:
        return None
    if mode is SignatureMode.EMBEDDED and unsigned:
        return None
    try:
        found = flaws(parse_xml(message.body, huge=True), unsigned=True)
    except NotXml as error:
        return str(error)
    except KeyError as error:  # no schema has this root
        return f"{error}"
    return found[0].reason if found else None


def _receipts(transaction: Transaction) -> Iterator[Problem]:
    """Each receipt's bytes are whole."""
    for receipt in receipt_bytes(transaction):
        if receipt.content is None or sha256(receipt.content).hexdigest() != receipt.sha256:
            yield problem("CEBD-1805", value=receipt.name)
