"""Accepted records become a message, which is checked before it is stored: its schema, its canonical form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cebd.documents.shape_check import ShapeCheck
from cebd.messages.compose import Sender, compose, new_guid
from cebd.messages.description import MessageType
from cebd.messages.schema import flaws, parse_xml
from cebd.records.record import Record


class Misfit(NamedTuple):
    """A record that its schema refuses alone: its position among the records of the message, and the reason."""

    position: int
    reason: str


class Draft(NamedTuple):
    """A message that fits its schema, ready to be stored: of so many `records`, without the misfits. No body: all are misfits."""

    records: int
    guid: str
    body: bytes | None
    misfits: tuple[Misfit, ...] = ()


def drafted(message: MessageType, records: Sequence[Record], sender: Sender, check: ShapeCheck) -> Draft:
    """The message of these records. If the schema refuses it, it is composed anew of the records that fit."""
    guid = new_guid()
    body = compose(message, guid, [record.xml for record in records], sender)
    if not check.flaws(body, guid, records):
        return Draft(len(records), guid, body)
    misfits = tuple(_misfits(message, records, sender))
    refused = {misfit.position for misfit in misfits}
    fitting = [record.xml for position, record in enumerate(records) if position not in refused]
    guid = new_guid()
    return Draft(len(records), guid, compose(message, guid, fitting, sender) if fitting else None, misfits)


def _misfits(message: MessageType, records: Sequence[Record], sender: Sender) -> Iterator[Misfit]:
    """The records that the schema refuses one by one, though they passed our checks."""
    for position, record in enumerate(records):
        alone = compose(message, new_guid(), [record.xml], sender)
        refused = flaws(parse_xml(alone), unsigned=True)
        if refused:
            yield Misfit(position, refused[0].reason)
