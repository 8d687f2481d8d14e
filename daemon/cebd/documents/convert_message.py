"""Converting an XML drop: the whole message is sent unchanged, or none of it."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from cebd.documents.declared_before import DeclaredBefore, as_repeat, as_repeat_among_others, repeats, said_of_rejected
from cebd.documents.drop_writer import Converted, DropWriter
from cebd.documents.reading.xml.message import XmlDrop, signing_of
from cebd.messages.compose import new_guid
from cebd.messages.description import CEB
from cebd.messages.parse import stated_texts
from cebd.problems.problem import Problem
from cebd.records.key import joined
from cebd.records.record import Record
from cebd.store.new_records import NO_EDIT, Edit
from cebd.store.records import ActiveRecord


def convert_message(
    drop: XmlDrop,
    declared: DeclaredBefore,
    writer: DropWriter,
    judge_signature: Callable[[etree._Element], bool | Problem],
    *,
    sign_all: bool,
) -> Converted:
    """Store the message with its records, or its records as rejected, or as repeats where all of it was declared before; or hold them back
    where it must not leave with the signature that it carries.
    """
    problems = list(drop.problems)
    message = drop.type
    if message is None or drop.root is None:
        return writer.converted(None, problems)
    writer.count_read(len(drop.records))
    is_good = not any(found.severity == "error" for found in problems) and all(record.ready for record in drop.records)
    keys = [joined(record.key) for record in drop.records]
    earlier = declared.with_keys(message, list(dict.fromkeys(keys)))
    repeated = [
        (record, earlier[key])
        for record, key in zip(drop.records, keys, strict=True)
        if key in earlier and repeats(record, earlier[key])
    ]
    if is_good and repeated and len(repeated) == len(keys):
        for record, active in repeated:
            writer.add_repeat(as_repeat(record, active), declared.id_here(active))
        return writer.converted(message, problems)
    edits: dict[str, Edit] = {}
    records = []
    for record, key in zip(drop.records, keys, strict=True):
        held_against, edit = _held_against(record, earlier.get(key), declared)
        records.append(held_against)
        if edit is not None:
            edits[key] = edit
    elements = drop.root.findall(f"{{{CEB}}}{message.record}")
    records, words = declared.checked(message, records, earlier, keys, lambda nth: stated_texts(message, elements[nth]))
    if not is_good or not all(record.ready for record in records):
        for nth, (record, key) in enumerate(zip(records, keys, strict=True)):
            writer.add_rejected([record], edits.get(key, NO_EDIT))
            writer.say(said_of_rejected(record, words.get(nth, ())))
        return writer.converted(message, problems)
    mode, notice = signing_of(drop, judge_signature, sign_all=sign_all)
    if notice is not None:
        problems.append(notice)
    if mode is None:
        writer.add_held(records)
        return writer.converted(message, problems)
    writer.supersede([declared.id_here(active) for active in earlier.values()])
    message_id = writer.add_message(message, drop.content, drop.guid, new_guid(), mode)
    active_keys: set[str] = set()
    for record, key in zip(records, keys, strict=True):
        writer.add_ready([record], message_id, active=key not in active_keys)
        active_keys.add(key)
    writer.say([word for of_record in words.values() for word in of_record])
    return writer.converted(message, problems)


def _held_against(record: Record, active: ActiveRecord | None, declared: DeclaredBefore) -> tuple[Record, Edit | None]:
    """The record with the problems that the holder of its key causes; and its edits if it is blocked."""
    if active is not None and repeats(record, active):
        return as_repeat_among_others(record, active), None
    if active is not None and declared.blocks(record, active):
        return declared.blocked(record, active), Edit(declared.id_here(active))
    return record, None
