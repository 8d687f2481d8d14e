"""Converting a workbook: ready records are declared, by the hundred; the others are stored with their problems.

Records are taken a thousand at a time. Those that cannot be declared are stored at once; the others go back to where they were read
(`drafting.py`) to be put into messages, which are stored in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Literal, NamedTuple

from cebd.declared.lists.originals import without_list
from cebd.documents.checked_message import Draft
from cebd.documents.declared_before import DeclaredBefore, as_repeat, repeats, said_of_rejected
from cebd.documents.drafting import Drafting
from cebd.documents.drop_writer import Converted, DropWriter
from cebd.messages.description import MessageType
from cebd.messages.parse import StatedTexts, record_of, stated_texts
from cebd.problems.problem import Place, Problem, problem
from cebd.records.ids import RecordId
from cebd.records.key import joined
from cebd.records.original_list import OriginalList
from cebd.records.record import Record
from cebd.records.states import SignatureMode, State
from cebd.store.across.earlier.counterparts import LaterWord
from cebd.store.records import ActiveRecord

OnBadRows = Literal["skip", "hold-file"]


class Accepted(NamedTuple):
    """A record to be declared, the record that it replaces, and what is to be said in receipts of earlier documents."""

    record: Record
    replaces: RecordId | None
    words: Sequence[LaterWord]


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
        self._keys: set[str] = set()  # of the records of this file
        self._accepted: deque[Accepted] = deque()  # in no stored message yet
        self._skipped = 0  # records that are not declared, as somebody decided
        self._withheld: list[
            tuple[Place, int]
        ] = []  # where records that are kept back for hidden rows begin, and how many rows they have

    def convert(self) -> Converted:
        """Store the records and messages. Raises NumberComesBack, and Unreadable when reading meets something unreadable."""
        message, problems = self._drafting.type, self._drafting.problems
        if message is None:
            return self._writer.converted(None, problems)
        while batch := self._drafting.batch():
            self._drafting.accept(self._accept(message, batch))
            self._store(message, self._drafting.drafts())
        problems += self._hidden_rows()
        if self._holds_file and self._has_bad_rows():
            self._writer.add_held([accepted.record for accepted in self._accepted])
            return self._writer.converted(message, problems)
        self._store(message, self._drafting.drafts(rest=True))
        if not self._writer.stored():
            problems.append(problem("CEBD-1003"))
        return self._writer.converted(message, problems)

    def _has_bad_rows(self) -> bool:
        good = len(self._accepted) + len(self._withheld) + self._skipped
        return self._writer.read - good > self._writer.stored(State.REPEAT)

    def _hidden_rows(self) -> list[Problem]:
        """One word for all rows that are kept back because nobody sees them."""
        if not self._withheld:
            return []
        first = self._withheld[0][0]
        count = sum(rows for _, rows in self._withheld)
        return [problem("CEBD-1061", Place(first.sheet), value=first.row, count=count)]

    # Which records are declared

    def _accept(self, message: MessageType, batch: list[Record]) -> list[int]:
        """The positions of the records that are to be declared. The others are stored: rejected, or as repeats of earlier declarations."""
        self._writer.count_read(len(batch))
        self._with_lists(batch)
        keys = [joined(record.key) for record in batch]
        earlier = self._declared.with_keys(message, keys)
        renumbered = [joined(record.was) for record in batch if record.was]
        former = self._declared.with_keys(message, renumbered) if renumbered else {}
        new: list[int] = []
        rejected: list[Record] = []
        for position, (record, key) in enumerate(zip(batch, keys, strict=True)):
            if record.withheld:
                self._withhold(record, earlier.get(key))
                continue
            if record.skipped:
                self._skipped += 1
                self._writer.add_rejected([record])
                continue
            if not record.ready:
                rejected.append(self._declared.with_suggestions(record))
                continue
            if key in self._keys:
                rejected.append(record.with_problems(problem("CEBD-1401", record.place, value=record.number)))
                continue
            self._keys.add(key)
            active = earlier.get(key)
            before = former.get(joined(record.was)) if record.was and active is None else None
            if before is not None and before.state != State.REFUSED:
                rejected.append(self._declared.renumbered(record, before))
            elif active is not None and repeats(record, active):
                self._writer.add_repeat(as_repeat(record, active), self._declared.id_here(active))
            elif active is not None and self._declared.blocks(record, active):
                edit = self._declared.edit(record, active, partial(self._drafting.xml_of, position))
                self._writer.add_rejected([self._declared.blocked(record, active)], edit)
            else:
                new.append(position)
        accepted = []
        new_keys = [keys[position] for position in new]

        def texts_of(nth: int) -> StatedTexts:
            return stated_texts(message, record_of(self._drafting.xml_of(new[nth])))

        records = [batch[position] for position in new]
        checked = self._declared.checked(message, records, earlier, new_keys, texts_of)
        for nth, (position, record) in enumerate(zip(new, checked.records, strict=True)):
            words = checked.words.get(nth, ())
            if record.ready:
                active = earlier.get(keys[position])
                replaces = None if active is None else self._declared.id_here(active)
                self._accepted.append(Accepted(record, replaces, words))
                accepted.append(position)
            else:
                rejected.append(record)
                self._writer.say(said_of_rejected(record, words))
        self._writer.add_rejected(rejected)
        return accepted

    def _with_lists(self, batch: list[Record]) -> None:
        """Put records that ask for their lists right in the batch: read again with what their lists say, or with why there is none."""
        asking = [position for position, record in enumerate(batch) if record.asks is not None]
        if not asking:
            return
        answers = dict(zip(asking, self._declared.original_lists([batch[at] for at in asking]), strict=True))
        lists = {at: answer for at, answer in answers.items() if isinstance(answer, OriginalList)}
        for at, record in zip(lists, self._drafting.with_lists(lists), strict=True):
            batch[at] = record
        for at in asking:
            if not isinstance(answer := answers[at], OriginalList):
                batch[at] = without_list(batch[at], answer)

    def _withhold(self, record: Record, earlier: ActiveRecord | None) -> None:
        """Keep a record back whose rows are hidden; one that is declared already is unchanged."""
        if earlier is not None and repeats(record, earlier):
            self._writer.add_repeat(as_repeat(record._replace(problems=()), earlier), self._declared.id_here(earlier))
            return
        self._withheld.append((record.problems[0].place, len(record.rows)))
        self._writer.add_rejected([record])

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
        self._writer.say([word for one in fitting for word in one.words])
