"""Matching: which of our declarations a return speaks of. By business keys, never by guid; where they leave a doubt, of none.

A record that was refused is corrected and declared again under the same key, so a key may have several declarations: which of them is
meant, see `cebd.receipts.versions`. A quoted guid is only a hint, asked among declarations of one key alone.

A record that was not handed over when the receipt came is not spoken of: a return that names its key belongs to another system.
A notice that names a number of customs is about whatever has it: a summary (792) about all parts of a split application (701).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree
from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from cebd.customs.statuses import PLATFORM, SUMMARY, TAX
from cebd.messages.description import CEB, MessageType, message_types
from cebd.messages.returns import Return
from cebd.messages.schema import parse_xml
from cebd.receipts.versions import Version, spoken_of
from cebd.records.key import KEY_SEPARATOR, joined
from cebd.records.states import ReturnedStatus
from cebd.store.history import received_statuses_of
from cebd.store.store import unpack
from cebd.store.tables import messages, records, submissions

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Declared:
    """A record that may have reached the other side. `handed`: the number of its message's first hand-over; `began`: when, ISO 8601."""

    id: int
    drop_id: int
    type: str
    enterprise: str
    key: str
    guid: str
    state: str
    pre_no: str | None
    invt_no: str | None
    message_id: int
    message_guid: str
    channel: str
    handed: int
    began: str


class Match:
    """The declarations that the returns of one receipt speak of, and what these were told before (`past`, by record id).

    `handed_over`: the last hand-over before the receipt came; None when that is not known. `certain`: whether it was told without any
    clock of ours which declaration each return speaks of.
    """

    def __init__(
        self, connection: Connection, returns: Sequence[Return], channel: str, handed_over: int | None = None
    ) -> None:
        self._connection = connection
        self._channel = channel
        self._handed_over = handed_over
        self._contents: dict[int, dict[str, dict[str, str]]] = {}
        self._by_key = self._with_whole_key(returns)
        found = [self._candidates(one) for one in returns]
        ids = {record.id for some in found for record in some}
        received = received_statuses_of(connection, ids)
        self._heard = {record_id: received.get(record_id, []) for record_id in ids}
        self.past = {record_id: [one.returned for one in heard] for record_id, heard in self._heard.items()}
        self.certain = [True] * len(returns)
        self.found = [self._one_declaration(number, one, found[number]) for number, one in enumerate(returns)]

    # Candidates

    def _candidates(self, one: Return) -> list[Declared]:
        """Every declaration of the one key that the return names, in the order in which they were made."""
        if one.message_ids:
            return self._of_message(one)
        if one.answers is None:
            return []
        message = message_types()[one.answers]
        names = message.key
        if all(one.given.get(name) for name in names):
            found = self._by_key.get((message.code, _key(message, one)), [])
        else:
            found = self._with_part_of_key(message, one)
        return self._of_one_key(one, found or self._with_number(message, one))

    def _with_whole_key(self, returns: Iterable[Return]) -> dict[tuple[str, str], list[Declared]]:
        wanted: dict[str, set[str]] = {}
        for one in returns:
            if one.answers is not None:
                wanted.setdefault(one.answers, set()).add(_key(message_types()[one.answers], one))
        found: dict[tuple[str, str], list[Declared]] = {}
        for code, keys in wanted.items():
            ordered = sorted(keys)
            for start in range(0, len(ordered), _AT_ONCE):
                some = ordered[start : start + _AT_ONCE]
                for record in self._ask(records.c.type == code, records.c.key.in_(some)):
                    found.setdefault((code, record.key), []).append(record)
        return found

    def _with_part_of_key(self, message: MessageType, one: Return) -> list[Declared]:
        """Codes that a receipt may leave out are not missed, as long as those it gives are the ones declared."""
        values = [one.given.get(name, "") for name in message.key]
        if not values[0]:
            return []
        start = values[0] + KEY_SEPARATOR  # a range and not LIKE: it is answered from the index
        end = values[0] + chr(ord(KEY_SEPARATOR) + 1)
        found = self._ask(records.c.type == message.code, records.c.key >= start, records.c.key < end)
        return [record for record in found if _fits(values, record.key) and self._codes_fit(message, one, record)]

    def _with_number(self, message: MessageType, one: Return) -> list[Declared]:
        """The numbers given by platform and customs, once known, name a record too."""
        same = [records.c[name] == number for name, number in numbers_of(message.code, one).items()]
        if not same:
            return []
        own = one.given.get(message.key[0])
        found = self._ask(records.c.type == message.code, or_(*same))
        return [record for record in found if own in (None, record.key.split(KEY_SEPARATOR)[0])]

    def _of_message(self, one: Return) -> list[Declared]:
        """The records of a whole message: by the envelope's id; else by the message's guid, if only one has it."""
        spellings = list(dict.fromkeys(text for name in one.message_ids for text in (name, name.upper())))
        for column in (messages.c.cop_msg_id, messages.c.guid):
            found = self._ask(column.in_(spellings))
            if found:
                return found if len({record.message_id for record in found}) == 1 else []
        return []

    def _ask(self, *conditions: ColumnElement[bool]) -> list[Declared]:
        found = [Declared(*row) for row in self._connection.execute(_DECLARATIONS.where(*conditions))]
        return [one for one in found if self._handed_over is None or one.handed <= self._handed_over]

    # Telling keys apart

    def _of_one_key(self, one: Return, found: list[Declared]) -> list[Declared]:
        """The candidates when they are all of one key of one enterprise, or can be brought to that; none else."""
        for narrower in (
            found,
            [record for record in found if _has_number(one, record)],
            [record for record in found if _quoted(one, record)],
            [record for record in found if record.channel == self._channel],
        ):
            if len({(record.enterprise, _whole(record, one)) for record in narrower}) == 1:
                kept = {(record.enterprise, record.key) for record in narrower}
                return [record for record in found if (record.enterprise, record.key) in kept]
        return []

    def _codes_fit(self, message: MessageType, one: Return, record: Declared) -> bool:
        """Whether the codes that the return gives are those declared; asked only when the key is not whole."""
        declared = self._content(message, record.message_id).get(record.guid.upper(), {})
        codes = {name: text for name, text in one.given.items() if name.endswith("Code") and declared.get(name)}
        return all(declared[name] == text for name, text in codes.items())

    def _content(self, message: MessageType, message_id: int) -> dict[str, dict[str, str]]:
        """The heads of a message by guid, as declared."""
        if message_id not in self._contents:
            query = select(messages.c.body).where(messages.c.id == message_id)
            root = parse_xml(unpack(self._connection.execute(query).scalar_one()), huge=True)
            self._contents[message_id] = _heads(message, root)
        return self._contents[message_id]

    # Telling declarations of one key apart

    def _one_declaration(self, number: int, one: Return, found: list[Declared]) -> list[Declared]:
        """The records of one message. Several of one key in it (its rule may be switched off) are all spoken of."""
        if one.message_ids or not found:
            return found
        if len(parts := {record.key for record in found}) > 1:
            each = ([record for record in found if record.key == key] for key in sorted(parts))
            return [record for some in each for record in self._one_declaration(number, one, some)]
        by_message = {record.message_id: record for record in found}
        versions = sorted(by_message.values(), key=lambda record: (record.handed, record.message_id))
        if len(versions) == 1:
            return found
        told = [record for record in versions if self._knows(record, one)]
        quoted = [record for record in versions if _quoted(one, record)]
        some = told[-1:] or quoted or versions
        index, certain = spoken_of(as_told(one), [self._version(record) for record in some])
        self.certain[number] = self.certain[number] and certain
        return [record for record in found if record.message_id == some[index].message_id]

    def _version(self, record: Declared) -> Version:
        return Version(record.type, record.handed, record.began, self._heard[record.id])

    def _knows(self, record: Declared, one: Return) -> bool:
        said = as_told(one)
        return any(
            (told.status, told.info, told.time) == (said.status, said.info, said.time) for told in self.past[record.id]
        )


def _declarations() -> Select[Any]:
    """Records with their message, of those messages that were handed over (or may have been)."""
    first = (
        select(func.min(submissions.c.id))
        .where(
            submissions.c.message_id == records.c.message_id,
            submissions.c.phase == "handing-over",
            or_(submissions.c.outcome.is_(None), submissions.c.outcome != "failed"),
        )
        .correlate(records)
        .scalar_subquery()
    )
    own = ("id", "drop_id", "type", "enterprise", "key", "guid", "state", "pre_no", "invt_no", "message_id")
    return (
        select(
            *(records.c[name] for name in own),
            messages.c.guid,
            messages.c.channel,
            submissions.c.id,
            submissions.c.intent,
        )
        .join(messages, messages.c.id == records.c.message_id)
        .join(submissions, submissions.c.id == first)
        .order_by(records.c.id)
    )


_DECLARATIONS = _declarations()
_PART = "msgSeqNo"  # which part of a declaration that was split into several messages
OWN_NUMBER = {"CEB711": "rkdNo", "CEB701": "sumNo"}  # what customs number other than a list


def _key(message: MessageType, one: Return) -> str:
    return joined([one.given.get(name, "") for name in message.key])


def _fits(values: list[str], key: str) -> bool:
    return all(value in ("", own) for value, own in zip(values, key.split(KEY_SEPARATOR), strict=True))


def _whole(record: Declared, one: Return) -> tuple[str, ...]:
    """The record's key; asked by a notice, without what tells the parts of a split declaration apart."""
    values = record.key.split(KEY_SEPARATOR)
    names = message_types()[record.type].key
    return tuple(value for name, value in zip(names, values, strict=False) if not (one.notice and name == _PART))


def _has_number(one: Return, record: Declared) -> bool:
    known = {"pre_no": record.pre_no, "invt_no": record.invt_no}
    return any(known[name] == number for name, number in numbers_of(record.type, one).items())


def numbers_of(type_: str, one: Return) -> dict[str, str]:
    """The numbers that a return gives, by the column which keeps them: the platform's (preNo), and customs' own.

    Customs' own is the invtNo of a list, the rkdNo of a warehouse entry, the sumNo of a summary; an application is told the invtNo of
    the list it is about.
    """
    stated = {"pre_no": one.given.get("preNo"), "invt_no": one.given.get(OWN_NUMBER.get(type_, "invtNo"))}
    return {name: number for name, number in stated.items() if number}


def remembered(one: Return) -> str:
    """A return's status as a record remembers it: one that is no returnStatus is marked by what it is of."""
    if one.by_platform:
        return f"{PLATFORM}{one.status}"
    if one.notice:
        return f"{SUMMARY if one.answers == 'CEB701' else TAX}{one.status}"
    return one.status


def as_told(one: Return) -> ReturnedStatus:
    """A return as a record remembers it."""
    return ReturnedStatus(remembered(one), one.info, one.time)


def _quoted(one: Return, record: Declared) -> bool:
    """Whether the text quotes a guid of that declaration: the record's or its message's."""
    text = one.info.upper()
    return record.guid.upper() in text or record.message_guid.upper() in text


def _heads(message: MessageType, root: etree._Element) -> dict[str, dict[str, str]]:
    heads: dict[str, dict[str, str]] = {}
    for element in root.iterfind(f"{{{CEB}}}{message.record}"):
        head: Any = element.find(f"{{{CEB}}}{message.head}") if message.head else element
        texts: Mapping[str, str] = {
            etree.QName(one).localname: (one.text or "").strip() for one in head.iterchildren("*")
        }
        heads[texts.get("guid", "").upper()] = dict(texts)
    return heads
