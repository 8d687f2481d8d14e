"""However large the store has become, what a receipt asks of it is answered by indexes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from builders.declared import an_open_store, declare
from cebd.store.across.declarations import (
    declarations_in_envelopes,
    declarations_in_messages,
    declarations_with_first_part,
    declarations_with_keys,
    declarations_with_numbers,
)
from cebd.store.across.unanswered import answers_took, unanswered_messages
from cebd.store.history import concluded_applications, lists_with_numbers, received_statuses_of
from cebd.store.receipts import load_receipts, receipts_to_apply, unmatched_receipts
from cebd.store.submissions import hand_overs_of
from cebd.store.transaction import Transaction

QUESTIONS: dict[str, Callable[[Transaction], Any]] = {
    "keys": lambda asked: declarations_with_keys(asked, "CEB311", ["a", "b"]),
    "part of a key": lambda asked: declarations_with_first_part(asked, "CEB621", "a"),
    "number": lambda asked: declarations_with_numbers(asked, ["n"]),
    "two numbers": lambda asked: declarations_with_numbers(asked, ["n", "m"]),
    "envelope": lambda asked: declarations_in_envelopes(asked, ["a"]),
    "message": lambda asked: declarations_in_messages(asked, ["a"]),
    "history": lambda asked: received_statuses_of(asked, [1, 2]),
    "applications": lambda asked: concluded_applications(asked, ["CEB623"], "399", ["n"]),
    "lists": lambda asked: lists_with_numbers(asked, "CEB621", ["n"]),
    "hand-overs": lambda asked: hand_overs_of(asked, [1, 2]),
    "overdue": lambda asked: unanswered_messages(asked, "2026", "CEBD-1718"),
    "answers": lambda asked: answers_took(asked, 200),
    "to apply": receipts_to_apply,
    "with bytes": lambda asked: load_receipts(asked, [1, 2]),
    "unmatched": lambda asked: list(unmatched_receipts(asked, ["CEB816"], 1000)),
}
# These have only records that wait for an answer, and messages that wait. The latest messages are read from the end of their table.
_MAY_BE_SCANNED = {"records_without_answer", "messages_that_wait", "messages"}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_table_is_read_from_end_to_end(tmp_path: Path, question: str) -> None:
    with an_open_store(tmp_path) as store:
        declare(store, "A1")
        with store.read() as transaction:
            statements: list[tuple[str, Any]] = []

            def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
                statements.append((statement, values))

            event.listen(transaction, "before_cursor_execute", note)
            QUESTIONS[question](transaction)
            event.remove(transaction, "before_cursor_execute", note)
            steps = [
                str(step)
                for statement, values in statements
                for *_, step in transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            ]
    assert steps
    scans = [step for step in steps if step.startswith("SCAN") and step.rpartition(" ")[2] not in _MAY_BE_SCANNED]
    by_type_alone = [step for step in steps if re.search(r"records_by_\w+ \(type=\?\)", step)]
    assert (scans, by_type_alone) == ([], [])
