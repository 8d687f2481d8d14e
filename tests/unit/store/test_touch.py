"""When something becomes of a file, its receipt is due, and so are those of files that show its records: asked for each message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from builders.new_store import open_store
from cebd.records.ids import DropId
from cebd.store.messages import touch
from cebd.store.store import Store
from cebd.store.tables import drops, records

DROP = {"enterprise": "e", "name": "n", "sha256": "s", "received": "r", "state": "filed", "source": "s", "place": "p"}
RECORD = {"enterprise": "e", "type": "CEB311", "guid": "g", "rows": "2", "content": b"", "active": False}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Drop 1 has the records 1 and 2, drop 2 the record 3; the others say what they are."""
    opened = open_store(tmp_path)
    with opened.write() as transaction:
        for number, repeat_of in ((1, None), (2, None), (3, 1), (4, None), (5, None), (6, None), (7, 2)):
            transaction.execute(
                insert(drops).values(DROP | {"id": number, "stem": str(number), "repeat_of": repeat_of})
            )
        for number, drop_id, repeats, edits in (
            *((1, 1, None, None), (2, 1, None, None), (3, 2, None, None)),
            *((4, 4, 2, None), (5, 5, None, 1), (6, 6, 3, None)),
        ):
            named = {"drop_id": drop_id, "key": str(number), "repeat_of": repeats, "edit_of": edits, "state": "sent"}
            transaction.execute(insert(records).values(RECORD | {"id": number} | named))
    yield opened
    opened.close()


def due(store: Store) -> list[int]:
    with store.read() as transaction:
        return list(transaction.execute(select(drops.c.id).where(drops.c.changed > 1).order_by(drops.c.id)).scalars())


@pytest.mark.parametrize(
    ("touched", "wanted"), [([1], [1, 3, 4, 5]), ([2], [2, 6, 7]), ([4], [4]), ([1, 2], [*range(1, 8)])]
)
def test_the_file_dropped_again_and_those_with_rows_that_repeat_or_edit_its_records_are_due_with_it(
    store: Store, touched: list[int], wanted: list[int]
) -> None:
    with store.write() as transaction:
        touch(transaction, [DropId(number) for number in touched])
    assert due(store) == wanted


def test_neither_all_files_nor_all_records_of_a_file_are_read_for_it(store: Store) -> None:
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("UPDATE"):
            statements.append((statement, values))

    with store.write() as transaction:
        event.listen(transaction, "before_cursor_execute", note)
        touch(transaction, [DropId(1)])
        event.remove(transaction, "before_cursor_execute", note)
        ((statement, values),) = statements
        plan = [step for *_, step in transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert plan
    assert [step for step in plan if step.startswith("SCAN")] == []
    by_file = [step for step in plan if "drop_id=?" in step and "COVERING INDEX" not in step]
    assert by_file == []
