"""The lists that short applications ask for: found by customs' number, by the order or by the list's own number, for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cebd.declared.checked_file import Checking
from cebd.declared.lists.contents import contents
from cebd.messages.description import message_types
from cebd.problems.problem import Problem
from cebd.records.key import bare_number, joined_number, parts_of
from cebd.records.original_list import EarlierReturn, NamedList, OriginalList, quantities_of, repeated_fields
from cebd.records.record import Record
from cebd.records.states import STATES_IN_CHINESE, State
from cebd.store.across.earlier.declared import InForce, lists_numbered
from cebd.store.across.earlier.original_lists import applications_about, lists_by_own_number, lists_of_orders

_LIST = "CEB621"
_MISSING = "CEBD-1201"
_UNKNOWN, _SEVERAL, _NO_NUMBER, _OF_ANOTHER = "CEBD-1443", "CEBD-1444", "CEBD-1446", "CEBD-1447"
_REMOVED = "CEBD-1454"
_MAX_NAMED = 5


class OriginalLists:
    """Answers records that ask for their list; only the enterprise's own lists are given."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    def answers(self, records: Sequence[Record]) -> list[OriginalList | Problem | None]:
        """Of each of these records the list; or why there is none; nothing for one that names no list."""
        named = [record.asks or NamedList() for record in records]
        found = [self._own(record, lists) for record, lists in zip(records, self._candidates(named), strict=True)]
        known = contents(self._checking.transaction, [one for one in found if isinstance(one, InForce)])
        returned = self._returned([one.invt_no for one in found if isinstance(one, InForce)], records)
        answers: list[OriginalList | Problem | None] = []
        for record, one in zip(records, found, strict=True):
            if not isinstance(one, InForce):
                answers.append(one)
                continue
            stated = known.get(one.guid.upper())
            if stated is None or stated.kept_of is not None:
                answers.append(self._problem(_REMOVED, record, file=one.file))
                continue
            head = {**stated.texts.head, "invtNo": one.invt_no or ""}
            number = one.invt_no or ""
            answers.append(OriginalList(number, one.file, head, stated.texts.lines, returned.get(number, ())))
        return answers

    def _returned(self, numbers: Sequence[str | None], records: Sequence[Record]) -> dict[str, list[EarlierReturn]]:
        """By the list's number, the returns of its goods that are in force or under way, where the records are returns."""
        type_ = records[0].type if records else ""
        if not type_ or not message_types()[type_].returns:
            return {}
        about = applications_about(self._checking.transaction, type_, _asked(number or "" for number in numbers))
        said = contents(self._checking.transaction, [one for of_list in about.values() for one in of_list])
        found: dict[str, list[EarlierReturn]] = {}
        for number, applications in about.items():
            for one in applications:
                stated = said.get(one.guid.upper())
                goods = {} if stated is None else quantities_of(stated.texts.lines)
                found.setdefault(number, []).append(EarlierReturn(parts_of(one.key)[0], goods))
        return found

    def _candidates(self, named: Sequence[NamedList]) -> list[list[InForce]]:
        transaction = self._checking.transaction
        by_number = lists_numbered(transaction, _asked(one.invt_no for one in named))
        by_order = lists_of_orders(transaction, _asked(one.order_no for one in named if not one.invt_no))
        by_own = lists_by_own_number(
            transaction, _asked(one.cop_no for one in named if not (one.invt_no or one.order_no))
        )
        candidates = []
        for one in named:
            if one.invt_no:
                lists = [by_number[one.invt_no]] if one.invt_no in by_number else []
            elif one.order_no:
                order = joined_number(one.order_no, one.platform)
                lists = [of for of in by_order.get(one.order_no, ()) if not one.platform or of.order_no == order]
            else:
                lists = by_own.get(one.cop_no, [])
            candidates.append(lists)
        return candidates

    def _own(self, record: Record, lists: Sequence[InForce]) -> InForce | Problem | None:
        if record.asks is None or not record.asks.number:
            return None
        own = [one for one in lists if one.enterprise == self._checking.file.enterprise]
        if not own:
            return self._problem(_OF_ANOTHER if lists else _UNKNOWN, record)
        if len(own) > 1:
            numbers = [one.invt_no or bare_number(one.key) for one in own[:_MAX_NAMED]]
            more = ", …" if len(own) > _MAX_NAMED else ""
            return self._problem(_SEVERAL, record, lists=", ".join(numbers) + more)
        (one,) = own
        if one.invt_no is None:
            state = State(one.state)
            return self._problem(_NO_NUMBER, record, state=state, state_zh=STATES_IN_CHINESE[state])
        return one

    def _problem(self, id_: str, record: Record, **facts: object) -> Problem:
        asks, message = record.asks or NamedList(), message_types()[record.type]
        field = message.field("head", asks.field)
        named = {"what_zh": field.zh, "what_en": field.en}
        empty = {one.field for one in record.problems if one.id == _MISSING}
        lacking = [one for one in (*message.head_fields, *message.line_fields) if one.name in empty]
        more = ["…"] if len(lacking) > _MAX_NAMED else []
        named["lacking_zh"] = "、".join([*(one.zh for one in lacking[:_MAX_NAMED]), *more])
        named["lacking"] = ", ".join([*(one.en for one in lacking[:_MAX_NAMED]), *more])
        return self._checking.problem(id_, record, asks.field, asks.number, **named, **facts)


def without_list(record: Record, why: Problem | None) -> Record:
    """The record that stays as it was read: that its list is missing is said once, instead of each thing that the list would have given."""
    if record.ready or record.withheld or record.skipped:
        return record
    fields = repeated_fields(message_types()[record.type])
    given = {*fields.head, *fields.line, "copNo"} - ({"invtNo"} if why is None else set())
    rest = tuple(one for one in record.problems if one.id != _MISSING or one.field not in given)
    if why is None or len(rest) == len(record.problems):
        return record._replace(problems=rest) if rest else record
    return record._replace(problems=(replace(why, severity="error"), *rest))


def _asked(numbers: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, numbers)))
