"""What was declared before receipts come: drops, messages, records and hand-overs put into a store; and receipts written as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from sqlalchemy import insert, select, update

from builders.clocks import StillClock
from builders.customs_messages import CEB, a_list, a_message, an_order, new_guid
from builders.new_store import open_store
from cebd.clock import CST, from_customs
from cebd.receipts.fetching import fetch_receipts
from cebd.receipts.settle import apply_stored
from cebd.records.ids import DropId, RecordId
from cebd.records.states import SignatureMode, State
from cebd.store.across.removed_messages import let_go_of_messages
from cebd.store.messages import NewMessage, Signed, add_message, mark_sent, mark_signed
from cebd.store.published import drops_behind
from cebd.store.store import Store
from cebd.store.tables import drops, history, messages, receipts, records, state_of, submissions
from cebd.transport.channel import Arrival

EBP, EBC, AGENT = "9900000001", "9900000002", "9900000004"
SENT_AT = datetime(2026, 3, 4, 9, 0, tzinfo=CST)


@contextmanager
def an_open_store(folder: Path) -> Iterator[Store]:
    store = open_store(folder / "store")
    try:
        yield store
    finally:
        store.close()


def a_drop(store: Store, name: str = "orders.xlsx", enterprise: str = "甲", **values: Any) -> DropId:
    """A filed drop; its id."""
    made = {
        "enterprise": enterprise,
        "name": name,
        "sha256": sha256(name.encode()).hexdigest(),
        "received": "2026-03-04T08:59:00+08:00",
        "state": "filed",
        "outcome": "done",
        "source": f"inbox/{name}",
        "place": f"done/2026-03-04/{name}",
        "type": "CEB311",
        "records": 1,
        **values,
    }
    with store.write() as connection:
        number = len(connection.execute(select(drops.c.id)).all()) + 1
        made.setdefault("stem", name.rpartition(".")[0] if number == 1 else f"{name.rpartition('.')[0]}-{number}")
        added = connection.execute(insert(drops).values(**made)).inserted_primary_key
    assert added is not None
    return DropId(added[0])


def declare(
    store: Store,
    *numbers: str,
    code: str = "CEB311",
    drop: DropId | None = None,
    enterprise: str = "甲",
    sent_at: datetime | None = SENT_AT,
    earlier_attempts: tuple[str | None, ...] = (),
    cop_msg_id: str | None = None,
    channel: str = "sftp",
    first_row: int = 2,
    changes: Mapping[str, str] | None = None,
    **columns: Any,
) -> list[RecordId]:
    """Records of these numbers (orderNo or copNo) in one message, handed over at `sent_at` (None: never); their ids.

    `earlier_attempts`: outcomes of hand-overs before the one that was settled, five minutes apart.
    """
    drop = drop or a_drop(store, enterprise=enterprise, type=code)
    guid = new_guid()
    guids = [new_guid() for _ in numbers]
    make = an_order if code == "CEB311" else a_list
    body = a_message(
        *(make(number, guid=one, **(changes or {})) for number, one in zip(numbers, guids, strict=True)), guid=guid
    )
    rows = []
    for row, (number, one) in enumerate(zip(numbers, guids, strict=True), first_row):
        key = f"{EBP}\x1f{EBC}\x1f{number}" if code == "CEB311" else f"{number}\x1f{AGENT}"
        values = {"sheet": "Sheet1", "row": row, "rows": str(row), "content": b"", "state": "ready", "active": False}
        values |= {"repeat_of": None, "problems": None, **columns}
        rows.append({"drop_id": drop, "enterprise": enterprise, "type": code, "key": key, "guid": one, **values})
    with store.write() as connection:
        new = NewMessage(
            drop_id=drop,
            enterprise=enterprise,
            type=code,
            guid=guid,
            cop_msg_id=cop_msg_id or guid,
            signer="token",
            channel=channel,
            signature_mode=SignatureMode.DETACHED,
            created="2026-03-04T08:59:30+08:00",
            sender="DXPENT0000010001",
            receiver="DXPEDCCEB0000002",
        )
        message_id = add_message(connection, new, body)
        connection.execute(insert(records), [{**row, "message_id": message_id} for row in rows])
        mark_signed(connection, {message_id: Signed(body=body)}, "token")
        if sent_at is not None:
            for index, outcome in enumerate((*earlier_attempts, "sent")):
                at = sent_at + timedelta(minutes=5 * index)
                attempt: dict[str, Any] = {
                    "message_id": message_id,
                    "name": f"{guid}.xml",
                    "phase": "handing-over",
                    "outcome": outcome,
                }
                connection.execute(insert(submissions).values(**attempt, intent=at.isoformat(timespec="seconds")))
            mark_sent(connection, message_id, State.SENT, sent_at.isoformat(timespec="seconds"))
        query = select(records.c.id).where(records.c.message_id == message_id).order_by(records.c.id)
        return list(connection.execute(query).scalars())


def remove_content(store: Store, *, keeping: bool = True) -> None:
    """The content of all that was declared is removed, as it is after years; `keeping` False: by a version that kept nothing of it."""
    with store.write() as transaction:
        let_go_of_messages(
            transaction, list(transaction.execute(select(drops.c.id)).scalars()), "2030-01-02T08:00:00+08:00"
        )
        if not keeping:
            transaction.execute(update(messages).values(kept=None))


def the_record(store: Store, record_id: int) -> dict[str, Any]:
    """The record's row with its state, its message's columns as `message_NAME`, and its history as (status, time, info), as stored."""
    with store.read() as connection:
        query = select(records, state_of().label("now")).where(records.c.id == record_id)
        row = dict(connection.execute(query).mappings().one())
        row["state"] = row.pop("now")
        message = connection.execute(select(messages).where(messages.c.id == row["message_id"])).mappings().one()
        past = select(history.c.status, history.c.time, history.c.info).where(history.c.record_id == record_id)
        told = [tuple(one) for one in connection.execute(past.order_by(history.c.id))]
    waiting = json.loads(message["waiting"]) if message["waiting"] else None
    return row | {f"message_{name}": value for name, value in message.items()} | {"history": told, "waiting": waiting}


def changed_drops(store: Store) -> list[DropId]:
    """Drops whose outbox files are behind the store."""
    with store.read() as transaction:
        return drops_behind(transaction)


def states_of_receipts(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(receipts.c.state).order_by(receipts.c.id)).scalars())


class Mailbox:
    """Receipts that wait at the other side, by name."""

    def __init__(self, *contents: bytes) -> None:
        self.there = {f"{number:04d}.xml": content for number, content in enumerate(contents)}
        self.unfetchable: set[str] = set()
        self.left: dict[str, str] = {}

    def receive(self) -> Iterator[Arrival]:
        for name in self.waiting():

            def leave(problem: str, name: str = name) -> None:
                self.left[name] = problem

            yield Arrival(name, partial(self.fetch, name), partial(self.remove, name), leave)

    def waiting(self) -> list[str]:
        return sorted(self.there.keys() - self.left.keys())

    def fetch(self, name: str) -> bytes:
        if name in self.unfetchable:
            raise OSError(f"{name}: permission denied")
        return self.there[name]

    def remove(self, name: str) -> None:
        del self.there[name]


def settle(store: Store, *contents: bytes, channel: str = "sftp", at: datetime | None = None) -> None:
    """These receipts come, one after the other, and are applied; `at` that time, else seconds after customs made them."""
    for content in contents:
        made = [from_customs(text) for text in re.findall(r"<(?:\w+:)?returnTime>(\d{17})<", content.decode("latin-1"))]
        latest = max((datetime.fromisoformat(one) for one in made if one), default=StillClock().now())
        fetch_receipts(store, channel, Mailbox(content), StillClock(at or latest + timedelta(seconds=3)))
        apply_stored(store)


def a_return(
    number: str, status: str, time: str, info: str = "", *, leave_out: tuple[str, ...] = (), **fields: str
) -> str:
    """One return about an order: `time` is `hhmmss` or `hhmmssSSS` of 2026-03-04, or the whole text."""
    given = {
        "guid": new_guid(),
        "ebpCode": EBP,
        "ebcCode": EBC,
        "orderNo": number,
        **_said(status, time, info),
        **fields,
    }
    return _element("OrderReturn", given, leave_out)


def a_list_return(
    number: str, status: str, time: str, info: str = "", *, leave_out: tuple[str, ...] = (), **fields: str
) -> str:
    """One return about an inventory list."""
    own = {
        "guid": new_guid(),
        "customsCode": "5141",
        "ebpCode": EBP,
        "ebcCode": EBC,
        "agentCode": AGENT,
        "copNo": number,
    }
    given = {**own, "preNo": "B20260304000000001", "invtNo": "", **fields, **_said(status, time, info)}
    return _element("InventoryReturn", given, leave_out)


def a_receipt(*returns: str, prefix: str = "") -> bytes:
    """A receipt message of these returns, the namespace as default or under a prefix."""
    root = "CEB312Message" if returns[0].startswith("<OrderReturn>") else "CEB622Message"
    inner = "".join(returns)
    declared = f'xmlns="{CEB}"'
    if prefix:
        inner = inner.replace("</", "\0").replace("<", f"<{prefix}:").replace("\0", f"</{prefix}:")
        root, declared = f"{prefix}:{root}", f'xmlns:{prefix}="{CEB}"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {declared} guid="{new_guid()}" version="1.0">{inner}</{root}>'
    ).encode()


def _said(status: str, time: str, info: str) -> dict[str, str]:
    if time.isdigit() and len(time) in (6, 9):
        time = f"20260304{time:0<9}"
    return {"returnStatus": status, "returnTime": time, "returnInfo": info or f"回执{status}"}


def _element(name: str, given: dict[str, str], leave_out: tuple[str, ...]) -> str:
    kept = {field: text for field, text in given.items() if text and field not in leave_out}
    return f"<{name}>{''.join(f'<{field}>{escape(text)}</{field}>' for field, text in kept.items())}</{name}>"
