"""Applications about an inventory list: cancelling it (623) before its release, returning its goods (625) in time and as declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from cebd.clock import CST
from cebd.declared.checked_file import Checking
from cebd.declared.four_documents.check import TextsOf
from cebd.declared.lists.contents import contents
from cebd.declared.removed_value import REMOVED_VALUE, without_list
from cebd.messages.description import message_types
from cebd.messages.parse import StatedTexts
from cebd.messages.relations import cancelling
from cebd.problems.problem import Problem, shorten
from cebd.records.kept import Stated, comparable_text, is_digested
from cebd.records.key import joined, parts_of
from cebd.records.record import Record
from cebd.records.states import STATES_IN_CHINESE, State
from cebd.store.across.earlier.declared import InForce, lists_numbered
from cebd.store.across.earlier.original_lists import applications_about

_LIST, _RETURN = "CEB621", "CEB625"
_DELETES = "3"
# Customs find the list by these; a name or a telephone that differs is found by nobody, and mostly written otherwise.
_NUMBERS = ("orderNo", "ebpCode", "ebcCode", "logisticsNo", "logisticsCode", "buyerIdNumber")
_NAMES = ("ebpName", "ebcName", "logisticsName", "buyerName", "buyerTelephone")
_Returned = dict[str, Decimal]  # quantity by line number


class _Whose(NamedTuple):
    """An application: its enterprise and its key."""

    enterprise: str
    key: str


class _About(NamedTuple):
    """What is known of a list: itself, what it said, and what applications return of it."""

    original: InForce
    said: Stated | None
    returned: Mapping[_Whose, _Returned]


class ListApplications:
    """The check of the applications of a file (CEBD-1407 to CEBD-1410, 1445 to 1450)."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking
        self._in_file: dict[tuple[str, str], tuple[str, _Returned]] = {}  # by kind and list: copNo, what it returns

    def check(self, records: Sequence[Record], texts_of: TextsOf) -> Iterator[tuple[int, Problem]]:
        """Problems with the positions of their records; `texts_of` gives what a record states, by its position."""
        numbers = list(dict.fromkeys(record.facts.list_no for record in records if record.facts.list_no))
        if not numbers:
            return
        others = applications_about(self._checking.transaction, records[0].type, numbers)
        known = self._about(numbers, records[0].type, others)
        for position, record in enumerate(records):
            number = record.facts.list_no
            if number is None:
                continue
            of_others = others.get(number, ())
            if number in known:
                found = list(self._of_application(record, known[number], of_others, partial(texts_of, position)))
            else:
                found = list(self._of_unknown_list(record, number, of_others))
            for one in found:
                yield position, one
            if not any(one.severity == "error" for one in found):
                self._remember(record)

    def _about(self, numbers: Sequence[str], type_: str, others: Mapping[str, Sequence[InForce]]) -> dict[str, _About]:
        transaction = self._checking.transaction
        lists = lists_numbered(transaction, numbers)
        said = contents(transaction, lists.values())
        returned: dict[str, Stated] = {}
        if type_ == _RETURN:
            returned = contents(transaction, [one for of_list in others.values() for one in of_list])
        about = {}
        for number, original in lists.items():
            own = others.get(number, ())
            lines = {
                _whose(one): _sum_of_lines(returned[guid].texts)
                for one in own
                if (guid := one.guid.upper()) in returned
            }
            about[number] = _About(original, said.get(original.guid.upper()), lines)
        return about

    def _of_unknown_list(self, record: Record, number: str, others: Sequence[InForce]) -> Iterator[Problem]:
        """The list was not declared here: what is known of it are the applications about it."""
        yield self._checking.problem("CEBD-1407", record, "invtNo", number)
        if record.type in cancelling() and record.app_type != _DELETES:
            yield from self._cancelled_before(record, number, others)

    def _of_application(
        self, record: Record, about: _About, others: Sequence[InForce], texts: Callable[[], StatedTexts]
    ) -> Iterator[Problem]:
        original = about.original
        if record.app_type == _DELETES:
            return
        if original.cancelled:
            yield self._checking.problem("CEBD-1445", record, "invtNo", original.invt_no)
            return
        if record.type in cancelling():
            if original.released:
                released = original.released[:10]
                yield self._checking.problem("CEBD-1408", record, "invtNo", original.invt_no, released=released)
            else:
                yield from self._cancelled_before(record, original.invt_no or "", others)
        else:
            yield from self._return_in_time(record, original)
            yield from self._return_of_its_lines(record, about)
        if about.said is None:
            yield self._checking.problem("CEBD-1455", record, "invtNo", original.invt_no, file=original.file)
        else:
            yield from self._as_the_list_says(record, about.said, texts())

    def _cancelled_before(self, record: Record, number: str, others: Sequence[InForce]) -> Iterator[Problem]:
        """Another application to cancel the list, under another number or of another enterprise."""
        for other in others:
            if _whose(other) != self._own(record):
                state = State(other.state)
                facts = {"other": parts_of(other.key)[0], "file": other.file, "state": state}
                yield self._checking.problem(
                    "CEBD-1448", record, "invtNo", number, state_zh=STATES_IN_CHINESE[state], **facts
                )
                return
        known = self._in_file.get((record.type, number))
        if known is not None:
            facts = {"other": known[0], "file": self._checking.file.name, "state": State.READY}
            state_zh = STATES_IN_CHINESE[State.READY]
            yield self._checking.problem("CEBD-1448", record, "invtNo", number, state_zh=state_zh, **facts)

    def _return_in_time(self, record: Record, original: InForce) -> Iterator[Problem]:
        """Days of the calendar in China count, the last one whole (GACC 2018 No. 194: within 30 days from the day of release)."""
        limit = self._checking.figures.return_days
        if original.released is None:
            why = {"why_zh": "还没有放行", "why_en": "was not released yet"}
        else:
            day = datetime.fromisoformat(original.released).astimezone(CST).date()
            if (self._checking.now.astimezone(CST).date() - day).days <= limit:
                return
            why = {
                "why_zh": f"已于 {day} 放行，超过 {limit} 日",
                "why_en": f"was released on {day}, over {limit} days ago",
            }
        yield self._checking.problem("CEBD-1409", record, "invtNo", original.invt_no, limit=limit, **why)

    def _return_of_its_lines(self, record: Record, about: _About) -> Iterator[Problem]:
        if about.said is None:
            return
        lines = {line.get("gnum", ""): line for line in about.said.texts.lines}
        before = self._returned_before(record, about)
        returned: _Returned = {}  # a line may stand in an application twice
        for nth, (gnum, gcode, qty) in enumerate(record.facts.lines):
            returned[gnum] = returned.get(gnum, Decimal()) + Decimal(qty)
            declared, earlier = lines.get(gnum), before.get(gnum, Decimal())
            declared_code = "" if declared is None else declared.get("gcode", "")
            declared_quantity = Decimal() if declared is None else Decimal(declared.get("qty", "0"))
            if declared is None:
                field, value = "gnum", gnum
                why = ("原清单没有这一项", "the original list has no such line")
            elif declared_code != gcode:
                field, value = "gcode", gcode
                why = (
                    f"原清单的商品编码是 {declared_code}",
                    f"the original list has the commodity code {declared_code}",
                )
            elif returned[gnum] + earlier > declared_quantity:
                field, value = "qty", qty
                why = (f"原清单的数量是 {declared_quantity}", f"the original list has the quantity {declared_quantity}")
                if earlier:
                    why = (
                        f"{why[0]}，已申请退货 {earlier}",
                        f"{why[1]}, of which {earlier} are being returned already",
                    )
            else:
                continue
            facts = {"number": gnum, "list": about.original.invt_no, "why_zh": why[0], "why_en": why[1]}
            yield self._checking.problem_of_line("CEBD-1410", record, nth, field, value, **facts)

    def _returned_before(self, record: Record, about: _About) -> _Returned:
        """What other applications return of the list, those of this file among them."""
        total: _Returned = {}
        for other, lines in about.returned.items():
            if other != self._own(record):
                _add(total, lines)
        in_file = self._in_file.get((record.type, about.original.invt_no or ""))
        return total if in_file is None else _add(total, in_file[1])

    def _own(self, record: Record) -> _Whose:
        return _Whose(self._checking.file.enterprise, joined(record.key))

    def _remember(self, record: Record) -> None:
        place = record.type, record.facts.list_no or ""
        _, returned = self._in_file.setdefault(place, (record.key[0], {}))
        for gnum, _, qty in record.facts.lines:
            returned[gnum] = returned.get(gnum, Decimal()) + Decimal(qty)

    def _as_the_list_says(self, record: Record, stated: Stated, own: StatedTexts) -> Iterator[Problem]:
        """What the application says otherwise than its list."""
        said, form = stated.texts, stated.comparable(message_types()[_LIST], own)
        for id_, names in (("CEBD-1449", _NUMBERS), ("CEBD-1450", _NAMES)):
            for name in names:
                text, other = form.head.get(name, ""), said.head.get(name, "")
                if text and other and _spelled(stated, name, text) != _spelled(stated, name, other):
                    facts = REMOVED_VALUE if stated.is_digest(name) else {"other": shorten(name, other)}
                    found = self._checking.problem(id_, record, name, own.head.get(name, ""), **facts)
                    yield found if stated.kept_of is None else without_list(found)
        lines = {line.get("gnum", ""): line for line in said.lines}
        for nth, line in enumerate(own.lines):
            unit, other = line.get("unit", ""), lines.get(line.get("gnum", ""), {}).get("unit", "")
            if unit and other and unit != other:
                yield self._checking.problem_of_line("CEBD-1450", record, nth, "unit", unit, other=other)


def _spelled(stated: Stated, name: str, text: str) -> str:
    """The text in the form in which it is compared with what a list states."""
    if stated.is_digest(name) or not is_digested(stated.message, name):
        return text.casefold()
    return comparable_text(name, text)


def _whose(application: InForce) -> _Whose:
    return _Whose(application.enterprise, application.key)


def _sum_of_lines(said: StatedTexts) -> _Returned:
    total: _Returned = {}
    for line in said.lines:
        _add(total, {line.get("gnum", ""): Decimal(line.get("qty", "0"))})
    return total


def _add(total: _Returned, lines: Mapping[str, Decimal]) -> _Returned:
    for gnum, quantity in lines.items():
        total[gnum] = total.get(gnum, Decimal()) + quantity
    return total
