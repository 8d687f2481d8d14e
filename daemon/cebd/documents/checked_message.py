"""A message composed of records that fit, and looked over before it is stored: its schema, its canonical form.

That needs nothing but its bytes, and the libraries that do it let other threads run: it is done beside the reading of further rows.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import NamedTuple

from cebd.messages.compose import Sender, compose, is_canonical, new_guid
from cebd.messages.description import MessageType
from cebd.messages.schema import Flaw, flaws, parse_xml
from cebd.records.ids import RecordId
from cebd.records.record import Record
from cebd.store.messages import Packed, packed


class Accepted(NamedTuple):
    """A record to be declared, and the record whose place it takes."""

    record: Record
    replaces: RecordId | None


class CheckedMessage:
    """A message composed, being looked over: its packed bytes once it is known to fit its schema, else its flaws."""

    def __init__(
        self, message: MessageType, fits: list[Accepted], sender: Sender, beside: Executor, *, first: bool
    ) -> None:
        self.fits = fits
        self.guid = new_guid()
        body = compose(message, self.guid, [fit.record.xml for fit in fits], sender)
        self.checked: Future[Packed | list[Flaw]] = beside.submit(_look_over, body, first)


def _look_over(body: bytes, first: bool) -> Packed | list[Flaw]:
    root = parse_xml(body, huge=True)
    found = flaws(root, unsigned=True)
    if found:
        return found
    # The signature's digest is taken of these bytes as they are. Messages of one file differ in their texts alone, and a text can only be
    # wrong in its escapes: without any, what holds of the first holds of all.
    if (first or b"&" in body) and not is_canonical(root, body):
        raise AssertionError("a composed message is not in canonical form")
    return packed(body)
