"""The check of a file's records against the other documents of each purchase: on the cells of the later document what differs, and a word
for the receipt of the earlier one.

A change of an order, a payment or a waybill is only warned of: where two documents are wrong, one of them has to go first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from cebd.declared.checked_file import Checking
from cebd.declared.four_documents.counterparts import Counterparts, Match
from cebd.declared.four_documents.differences import Difference, Said, differences, ids_of, may_be_a_part
from cebd.declared.four_documents.pairs import (
    LIST,
    LIST_WAYBILL,
    ORDER_PAYMENT,
    PAIRS,
    PAYMENT,
    WORDS,
    Pair,
    number_of,
)
from cebd.declared.four_documents.stated import MOST_MESSAGES, DeclaredTexts
from cebd.declared.removed_value import REMOVED_VALUE
from cebd.messages.description import message_types
from cebd.messages.parse import StatedTexts
from cebd.problems.problem import Place, Problem, problem, problem_severity, shorten, with_severity_of
from cebd.records.kept import Stated
from cebd.records.key import parts_of as parts_of_key
from cebd.records.record import Record
from cebd.store.across.earlier.counterparts import Counterpart, FileOf, LaterWord

TextsOf = Callable[[int], StatedTexts]  # what a record states, by its position
_CHANGES, _DELETES = "2", "3"
_NOWHERE = "-"


class Compared(NamedTuple):
    """A record that was compared with earlier documents: its own problems, and what is to be said in the receipts of those, if anything."""

    problems: tuple[Problem, ...]
    words: tuple[LaterWord, ...]


class FourDocuments:
    """The check of the orders, payments, waybills or lists of a file. `severities`: the settings' severities of problems."""

    def __init__(self, checking: Checking, severities: Mapping[str, str], most_messages: int = MOST_MESSAGES) -> None:
        """`most_messages`: so many stored messages are read to say what differs."""
        self._checking = checking
        self._severities = severities
        self._declared = DeclaredTexts(checking.transaction, most_messages)
        self._counterparts = Counterparts(checking, self._declared)

    @property
    def declared(self) -> DeclaredTexts:
        """What earlier documents state, as far as it was read."""
        return self._declared

    @property
    def paid_at_several(self) -> Sequence[int]:
        """The orders among the records checked last that have several payments, by position."""
        return self._counterparts.paid_at_several

    def check(self, records: Sequence[Record], texts_of: TextsOf) -> Iterator[tuple[int, Compared]]:
        """By the positions of the records, what differs, weighed; and what did differ and does not any more."""
        self._counterparts.paid_at_several = ()
        compared = {
            position: record
            for position, record in enumerate(records)
            if record.facts.shared is not None and record.app_type != _DELETES
        }
        if not compared:
            return
        type_ = next(iter(compared.values())).type
        for pair in PAIRS:
            if type_ in (pair.one, pair.other) and any(self._is_on(id_) for id_ in pair.all_ids):
                matches = sorted(self._counterparts.of(pair, compared), key=_in_which_message)
                for match in matches:
                    found = self._compared(pair, records[match.position], match, texts_of)
                    if found is not None:
                        yield match.position, found

    def _is_on(self, id_: str) -> bool:
        return self._severities.get(id_) != "off"

    def _compared(self, pair: Pair, record: Record, match: Match, texts_of: TextsOf) -> Compared | None:
        counterpart = match.counterpart
        found: list[tuple[Problem, Problem]] = []
        if match.unlike or not match.by_name:
            theirs = self._declared.of(counterpart)
            if theirs is None:
                return self._not_compared(pair, record, match)
            own_texts = texts_of(match.position)
            own_form = theirs.comparable(message_types()[record.type], own_texts)
            both = _in_order(pair, record.type, own_form, theirs.texts)
            unlike = differences(pair, *both) if match.by_name else _of_numbers(pair, *both)
            if match.others:
                unlike = (one for one in unlike if not _is_of_a_part(one, match.others))
            asked = record, counterpart, own_texts, theirs
            found = [said for one in unlike if (said := self._said_of(pair, *asked, one)) is not None]
            if pair is ORDER_PAYMENT and (match.others or may_be_a_part(*both)):
                found = [(as_warning(own), other) for own, other in found]
            if theirs.kept_of is not None:  # its receipt went with its bytes
                return Compared(tuple(own for own, _ in found), ()) if found else None
        if not found and not any(id_ in (counterpart.problems or "") for id_ in pair.all_ids):
            return None
        others = tuple(f"{WORDS[PAYMENT][0]} {number}（" for number in match.others if record.type == PAYMENT)
        word = LaterWord(
            counterpart.id, counterpart.drop_id, pair.all_ids, tuple(theirs for _, theirs in found), others
        )
        return Compared(tuple(own for own, _ in found), (word,))

    def _not_compared(self, pair: Pair, record: Record, match: Match) -> Compared | None:
        """It differs, and in what is not said: nobody knows it any more, or so many differ that there is one cause."""
        if self._declared.is_exhausted:
            found = _of_whole("CEBD-1436", record, match.counterpart, self._declared)
        else:
            severities = {self._severity_of(id_) for id_ in ids_of(pair, match.unlike)}
            if severities <= {"off"}:
                return None
            found = unknown(record, match.counterpart, self._declared)
            is_changed = record.app_type == _CHANGES and record.type != LIST
            if "error" not in severities or is_changed or match.others:
                found = as_warning(found)
        weighed = with_severity_of(found, self._severities)
        return None if weighed is None else Compared((weighed,), ())

    def _severity_of(self, id_: str) -> str:
        return self._severities.get(id_, problem_severity(id_))

    def _said_of(
        self,
        pair: Pair,
        record: Record,
        counterpart: Counterpart,
        own_texts: StatedTexts,
        stated: Stated,
        difference: Difference,
    ) -> tuple[Problem, Problem] | None:
        """The problem of the later document, and that of the earlier one; None where the settings do not want it."""
        is_one = record.type == pair.one
        own, other = (difference.one, difference.other) if is_one else (difference.other, difference.one)
        place = self._checking.place_of(record, own.field, own.line)
        file = self._declared.file_of(counterpart)
        other_place = place_of(counterpart, file, other)
        facts = _facts(counterpart.type, parts_of_key(counterpart.key), file.name, other_place, other)
        if stated.is_digest(other.field):
            own = own._replace(text=_text_of(own_texts, own))
            facts |= REMOVED_VALUE
        said = self._checking.problem_of_line(difference.id, record, own.line, own.field, own.text, **facts)
        weighed = with_severity_of(said, self._severities)
        if weighed is None:
            return None
        if record.app_type == _CHANGES and record.type != LIST:
            weighed = as_warning(weighed)
        described = message_types()[counterpart.type].field("head" if other.line is None else "line", other.field)
        facts = _facts(record.type, record.key, self._checking.file.name, place, own)
        theirs = problem(difference.id, other_place, field=described, value=other.text, **facts)
        return weighed, as_warning(theirs)


def unknown(record: Record, counterpart: Counterpart, declared: DeclaredTexts) -> Problem:
    """The two differ, but what that one states nobody knows any more."""
    return _of_whole("CEBD-1453", record, counterpart, declared)


def _of_whole(id_: str, record: Record, counterpart: Counterpart, declared: DeclaredTexts) -> Problem:
    file = declared.file_of(counterpart)
    place = place_of(counterpart, file, None)
    return problem(id_, record.place, **_facts(counterpart.type, parts_of_key(counterpart.key), file.name, place, None))


def _text_of(texts: StatedTexts, said: Said) -> str:
    return (texts.head if said.line is None else texts.lines[said.line]).get(said.field, "")


def _is_of_a_part(difference: Difference, others: Collection[str]) -> bool:
    """Whether an order that is paid in parts may say otherwise than this part: all it was paid, and another part's number."""
    is_amount, is_number = (difference.one.field == name for name in ("acturalPaid", "payTransactionId"))
    return is_amount or (is_number and difference.one.text in others)


def as_warning(found: Problem) -> Problem:
    return replace(found, severity="warning") if found.severity == "error" else found


def _in_which_message(match: Match) -> tuple[int, int]:
    """Each message is read once for all the records that are compared with it."""
    return match.counterpart.message_id or 0, match.position


def _in_order(pair: Pair, type_: str, own: StatedTexts, theirs: StatedTexts) -> tuple[StatedTexts, StatedTexts]:
    return (own, theirs) if type_ == pair.one else (theirs, own)


def _of_numbers(pair: Pair, one: StatedTexts, other: StatedTexts) -> Iterator[Difference]:
    """What differs in the numbers by which one document names the other."""
    names = ("logisticsNo", "logisticsCode") if pair is LIST_WAYBILL else ("ebpCode",)
    for name in names:
        said = one.head.get(name, ""), other.head.get(name, "")
        if said[0] != said[1]:
            yield Difference(pair.ids[name], *(Said(name, None, text) for text in said))


def place_of(counterpart: Counterpart, file: FileOf, said: Said | None) -> Place:
    """The cell of what it says, where its file has a column for that; else its row. Of a line its own row, where each line has one."""
    if said is None or said.line is None:
        row, part = counterpart.row, "head"
    else:
        rows = [int(row) for row in counterpart.rows.split(",")] if counterpart.rows else []
        if said.line >= len(rows):
            return Place(counterpart.sheet, counterpart.row)
        row, part = rows[said.line], "line"
    cell = None if said is None else file.cell(counterpart.sheet, row, f"{part}.{said.field}")
    return Place(counterpart.sheet, row, cell)


def _facts(type_: str, key: Sequence[str], file: str, place: Place, said: Said | None) -> dict[str, Any]:
    """The facts of a problem about the document that says otherwise."""
    zh, en = WORDS[type_]
    row = _NOWHERE if place.row is None else place.row
    other = "" if said is None else shorten(said.field, said.text)
    return {"what_zh": zh, "what_en": en, "number": number_of(type_, key), "file": file, "row": row, "other": other}
