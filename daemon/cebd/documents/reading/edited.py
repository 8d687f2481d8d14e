"""Rows of a record that was declared before and says something else now: which of its cells differ, and what was declared there.

An edited cell alone changes nothing at customs: the record keeps what became of it, and the receipt marks each cell that differs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from lxml import etree
from sqlalchemy import Connection, select

from cebd.messages.description import CEB, MessageType, message_types
from cebd.messages.schema import parse_xml
from cebd.problems.problem import Place, shorten
from cebd.records.record import Record
from cebd.store.store import unpack
from cebd.store.tables import messages, records

_MADE = frozenset({"guid", "appTime", "appType", "appStatus"})  # differ without anybody's edit, or are the answer to it
_AT_MOST = 50  # of one record: more than that is another record

PlaceIn = Callable[[Record, str, int | None], Place]  # of a head field, or of a field of the line of that index


def edits(connection: Connection, record: Record, declared_id: int, place_in: PlaceIn) -> str | None:
    """The differences as JSON: `[{"field", "sheet", "row", "cell", "declared", "value"}]`; None where they cannot be told."""
    query = select(records.c.guid, messages.c.id, messages.c.sha256)
    found = connection.execute(
        query.join(messages, messages.c.id == records.c.message_id).where(records.c.id == declared_id)
    ).first()
    if found is None or not record.xml:
        return None
    message = message_types()[record.type]
    declared = _elements(connection, found.id).get(found.guid.upper())
    now = _records_in(parse_xml(f'<r xmlns:ceb="{CEB}">{record.xml}</r>'.encode(), huge=True), message)
    if declared is None or len(now) != 1:
        return None
    told = [
        {
            "field": name,
            **place_in(record, name, line)._asdict(),
            "declared": shorten(name, before),
            "value": shorten(name, after),
        }
        for name, line, before, after in _differences(message, declared, now[0])
    ]
    return json.dumps(told[:_AT_MOST], ensure_ascii=False) if told else None


def _differences(
    message: MessageType, declared: etree._Element, now: etree._Element
) -> Iterator[tuple[str, int | None, str, str]]:
    """(field, line, declared, now) for each; lines are compared in their order, and one more or less differs in every field."""
    heads = (_head(message, declared), _head(message, now))
    yield from ((name, None, before, after) for name, before, after in _unlike(*map(_texts, heads)))
    if message.line is not None:
        lines = [one.findall(f"{{{CEB}}}{message.line}") for one in (declared, now)]
        for index in range(max(map(len, lines))):
            texts = [_texts(some[index]) if index < len(some) else {} for some in lines]
            yield from ((name, index, before, after) for name, before, after in _unlike(*texts))


def _unlike(before: dict[str, str], after: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*before, *after)):
        if name not in _MADE and before.get(name, "") != after.get(name, ""):
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


def _elements(connection: Connection, message_id: int) -> dict[str, etree._Element]:
    """The records of a stored message by guid."""
    row = connection.execute(select(messages.c.type, messages.c.body).where(messages.c.id == message_id)).one()
    return _parsed(row.type, bytes(row.body))


@lru_cache(maxsize=2)  # the rows of a file that is dropped again are mostly of one message
def _parsed(type_: str, body: bytes) -> dict[str, etree._Element]:
    message = message_types()[type_]
    found: dict[str, Any] = {}
    for one in _records_in(parse_xml(unpack(body), huge=True), message):
        found[_texts(_head(message, one)).get("guid", "").upper()] = one
    return found
