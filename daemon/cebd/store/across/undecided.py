"""Messages that a person decides about: the store that was restored does not know whether they were declared.

Their state is `asked`; nothing is done about them by itself. They end in one of three ways:

| what happens | then |
| --- | --- |
| customs answer one of their records | sent: the answer is the proof |
| a person releases them | ready: declared under the guid they had; that customs have them already is then no refusal |
| a person drops them | their records are rejected, and may be declared again in another file |
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select, update

from cebd.messages.description import CEB
from cebd.messages.schema import flaws, parse_xml, stated
from cebd.problems.problem import problem
from cebd.records.key import KEY_SEPARATOR
from cebd.records.states import State
from cebd.store.messages import touch
from cebd.store.migrations import note
from cebd.store.store import Store, unpack
from cebd.store.tables import drops, messages, records, submissions

ASKED = "asked"


class CannotRelease(Exception):
    """A message cannot be declared any more as it was; `zh` and `en` say why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} {en}")


@dataclass(frozen=True)
class Asked:
    """A record in doubt about which a person decides. `key`: its business key; `number`: the part people know it by."""

    record_id: int
    message_id: int
    drop_id: int
    enterprise: str
    file: str
    sheet: str | None
    row: int | None
    type: str
    key: tuple[str, ...]
    guid: str
    message_guid: str


def asked_about(connection: Connection, ref: str | None = None) -> list[Asked]:
    """Every record that a person decides about. `ref`: of one file (its number or name), order number, copNo or guid."""
    query = (
        select(records, drops.c.name.label("file"), messages.c.guid.label("message_guid"))
        .join(messages, messages.c.id == records.c.message_id)
        .join(drops, drops.c.id == records.c.drop_id)
        .where(messages.c.state == ASKED)
        .order_by(records.c.id)
    )
    if ref is not None:
        spread = KEY_SEPARATOR + records.c.key + KEY_SEPARATOR
        named = [
            drops.c.name == ref,
            records.c.guid == ref.upper(),
            messages.c.guid == ref.upper(),
            spread.contains(KEY_SEPARATOR + ref + KEY_SEPARATOR, autoescape=True),
        ]
        if ref.isdigit() and len(ref) < 10:
            named.append(drops.c.id == int(ref))
        of_ref = select(messages.c.id).join(records, records.c.message_id == messages.c.id)
        query = query.where(messages.c.id.in_(of_ref.join(drops, drops.c.id == records.c.drop_id).where(or_(*named))))
    return [
        Asked(
            row.id,
            row.message_id,
            row.drop_id,
            row.enterprise,
            row.file,
            row.sheet,
            row.row,
            row.type,
            tuple(row.key.split(KEY_SEPARATOR)),
            row.guid,
            row.message_guid,
        )
        for row in connection.execute(query)
    ]


def release(connection: Connection, asked: Sequence[Asked], why: str) -> int:
    """Let their messages be declared after all; returns how many messages. The daemon takes them up at its next look.

    Raises CannotRelease, and changes nothing, where one of them is not what was declared then.
    """
    for one in {one.message_id: one for one in asked}.values():
        _require_whole(connection, one)
    for message_id in sorted({one.message_id for one in asked}):
        ready = {"state": "ready", "waiting": None}
        connection.execute(
            update(messages).where(messages.c.id == message_id, messages.c.state == ASKED).values(**ready)
        )
        moved = update(records).where(records.c.message_id == message_id, records.c.state == State.IN_DOUBT)
        connection.execute(moved.values(state=str(State.READY)))
    return _decided(connection, asked, "released", why)


def _require_whole(connection: Connection, one: Asked) -> None:
    """Each record of the message is in its body, and the body is valid: it was put together from a file read again, after a restore."""
    query = select(messages.c.body).where(messages.c.id == one.message_id)
    root = parse_xml(unpack(connection.execute(query).scalar_one()), huge=True)
    there = {stated(element) for element in root.iter(f"{{{CEB}}}guid")}
    of_message = select(records.c.guid).where(records.c.message_id == one.message_id)
    missing = set(connection.execute(of_message).scalars()) - there
    found = flaws(root, unsigned=True)
    if missing or found:
        why_zh = f"有 {len(missing)} 行无法重新读出" if missing else found[0].reason
        why_en = f"{len(missing)} of its rows could not be read again" if missing else found[0].reason
        raise CannotRelease(
            f"{one.file}：报文 {one.message_guid} 不能照原样申报（{why_zh}）：请放弃它（cebd queue drop），改用新文件申报。",
            f"{one.file}: the message {one.message_guid} cannot be declared as it was ({why_en}): drop it, declare it in a new file",
        )


def drop(connection: Connection, asked: Sequence[Asked], why: str) -> int:
    """Declare them never; returns how many messages. Their keys are free again."""
    said = json.dumps([problem("CEBD-2121").as_json()], ensure_ascii=False)
    for message_id in sorted({one.message_id for one in asked}):
        gone = {"state": str(State.REJECTED), "active": False, "message_id": None, "problems": said}
        connection.execute(update(records).where(records.c.message_id == message_id).values(**gone))
        connection.execute(delete(submissions).where(submissions.c.message_id == message_id))
        connection.execute(delete(messages).where(messages.c.id == message_id, messages.c.state == ASKED))
    return _decided(connection, asked, "dropped", why)


def _decided(connection: Connection, asked: Sequence[Asked], event: str, why: str) -> int:
    guids = sorted({one.message_guid for one in asked})
    note(connection, event, f"{len(asked)} records of the messages {', '.join(guids)}: {why}")
    touch(connection, sorted({one.drop_id for one in asked}))
    return len(guids)


def settle_answered(store: Store, now: str) -> int:
    """Messages asked about of which customs have spoken meanwhile were sent; returns how many. `now`: ISO 8601."""
    answered = (
        select(messages.c.id)
        .join(records, records.c.message_id == messages.c.id)
        .where(messages.c.state == ASKED, records.c.status.is_not(None))
        .distinct()
    )
    with store.read() as connection:
        found = list(connection.execute(answered).scalars())
    if found:
        with store.write() as connection:
            mark_handed_over(connection, found, "receipts came", now)
    return len(found)


def mark_handed_over(connection: Connection, message_ids: Sequence[int], how: str, now: str) -> None:
    """These messages were sent, whatever the store thought; `how` is known. A signature that only the lost store had is not missed."""
    of = messages.c.id.in_(message_ids)
    unsigned = of & messages.c.signature.is_(None) & (messages.c.sign == "composed")
    connection.execute(update(messages).where(unsigned).values(sign="restored"))
    connection.execute(update(messages).where(of).values(state="sent", sent_at=now, waiting=None))
    open_ones = submissions.c.outcome.is_(None) | (submissions.c.outcome == "in_doubt")
    settled = {"outcome": "sent", "settled": now, "detail": how}
    for message_id in message_ids:  # one of the attempts arrived: the last one that may have
        last = select(submissions.c.id).where(submissions.c.message_id == message_id, open_ones)
        attempt = connection.execute(last.order_by(submissions.c.id.desc()).limit(1)).scalar()
        connection.execute(update(submissions).where(submissions.c.id == attempt).values(**settled))
    before = (State.READY, State.SIGNED, State.IN_DOUBT)
    moved = update(records).where(records.c.message_id.in_(message_ids), records.c.state.in_(before))
    connection.execute(moved.values(state=str(State.SENT)))
