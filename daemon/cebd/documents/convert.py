"""Converting a claimed file: read, check, compose, all in one transaction, so that a file is converted wholly or not at all."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from lxml import etree

from cebd.clock import Clock, iso
from cebd.declared.checks import Ledger
from cebd.declared.suggestions import EarlierValues
from cebd.documents.checked_message import Accepted, CheckedMessage
from cebd.documents.reading.edited import EditedRows, PlaceIn
from cebd.documents.reading.grouping import NumberComesBack
from cebd.documents.reading.open import Reader, open_file
from cebd.documents.reading.options import ReadingOptions
from cebd.documents.reading.xml_message import XmlDrop, signing_of
from cebd.documents.repeated import among_others, repeats, said_again
from cebd.documents.workbooks.sheets import Unreadable
from cebd.enterprise import Enterprise
from cebd.messages.compose import Sender, compose, new_guid
from cebd.messages.description import MessageType
from cebd.messages.schema import flaws, parse_xml
from cebd.problems.problem import Problem, problem
from cebd.records.ids import DropId, MessageId, RecordId
from cebd.records.key import joined
from cebd.records.record import Record
from cebd.records.states import SignatureMode, State
from cebd.store.messages import Packed, add_message, packed
from cebd.store.records import NO_EDIT, ActiveRecord, Edit, active_records, add_records, supersede
from cebd.store.transaction import Transaction

T = TypeVar("T")
_TOGETHER = 1000  # records asked about at once
_AHEAD = 4  # messages looked over, or waiting for it, while rows are read


@dataclass(frozen=True)
class Converted:
    """What became of a file: the messages made, and whether anything in it may be declared."""

    type: str | None
    message_ids: list[int]
    problems: list[Problem]
    read: int
    records: int
    ready: int
    held: int
    repeats: int = 0


def convert(
    connection: Transaction,
    drop_id: int,
    path: Path,
    options: ReadingOptions,
    enterprise: Enterprise,
    clock: Clock,
    hint: str | None,
    signature_holds: Callable[[etree._Element], bool],
    name: str | None = None,
    asked: Transaction | None = None,
) -> Converted:
    """Write the file's records and messages into the store. Raises Unreadable.

    `signature_holds` tells whether the signature a dropped message carries is a valid one. `asked` is the store that knows what was
    declared before, where it is not the one written to; it is only read.
    """

    def conversion(reader: Reader) -> _Conversion:
        known_as = (enterprise.name, drop_id if asked is None else None, name or path.name)
        ledger = Ledger(
            asked or connection, *known_as, options.severities, options.figures, clock.now(), reader.place_of
        )
        return _Conversion(
            connection, DropId(drop_id), enterprise, ledger, clock, signature_holds, asked, reader.place_in
        )

    reader = open_file(path, options, enterprise, clock, hint, name)
    if reader.xml is not None:
        return conversion(reader).whole_message(reader.xml)
    with _collector_at_rest(), ThreadPoolExecutor(1, "check") as beside:
        try:
            with connection.begin_nested():
                return conversion(reader).rows(reader, beside)
        except NumberComesBack:
            reader = open_file(path, options, enterprise, clock, hint, name, gather=True)
            return conversion(reader).rows(reader, beside)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Rows become millions of short-lived values and no cycles: looking for cycles meanwhile would cost a tenth of the time."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


class _Conversion:
    """One file's way into the store."""

    def __init__(
        self,
        connection: Transaction,
        drop_id: DropId,
        enterprise: Enterprise,
        ledger: Ledger,
        clock: Clock,
        signature_holds: Callable[[etree._Element], bool],
        asked: Transaction | None,
        place_in: PlaceIn,
    ) -> None:
        self.connection = connection
        self.edited_rows = EditedRows(connection, place_in)
        self.asked = connection if asked is None else asked
        self.drop_id = drop_id
        self.enterprise = enterprise
        self.ledger = ledger
        self.proof = EarlierValues(self.asked, enterprise.name)
        self.signature_holds = signature_holds
        self.created = iso(clock.now())
        self.sender = Sender(enterprise.copCode, enterprise.copName, enterprise.dxpId)
        self.seen: dict[str, bytes] = {}
        self.message_ids: list[int] = []
        self.counts = {"read": 0, "records": 0, "ready": 0, "held": 0}
        self.repeats = 0

    # Workbooks: whatever is ready goes, by the hundred

    def rows(self, reader: Reader, beside: Executor) -> Converted:
        """`beside` looks each message over (schema, canonical form, packing) while the rows of the next are read."""
        message = reader.type
        if message is None:
            return self._done(None, reader.problems)
        told: Iterator[Accepted] = (
            fit for chunk in _chunks(reader.records, _TOGETHER) for fit in self._told_apart(message, chunk)
        )
        if self.enterprise.on_bad_rows == "hold-file":
            all_fits = list(told)
            if self.counts["read"] - len(all_fits) > self.repeats:
                self._store([fit.record for fit in all_fits], State.HELD)
                return self._done(message.code, reader.problems)
            told = iter(all_fits)
        looked_over: deque[CheckedMessage] = deque()
        first = True
        for fits in _chunks(told, message.max_records):
            looked_over.append(CheckedMessage(message, fits, self.sender, beside, first=first))
            first = False
            if len(looked_over) > _AHEAD:
                self._message(message, looked_over.popleft())
        while looked_over:
            self._message(message, looked_over.popleft())
        if not self.counts["records"]:
            reader.problems.append(problem("CEBD-1003"))
        return self._done(message.code, reader.problems)

    def _told_apart(self, message: MessageType, chunk: list[Record]) -> Iterator[Accepted]:
        """Records to be declared; those rejected, or declared before, are stored on the way."""
        self.counts["read"] += len(chunk)
        keys = [joined(record.key) for record in chunk]
        earlier = active_records(self.asked, self.enterprise.name, message.code, keys)
        new: list[Record] = []
        new_keys: list[str] = []
        for record, key in zip(chunk, keys, strict=True):
            if not record.ready:
                told = record if record.texts is None else self.proof.suggest(record, *record.texts)
                self._store([told], State.REJECTED)
                continue
            first = self.seen.setdefault(key, record.content)
            if first is not record.content:
                twice = problem("CEBD-1401", record.place, value=" ".join(record.key))
                self._store([record.with_problems(twice)], State.REJECTED)
                continue
            before = earlier.get(key)
            if before is not None and repeats(record, before):
                self._repeat(record, before)
                continue
            if before is not None and self.ledger.stands_against(record, before):
                edited = self._declared_before(record, before)
                self._store([edited], State.REJECTED, edit=self._edit(record, before))
                continue
            new.append(record)
            new_keys.append(key)
        for record, key in zip(self.ledger.judged(message, new, earlier, new_keys), new_keys, strict=True):
            if record.ready:
                before = earlier.get(key)
                yield Accepted(record, None if before is None else self._number_here(before))
            else:
                self._store([record], State.REJECTED)

    def _repeat(self, record: Record, before: ActiveRecord) -> None:
        self._store([said_again(record, before)], State.REPEAT, repeat_of=self._number_here(before))
        self.repeats += 1

    def _number_here(self, before: ActiveRecord) -> RecordId | None:
        """The number of a record of the store asked, in the store written to: numbers of the one mean nothing in the other."""
        return before.id if self.asked is self.connection else None

    def _declared_before(self, record: Record, before: ActiveRecord) -> Record:
        facts: dict[str, Any] = {"file": before.file, "state": before.state}
        place = self.ledger.place_of(record, "appType")  # where the answer goes, if the sheet has a column for it
        return record.with_problems(problem("CEBD-1402", place, value=" ".join(record.key), **facts))

    def _edit(self, record: Record, before: ActiveRecord) -> Edit:
        """What was declared before, by its number, and which cells say something else."""
        number = self._number_here(before)
        return NO_EDIT if number is None else self.edited_rows.edit(record, number)

    def _message(self, message: MessageType, looked_over: CheckedMessage) -> None:
        fits = looked_over.fits
        checked = looked_over.checked.result()
        if isinstance(checked, Packed):
            guid, body = looked_over.guid, checked
        else:
            fits = list(self._without_misfits(message, fits))
            if not fits:
                return
            guid = new_guid()
            body = packed(compose(message, guid, [fit.record.xml for fit in fits], self.sender))
        supersede(self.connection, [fit.replaces for fit in fits if fit.replaces is not None])
        sign = "composed" if message.must_sign or self.enterprise.sign_all else "no"
        message_id = self._add_message(message, guid, guid, body, sign)
        self._store([fit.record for fit in fits], State.READY, message_id=message_id)

    def _without_misfits(self, message: MessageType, fits: list[Accepted]) -> Iterator[Accepted]:
        """Our checks let through what the schema refuses: the schema has the last word, record by record."""
        for fit in fits:
            alone = compose(message, new_guid(), [fit.record.xml], self.sender)
            found = flaws(parse_xml(alone), unsigned=True)
            if found:
                misfit = problem("CEBD-1299", fit.record.place, reason=found[0].reason)
                self._store([fit.record.with_problems(misfit)], State.REJECTED)
            else:
                yield fit

    # XML: the message as it is, or none of it

    def whole_message(self, drop: XmlDrop) -> Converted:
        problems = list(drop.problems)
        if drop.type is None or drop.root is None:
            return self._done(None, problems)
        state = State.READY
        if any(one.severity == "error" for one in problems) or not all(record.ready for record in drop.records):
            state = State.REJECTED
        self.counts["read"] = len(drop.records)
        keys = [joined(record.key) for record in drop.records]
        earlier = active_records(self.asked, self.enterprise.name, drop.type.code, list(dict.fromkeys(keys)))
        pairs = [(record, earlier[key]) for record, key in zip(drop.records, keys, strict=True) if key in earlier]
        repeated = [pair for pair in pairs if repeats(*pair)]
        if state is State.READY and repeated and len(repeated) == len(keys):
            for repeat in repeated:
                self._repeat(*repeat)
            return self._done(drop.type.code, problems)
        records = []
        edited: dict[str, RecordId | None] = {}
        for record, key in zip(drop.records, keys, strict=True):
            before = earlier.get(key)
            if before is not None and repeats(record, before):
                state = State.REJECTED
                records.append(among_others(record, before))
            elif before is not None and self.ledger.stands_against(record, before):
                state = State.REJECTED
                records.append(self._declared_before(record, before))
                edited[key] = self._number_here(before)
            else:
                records.append(record)
        records = self.ledger.judged(drop.type, records, earlier, keys)
        if not all(record.ready for record in records):
            state = State.REJECTED
        message_id = None
        if state is State.READY:
            supersede(self.connection, [id_ for one in earlier.values() if (id_ := self._number_here(one)) is not None])
            sign, notice = signing_of(drop, self.signature_holds, sign_all=self.enterprise.sign_all)
            if notice is not None:
                problems.append(problem(notice))
            message_id = self._add_message(drop.type, drop.guid, new_guid(), drop.content, sign)
        for record, key in zip(records, keys, strict=True):
            active = state is State.READY and key not in self.seen
            self.seen[key] = record.content
            self._store([record], state, message_id=message_id, active=active, edit=Edit(edited.get(key)))
        return self._done(drop.type.code, problems)

    # Writing

    def _add_message(
        self, message: MessageType, guid: str, cop_msg_id: str, body: Packed | bytes, sign: str
    ) -> MessageId:
        message_id = add_message(
            self.connection,
            body,
            drop_id=self.drop_id,
            enterprise=self.enterprise.name,
            type=message.code,
            guid=guid,
            cop_msg_id=cop_msg_id,
            signer=self.enterprise.signer,
            channel=self.enterprise.channel,
            signature_mode=SignatureMode(sign),
            sender=self.enterprise.dxpId,
            receiver=self.enterprise.receiver,
            created=self.created,
        )
        self.message_ids.append(message_id)
        return message_id

    def _store(
        self,
        records: list[Record],
        state: State,
        *,
        message_id: MessageId | None = None,
        repeat_of: RecordId | None = None,
        active: bool | None = None,
        edit: Edit = NO_EDIT,
    ) -> None:
        self.counts["records"] += len(records)
        if state in (State.READY, State.HELD):
            self.counts["ready" if state is State.READY else "held"] += len(records)
        active = state is State.READY if active is None else active
        add_records(
            self.connection,
            self.drop_id,
            self.enterprise.name,
            records,
            state,
            active=active,
            message_id=message_id,
            repeat_of=repeat_of,
            edit=edit,
        )

    def _done(self, code: str | None, problems: list[Problem]) -> Converted:
        return Converted(
            code,
            self.message_ids,
            problems,
            self.counts["read"],
            self.counts["records"],
            self.counts["ready"],
            self.counts["held"],
            self.repeats,
        )


def _chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


__all__ = ["Converted", "Unreadable", "convert"]
