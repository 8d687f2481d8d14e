"""What is taken back of a file that changed after it was taken (`cebd.intake.changed`): all that was not signed."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import delete, func, select, update

from cebd.records.ids import DropId, MessageId
from cebd.records.states import HELD_BACK, MessageState, State
from cebd.store.tables import messages, records
from cebd.store.transaction import Transaction, batches


class HeldBack(NamedTuple):
    """How many records of a drop were taken back, and how many are declared all the same."""

    kept: int
    declared: int


def hold_back_unsigned(transaction: Transaction, drop_id: DropId) -> HeldBack:
    """Remove the drop's unsigned messages; their records are held, and the records that they replaced are active again."""
    unsigned = select(messages.c.id).where(messages.c.drop_id == drop_id, messages.c.state == MessageState.READY)
    message_ids = [MessageId(number) for number in transaction.execute(unsigned).scalars()]
    kept = 0
    for batch in batches(message_ids):
        earlier = records.alias()
        # The record declared last under the same number becomes active: a number has a single active record.
        replaced = list(
            transaction.execute(
                select(func.max(earlier.c.id))
                .join(
                    records,
                    (records.c.enterprise == earlier.c.enterprise)
                    & (records.c.type == earlier.c.type)
                    & (records.c.key == earlier.c.key),
                )
                .where(records.c.message_id.in_(batch), records.c.active)
                .where(earlier.c.id < records.c.id, earlier.c.drop_id != drop_id, earlier.c.message_id.is_not(None))
                .group_by(records.c.id)
            ).scalars()
        )
        of_batch = update(records).where(records.c.message_id.in_(batch))
        kept += transaction.execute(of_batch.values(state=State.HELD, message_id=None, active=False)).rowcount
        for record_ids in batches(replaced):
            transaction.execute(update(records).where(records.c.id.in_(record_ids)).values(active=True))
        transaction.execute(delete(messages).where(messages.c.id.in_(batch)))
    query = select(func.count()).where(records.c.drop_id == drop_id, records.c.state.not_in(HELD_BACK))
    return HeldBack(kept, transaction.execute(query).scalar_one())
