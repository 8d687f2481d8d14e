"""A file that was held against the store as it was a while ago, and was not overtaken, says what it would have said a moment later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from builders.clocks import StillClock
from builders.purchases import PURCHASE, ROWS, Desk, File, files, stored
from cebd.documents.convert import ClaimedFile, ConvertedBeside, Overtaken, task_of
from cebd.documents.drafting import LocalDrafting, Task
from cebd.records.ids import DropId
from cebd.records.record import Record


class TwoOrders(Desk):
    """Files are converted in one order or the other."""

    def one_after_the_other(self, first: DropId, second: DropId) -> list[dict[str, Any]]:
        """All that is stored when the second comes after the first; then the store is as before."""
        with self.store.database.engine.connect() as connection, connection.begin() as transaction:
            self.convert(connection, first)
            self.convert(connection, second)
            after = stored(connection)
            transaction.rollback()
        return after

    def beside(self, drop_id: DropId, meanwhile: DropId) -> list[dict[str, Any]]:
        """All that is stored when the other comes while the first is read. Raises Overtaken."""
        file, _, path = self.made[drop_id]
        claimed = ClaimedFile(drop_id, path, path.name)
        task = task_of(claimed, self.enterprises[file.enterprise], self.options, StillClock())

        def come() -> None:
            with self.store.write() as transaction:
                self.convert(transaction, meanwhile)

        opened: Any = OpenedHere(task, come)
        beside = ConvertedBeside(self.store, self.folder / "beside", claimed, StillClock(), opened)
        with closing(beside), self.store.write() as transaction:
            beside.bring_in(transaction)
            return stored(transaction)


class OpenedHere:
    """A workbook that is open already; another comes before its first record."""

    def __init__(self, task: Task, meanwhile: Callable[[], None]) -> None:
        self.task = task
        self._meanwhile = meanwhile

    def drafting(self) -> LocalDrafting:
        drafting, batch, meanwhile = LocalDrafting(self.task), LocalDrafting.batch, [self._meanwhile]

        def next_batch() -> list[Record]:
            while meanwhile:
                meanwhile.pop()()
            return batch(drafting)

        drafting.batch = next_batch  # type: ignore[method-assign]
        return drafting


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoOrders]:
    made = TwoOrders(tmp_path_factory.mktemp("overtaking"))
    yield made
    made.store.close()


def one(kind: str, enterprise: str) -> File:
    """A file with one document of the first purchase."""
    return File(kind, tuple(ROWS[kind](1)), enterprise)


@settings(max_examples=60, deadline=None)
@example(earlier=[one("payment", "trial")], large=one("order", "trial"), small=one("payment", "other"))
@given(
    earlier=st.lists(files(*PURCHASE), max_size=3),
    large=files(*PURCHASE, *PURCHASE, "cancel"),
    small=files(*PURCHASE, *PURCHASE, "cancel"),
)
def test_a_file_that_was_not_overtaken_says_what_it_would_have_said_after_the_other(
    desk: TwoOrders, earlier: list[File], large: File, small: File
) -> None:
    desk.clear()
    for file in earlier:
        desk.declare(file)
    small_id, large_id = desk.claim(small), desk.claim(large)
    expected = desk.one_after_the_other(small_id, large_id)
    try:
        seen = desk.beside(large_id, small_id)
    except Overtaken:
        event("overtaken")
        return
    event(f"not overtaken: {large.kind}, {small.kind}")
    assert seen == expected
