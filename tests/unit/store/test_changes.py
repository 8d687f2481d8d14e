"""A look at the store is left out while nothing was written, and never where something was or is left."""

from __future__ import annotations

from sqlalchemy import insert

from cebd.store.across.changes import Changes
from cebd.store.store import Store
from cebd.store.tables import about


class Looks:
    def __init__(self, store: Store) -> None:
        self.now = 0.0
        self.count = 0
        self.is_left = False
        self.changes = Changes(store, 10.0, lambda: self.now)

    def _look(self) -> bool:
        self.count += 1
        return self.is_left

    def after(self, seconds: float) -> int:
        self.now += seconds
        self.changes.look(self._look)
        return self.count


def test_one_looks_again_when_something_was_written_or_is_left_and_else_seldom(store: Store) -> None:
    looks = Looks(store)
    assert [looks.after(1.0) for _ in range(5)] == [1] * 5
    with store.write() as transaction:
        transaction.execute(insert(about).values(name="note", value="x"))
    assert [looks.after(1.0), looks.after(1.0)] == [2, 2]
    looks.is_left = True
    assert [looks.after(9.0), looks.after(1.0), looks.after(1.0)] == [3, 4, 5]
    looks.is_left = False
    assert [looks.after(1.0), looks.after(1.0), looks.after(9.0)] == [6, 6, 7]


def test_what_is_written_during_a_look_is_for_the_next_one(store: Store) -> None:
    changes = Changes(store, 10.0)
    looked = []

    def look() -> None:
        looked.append(None)
        if len(looked) == 1:
            with store.write() as transaction:
                transaction.execute(insert(about).values(name="note", value="x"))

    for _ in range(3):
        changes.look(look)
    assert len(looked) == 2
