"""After a retention every file is judged as it would have been without: nothing is declared twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from builders.examples import examples
from builders.purchases import PURCHASE, Desk, File, files
from cebd.records.ids import DropId
from cebd.store.across.retention import let_go, old_files
from cebd.store.tables import drops, messages, records
from cebd.store.transaction import Transaction

NOW = "2030-01-02T08:00:00+08:00"


class Years(Desk):
    """Files that were declared years ago, and are dropped again."""

    def grow_old(self) -> None:
        put_away = {"state": "filed", "outcome": "done", "received": "2020-03-04T09:00:00+08:00"}
        with self.store.write() as transaction:
            transaction.execute(update(drops).values(**put_away, published=drops.c.changed))

    def dropped_again(self, again: Sequence[DropId], *, after_a_retention: bool) -> list[list[tuple[Any, ...]]]:
        """What the records of each file become; then the store is as before."""
        with self.store.database.engine.connect() as connection, connection.begin() as transaction:
            if after_a_retention:
                files = old_files(connection, NOW, list(self.enterprises))
                let_go(connection, files, (), (), NOW)
                event(f"{len(files)} files removed")
                assert texts_left(connection, [file.id for file in files]) == 0
            found = []
            for drop_id in again:
                self.convert(connection, drop_id)
                own = select(records.c.key, records.c.state, records.c.active, records.c.problems)
                rows = connection.execute(own.where(records.c.drop_id == drop_id).order_by(records.c.id))
                found.append([(row.key, row.state, row.active, ids(row.problems)) for row in rows])
            transaction.rollback()
        return found


def ids(problems: str | None) -> list[str]:
    return [problem["id"] for problem in json.loads(problems or "[]") if problem.get("severity", "error") == "error"]


def texts_left(transaction: Transaction, removed: list[DropId]) -> int:
    """How many messages of these files still say what a goods line or a person is."""
    whole = func.length(messages.c.body) > 400
    return transaction.execute(
        select(func.count()).where(messages.c.drop_id.in_(removed), whole | messages.c.signature.is_not(None))
    ).scalar_one()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Years]:
    made = Years(tmp_path_factory.mktemp("years"))
    yield made
    made.store.close()


@settings(max_examples=examples(20, 300), deadline=None)
@given(
    earlier=st.lists(files(*PURCHASE), min_size=1, max_size=4),
    later=st.lists(files(*PURCHASE, "cancel"), max_size=2),
)
def test_whatever_is_dropped_after_a_retention_is_declared_exactly_where_it_would_have_been(
    desk: Years, earlier: list[File], later: list[File]
) -> None:
    desk.clear()
    for file in earlier:
        desk.declare(file)
    desk.grow_old()
    again = [desk.claim(file) for file in (*earlier, *later)]
    without = desk.dropped_again(again, after_a_retention=False)
    assert desk.dropped_again(again, after_a_retention=True) == without
