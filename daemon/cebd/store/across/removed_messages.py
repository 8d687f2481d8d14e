"""Messages whose bytes are removed after years: what stands in their place, and what is kept of their records (`cebd.records.kept`)."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress

from sqlalchemy import select, update

from cebd.messages.description import CEB, MessageType, message_types
from cebd.messages.parse import StatedTexts, records_by_guid, stated_texts
from cebd.messages.schema import NotXml
from cebd.records.ids import DropId, MessageId
from cebd.records.kept import kept_content
from cebd.records.shared import numbers_in, shared_of
from cebd.store.packing import pack, pack_smallest, unpack
from cebd.store.tables import messages, records
from cebd.store.transaction import Transaction


def let_go_of_messages(transaction: Transaction, drop_ids: Sequence[DropId], now: str) -> None:
    """Remove the bytes of the messages of these files. `now`: ISO 8601.

    What is left in the place of a message is one without records: whoever reads on in it finds none. What was removed before stays as it
    is.
    """
    query = select(messages.c.id, messages.c.type, messages.c.guid, messages.c.sha256)
    there = (messages.c.drop_id.in_(drop_ids), messages.c.removed.is_(None))
    for row in transaction.execute(query.where(*there)).all():
        said = removed_text(now[:10], row.sha256)
        empty = f'<ceb:{row.type}Message xmlns:ceb="{CEB}"><!-- {said} --></ceb:{row.type}Message>'
        kept = _keep(transaction, MessageId(row.id), row.type, row.guid)  # one by one: a file may have a thousand
        values = {"body": pack(empty.encode()), "signature": None, "removed": now, "kept": kept}
        transaction.execute(update(messages).where(messages.c.id == row.id).values(**values))


def removed_text(day: str, sha256: str) -> str:
    """What is said in the place of bytes with that digest, removed on that day (2030-01-02)."""
    return f"removed by cebd retention on {day}; SHA-256 of what was here: {sha256}"


def _keep(transaction: Transaction, message_id: MessageId, type_: str, guid: str) -> bytes | None:
    """What is kept of that message; nothing of one whose bytes are damaged, or that no schema describes any more."""
    try:
        message = message_types()[type_]
        body = unpack(transaction.execute(select(messages.c.body).where(messages.c.id == message_id)).scalar_one())
        stated = {of: stated_texts(message, record) for of, record in records_by_guid(body).items()}
    except (KeyError, zlib.error, NotXml):
        return None
    _digest_anew(transaction, message, message_id, stated)
    return pack_smallest(kept_content(message, stated, guid)) if stated else None


def _digest_anew(
    transaction: Transaction, message: MessageType, message_id: MessageId, stated: Mapping[str, StatedTexts]
) -> None:
    """Digests that an earlier version made, or none at all, are made anew: once the bytes are gone, nobody can."""
    parts = () if message.facts is None else message.facts.shared
    if not parts:
        return
    query = select(records.c.id, records.c.guid, records.c.shared).where(records.c.message_id == message_id)
    for row in transaction.execute(query).all():
        texts = stated.get(row.guid.upper())
        if texts is None or numbers_in(row.shared, parts) is not None:
            continue
        with suppress(ValueError):  # an amount that is no number
            shared = shared_of(parts, texts.head, texts.lines)
            transaction.execute(update(records).where(records.c.id == row.id).values(shared=shared))
