"""A message that waits to be sent, with its records, in a real store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from builders.clocks import StillClock
from builders.new_store import open_store
from cebd.clock import Clock, iso
from cebd.messages.envelope import EnvelopeForm
from cebd.records.ids import MessageId
from cebd.records.states import SignatureMode, State
from cebd.store.messages import NewMessage, Signed, add_message, load_message, mark_signed
from cebd.store.store import Store
from cebd.store.tables import drops, messages, records, state_of, submissions
from cebd.transport.channel import Found, Handover, Outbound, Outcome, Sent
from cebd.transport.submit import SubmissionBatch

SIGNED = b"<signed/>"


def envelope(number: int) -> bytes:
    """The DxpMsg in which that message leaves."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<dxp:DxpMsg xmlns:dxp="http://www.chinaport.gov.cn/dxp" ver="1.0"><dxp:TransInfo>'
        f"<dxp:CopMsgId>DXPENT0001-{number}</dxp:CopMsgId><dxp:SenderId>DXPENT0000010001</dxp:SenderId><dxp:ReceiverIds>"
        "<dxp:ReceiverId>DXPEDCCEB0000002</dxp:ReceiverId></dxp:ReceiverIds><dxp:CreatTime>2026-03-04T05:06:07</dxp:CreatTime>"
        "<dxp:MsgType>CEB311Message</dxp:MsgType></dxp:TransInfo><dxp:Data>PHNpZ25lZC8+</dxp:Data></dxp:DxpMsg>"
    ).encode()


ENVELOPE = envelope(1)
DOUBT = 600.0


def submit(
    store: Store,
    channel: Outbound,
    message_id: MessageId,
    clock: Clock,
    doubt_seconds: float,
    hear: Callable[[], None] = lambda: None,
    form: EnvelopeForm = EnvelopeForm(),  # noqa: B008  a value
) -> Outcome:
    """A batch of one message."""
    batch = SubmissionBatch(store, channel, clock, doubt_seconds, hear, form)
    batch.expect([message_id])
    outcome = batch.submit(message_id)
    batch.store()
    return outcome


class SignedMessage:
    """A signed message of two records in a store, and what the store says of it."""

    def __init__(self, store: Store, number: int = 1) -> None:
        self.store = store
        self.clock = StillClock()
        self.number = number
        with store.write() as connection:
            facts: dict[str, Any] = {
                "enterprise": "e",
                "name": f"{number}.xlsx",
                "stem": str(number),
                "sha256": "",
                "received": "",
                "state": "filed",
                "source": f"inbox/{number}.xlsx",
                "place": f"done/{number}.xlsx",
            }
            drop_id = connection.execute(insert(drops).values(**facts)).inserted_primary_key[0]
            new = NewMessage(
                drop_id=drop_id,
                enterprise="e",
                type="CEB311",
                guid=f"G{number}",
                cop_msg_id=f"DXPENT0001-{number}",
                signer="s",
                channel="eport",
                signature_mode=SignatureMode.DETACHED,
                created="2026-03-04T05:06:07+08:00",
                sender="DXPENT0000010001",
                receiver="DXPEDCCEB0000002",
            )
            self.message_id = add_message(connection, new, b"<unsigned/>")
            for key in ("A", "B"):
                connection.execute(
                    insert(records).values(
                        drop_id=drop_id,
                        message_id=self.message_id,
                        enterprise="e",
                        type="CEB311",
                        key=f"{number}{key}",
                        guid=f"{number}{key}",
                        rows="2",
                        content=b"",
                        state="ready",
                        active=True,
                    )
                )
            mark_signed(connection, {self.message_id: Signed(body=SIGNED)}, "s")

    def submit(self, channel: Outbound, form: EnvelopeForm = EnvelopeForm()) -> type[Outcome]:  # noqa: B008  a value
        """One attempt; the kind of its outcome."""
        return type(submit(self.store, channel, self.message_id, self.clock, DOUBT, form=form))

    def later(self, seconds: float) -> None:
        self.clock.moment += timedelta(seconds=seconds)

    def receipt_for(self, key: str, state: State = State.ACKNOWLEDGED) -> None:
        """What settling does to a record of which customs said something."""
        with self.store.write() as connection:
            connection.execute(
                update(records).where(records.c.key == f"{self.number}{key}").values(status="2", state=str(state))
            )

    @property
    def state(self) -> str:
        with self.store.read() as connection:
            return load_message(connection, self.message_id).state

    @property
    def record_states(self) -> list[str]:
        with self.store.read() as connection:
            return list(
                connection.execute(
                    select(state_of()).where(records.c.message_id == self.message_id).order_by(records.c.key)
                ).scalars()
            )

    @property
    def waiting(self) -> str | None:
        with self.store.read() as connection:
            return connection.execute(select(messages.c.waiting).where(messages.c.id == self.message_id)).scalar_one()

    @property
    def attempts(self) -> list[tuple[str, str | None]]:
        """Phase and outcome of each."""
        columns = (submissions.c.phase, submissions.c.outcome)
        query = select(*columns).where(submissions.c.message_id == self.message_id).order_by(submissions.c.id)
        with self.store.read() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    @property
    def details(self) -> list[str | None]:
        query = select(submissions.c.detail).where(submissions.c.message_id == self.message_id)
        with self.store.read() as connection:
            return list(connection.execute(query.order_by(submissions.c.id)).scalars())


class OtherSide:
    """`before`: what happens while a message is being written; `outcome`: what comes of it."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.before: Callable[[], object] = lambda: None
        self.outcome: Outcome = Sent()

    def deliver(self, handover: Handover) -> Outcome:
        self.before()
        handover.before_visible()
        self.taken.append(handover.message_id)
        return self.outcome

    def find(self, handover: Handover) -> Found:
        return "unknown"

    def close(self) -> None:
        pass


class TwoSignedMessages:
    """Two messages in a store of that folder, and the batch in which they go to the other side."""

    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder)
        self.messages = [SignedMessage(self.store, number) for number in (1, 2)]
        self.now = iso(self.messages[0].clock.now())
        self.other_side = OtherSide()
        self.batch = SubmissionBatch(self.store, self.other_side, self.messages[0].clock, DOUBT)

    def submit(self) -> list[type[Outcome]]:
        """Both; the kinds of their outcomes."""
        ids = [message.message_id for message in self.messages]
        self.batch.expect(ids)
        outcomes = [type(self.batch.submit(one)) for one in ids]
        self.batch.store()
        return outcomes

    @property
    def states(self) -> list[str]:
        return [message.state for message in self.messages]
