"""Matching: finds our declarations that a return concerns. Business keys decide, never a guid; if they leave a doubt, it concerns none.

A refused record is corrected and declared again under the same key, so a key may have several declarations: for the choice
among them see `cebd.receipts.versions`. A quoted guid is only a hint, used among declarations of the same key.

A return never concerns a record that was not handed over when the receipt came: another system declared under that key. A notice names a
number that customs gave and concerns every declaration with it: a summary (792) about all parts of a split application (701).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cebd.customs.book_files import PLATFORM
from cebd.messages.description import MessageType, message_types
from cebd.messages.relations import customs_number
from cebd.messages.returns import Return
from cebd.receipts.known import KnownDeclarations
from cebd.receipts.versions import Version, version_meant
from cebd.records.key import joined, parts_of
from cebd.records.states import ReturnedStatus
from cebd.store.across.declarations import Declaration
from cebd.store.receipts import StoredReceipt

_PART = "msgSeqNo"  # which part of a declaration that was split into several messages


class Numbers(NamedTuple):
    """The numbers of a declaration: the platform's (preNo), and customs' own.

    Customs' own is the invtNo of a list, the rkdNo of a warehouse entry, the sumNo of a summary; an application gets the invtNo of
    its list.
    """

    pre_no: str | None
    invt_no: str | None

    def or_later(self, stated: Numbers) -> Numbers:
        """These numbers, each replaced by the stated number if that is later.

        Numbers consist of dates and sequences: the greater of two is the later, in whatever order they came.
        """
        pairs = zip(self, stated, strict=True)
        return Numbers(*(other if (other or "") > (number or "") else number for number, other in pairs))

    def shares_one_with(self, stated: Numbers) -> bool:
        return any(number and number == other for number, other in zip(self, stated, strict=True))


class MatchedReturn(NamedTuple):
    """A return and its records. `certain`: they were chosen without our clock."""

    returned: Return
    records: list[Declaration]
    certain: bool


def look_up(known: KnownDeclarations, returns: Iterable[Return]) -> None:
    """Have the store asked at once what it would be asked for each of these returns."""
    keyed = [(message_types()[returned.answers], returned) for returned in returns if returned.answers is not None]
    keys: dict[str, set[str]] = {}
    for message, returned in keyed:
        keys.setdefault(message.code, set()).add(_key(message, returned))
    known.look_up_keys(keys)
    unkeyed = (each for each in keyed if not known.with_key(each[0].code, _key(*each)))
    known.look_up_numbers(
        number for message, returned in unkeyed for number in numbers_of(message.code, returned) if number
    )


class Match:
    """The declarations that the returns of a receipt concern (`returns`)."""

    def __init__(self, known: KnownDeclarations, receipt: StoredReceipt, returns: Sequence[Return]) -> None:
        self._known = known
        self._receipt = receipt
        self.returns = [
            MatchedReturn(returned, *self._declaration_meant(returned, self._candidates(returned)))
            for returned in returns
        ]

    # Candidates

    def _candidates(self, returned: Return) -> list[Declaration]:
        """Every declaration of the key in the return, in the order of declaring."""
        if returned.message_ids:
            return self._of_message(returned)
        if returned.answers is None:
            return []
        message = message_types()[returned.answers]
        if all(returned.given.get(name) for name in message.key):
            records = self._handed_over(self._known.with_key(message.code, _key(message, returned)))
        else:
            records = self._with_part_of_key(message, returned)
        return self._of_one_key(returned, records or self._with_number(message, returned))

    def _with_part_of_key(self, message: MessageType, returned: Return) -> list[Declaration]:
        """A receipt may omit codes of the key if the other codes are the declared codes."""
        parts = [returned.given.get(name, "") for name in message.key]
        if not parts[0]:
            return []
        records = self._handed_over(self._known.with_first_part(message.code, parts[0]))
        return [record for record in records if _fits(parts, record.key) and self._codes_fit(returned, record)]

    def _with_number(self, message: MessageType, returned: Return) -> list[Declaration]:
        """The records with the return's numbers of platform and customs."""
        records = self._handed_over(self._known.with_numbers(message.code, *numbers_of(message.code, returned)))
        first_part = returned.given.get(message.key[0])
        return [record for record in records if first_part in (None, parts_of(record.key)[0])]

    def _of_message(self, returned: Return) -> list[Declaration]:
        """The records of a whole message: by the envelope's id; else by the message's guid, if a single message has it."""
        spellings = list(dict.fromkeys(text for name in returned.message_ids for text in (name, name.upper())))
        for ask in (self._known.in_envelopes, self._known.in_messages):
            records = self._handed_over(ask(spellings))
            if records:
                return records if len({record.message_id for record in records}) == 1 else []
        return []

    def _handed_over(self, records: Iterable[Declaration]) -> list[Declaration]:
        """The records that were handed over before the receipt came; all of them if that is unknown."""
        last = self._receipt.handed_over
        return [record for record in records if last is None or record.first_hand_over <= last]

    # Telling keys apart

    def _of_one_key(self, returned: Return, records: list[Declaration]) -> list[Declaration]:
        """The candidates if they all have the same key and enterprise, or can be narrowed to that; otherwise none."""
        if len(records) == 1:
            return records
        for narrower in self._narrower(returned, records):
            if len({(record.enterprise, _key_meant(record, returned)) for record in narrower}) == 1:
                keys = {(record.enterprise, record.key) for record in narrower}
                return [record for record in records if (record.enterprise, record.key) in keys]
        return []

    def _narrower(self, returned: Return, records: list[Declaration]) -> Iterator[list[Declaration]]:
        """The candidates, then subsets of them that fit the return in other ways, the surest first."""
        yield records
        yield [record for record in records if _has_number(returned, record)]
        yield [record for record in records if _quotes(returned, record)]
        yield [record for record in records if record.channel == self._receipt.channel]

    def _codes_fit(self, returned: Return, record: Declaration) -> bool:
        """Whether the return's codes are the declared codes; needed only for an incomplete key."""
        head = self._known.head_of(record)
        codes = {name: text for name, text in returned.given.items() if name.endswith("Code") and head.get(name)}
        return all(head[name] == text for name, text in codes.items())

    # Choosing among declarations of a key

    def _declaration_meant(self, returned: Return, records: list[Declaration]) -> tuple[list[Declaration], bool]:
        """The records of a single message, and whether they were chosen without our clock.

        Several records of the same key in a message (its rule may be switched off) are all meant.
        """
        if returned.message_ids or len(records) == 1:
            return records, True
        meant: list[Declaration] = []
        certain = True
        for key in sorted({record.key for record in records}):
            of_key, sure = self._version_meant(returned, [record for record in records if record.key == key])
            meant += of_key
            certain = certain and sure
        return meant, certain

    def _version_meant(self, returned: Return, records: list[Declaration]) -> tuple[list[Declaration], bool]:
        """Likewise, among declarations of the same key."""
        by_message = {record.message_id: record for record in records}
        versions = sorted(by_message.values(), key=lambda record: (record.first_hand_over, record.message_id))
        if len(versions) == 1:
            return records, True
        status = as_status(returned)
        knowing = [record for record in versions if self._known.knows(record.id, status)]
        quoted = [record for record in versions if _quotes(returned, record)]
        versions = knowing[-1:] or quoted or versions
        index, certain = version_meant(status, [self._version(record) for record in versions])
        return [record for record in records if record.message_id == versions[index].message_id], certain

    def _version(self, record: Declaration) -> Version:
        return Version(record.type, record.first_hand_over, record.handed_over_at, self._known.received(record.id))


def _key(message: MessageType, returned: Return) -> str:
    return joined([returned.given.get(name, "") for name in message.key])


def _fits(parts: list[str], key: str) -> bool:
    return all(part in ("", own) for part, own in zip(parts, parts_of(key), strict=True))


def _key_meant(record: Declaration, returned: Return) -> tuple[str, ...]:
    """The record's key; where a notice asks, without the field that tells the parts of a split declaration apart."""
    parts = parts_of(record.key)
    names = message_types()[record.type].key
    return tuple(part for name, part in zip(names, parts, strict=False) if not (returned.notice and name == _PART))


def _has_number(returned: Return, record: Declaration) -> bool:
    return numbers_of(record.type, returned).shares_one_with(Numbers(record.pre_no, record.invt_no))


def numbers_of(type_: str, returned: Return) -> Numbers:
    """The numbers that a return gives a declaration of that type."""
    own = returned.given.get(customs_number(type_) or "")
    return Numbers(returned.given.get("preNo") or None, own or None)


def as_status(returned: Return) -> ReturnedStatus:
    """A return as a record keeps it: a status that is not a returnStatus has a prefix for its kind."""
    status = returned.status
    if returned.by_platform:
        status = f"{PLATFORM}{status}"
    elif returned.notice:
        status = f"{returned.mark}:{status}"
    return ReturnedStatus(status, returned.info, returned.time)


def _quotes(returned: Return, record: Declaration) -> bool:
    """Whether the text quotes a guid of that declaration: the record's or its message's."""
    text = returned.info.upper()
    return record.guid.upper() in text or record.message_guid.upper() in text
