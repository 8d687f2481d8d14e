"""What lists and applications said when they were declared, read of their messages: each message once for all that is asked at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from cebd.records.kept import Stated
from cebd.store.across.earlier.declared import InForce
from cebd.store.across.earlier.stated import stated_records
from cebd.store.transaction import Transaction


def contents(transaction: Transaction, declared: Iterable[InForce]) -> dict[str, Stated]:
    """By guid in capitals, what those records say. One of which nobody knows it any more is absent."""
    known = {one.guid.upper(): one.message_id for one in declared if one.message_id is not None}
    found: dict[str, Stated] = {}
    in_order = sorted(known.items(), key=lambda pair: pair[1])
    for message_id, of_message in groupby(in_order, key=lambda pair: pair[1]):
        stored = stated_records(transaction, message_id)
        found |= {guid: stated for guid, _ in of_message if (stated := stored.of(guid)) is not None}
    return found
