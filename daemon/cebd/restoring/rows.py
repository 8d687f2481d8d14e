"""The rows of a file that the restored store did not know: each takes the state that the receipt gives it, or is in doubt."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from cebd.enterprise import Enterprise
from cebd.messages.compose import new_guid
from cebd.problems.problem import Problem, problem
from cebd.receipts.publishing.receipt import ReceiptRecord
from cebd.records.states import MessageState, SignatureMode, State
from cebd.restoring.bodies import Composed, composed, put_together
from cebd.restoring.receipt_files import ReceiptFile, key_of, was_repeat
from cebd.restoring.words import HANDED_OVER
from cebd.store.messages import add_message
from cebd.store.store import unpack
from cebd.store.tables import messages, records, submissions

_Pair = tuple[RowMapping, ReceiptRecord | None]


class Rows:
    """The rows of one drop, converted just now. `received`, `now`: ISO 8601."""

    def __init__(self, connection: Connection, drop_id: int, enterprise: Enterprise, received: str, now: str) -> None:
        self._connection = connection
        self._drop_id = drop_id
        self._enterprise = enterprise
        self._received = received
        self._now = now

    def take_states(self, receipt: ReceiptFile | None) -> None:
        """Give each row its state, and put the messages together that were sent, or may have been."""
        made = self._take_messages_apart()
        pairs = self._paired(receipt)
        handed: dict[tuple[str, str], list[_Pair]] = {}
        doubted: dict[tuple[str, str], list[_Pair]] = {}
        for row, entry in pairs:
            if row["state"] == State.REPEAT or (entry is None and row["state"] in (State.REJECTED, State.HELD)):
                continue
            stated = entry.state if entry is not None else None
            if entry is not None and was_repeat(entry):
                self._repeat(row, entry)
            elif entry is not None and stated in (State.REJECTED, State.HELD):
                self._rest(row, entry)
            elif entry is not None and stated in HANDED_OVER:
                handed.setdefault((row["type"], entry.message or new_guid()), []).append((row, entry))
            else:
                of = (entry.message if entry is not None else None) or f"as converted: {row['message_id']}"
                doubted.setdefault((row["type"], of), []).append((row, entry))
        for (type_, guid), some in handed.items():
            self._message(made, type_, guid, some, sent=True)
        for (type_, of), some in doubted.items():
            self._message(made, type_, new_guid() if of.startswith("as ") else of, some, sent=False)

    # Rows and what is told of them

    def _take_messages_apart(self) -> list[Composed]:
        """What the conversion composed, out of the store again: nothing of it may be sent as it is."""
        rows = list(self._connection.execute(select(messages).where(messages.c.drop_id == self._drop_id)).mappings())
        made = [composed(row) for row in rows]
        self._of_message: dict[int, int | None] = {
            row.id: row.message_id
            for row in self._connection.execute(
                select(records.c.id, records.c.message_id).where(records.c.drop_id == self._drop_id)
            )
        }
        own = records.c.drop_id == self._drop_id
        self._connection.execute(update(records).where(own).values(message_id=None, active=False))
        self._connection.execute(delete(messages).where(messages.c.drop_id == self._drop_id))
        return made

    def _paired(self, receipt: ReceiptFile | None) -> list[_Pair]:
        entries = list(receipt.records) if receipt is not None else []
        query = select(records).where(records.c.drop_id == self._drop_id).order_by(records.c.id)
        rows = list(self._connection.execute(query).mappings())
        by_place = {(entry.place.sheet, entry.place.row, key_of(entry)): entry for entry in entries}
        by_key: dict[tuple[str, str], list[ReceiptRecord]] = {}
        for entry in entries:
            by_key.setdefault((entry.type, key_of(entry)), []).append(entry)
        pairs: list[_Pair] = []
        used: set[int] = set()
        for row in rows:
            match = by_place.get((row["sheet"], row["row"], row["key"]))
            if match is None or id(match) in used:
                same_key = by_key.get((row["type"], row["key"]), [])
                match = next((entry for entry in same_key if id(entry) not in used), None)
            if match is not None:
                used.add(id(match))
            pairs.append((row, match))
        return pairs + [(self._from_entry(entry), entry) for entry in entries if id(entry) not in used]

    def _from_entry(self, entry: ReceiptRecord) -> RowMapping:
        """A row that could not be read again: what the receipt says of it is all there is."""
        values = {
            "drop_id": self._drop_id,
            "enterprise": self._enterprise.name,
            "type": entry.type,
            "key": key_of(entry),
            "guid": entry.guid or new_guid(),
            "sheet": entry.place.sheet,
            "row": entry.place.row,
            "rows": ",".join(map(str, entry.place.rows)),
            "content": b"",
            "state": str(State.READY),
            "active": False,
        }
        made = self._connection.execute(insert(records).values(**values).returning(records.c.id)).scalar_one()
        return self._connection.execute(select(records).where(records.c.id == made)).mappings().one()

    # What becomes of them

    def _rest(self, row: RowMapping, entry: ReceiptRecord) -> None:
        """Rejected or held then: not declared."""
        problems = _as_text(entry.problems) if entry.problems else None
        self._set(row, state=str(entry.state), guid=entry.guid or row["guid"], problems=problems)

    def _repeat(self, row: RowMapping, entry: ReceiptRecord) -> None:
        """The row repeated a declaration; which one, its guid tells."""
        first = select(records.c.id).where(records.c.guid == entry.guid, records.c.id != row["id"])
        repeat_of = self._connection.execute(first.order_by(records.c.id).limit(1)).scalar()
        state = State.REPEAT if repeat_of is not None else State.REJECTED
        self._set(row, state=str(state), repeat_of=repeat_of, problems=_as_text(entry.problems))

    def _message(self, made: list[Composed], type_: str, guid: str, some: list[_Pair], *, sent: bool) -> None:
        guids = {row["guid"]: (entry.guid if entry is not None else None) or row["guid"] for row, entry in some}
        sources = {self._of_message.get(row["id"]) for row, _ in some}
        parts = [one for one in made if one.row["id"] in sources]
        as_it_was = len(parts) == 1 and parts[0].is_just(guid, guids)
        body = unpack(parts[0].row["body"]) if as_it_was else put_together(parts, type_, guid, guids)
        signs = {one.row["sign"] for one in parts}
        sign = "restored" if sent else next(iter(signs)) if len(signs) == 1 else "composed"
        why = None if sent else problem("CEBD-2120")
        about = parts[0].row if parts else None
        message_id = add_message(
            self._connection,
            body,
            drop_id=self._drop_id,
            enterprise=self._enterprise.name,
            type=type_,
            guid=guid,
            cop_msg_id=guid if self._is_free(guid) else new_guid(),
            signer=about["signer"] if about is not None else str(self._enterprise.signer),
            channel=about["channel"] if about is not None else str(self._enterprise.channel),
            signature_mode=SignatureMode("foreign" if sign == "kept" and not as_it_was else sign),
            sender=self._enterprise.dxpId,
            receiver=about["receiver"] if about is not None else self._enterprise.receiver,
            created=self._received,
            state=MessageState.SENT if sent else MessageState.ASKED,
            sent_at=self._received if sent else None,
            waiting=why,
        )
        self._connection.execute(
            insert(submissions).values(
                message_id=message_id,
                name=f"{type_}Message_{guid}.xml",
                phase="handing-over",
                intent=self._received,
                outcome="sent" if sent else "in_doubt",
                settled=self._now,
                detail="the receipt in the outbox says so" if sent else "the store was restored: it may have been sent",
            )
        )
        for row, entry in some:
            self._take_the_place_of_others(row)
            state = str(entry.state if sent and entry is not None else State.IN_DOUBT)
            new = {"message_id": message_id, "guid": guids[row["guid"]], "state": state, "active": True}
            self._set(row, problems=None, **new)

    def _take_the_place_of_others(self, row: RowMapping) -> None:
        same = (records.c.enterprise == row["enterprise"], records.c.type == row["type"], records.c.key == row["key"])
        self._connection.execute(
            update(records).where(*same, records.c.id != row["id"], records.c.active).values(active=False)
        )

    def _is_free(self, cop_msg_id: str) -> bool:
        return (
            self._connection.execute(select(messages.c.id).where(messages.c.cop_msg_id == cop_msg_id)).first() is None
        )

    def _set(self, row: RowMapping, **values: Any) -> None:
        self._connection.execute(update(records).where(records.c.id == row["id"]).values(**values))


def _as_text(problems: Iterable[Problem]) -> str:
    return json.dumps([problem.as_json() for problem in problems], ensure_ascii=False)
