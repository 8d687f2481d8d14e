"""Declares purchases document by document; what is said is held against what was planted, and against the customs side."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree
from openpyxl.utils import get_column_letter
from sqlalchemy import select

from builders.desk import NOW, Desk
from builders.trial_messages import unsigned_of_rows
from cebd.messages.description import message_type
from cebd.operations.check import check
from cebd.sandbox.judging.hearing import Bench, Hearing, declared_record
from cebd.sandbox.judging.register import Register
from cebd.sandbox.scenario import Scenario
from cebd.store.tables import records
from cebd.trial.rows import write_workbook
from purchases.making import DOCUMENTS, LIST, ORDER, PAYMENT, WAYBILL, Purchase, right_purchase, rows_of
from purchases.mistakes import KINDS, Expected

ARRIVALS = tuple(permutations(DOCUMENTS))
_COMPARED = {f"CEBD-{number}" for number in range(1421, 1442)}
_PAIR_OF_CODE = {"1322": (ORDER, LIST), "13035": (ORDER, PAYMENT), "": (ORDER, PAYMENT)}
_TYPES = {ORDER: "CEB311", PAYMENT: "CEB411", WAYBILL: "CEB511", LIST: "CEB621"}
Judgement = tuple[bool, frozenset[str]]  # whether it comes back, with which codes of customs' own


class Planted(NamedTuple):
    """A purchase, the name of its mistake (None: it is right), and what must be seen of it."""

    purchase: Purchase
    kind: str | None = None
    expected: Sequence[Expected] = ()


class Seen(NamedTuple):
    """A difference that was said of a document, on its cell; of the later one, or `later` in the receipt of the earlier."""

    document: str
    id: str
    field: str
    cell: str | None
    row: int
    later: bool = False

    @classmethod
    def of(cls, document: str, said: Mapping[str, Any], *, later: bool = False) -> Seen:
        return cls(document, said["id"], said["field"], said["cell"], said["row"], later)


@dataclass
class Tally:
    """What was found. `rows` are all rows of records, `equal` those of which the customs side says what was said before."""

    sets: int = 0
    planted: int = 0
    found: int = 0
    said_in_both: int = 0
    right: int = 0
    alarms: int = 0
    rows: int = 0
    equal: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("sets", "planted", "found", "said_in_both", "right", "alarms", "rows", "equal"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds += other.kinds
        self.misses += other.misses


def made(seed: int, *, wrong: bool) -> Planted:
    """The purchase of that seed: with the mistake whose turn it is, or right."""
    chance = random.Random(seed)
    number = seed + 1
    if not wrong:
        return Planted(right_purchase(number, chance, in_parts=True))
    kind = KINDS[(seed + seed // len(ARRIVALS)) % len(KINDS)]  # each meets all orders of arrival
    purchase = right_purchase(number, chance, lines=kind.lines, names_payment=kind.names_payment)
    return Planted(purchase, kind.name, kind.plant(purchase))


def judged(folder: Path, arrival: Sequence[str], planted: Sequence[Planted]) -> Tally:
    """Declare these purchases, a file for each document, in that order."""
    desk = Desk(folder)
    try:
        declared = _Declared(desk, arrival, [one.purchase for one in planted])
    finally:
        desk.store.close()
    answered = at_customs([one.purchase for one in planted])
    tally = Tally()
    for nth, one in enumerate(planted):
        tally.sets += 1
        _judge_differences(tally, declared, nth, one)
        _judge_consequences(tally, declared, nth, one, answered[nth])
    return tally


def _judge_differences(tally: Tally, declared: _Declared, nth: int, one: Planted) -> None:
    seen = Counter(declared.seen(nth))
    wanted = [declared.wanted(nth, expected) for expected in one.expected]
    for expected, (later, earlier) in zip(one.expected, wanted, strict=True):
        tally.planted += 1
        tally.kinds[one.kind or ""] += 1
        tally.found += seen[later] == 1
        tally.said_in_both += seen[earlier] == 1
        if seen[later] != 1 or seen[earlier] != 1:
            tally.misses.append(f"{declared.name} {one.kind}: {expected} wanted {later}, {earlier}; seen {list(seen)}")
    alarms = seen - Counter(said for both in wanted for said in both)
    tally.right += one.kind is None
    tally.alarms += bool(alarms)
    if alarms:
        tally.misses.append(
            f"{declared.name} {one.kind or 'right'} {sorted(one.purchase.spelling)}: alarm {list(alarms)}"
        )
    if one.kind is None and declared.rejected(nth):
        tally.alarms += 1
        tally.misses.append(f"{declared.name} right, rejected: {declared.rejected(nth)}")


def _judge_consequences(tally: Tally, declared: _Declared, nth: int, one: Planted, codes: Sequence[str] | None) -> None:
    """`codes`: those with which its list comes back; None where it does not. That is a matter of the later document of the pair."""
    refused: dict[str, set[str]] = {}
    for code in codes or ():
        later = max(_PAIR_OF_CODE[code], key=declared.arrival.index)
        refused.setdefault(later, set()).update({code} - {""})
    for document in declared.arrival:
        actual: Judgement = (document in refused, frozenset(refused.get(document, ())))
        for told in declared.told(nth, document):  # of each row
            tally.rows += 1
            tally.equal += told == actual
            if told != actual:
                tally.misses.append(f"{declared.name} {one.kind}: {document} was told {told}, customs say {actual}")


def at_customs(purchases: Sequence[Purchase]) -> list[Sequence[str] | None]:
    """By purchase, customs' codes where its list comes back (an empty code: words alone). All documents are handed in, the list last."""
    register = Register()
    answers: list[Sequence[str] | None] = []
    for document in DOCUMENTS:
        message = message_type(document)
        root = etree.fromstring(unsigned_of_rows(document, rows_of(purchases, document)))
        bench = Bench(register, Scenario(), None, datetime.fromisoformat(NOW.isoformat()))
        hearing = Hearing(bench, "valid", "DXPENT0000010001", again=False)
        elements = root.findall(f"{{*}}{message.record}")
        for element in elements:
            entry, answer = hearing.hear(declared_record(message, element))
            register.enter([{"cop_msg_id": document, "arrival": document, **entry}])
            if document == LIST:
                status, info = answer.life[-1]
                answers.append(None if status == "800" else re.findall(r"\[Code:(\d+);", info) or [""])
            elif entry["verdict"] != "accepted":
                raise AssertionError((document, answer.life))
    return answers


class _Declared:
    """The purchases, declared; what was said before and after."""

    def __init__(self, desk: Desk, arrival: Sequence[str], purchases: Sequence[Purchase]) -> None:
        self.arrival = arrival
        self.name = "-".join(arrival)
        self._names: dict[str, list[str]] = {}
        self._first_rows: dict[str, list[int]] = {}
        self._own: dict[tuple[int, str], list[dict[str, Any]]] = {}
        self._told: dict[tuple[int, str], list[Judgement]] = {}
        for document in arrival:
            self._declare(desk, document, purchases)
        with desk.store.read() as transaction:
            now = {row.id: row.problems for row in transaction.execute(select(records.c.id, records.c.problems))}
        self._later = {
            place: [
                said
                for record in of_purchase
                for said in json.loads(now[record["id"]] or "[]")
                if said["id"] in _COMPARED and said not in record["problems"]
            ]
            for place, of_purchase in self._own.items()
        }

    def _declare(self, desk: Desk, document: str, purchases: Sequence[Purchase]) -> None:
        rows = rows_of(purchases, document)
        self._names[document] = list(rows[0])
        first, starts = 2, []
        purchase_of_row = {}
        for nth, purchase in enumerate(purchases):
            starts.append(first)
            for _ in purchase.rows[document]:
                purchase_of_row[first] = nth
                first += 1
        self._first_rows[document] = starts
        path = desk.folder / f"{document}.xlsx"
        write_workbook(path, document, rows)
        for row in check(path, desk.settings, desk.settings.enterprise[0]).rows:
            told = row.consequence
            is_refused = told.kind.value in ("refused", "conflict")
            codes = frozenset(code.removeprefix("customs:") for code in told.codes)
            self._told.setdefault((purchase_of_row[row.row or 0], document), []).append((is_refused, codes))
        for record in desk.drop(document, rows):
            self._own.setdefault((purchase_of_row[record["row"]], document), []).append(record)

    def seen(self, nth: int) -> list[Seen]:
        """Every difference said of that purchase."""
        seen = []
        for document in self.arrival:
            for record in self._own[nth, document]:
                own = [said for said in record["problems"] if said["id"] in _COMPARED]
                seen += [Seen.of(document, said) for said in own]
            seen += [Seen.of(document, said, later=True) for said in self._later[nth, document]]
        return seen

    def wanted(self, nth: int, expected: Expected) -> tuple[Seen, Seen]:
        """Where the difference must be said: on a cell of the later document, and on one of the earlier."""
        earlier, later = sorted(expected.fields, key=self.arrival.index)
        return self._wanted(nth, later, expected), self._wanted(nth, earlier, expected)._replace(later=True)

    def _wanted(self, nth: int, document: str, expected: Expected) -> Seen:
        name = expected.fields[document]
        column = get_column_letter(self._names[document].index(name) + 1)
        row = self._first_rows[document][nth] + expected.lines.get(document, 0)
        return Seen(document, expected.id, name.partition(".")[2], f"{column}{row}", row)

    def rejected(self, nth: int) -> list[str]:
        """The problems of its records that were kept back."""
        of_purchase = [record for document in self.arrival for record in self._own[nth, document]]
        return [id_ for record in of_purchase if record["state"] != "ready" for id_ in record["ids"]]

    def told(self, nth: int, document: str) -> list[Judgement]:
        """Before it left, whether each of its records would come back. The payments of an order are one matter: customs add them up."""
        told = self._told[nth, document]
        if document != PAYMENT:
            return told
        return [(any(is_refused for is_refused, _ in told), frozenset().union(*(codes for _, codes in told)))] * len(
            told
        )
