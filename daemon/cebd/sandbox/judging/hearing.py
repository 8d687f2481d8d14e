"""Judging the records of one message, one after the other: the answers that each gets, and what the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from cryptography import x509
from lxml import etree

from cebd.messages.description import CEB, MessageType, message_type
from cebd.sandbox.answering.bills import is_taxed
from cebd.sandbox.answering.replies import (
    DELETION,
    RELEASED,
    STORED,
    Name,
    Reply,
    already_there,
    bad_signature,
    life,
    names_in_list,
    not_there,
    waits_for,
)
from cebd.sandbox.judging.four_documents import LIST, stated
from cebd.sandbox.judging.lists import against_cancelling, against_returning, entry_of, is_list
from cebd.sandbox.judging.register import Numbers, Place, Register, Waiting
from cebd.sandbox.judging.signature_check import Judgement
from cebd.sandbox.ledger import Entry
from cebd.sandbox.scenario import Scenario

Verdict = Literal["accepted", "repeat", "rejected"]


@dataclass(frozen=True)
class Bench:
    """What a judgement depends on: the ledger's register, the scenario, the trusted certificate, the time."""

    register: Register
    scenario: Scenario
    trusted: x509.Certificate | None
    now: datetime


@dataclass(frozen=True)
class DeclaredRecord:
    """A record as it was declared."""

    message: MessageType
    head: Mapping[str, str]
    lines: Sequence[Mapping[str, str]]

    @property
    def number(self) -> str:
        """The number an enterprise knows the record by: its order number, its copNo."""
        return self.head.get(self.message.group or self.message.key[-1], "")

    @property
    def list_number(self) -> str:
        """The number of the list that it is an application about; empty where it is none."""
        return self.head.get(self.message.list_number or "", "")

    @property
    def place(self) -> Place:
        """Its type and business key."""
        return self.message.code, tuple(self.head.get(key, "") for key in self.message.key)

    @property
    def app_type(self) -> str:
        return self.head.get("appType", "1")

    @property
    def stored_only(self) -> bool:
        return self.head.get("appStatus") == "1" and self.message.must_sign


@dataclass(frozen=True)
class RecordAnswers:
    """The answers that a record gets: `life` has (status, text) in their order, `numbers` what customs gave it.

    `billed`: the goods of a list that gets a tax bill once it is released.
    """

    head: Mapping[str, str]
    life: tuple[Reply, ...]
    numbers: Numbers
    billed: Sequence[Mapping[str, str]] = ()


def declared_record(message: MessageType, element: etree._Element) -> DeclaredRecord:
    """The record of that element."""
    head = element.find(f"{{{CEB}}}{message.head}") if message.head else element
    lines = element.findall(f"{{{CEB}}}{message.line}") if message.line else []
    return DeclaredRecord(message, _texts(head), tuple(map(_texts, lines)))


class Hearing:
    """The records of one message: each is judged knowing those accepted before it.

    `set_going`: the declarations that waited for a list of this message.
    """

    def __init__(self, bench: Bench, signature: Judgement, receiver: str, *, again: bool) -> None:
        """`receiver`: whom the answers go to; `again`: a message of that id was entered before."""
        self.set_going: list[Waiting] = []
        self._receiver = receiver
        self._listed_here: set[Name] = set()
        self._bought_here: dict[str, Decimal] = {}  # by buyers' years
        self._bench = bench
        self._signature = signature
        self._again = again
        self._position = 0
        self._here: dict[Place, Numbers] = {}
        self._cancelled_here: set[str] = set()

    def hear(self, record: DeclaredRecord) -> tuple[Entry, RecordAnswers]:
        """The ledger's entry of the record, and the answers that it gets."""
        given = self._here.get(record.place, self._bench.register.numbers(record.place))
        verdict, replies = self._verdict(record, is_known=given is not None)
        numbers = given if given is not None else self._numbers(record)
        self._position += 1
        entry = {
            "type": record.message.code,
            "guid": record.head.get("guid", ""),
            "key": dict(zip(record.message.key, record.place[1], strict=True)),
            "verdict": verdict,
            "status": replies[-1][0],
            "signature": self._signature,
        }
        billed: Sequence[Mapping[str, str]] = ()
        if verdict == "accepted":
            entry |= numbers
            if replies[-1][0] != STORED:
                self._here[record.place] = numbers
                entry |= self._of_list(record, replies) | self._of_waiting(record, replies) | self._of_content(record)
                if replies[-1][0] == RELEASED and self._bench.scenario.tax_bills and is_taxed(record.message.code):
                    billed = record.lines
        return entry, RecordAnswers(record.head, replies, numbers, billed)

    def _of_list(self, record: DeclaredRecord, replies: tuple[Reply, ...]) -> Entry:
        if record.message.cancels:
            self._cancelled_here.add(record.list_number)
            return {"cancels": record.list_number}
        if not is_list(record.message.code):
            return {}
        if record.app_type == DELETION:
            return {"list": None}
        moment = self._bench.scenario.moment(self._bench.now, len(replies) - 1)
        return {"list": entry_of(record.lines, moment if replies[-1][0] == RELEASED else None)}

    def _of_waiting(self, record: DeclaredRecord, replies: tuple[Reply, ...]) -> Entry:
        """What the ledger keeps of a record that waits for its list, and of a list that others wait for."""
        code, register = record.message.code, self._bench.register
        entry: Entry = {"deleted": True} if record.app_type == DELETION else {}
        awaited = waits_for(code)
        rests = len(replies) == 1 and record.app_type != DELETION
        if awaited is not None and rests and not self._bench.scenario.silent(record.number):
            entry["waits_for"] = (awaited.list_type, *awaited.name_in(record.head))
            entry["receiver"] = self._receiver
        names = names_in_list(code, record.head) if record.app_type != DELETION else []
        if names:
            for name in names:
                if name not in self._listed_here:
                    self.set_going += register.waiting(code, name)
            self._listed_here.update(names)
            entry["names"] = names
        return entry

    def _of_content(self, record: DeclaredRecord) -> Entry:
        """What the ledger keeps of one of the four documents."""
        said = stated(record.message.code, record.head, record.lines, self._bench.now)
        if "year" in said and record.app_type != DELETION:
            self._bought_here[said["year"]] = self._bought_here.get(said["year"], Decimal()) + Decimal(said["worth"])
        return {"stated": said} if said else {}

    def _waits(self, record: DeclaredRecord) -> bool:
        """Whether the record rests until a list that names it is declared; its deletion goes no further in any case."""
        awaited = waits_for(record.message.code)
        if awaited is None or self._bench.scenario.entered_at_once:
            return False
        listed = self._bench.register.is_listed(awaited.list_type, awaited.name_in(record.head))
        return record.app_type == DELETION or not listed

    def _verdict(self, record: DeclaredRecord, *, is_known: bool) -> tuple[Verdict, tuple[Reply, ...]]:
        code, scenario = record.message.code, self._bench.scenario
        must_sign = record.message.must_sign and record.head.get("appStatus") == "2"
        if self._signature == "bad" or (self._signature == "none" and must_sign):
            return "rejected", (bad_signature(code, record.number),)
        if self._again:
            return "repeat", (already_there(code, record.number),)
        rejection = scenario.rejection(record.number, self._bench.register.rejections(record.place))
        if rejection is not None:
            reply = (rejection.status, rejection.info)
            # A processing error is all there is; customs themselves refuse what was declared first.
            processing = rejection.status.startswith("-")
            return "rejected", (reply,) if processing else (life(code, "1", stored=False)[0], reply)
        if record.app_type == "1" and is_known:
            return "repeat", (already_there(code, record.number),)
        objections = self._objections(record, is_known=is_known)
        if objections:
            return "rejected", objections
        released = not scenario.stays_entered(record.number)
        waiting = self._waits(record)
        return "accepted", life(code, record.app_type, stored=record.stored_only, released=released, waiting=waiting)

    def _objections(self, record: DeclaredRecord, *, is_known: bool) -> tuple[Reply, ...]:
        """The answers to a record that is not taken; empty for one that is."""
        objection = self._objection(record, is_known=is_known)
        if objection is not None:
            return (objection,)
        objection = self._against_others(record)
        # Customs look at what the e-port has taken.
        return () if objection is None else (life(record.message.code, record.app_type, stored=False)[0], objection)

    def _objection(self, record: DeclaredRecord, *, is_known: bool) -> Reply | None:
        """What speaks against a change of a record that was not declared, and against an application about a list."""
        if record.app_type not in ("1", "2", "3") or (record.app_type != "1" and not is_known):
            return not_there(record.message.code, record.number)
        if record.stored_only or record.app_type == DELETION:
            return None
        number = record.list_number
        its_list = self._bench.register.known_list(number)
        cancelled = number in self._bench.register.cancelled or number in self._cancelled_here
        if record.message.cancels:
            return against_cancelling(number, its_list, cancelled=cancelled, now=self._bench.now)
        if record.message.returns:
            return against_returning(record.number, record.lines, its_list, cancelled=cancelled, now=self._bench.now)
        return None

    def _against_others(self, record: DeclaredRecord) -> Reply | None:
        """What speaks against a list beside its order, its payment and its buyer's year."""
        if record.message.code != LIST or record.stored_only or record.app_type == DELETION:
            return None
        said = stated(LIST, record.head, record.lines, self._bench.now)
        names = names_in_list(LIST, record.head)
        here = self._bought_here.get(said["year"], Decimal())
        return self._bench.register.documents.against(record.place[1], said, names, here)

    def _numbers(self, record: DeclaredRecord) -> Numbers:
        """The numbers of a record heard for the first time, 18 characters each, as far as its receipt has them."""
        register, now = self._bench.register, self._bench.now
        fields = {field.name for field in message_type(str(record.message.receipt)).head_fields}
        given = {"preNo": f"B{now:%Y%m%d}{register.size + self._position + 1:09d}"}
        own = record.message.number  # beside the platform's preNo
        if own is not None:
            count = register.count(record.message.code) + self._position + 1
            direction = record.head.get("ieFlag") or "I"  # after district and year: import or export
            given[own] = f"{record.head.get('customsCode', '0000')}{now:%Y}{direction}{count:09d}"
        return {name: number for name, number in given.items() if name in fields}


def _texts(element: etree._Element | None) -> dict[str, str]:
    children = element.iterchildren("*") if element is not None else ()
    return {etree.QName(child).localname: (child.text or "").strip() for child in children}
