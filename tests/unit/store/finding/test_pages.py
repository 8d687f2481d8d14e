"""Lists by any filter give what a look at every record would give, in pages that leave nothing out; and no query reads a table through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from builders.declared import a_drop, a_receipt, a_return, declare, settle
from cebd.records.states import State
from cebd.store.across.finding.groups import count_records_by_state
from cebd.store.across.finding.pages import Filter, Place, drop_page, record_page
from cebd.store.across.finding.references import find
from cebd.store.store import Store


@pytest.fixture
def filled(store: Store) -> Store:
    """Records of two types, in files of three days, in every state that a filter tells apart."""
    for day in (1, 2, 3):
        received = f"2026-03-0{day}T08:59:00+08:00"
        drop = a_drop(store, f"day-{day}.xlsx", received=received)
        declare(store, f"S-{day}", drop=drop)
        declare(store, f"R-{day}", drop=drop, state="rejected")
        declare(store, f"W-{day}", drop=drop, sent_at=None)
        declare(store, f"A-{day}", f"B-{day}", drop=drop)
        declare(store, f"L-{day}", code="CEB621", drop=drop, enterprise="甲")
    for day in (1, 2, 3):
        settle(store, a_receipt(a_return(f"A-{day}", "120", "100000", "逻辑校验通过")))
        settle(store, a_receipt(a_return(f"B-{day}", "100", "100000", "[Code:1322;Desc:表体商品项不一致]海关退单")))
    return store


def numbers(store: Store, **wanted: Any) -> list[str]:
    with store.read() as transaction:
        return [
            record.key.get("orderNo") or record.key["copNo"]
            for record in record_page(transaction, Filter(**wanted), 99).rows
        ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"state": State.REJECTED}, ["R-3", "R-2", "R-1"]),
        ({"state": State.SIGNED}, ["W-3", "W-2", "W-1"]),
        ({"state": State.SENT}, ["L-3", "S-3", "L-2", "S-2", "L-1", "S-1"]),
        ({"state": State.SENT, "type": "CEB311"}, ["S-3", "S-2", "S-1"]),
        ({"state": State.SUCCEEDED}, ["A-3", "A-2", "A-1"]),
        ({"type": "CEB621"}, ["L-3", "L-2", "L-1"]),
        ({"type": "CEB621", "state": State.REJECTED}, []),
        ({"code": "120"}, ["A-3", "A-2", "A-1"]),
        ({"code": "1322"}, ["B-3", "B-2", "B-1"]),
        ({"code": "132"}, []),
        ({"code": "1322", "state": State.SUCCEEDED}, []),
        ({"order": "S-2"}, ["S-2"]),
        ({"order": "S-2", "state": State.REFUSED}, []),
        ({"file": "day-2.xlsx", "state": State.REJECTED}, ["R-2"]),
        ({"file": "2", "type": "CEB621"}, ["L-2"]),
        ({"file": "day-9.xlsx", "state": State.SENT}, []),
        ({"since": "2026-03-02T00:00:00+08:00", "state": State.REJECTED}, ["R-3", "R-2"]),
        ({"until": "2026-03-02T00:00:00+08:00", "state": State.REJECTED}, ["R-1"]),
        ({"since": "2026-03-04T00:00:00+08:00", "state": State.REJECTED}, []),
        ({"enterprise": "乙"}, []),
    ],
)
def test_a_filter_gives_exactly_what_fits_the_latest_first(
    filled: Store, wanted: dict[str, Any], found: list[str]
) -> None:
    assert numbers(filled, **wanted) == found


@pytest.mark.parametrize("wanted", [Filter(), Filter(state=State.SENT), Filter(enterprise="甲")])
def test_pages_put_together_are_the_whole_list(filled: Store, wanted: Filter) -> None:
    with filled.read() as transaction:
        whole = [record.id for record in record_page(transaction, wanted, 99).rows]
        turned: list[int] = []
        before: Place | None = None
        while True:
            page = record_page(transaction, wanted, 2, before)
            turned += [record.id for record in page.rows]
            before = page.before
            if before is None:
                break
    assert turned == whole


def test_files_are_listed_by_day_name_and_type_in_pages(filled: Store) -> None:
    with filled.read() as transaction:
        first = drop_page(transaction, Filter(), 2)
        assert [drop.file for drop in first.rows] == ["day-3.xlsx", "day-2.xlsx"]
        assert first.rows[0].counts == {"refused": 1, "rejected": 1, "sent": 2, "signed": 1, "succeeded": 1}
        assert [drop.file for drop in drop_page(transaction, Filter(), 2, first.before).rows] == ["day-1.xlsx"]
        of_day = Filter(since="2026-03-02T00:00:00+08:00", until="2026-03-03T00:00:00+08:00")
        assert [drop.file for drop in drop_page(transaction, of_day, 9).rows] == ["day-2.xlsx"]
        assert not drop_page(transaction, Filter(type="CEB621"), 9).rows


def test_the_count_of_states_is_that_of_the_records(filled: Store) -> None:
    with filled.read() as transaction:
        counts = count_records_by_state(transaction)
    assert counts == {"refused": 3, "rejected": 3, "sent": 6, "signed": 3, "succeeded": 3}


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, Any]]]:
    said: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: Any) -> None:
        said.append((statement, parameters))

    event.listen(store.database.engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(store.database.engine, "before_cursor_execute", hear)


def test_no_query_of_a_person_reads_a_table_of_records_through(filled: Store) -> None:
    """SQLite's own word (EXPLAIN QUERY PLAN). A scan along an index in the order of the list ends at the limit."""
    with filled.read() as transaction, statements(filled) as said:
        for wanted in (
            Filter(),
            Filter(state=State.SENT),
            Filter(state=State.SIGNED, type="CEB311"),
            Filter(code="1322", since="2026-03-02T00:00:00+08:00"),
            Filter(file="day-2.xlsx", order="S-2"),
        ):
            record_page(transaction, wanted, 5)
            drop_page(transaction, Filter(file=wanted.file, since=wanted.since), 5)
        for ref in ("S-2", "L-2", "day-2.xlsx", "A1B2C3D4-0000-4000-8000-000000000000"):
            find(transaction, ref)
        count_records_by_state(transaction)
    assert len(said) > 50
    with filled.read() as transaction:
        for statement, parameters in said:
            plan = transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            through = [row[3] for row in plan if row[3].startswith(("SCAN records", "SCAN messages"))]
            through = [one for one in through if "USING" not in one]
            assert not through, (statement, through)
