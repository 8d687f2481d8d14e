"""What is kept of the records of a message whose bytes are removed after years: what later declarations are held against.

Amounts, quantities, codes and numbers are kept as they are. Of every other text (names, addresses, telephones, identity numbers) only a
digest is kept, made with the guid of the message: it tells whether a later document says the same, and not what was said.
"""

from __future__ import annotations

import json
from base64 import b32encode
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple

from cebd.messages.description import MessageType, message_types
from cebd.messages.parse import StatedTexts
from cebd.messages.relations import cancelling, returning
from cebd.messages.schema_files import kept_with_schemas
from cebd.records.original_list import repeated_fields
from cebd.records.shared import plain, telephone

Texts = Mapping[str, str]
_FORM = 1  # the form of what is kept; another number with any change of it
# Few: some six hundred telephones have the same digest, so that trying them all does not tell which it was. Of texts that differ, one
# in sixteen million seems equal.
_DIGEST_BYTES = 3
_GUID_START = 8  # characters of a record's guid: in nearly every message they tell its records apart
_PLAIN_ENDS = ("Code", "Type", "No")
_PLAIN = frozenset(("currency", "unit"))


class _KeptFields(NamedTuple):
    """The elements of a head and of a line of which something is kept; those of them that are kept as they are."""

    head: frozenset[str]
    line: frozenset[str]
    plain: frozenset[str]


class Stated(NamedTuple):
    """What a record states. `kept_of`: where its bytes were removed, the guid of its message; the texts are as they are kept then."""

    message: MessageType
    texts: StatedTexts
    kept_of: str | None = None

    def comparable(self, message: MessageType, own: StatedTexts) -> StatedTexts:
        """What a later record of that message states, in the form in which it can be held against this one."""
        return own if self.kept_of is None else in_kept_form(message, own, self.kept_of)

    def is_digest(self, name: str) -> bool:
        """Whether it is known of that element only whether another says the same."""
        return self.kept_of is not None and is_digested(self.message, name)


def is_digested(message: MessageType, name: str) -> bool:
    """Whether only a digest is kept of what that element of the message says."""
    return name not in _fields(message.code).plain


def comparable_text(name: str, text: str) -> str:
    """What such an element says, in the form in which it is compared: spelling is no difference."""
    return telephone(plain(text)) if name.lower().endswith("telephone") else plain(text).upper()


def in_kept_form(message: MessageType, texts: StatedTexts, guid: str) -> StatedTexts:
    """A record as it is kept. `guid`: of the message that it is in, or of the one that it is held against."""
    fields = _fields(message.code)
    lines = [_kept(line, fields.line, fields.plain, guid) for line in texts.lines]
    return StatedTexts(_kept(texts.head, fields.head, fields.plain, guid), lines)


def kept_content(message: MessageType, records: Mapping[str, StatedTexts], guid: str) -> bytes:
    """What is kept of the message with that guid, as JSON. `records`: what each states, by its own guid."""
    length = _GUID_START
    while len({of[:length] for of in records}) < len(records):
        length += 1
    forms = {of[:length]: in_kept_form(message, texts, guid) for of, texts in records.items()}
    return json.dumps([_FORM, forms], ensure_ascii=False, separators=(",", ":")).encode()


def read_kept(content: bytes) -> dict[str, StatedTexts]:
    """The records of which `kept_content` was made, as they are kept, each by the start of its guid that tells it from the others; none
    where an earlier version kept them in another form."""
    made, forms = json.loads(content)
    return {start: StatedTexts(*form) for start, form in forms.items()} if made == _FORM else {}


@kept_with_schemas
@cache
def _fields(code: str) -> _KeptFields:
    """Those that rules hold against later declarations, or receipts are matched by."""
    message = message_types()[code]
    facts = message.facts
    head = {field.name for field in message.head_fields if field.name.endswith("Code")}
    line: set[str] = set()
    numbers = {*message.key}
    head |= numbers
    if facts is not None:
        head |= {*(facts.order or ()), *(facts.waybill or ())} - {""}
        for part in facts.shared:
            head |= {name for field in part.head for name in field.names}
            line |= {name for field in part.line for name in field.names}
            both = chain(part.head, part.line)
            numbers |= {name for field in both if field.is_number or field.is_exact for name in field.names}
        goods = set(facts.lines or ())
        line |= goods
        numbers |= goods
    for application, about in (*cancelling().items(), *returning().items()):
        if about == code:
            described = message_types()[application]
            repeated = repeated_fields(described)
            goods = set(described.facts.lines or ()) if described.facts is not None else set()
            head |= repeated.head
            line |= repeated.line | goods
            numbers |= goods
    plain_ones = {name for name in head | line if name.endswith(_PLAIN_ENDS) or name in _PLAIN}
    return _KeptFields(frozenset(head), frozenset(line), frozenset(plain_ones | numbers))


def _kept(texts: Texts, names: frozenset[str], as_they_are: frozenset[str], guid: str) -> dict[str, str]:
    return {
        name: text if name in as_they_are else _digest(comparable_text(name, text), guid)
        for name, text in texts.items()
        if name in names and text
    }


def _digest(text: str, guid: str) -> str:
    digest = blake2b(f"{guid.upper()} {text}".encode(), digest_size=_DIGEST_BYTES).digest()
    return b32encode(digest).decode().rstrip("=")
