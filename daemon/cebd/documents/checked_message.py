"""A composed message that is checked before it is stored: its schema, its canonical form.

The check needs only the message, and its libraries let other threads run: it is done beside the reading of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import NamedTuple

from cebd.documents.shape_check import ShapeCheck
from cebd.messages.compose import Sender, compose, new_guid
from cebd.messages.description import MessageType
from cebd.messages.schema import Flaw, flaws, parse_xml
from cebd.records.record import Record
from cebd.store.packing import Packed, packed


class Misfit(NamedTuple):
    """A record that its schema refuses alone: its position among the records of the message, and the reason."""

    position: int
    reason: str


class Draft(NamedTuple):
    """A message that fits its schema, ready to be stored: of so many `records`, without the misfits. No body: all are misfits."""

    records: int
    guid: str
    body: Packed | None
    misfits: tuple[Misfit, ...] = ()


class CheckedMessage:
    """A composed message under check."""

    def __init__(
        self, message: MessageType, records: Sequence[Record], sender: Sender, executor: Executor, check: ShapeCheck
    ) -> None:
        self._message = message
        self._records = records
        self._sender = sender
        self._guid = new_guid()
        body = compose(message, self._guid, [record.xml for record in records], sender)
        self._checked: Future[Packed | list[Flaw]] = executor.submit(_check, check, body, self._guid, records)

    def draft(self) -> Draft:
        """The message, when it has been checked. If the schema refuses it, it is composed anew of the records that fit."""
        checked = self._checked.result()
        count = len(self._records)
        if isinstance(checked, Packed):
            return Draft(count, self._guid, checked)
        misfits = tuple(self._misfits())
        refused = {misfit.position for misfit in misfits}
        fitting = [record.xml for position, record in enumerate(self._records) if position not in refused]
        guid = new_guid()
        body = packed(compose(self._message, guid, fitting, self._sender)) if fitting else None
        return Draft(count, guid, body, misfits)

    def _misfits(self) -> Iterator[Misfit]:
        """The records that the schema refuses one by one, though they passed our checks."""
        for position, record in enumerate(self._records):
            alone = compose(self._message, new_guid(), [record.xml], self._sender)
            refused = flaws(parse_xml(alone), unsigned=True)
            if refused:
                yield Misfit(position, refused[0].reason)


def _check(check: ShapeCheck, body: bytes, guid: str, records: Sequence[Record]) -> Packed | list[Flaw]:
    return check.flaws(body, guid, records) or packed(body)
