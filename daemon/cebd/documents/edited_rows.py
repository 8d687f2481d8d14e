"""Edited rows: the record was declared before with other content; finds the cells that differ, and their declared values.

An edited cell alone changes nothing at customs: the record keeps its outcome, and the receipt marks each cell that differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from lxml import etree

from cebd.messages.description import CEB, MessageType, message_types
from cebd.messages.schema import parse_xml
from cebd.problems.problem import Place, shorten
from cebd.records.edited_field import EditedField
from cebd.records.ids import MessageId, RecordId
from cebd.records.record import Record
from cebd.store.messages import message_body
from cebd.store.new_records import Edit
from cebd.store.records import message_of
from cebd.store.transaction import Transaction

_GENERATED_FIELDS = frozenset({"guid", "appTime", "appType", "appStatus"})  # differ without an edit, or answer one
_MAX_FIELDS = 50  # of a record: if more fields differ, it is another record
_MAX_RECORDS = 2000  # edited rows of a file whose cells are compared with the declared record
_MAX_MESSAGES = 2  # remembered: the rows of a file that is dropped again are mostly of the same message

PlaceIn = Callable[[Record, str, int | None], Place]  # of a head field, or of a field of the line of that index


class EditedRows:
    """Compares edited rows of a file with the records that were declared under their keys."""

    def __init__(self, transaction: Transaction, place_in: PlaceIn) -> None:
        self._transaction = transaction
        self._place_in = place_in
        self._compared = 0
        self._read: dict[MessageId, dict[str, etree._Element]] = {}

    def edit(self, record: Record, declared_id: RecordId, xml_of: Callable[[], str]) -> Edit:
        """The declared record, and the fields that differ; no fields if they cannot be compared. `xml_of` gives the record's XML."""
        if self._compared >= _MAX_RECORDS:
            return Edit(declared_id)
        self._compared += 1
        return Edit(declared_id, self._differing_fields(record, declared_id, xml_of))

    def _differing_fields(
        self, record: Record, declared_id: RecordId, xml_of: Callable[[], str]
    ) -> tuple[EditedField, ...]:
        stored = message_of(self._transaction, declared_id)
        xml = "" if stored is None else xml_of()
        if stored is None or not xml:
            return ()
        message = message_types()[record.type]
        declared = self._records_of(message, stored.message_id).get(stored.guid.upper())
        now = _records_in(parse_xml(f'<r xmlns:ceb="{CEB}">{xml}</r>'.encode(), huge=True), message)
        if declared is None or len(now) != 1:
            return ()
        return tuple(
            EditedField(name, self._place_in(record, name, line), shorten(name, before), shorten(name, after))
            for name, line, before, after in islice(_differences(message, declared, now[0]), _MAX_FIELDS)
        )

    def _records_of(self, message: MessageType, message_id: MessageId) -> dict[str, etree._Element]:
        """The records of a stored message by guid."""
        if message_id not in self._read:
            if len(self._read) >= _MAX_MESSAGES:
                del self._read[next(iter(self._read))]
            records = _records_in(parse_xml(message_body(self._transaction, message_id), huge=True), message)
            by_guid = {_texts(_head(message, record)).get("guid", "").upper(): record for record in records}
            self._read[message_id] = by_guid
        return self._read[message_id]


def _differences(
    message: MessageType, declared: etree._Element, now: etree._Element
) -> Iterator[tuple[str, int | None, str, str]]:
    """(field, line, declared, now) for each difference; lines are compared in order; an extra or missing line differs in every field."""
    heads = (_head(message, declared), _head(message, now))
    yield from ((name, None, before, after) for name, before, after in _unlike(*map(_texts, heads)))
    if message.line is not None:
        lines = [record.findall(f"{{{CEB}}}{message.line}") for record in (declared, now)]
        for index in range(max(map(len, lines))):
            texts = [_texts(own[index]) if index < len(own) else {} for own in lines]
            yield from ((name, index, before, after) for name, before, after in _unlike(*texts))


def _unlike(before: dict[str, str], after: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*before, *after)):
        if name not in _GENERATED_FIELDS and before.get(name, "") != after.get(name, ""):
            yield name, before.get(name, ""), after.get(name, "")


def _head(message: MessageType, record: etree._Element) -> etree._Element:
    head = record.find(f"{{{CEB}}}{message.head}") if message.head is not None else None
    return record if head is None else head


def _texts(element: etree._Element) -> dict[str, str]:
    return {
        etree.QName(child).localname: (child.text or "").strip()
        for child in element.iterchildren("*")
        if not len(child)
    }


def _records_in(root: etree._Element, message: MessageType) -> list[etree._Element]:
    return list(root.iterfind(f"{{{CEB}}}{message.record}"))
