"""A receipt is applied as quickly among a hundred thousand records."""

from __future__ import annotations

import time

from sqlalchemy import insert

from builders.declared import (
    a_drop,
    a_receipt,
    a_return,
    declare,
    settle,
    states_of_receipts,
)
from cebd.store.store import Store
from cebd.store.tables import records


def test_a_hundred_returns_among_a_hundred_thousand_records_are_quick(store: Store) -> None:
    numbers = [f"N{number:06d}" for number in range(100)]
    declare(store, *numbers)
    drop = a_drop(store, "many.xlsx")
    for start in range(0, 100_000, 10_000):
        rows = [
            {
                "drop_id": drop,
                "message_id": None,
                "enterprise": "甲",
                "type": "CEB311",
                "key": f"9900000001\x1f9900000002\x1fM{number:06d}",
                "guid": f"{number:036d}",
                "sheet": "Sheet1",
                "row": number,
                "rows": str(number),
                "content": b"",
                "state": "rejected",
                "active": False,
                "repeat_of": None,
                "problems": None,
            }
            for number in range(start, start + 10_000)
        ]
        with store.write() as connection:
            connection.execute(insert(records), rows)
    began = time.process_time()
    settle(store, a_receipt(*(a_return(number, "120", "100000") for number in numbers)))
    took = time.process_time() - began
    assert states_of_receipts(store) == ["applied"]
    assert took < 1.0
