"""A composed message that is checked before it is stored: its schema, its canonical form.

The check needs only the message's bytes, and its libraries let other threads run: it is done beside the reading of rows.
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
    """A record to be declared, and the record that it replaces."""

    record: Record
    replaces: RecordId | None


class CheckedMessage:
    """A composed message under check: `checked` gives its packed bytes when it fits its schema, else its flaws."""

    def __init__(
        self, message: MessageType, accepted: list[Accepted], sender: Sender, executor: Executor, *, first: bool
    ) -> None:
        self.accepted = accepted
        self.guid = new_guid()
        body = compose(message, self.guid, [one.record.xml for one in accepted], sender)
        self.checked: Future[Packed | list[Flaw]] = executor.submit(_check, body, first)


def _check(body: bytes, first: bool) -> Packed | list[Flaw]:
    root = parse_xml(body, huge=True)
    found = flaws(root, unsigned=True)
    if found:
        return found
    # The signature's digest is taken of these bytes as they are. Messages of one file differ in their texts alone. Only escaped
    # characters could break the canonical form, so a message without `&` is canonical if the first one was.
    if (first or b"&" in body) and not is_canonical(root, body):
        raise AssertionError("a composed message is not in canonical form")
    return packed(body)
