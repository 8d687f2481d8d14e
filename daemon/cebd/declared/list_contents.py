"""What lists and applications said when they were declared, read of their messages: each message once for all that is asked at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from cebd.messages.description import message_types
from cebd.messages.parse import StatedTexts, records_by_guid, stated_texts
from cebd.store.across.declared import InForce
from cebd.store.messages import message_body
from cebd.store.transaction import Transaction


def contents(transaction: Transaction, type_: str, declared: Iterable[InForce]) -> dict[str, StatedTexts]:
    """By guid in capitals, what those records of that kind say. One whose message was let go of is absent."""
    known = {one.guid.upper(): one.message_id for one in declared if one.message_id is not None}
    found: dict[str, StatedTexts] = {}
    in_order = sorted(known.items(), key=lambda pair: pair[1])
    for message_id, of_message in groupby(in_order, key=lambda pair: pair[1]):
        stored = records_by_guid(message_body(transaction, message_id))
        found |= {guid: stated_texts(message_types()[type_], stored[guid]) for guid, _ in of_message if guid in stored}
    return found
