"""What buyers have of their year: the lists that customs accepted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from cebd.records.states import State
from cebd.store.tables import drops, records
from cebd.store.transaction import Transaction, batches


def accepted_purchases(
    transaction: Transaction, buyers: Sequence[bytes], since: str, without_drop: int | None
) -> dict[bytes, int]:
    """By buyer, the cents of the lists that were received since then and accepted by customs, without those of a drop.

    A list that was changed counts as it was accepted last.
    """
    spent: dict[bytes, int] = {}
    for batch in batches(buyers):
        latest = (
            select(func.max(records.c.id).label("id"))
            .join(drops, drops.c.id == records.c.drop_id)
            .where(
                records.c.type == "CEB621",
                records.c.buyer.in_(batch),
                records.c.state == State.SUCCEEDED,
                drops.c.received >= since,
                drops.c.id != (without_drop or 0),
            )
            .group_by(records.c.enterprise, records.c.key)
            .subquery()
        )
        query = (
            select(records.c.buyer, func.sum(records.c.value))
            .join(latest, latest.c.id == records.c.id)
            .where(records.c.app_type.is_distinct_from("3"))
            .group_by(records.c.buyer)
        )
        spent.update((buyer, int(cents or 0)) for buyer, cents in transaction.execute(query))
    return spent
