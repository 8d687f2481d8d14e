"""A file that changed after it was taken: what was read of it may be half of what it is to be, so nothing more of it is sent."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, delete, func, select, update

from cebd.intake.claim import sha256_of, working_place
from cebd.problems.problem import problem
from cebd.records.states import State
from cebd.store.messages import touch
from cebd.store.store import Store
from cebd.store.tables import drops, messages, records

CHANGED = "CEBD-1048"
_TOGETHER = 500


def hold_changed(store: Store, drop_id: int, folder: Path) -> bool:
    """Hold the drop back when its file is not what was read; whether that is so, now or since earlier.

    Its messages are not signed yet at this moment of their way; whatever else is found to be on its way is left and counted.
    """
    with store.read() as connection:
        drop = dict(connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())
    problems = json.loads(drop["problems"])
    if any(one["id"] == CHANGED for one in problems):
        return True
    working = folder / working_place(drop)
    if drop["state"] != "claimed" or not os.path.lexists(working):
        return False
    with suppress(OSError):  # what cannot be read again, or is no file any more, cannot be said to be the same
        if sha256_of(working) == drop["sha256"]:
            return False
    with store.write() as connection:
        kept = _take_back(connection, drop_id)
        query = select(func.count()).where(
            records.c.drop_id == drop_id, records.c.state.not_in((State.HELD, State.REJECTED))
        )
        declared = connection.execute(query).scalar_one()
        problems.append(problem(CHANGED, declared=declared, kept=kept).as_json())
        told = json.dumps(problems, ensure_ascii=False)
        connection.execute(update(drops).where(drops.c.id == drop_id).values(outcome="hold", problems=told))
        touch(connection, [drop_id])
    return True


def _take_back(connection: Connection, drop_id: int) -> int:
    """Take the drop's unsigned messages out of the store; their records are held, and what they replaced counts again. How many."""
    unsigned = select(messages.c.id).where(messages.c.drop_id == drop_id, messages.c.state == "ready")
    numbers = list(connection.execute(unsigned).scalars())
    held = 0
    for at in range(0, len(numbers), _TOGETHER):
        some = numbers[at : at + _TOGETHER]
        earlier = records.alias()
        # What was declared last under the same number: only one record of a number is the one that counts.
        replaced = list(
            connection.execute(
                select(func.max(earlier.c.id))
                .join(
                    records,
                    (records.c.enterprise == earlier.c.enterprise)
                    & (records.c.type == earlier.c.type)
                    & (records.c.key == earlier.c.key),
                )
                .where(records.c.message_id.in_(some), records.c.active)
                .where(earlier.c.id < records.c.id, earlier.c.drop_id != drop_id, earlier.c.message_id.is_not(None))
                .group_by(records.c.id)
            ).scalars()
        )
        held += connection.execute(
            update(records)
            .where(records.c.message_id.in_(some))
            .values(state=str(State.HELD), message_id=None, active=False)
        ).rowcount
        for begin in range(0, len(replaced), _TOGETHER):
            ids = replaced[begin : begin + _TOGETHER]
            connection.execute(update(records).where(records.c.id.in_(ids)).values(active=True))
        connection.execute(delete(messages).where(messages.c.id.in_(some)))
    return held


__all__ = ["CHANGED", "hold_changed"]
