"""Converting a workbook: ready records are declared, by the hundred; the others are stored with their problems.

Records are taken a thousand at a time. Those that cannot be declared are stored at once; the others go back to where they were read
(`drafting.py`) to be put into messages, which are stored in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Literal, NamedTuple

from cebd.documents.checked_message import Draft
from cebd.documents.declared_before import DeclaredBefore, as_repeat, repeats
from cebd.documents.drafting import Drafting
from cebd.documents.drop_writer import Converted, DropWriter
from cebd.messages.description import MessageType
from cebd.problems.problem import problem
from cebd.records.ids import RecordId
from cebd.records.key import joined
from cebd.records.record import Record
from cebd.records.states import SignatureMode, State

OnBadRows = Literal["skip", "hold-file"]


class Accepted(NamedTuple):
    """A record to be declared, and the record that it replaces."""

    record: Record
    replaces: RecordId | None


class RowsConversion:
    """Brings a workbook into the store.

    `on_bad_rows`: whether good rows are declared when others are bad. `sign_all`: messages that need no signature are signed, too.
    """

    def __init__(
        self,
        drafting: Drafting,
        declared: DeclaredBefore,
        writer: DropWriter,
        *,
        on_bad_rows: OnBadRows,
        sign_all: bool,
    ) -> None:
        self._drafting = drafting
        self._declared = declared
        self._writer = writer
        self._holds_file = on_bad_rows == "hold-file"
        self._sign_all = sign_all
        self._content_of_key: dict[str, bytes] = {}  # of the records of this file
        self._accepted: deque[Accepted] = deque()  # in no stored message yet

    def convert(self) -> Converted:
        """Store the records and messages. Raises NumberComesBack, and Unreadable when reading meets something unreadable."""
        message, problems = self._drafting.type, self._drafting.problems
        if message is None:
            return self._writer.converted(None, problems)
        while batch := self._drafting.batch():
            self._drafting.accept(self._accept(message, batch))
            self._store(message, self._drafting.drafts())
        if self._holds_file and self._has_bad_rows():
            self._writer.add_held([accepted.record for accepted in self._accepted])
            return self._writer.converted(message, problems)
        self._store(message, self._drafting.drafts(rest=True))
        if not self._writer.stored():
            problems.append(problem("CEBD-1003"))
        return self._writer.converted(message, problems)

    def _has_bad_rows(self) -> bool:
        return self._writer.read - len(self._accepted) > self._writer.stored(State.REPEAT)

    # Which records are declared

    def _accept(self, message: MessageType, batch: list[Record]) -> list[int]:
        """The positions of the records that are to be declared. The others are stored: rejected, or as repeats of earlier declarations."""
        self._writer.count_read(len(batch))
        keys = [joined(record.key) for record in batch]
        earlier = self._declared.with_keys(message, keys)
        new: list[int] = []
        rejected: list[Record] = []
        for position, (record, key) in enumerate(zip(batch, keys, strict=True)):
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
                edit = self._declared.edit(record, active, partial(self._drafting.xml_of, position))
                self._writer.add_rejected([self._declared.blocked(record, active)], edit)
            else:
                new.append(position)
        accepted = []
        new_keys = [keys[position] for position in new]
        checked = self._declared.checked(message, [batch[position] for position in new], earlier, new_keys)
        for position, record in zip(new, checked, strict=True):
            if record.ready:
                active = earlier.get(keys[position])
                self._accepted.append(Accepted(record, None if active is None else self._declared.id_here(active)))
                accepted.append(position)
            else:
                rejected.append(record)
        self._writer.add_rejected(rejected)
        return accepted

    # Their messages

    def _store(self, message: MessageType, drafts: Iterable[Draft]) -> None:
        for draft in drafts:
            accepted = [self._accepted.popleft() for _ in range(draft.records)]
            self._store_draft(message, draft, accepted)

    def _store_draft(self, message: MessageType, draft: Draft, accepted: list[Accepted]) -> None:
        for misfit in draft.misfits:
            record = accepted[misfit.position].record
            found = problem("CEBD-1299", record.place, reason=misfit.reason)
            self._writer.add_rejected([record.with_problems(found)])
        if draft.body is None:
            return
        refused = {misfit.position for misfit in draft.misfits}
        fitting = [one for position, one in enumerate(accepted) if position not in refused] if refused else accepted
        self._writer.supersede([one.replaces for one in fitting])
        signed = message.must_sign or self._sign_all
        mode = SignatureMode.DETACHED if signed else SignatureMode.NONE
        message_id = self._writer.add_message(message, draft.body, draft.guid, draft.guid, mode)
        self._writer.add_ready([one.record for one in fitting], message_id)
