"""`cebd audit`: from store and disk alone, that every claimed file and every record is in exactly one place and state.

    claimed = rejected + succeeded + refused + held + in flight (+ rows that repeat an earlier declaration)

What does not fit is named with what to do. The store is only read; the daemon may run meanwhile.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, func, select

from cebd.apart import answered
from cebd.file_names import path_from_text, readable
from cebd.intake.claim import is_the_one
from cebd.intake.notices import reasons, shown
from cebd.operations.in_flight import standing_by
from cebd.problems.problem import Problem, problem
from cebd.records.states import State
from cebd.settings import Settings
from cebd.signing.xmldsig import BadSignature, verify_apart
from cebd.store.drops import drop_of
from cebd.store.store import Store, unpack
from cebd.store.tables import drops, messages, receipts, records, submissions
from cebd.store.undecided import ASKED
from cebd.store.work import under_way

IN_FLIGHT = (State.READY, State.SIGNED, State.SENT, State.IN_DOUBT, State.ACKNOWLEDGED)

# A record is where its message is; what customs have said wins over it.
_RECORDS_OF = {
    "ready": {State.READY},
    "signed": {State.SIGNED},
    "sent": {State.SENT},
    "in_doubt": {State.IN_DOUBT},
    ASKED: {State.IN_DOUBT},
}
_ANSWERED = {State.ACKNOWLEDGED, State.SUCCEEDED, State.REFUSED}
_FOLDERS = {"done": "done/", "error": "error/", "hold": "hold/"}


@dataclass(frozen=True)
class Balance:
    """The books: records read from claimed files on one side, their states on the other; and what does not fit."""

    files: dict[str, int]
    claimed: int
    states: dict[str, int]
    in_doubt: int
    exceptions: list[Problem]

    @property
    def clean(self) -> bool:
        return not self.exceptions

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "files": self.files,
            "claimed": self.claimed,
            "states": self.states,
            "in_flight": sum(self.states.get(str(state), 0) for state in IN_FLIGHT),
            "clean": self.clean,
            "exceptions": [one.as_json() for one in self.exceptions],
        }


def audit(store: Store, settings: Settings) -> Balance:
    """Look through store and folders. Raises StoreError when the store cannot be read."""
    closed = _closed(settings)
    with store.read() as connection:
        states = _counts(connection, records.c.state)
        claimed = connection.execute(select(func.coalesce(func.sum(drops.c.records), 0))).scalar_one()
        exceptions = [
            *closed.values(),
            *_files(connection, settings, closed),
            *_strangers(connection, settings, closed),
            *_records(connection),
            *_messages(connection, store, settings.store_dir),
            *_receipts(connection),
            *standing_by(connection, settings),
        ]
        files = _counts(connection, drops.c.state)
    if claimed != sum(states.values()):
        exceptions.insert(0, problem("CEBD-1801", value=claimed, found=sum(states.values())))
    return Balance(files, claimed, states, states.get(str(State.IN_DOUBT), 0), exceptions)


def _counts(connection: Connection, column: Any) -> dict[str, int]:
    query = select(column, func.count()).group_by(column).order_by(column)
    return {str(row[0]): int(row[1]) for row in connection.execute(query)}


def _closed(settings: Settings) -> dict[str, Problem]:
    """The enterprises whose folders cannot be looked into now: nothing can be said of the files in them."""
    found = {}
    for enterprise in settings.enterprise:
        folder = settings.folder(enterprise)
        try:
            answered(partial(os.listdir, folder / "working"), folder)
        except (FileNotFoundError, NotADirectoryError):
            continue  # what is missing there is named file by file
        except OSError as error:
            found[enterprise.name] = problem("CEBD-1053", value=shown(Path(folder.name)), **reasons(error))
    return found


def _files(connection: Connection, settings: Settings, closed: Container[str]) -> Iterator[Problem]:
    """Each claimed file is where its row says, and nowhere else."""
    for drop in connection.execute(select(drops).where(drops.c.state != "withdrawn")).mappings():
        folder = _folder(settings, drop["enterprise"])
        if folder is None or drop["enterprise"] in closed:
            continue  # its work in flight is named by itself
        working = folder / drop_of(drop).working_place
        place = folder / drop["place"]
        wanted = {"claiming": [folder / path_from_text(drop["source"]), place], "filing": [working, place]}.get(
            drop["state"], [place]
        )
        there = [path for path in dict.fromkeys(wanted) if os.path.exists(path)]  # noqa: PTH110  (of any length)
        if len(there) != 1:
            yield problem("CEBD-1802", value=drop["name"], where=drop["place"])
        if drop["state"] == "filed":
            if not drop["place"].startswith(_FOLDERS.get(drop["outcome"] or "", "?")):
                yield problem("CEBD-1802", value=drop["name"], where=drop["place"])
            written = folder / "outbox" / f"{drop['stem']}.receipt.json"
            if drop["published"] and not os.path.exists(written):  # noqa: PTH110
                yield problem("CEBD-1807", value=written.name)


def _folder(settings: Settings, enterprise: str) -> Path | None:
    try:
        return settings.folder(settings.enterprise_named(enterprise))
    except KeyError:
        return None


def _strangers(connection: Connection, settings: Settings, closed: Container[str]) -> Iterator[Problem]:
    """Nothing stands in `working/` that is not the file of a row which is being worked on."""
    query = select(drops).where(drops.c.state.in_(("claiming", "claimed", "filing")))
    known: dict[str, dict[str, RowMapping]] = {}
    for row in connection.execute(query).mappings():
        name = Path(row["place"] if row["state"] == "claiming" else drop_of(row).working_place).name
        known.setdefault(row["enterprise"], {})[name] = row
    for enterprise in (one for one in settings.enterprise if one.name not in closed):
        working = settings.folder(enterprise) / "working"
        if os.path.islink(working):  # noqa: PTH114
            yield problem("CEBD-1050", value="working/")
            continue
        try:
            there = sorted(working.iterdir())
        except OSError:
            there = []
        for path in there:
            of = known.get(enterprise.name, {}).get(path.name)
            if of is None or not _is_file_of(path, of):
                id_ = "CEBD-1809" if os.path.islink(path) else "CEBD-1803"  # noqa: PTH114
                yield problem(id_, value=readable(path.name))


def _is_file_of(path: Path, drop: RowMapping) -> bool:
    """True also of what went on its way while we looked."""
    try:
        return is_the_one(path, drop_of(drop))
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _records(connection: Connection) -> Iterator[Problem]:
    """Each drop has as many records as were read from it, and each record stands where its message does."""
    counted = select(records.c.drop_id, func.count().label("number")).group_by(records.c.drop_id)
    stored = {row.drop_id: row.number for row in connection.execute(counted)}
    for drop in connection.execute(select(drops.c.id, drops.c.name, drops.c.records)):
        if drop.records is not None and drop.records != stored.get(drop.id, 0):
            yield problem("CEBD-1801", value=drop.records, found=stored.get(drop.id, 0))
    query = (
        select(records.c.guid, records.c.state, records.c.message_id, messages.c.state.label("message_state"))
        .outerjoin(messages, messages.c.id == records.c.message_id)
        .order_by(records.c.id)
    )
    for row in connection.execute(query):
        state = State(row.state)
        if row.message_id is None:
            fits = state in (State.REJECTED, State.HELD, State.REPEAT)
        else:
            fits = state in _RECORDS_OF.get(row.message_state, set()) | _ANSWERED
        if not fits:
            yield problem("CEBD-1804", value=row.guid, state=state, message=row.message_state or "-")


def _messages(connection: Connection, store: Store, store_folder: Path) -> Iterator[Problem]:
    """Each message's bytes are whole; what is not sent yet has work under way, or says why it waits; nothing arrived twice.

    What waits for a stated reason, or is in doubt, has no work in the engine: the watcher of its signer or channel keeps it.
    """
    alive = under_way(store_folder)
    for row in connection.execute(select(messages)):
        if not _whole_message(row):
            yield problem("CEBD-1805", value=row.guid)
        work = {store.work_id("drop", row.drop_id), store.work_id("sign", row.id), store.work_id("send", row.id)}
        is_watched = row.state == "in_doubt" or row.waiting is not None
        if alive is not None and row.state not in ("sent", ASKED) and not is_watched and not work & alive:
            yield problem("CEBD-1806", value=row.guid, state=row.state)
    handed_over: Counter[int] = Counter(
        connection.execute(select(submissions.c.message_id).where(submissions.c.outcome == "sent")).scalars().all()
    )
    for message_id, times in handed_over.items():
        if times > 1:
            guid = connection.execute(select(messages.c.guid).where(messages.c.id == message_id)).scalar_one()
            yield problem("CEBD-1808", value=guid, times=times)


def _whole_message(row: Row[Any]) -> bool:
    try:
        body = unpack(row.body)
        if row.signature is not None:
            verify_apart(unpack(row.signature), body)
        elif row.sign == "composed" and row.state not in ("ready", ASKED) and b"<ds:Signature" not in body:
            return False
    except (zlib.error, BadSignature):
        return False
    return sha256(body).hexdigest() == str(row.sha256)


def _receipts(connection: Connection) -> Iterator[Problem]:
    """Each receipt's bytes are whole."""
    for row in connection.execute(select(receipts.c.name, receipts.c.sha256, receipts.c.content)):
        try:
            whole = sha256(unpack(row.content)).hexdigest() == row.sha256
        except zlib.error:
            whole = False
        if not whole:
            yield problem("CEBD-1805", value=row.name)
