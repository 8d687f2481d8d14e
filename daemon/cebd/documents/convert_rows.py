"""Converting a workbook: ready records are declared, by the hundred; the others are stored with their problems.

Records are taken a thousand at a time. Those that cannot be declared are stored at once; the others are put into messages, which are
checked beside the reading of the next rows and stored in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from itertools import islice
from typing import Literal, TypeVar

from cebd.documents.checked_message import Accepted, CheckedMessage
from cebd.documents.declared_before import DeclaredBefore, as_repeat, repeats
from cebd.documents.drop_writer import Converted, DropWriter
from cebd.documents.reading.open import Reader
from cebd.messages.compose import compose, new_guid
from cebd.messages.description import MessageType
from cebd.messages.schema import flaws, parse_xml
from cebd.problems.problem import problem
from cebd.records.key import joined
from cebd.records.record import Record
from cebd.records.states import SignatureMode, State
from cebd.store.messages import Packed, packed

T = TypeVar("T")
OnBadRows = Literal["skip", "hold-file"]
_RECORDS_PER_BATCH = 1000  # about which the store is asked at once
_MESSAGES_AHEAD = 4  # checked, or waiting for it, while rows are read


class RowsConversion:
    """Brings a workbook into the store. `executor` checks each message while the rows of the next message are read.

    `on_bad_rows`: whether good rows are declared when others are bad. `sign_all`: messages that need no signature are signed, too.
    """

    def __init__(
        self,
        reader: Reader,
        declared: DeclaredBefore,
        writer: DropWriter,
        executor: Executor,
        *,
        on_bad_rows: OnBadRows,
        sign_all: bool,
    ) -> None:
        self._reader = reader
        self._declared = declared
        self._writer = writer
        self._executor = executor
        self._holds_file = on_bad_rows == "hold-file"
        self._sign_all = sign_all
        self._content_of_key: dict[str, bytes] = {}  # of the records of this file
        self._under_check: deque[CheckedMessage] = deque()
        self._is_first = True

    def convert(self) -> Converted:
        """Store the records and messages. Raises NumberComesBack, and Unreadable when reading meets something unreadable."""
        message = self._reader.type
        if message is None:
            return self._writer.converted(None, self._reader.problems)
        accepted: list[Accepted] = []
        for batch in _batches(self._reader.records, _RECORDS_PER_BATCH):
            accepted += self._accepted(message, batch)
            if not self._holds_file:
                accepted = self._into_messages(message, accepted)
        if self._holds_file and self._has_bad_rows(len(accepted)):
            self._writer.add_held([accepted_record.record for accepted_record in accepted])
            return self._writer.converted(message, self._reader.problems)
        rest = self._into_messages(message, accepted)
        if rest:
            self._check(message, rest)
        while self._under_check:
            self._store_message(message, self._under_check.popleft())
        if not self._writer.stored():
            self._reader.problems.append(problem("CEBD-1003"))
        return self._writer.converted(message, self._reader.problems)

    def _has_bad_rows(self, accepted: int) -> bool:
        return self._writer.read - accepted > self._writer.stored(State.REPEAT)

    # Which records are declared

    def _accepted(self, message: MessageType, batch: list[Record]) -> list[Accepted]:
        """The records of the batch that are to be declared. The others are stored: rejected, or as repeats of earlier declarations."""
        self._writer.count_read(len(batch))
        keys = [joined(record.key) for record in batch]
        earlier = self._declared.with_keys(message, keys)
        new: list[Record] = []
        new_keys: list[str] = []
        rejected: list[Record] = []
        for record, key in zip(batch, keys, strict=True):
            if not record.ready:
                rejected.append(self._declared.with_suggestions(record))
                continue
            first_content = self._content_of_key.setdefault(key, record.content)
            if first_content is not record.content:
                rejected.append(record.with_problems(problem("CEBD-1401", record.place, value=" ".join(record.key))))
                continue
            active = earlier.get(key)
            if active is not None and repeats(record, active):
                self._writer.add_repeat(as_repeat(record, active), self._declared.id_here(active))
            elif active is not None and self._declared.blocks(record, active):
                edit = self._declared.edit(record, active)
                self._writer.add_rejected([self._declared.blocked(record, active)], edit)
            else:
                new.append(record)
                new_keys.append(key)
        accepted = []
        for record, key in zip(self._declared.checked(message, new, earlier, new_keys), new_keys, strict=True):
            if record.ready:
                active = earlier.get(key)
                accepted.append(Accepted(record, None if active is None else self._declared.id_here(active)))
            else:
                rejected.append(record)
        self._writer.add_rejected(rejected)
        return accepted

    # Their messages

    def _into_messages(self, message: MessageType, accepted: list[Accepted]) -> list[Accepted]:
        """Put records into full messages, and store checked messages; returns the records left over."""
        full = len(accepted) - len(accepted) % message.max_records
        for start in range(0, full, message.max_records):
            self._check(message, accepted[start : start + message.max_records])
            if len(self._under_check) > _MESSAGES_AHEAD:
                self._store_message(message, self._under_check.popleft())
        return accepted[full:]

    def _check(self, message: MessageType, accepted: list[Accepted]) -> None:
        self._under_check.append(
            CheckedMessage(message, accepted, self._writer.sender, self._executor, first=self._is_first)
        )
        self._is_first = False

    def _store_message(self, message: MessageType, checked_message: CheckedMessage) -> None:
        accepted = checked_message.accepted
        checked = checked_message.checked.result()
        if isinstance(checked, Packed):
            guid, body = checked_message.guid, checked
        else:
            accepted = self._accepted_by_schema(message, accepted)
            if not accepted:
                return
            guid = new_guid()
            body = packed(
                compose(
                    message, guid, [accepted_record.record.xml for accepted_record in accepted], self._writer.sender
                )
            )
        self._declared.supersede([accepted_record.replaces for accepted_record in accepted])
        signed = message.must_sign or self._sign_all
        mode = SignatureMode.DETACHED if signed else SignatureMode.NONE
        message_id = self._writer.add_message(message, body, guid, guid, mode)
        self._writer.add_ready([accepted_record.record for accepted_record in accepted], message_id)

    def _accepted_by_schema(self, message: MessageType, accepted: list[Accepted]) -> list[Accepted]:
        """The records that the schema accepts one by one; the others, which passed our checks, are stored as rejected."""
        fitting = []
        for accepted_record in accepted:
            alone = compose(message, new_guid(), [accepted_record.record.xml], self._writer.sender)
            refused = flaws(parse_xml(alone), unsigned=True)
            if refused:
                misfit = problem("CEBD-1299", accepted_record.record.place, reason=refused[0].reason)
                self._writer.add_rejected([accepted_record.record.with_problems(misfit)])
            else:
                fitting.append(accepted_record)
        return fitting


def _batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
