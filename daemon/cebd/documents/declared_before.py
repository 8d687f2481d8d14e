"""Earlier declarations, compared with the records of a file: repeats, edits, numbers in use, and recovered values.

They come from the store that is written to, or from another that is only read: `cebd check` reads the station's store and writes into one
that is thrown away. Then ids of the other store mean nothing here, and none is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cebd.declared.changes import is_cancelled
from cebd.declared.checked_file import CheckedFile, Checking
from cebd.declared.checks import Checked, EarlierDeclarations
from cebd.declared.four_documents.check import TextsOf
from cebd.declared.lists.originals import OriginalLists
from cebd.declared.suggestions import EarlierValues
from cebd.documents.edited_rows import EditedRows
from cebd.documents.reading.options import ReadingOptions
from cebd.documents.reading.places import Places
from cebd.documents.side_by_side_corrections import SideBySide
from cebd.messages.description import MessageType, message_types
from cebd.problems.problem import Problem, problem
from cebd.records.ids import RecordId
from cebd.records.original_list import OriginalList, is_made_number
from cebd.records.record import Record
from cebd.records.states import STATES_IN_CHINESE, State
from cebd.store.across.earlier.counterparts import LaterWord
from cebd.store.new_records import NO_EDIT, Edit
from cebd.store.records import ActiveRecord, active_records
from cebd.store.transaction import Transaction


class DeclaredBefore:
    """`history` is the store of earlier declarations; `is_own`: it is the one that is written to."""

    def __init__(
        self,
        history: Transaction,
        file: CheckedFile,
        options: ReadingOptions,
        now: datetime,
        places: Places,
        side_by_side: SideBySide,
        *,
        is_own: bool,
    ) -> None:
        self._is_own = is_own
        self._history = history
        self._file = file
        self._declarations = EarlierDeclarations(self._history, file, options.severities, options.figures, now)
        self._lists = OriginalLists(Checking(history, file, options.figures, now))
        self._values = EarlierValues(self._history, file.enterprise)
        self._edited_rows = EditedRows(history, places.of_field)
        self._side_by_side = side_by_side

    def with_keys(self, message: MessageType, keys: Sequence[str]) -> dict[str, ActiveRecord]:
        """By key, the records that hold these keys."""
        return active_records(self._history, self._file.enterprise, message.code, keys)

    def original_lists(self, records: Sequence[Record]) -> list[OriginalList | Problem | None]:
        """Of records that ask for it, the list that each is about; or why there is none (`cebd.declared.lists.originals`)."""
        return self._lists.answers(records)

    def with_suggestions(self, record: Record) -> Record:
        """The rejected record, with the right value beside each wrong value if an earlier file proves it."""
        return record if record.texts is None else self._values.suggest(record, *record.texts)

    def checked(
        self,
        message: MessageType,
        records: Sequence[Record],
        earlier: Mapping[str, ActiveRecord],
        keys: Sequence[str],
        texts_of: TextsOf,
    ) -> Checked:
        """The records, each with the problems that earlier declarations cause, and what is to be said in the receipts of these.

        `keys`: the records' keys, as the store has them; `texts_of` gives what a record states, by its position.
        """
        checked = self._declarations.checked(message, records, earlier, keys, texts_of)
        return checked if self._is_own else checked._replace(words={})

    def blocks(self, record: Record, earlier: ActiveRecord) -> bool:
        """Whether a new declaration must yield to the record that holds its key."""
        return self._side_by_side.holds(record, earlier) or self._declarations.blocks(record, earlier)

    def blocked(self, record: Record, earlier: ActiveRecord) -> Record:
        """The record with the problem that its key was declared with other content, by somebody else's correction or before."""
        if self._side_by_side.holds(record, earlier):
            return record.with_problems(self._side_by_side.held(record, earlier, record.place))
        list_no = record.facts.list_no
        if list_no and is_made_number(message_types()[record.type], list_no, record.key[0]):
            return record.with_problems(self._second_application(record, earlier, list_no))
        place = self._file.place_of(record, "appType", None)  # where the answer goes, if the sheet has a column for it
        value = record.number
        state, state_zh = earlier.state, STATES_IN_CHINESE[State(earlier.state)]
        found = problem("CEBD-1402", place, value=value, file=earlier.file, state=state, state_zh=state_zh)
        return record.with_problems(found)

    def renumbered(self, record: Record, before: ActiveRecord) -> Record:
        """The record with the problem that its row was declared under another number."""
        field = next(
            (
                name
                for name, old, new in zip(message_types()[record.type].key, record.was, record.key, strict=True)
                if old != new
            ),
            "",
        )
        value = next((old for old, new in zip(record.was, record.key, strict=True) if old != new), "")
        state_zh = STATES_IN_CHINESE[State(before.state)]
        place = self._file.place_of(record, field, None)
        return record.with_problems(problem("CEBD-1452", place, value=value, state=before.state, state_zh=state_zh))

    def _second_application(self, record: Record, earlier: ActiveRecord, list_no: str) -> Problem:
        """There is an application about the list under the number that this one was given."""
        message, state = message_types()[record.type], State(earlier.state)
        facts: dict[str, Any] = {"file": earlier.file, "state": state, "state_zh": STATES_IN_CHINESE[state]}
        place = self._file.place_of(record, "copNo", None)
        return problem("CEBD-1451", place, value=list_no, what_zh=message.zh, what_en=message.en, **facts)

    def edit(self, record: Record, earlier: ActiveRecord, xml_of: Callable[[], str]) -> Edit:
        """The record declared under the record's key, and the fields that differ now. `xml_of` gives the record's XML."""
        record_id = self.id_here(earlier)
        return NO_EDIT if record_id is None else self._edited_rows.edit(record, record_id, xml_of)

    def id_here(self, earlier: ActiveRecord) -> RecordId | None:
        """The id of an earlier record in the store that is written to; None if the record is of another store."""
        return earlier.id if self._is_own else None


def repeats(record: Record, earlier: ActiveRecord) -> bool:
    """True when identical content must not be sent again. Refused content may be; a list that the enterprise cancelled may not."""
    if earlier.content != record.content:
        return False
    return earlier.state != State.REFUSED or is_cancelled(earlier)


def as_repeat(record: Record, earlier: ActiveRecord) -> Record:
    """The record of a row, or of a message that repeats as a whole."""
    return record.with_problems(problem("CEBD-1403", record.place, value=record.number, file=earlier.file))


def as_repeat_among_others(record: Record, earlier: ActiveRecord) -> Record:
    """The record of a message whose other records are new: the message goes as a whole, so this record would be declared twice."""
    return record.with_problems(problem("CEBD-1074", record.place, value=record.number, file=earlier.file))


def said_of_rejected(record: Record, words: Iterable[LaterWord]) -> list[LaterWord]:
    """What a record that is kept back makes to be said of earlier documents: that it differs, where it is kept back for that."""
    errors = {found.id for found in record.problems if found.severity == "error"}
    return [word for word in words if errors & word.ids]
