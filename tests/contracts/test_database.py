"""What every database promises that a store may be kept in; each kind is asked the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from builders.waiting import until
from cebd.store.databases.database import Database, StoreError, insert_if_new, insert_or_update
from cebd.store.databases.migrations import VERSION
from cebd.store.databases.sqlite import SqliteDatabase
from cebd.store.tables import about

KINDS: dict[str, Callable[[Path], Database]] = {"sqlite": lambda folder: SqliteDatabase(folder / "store")}
Open = Callable[[], Database]


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """The same place, opened as often as a test wants."""
    made: list[Database] = []

    def open_again() -> Database:
        made.append(KINDS[request.param](tmp_path))
        return made[-1]

    yield open_again
    for database in made:
        database.close()


@pytest.fixture
def database(opened: Open) -> Database:
    made = opened()
    made.migrate()
    return made


def names(database: Database) -> set[str]:
    with database.begin_read() as transaction:
        return set(transaction.execute(select(about.c.name)).scalars())


def test_nothing_is_there_until_it_is_migrated(opened: Open) -> None:
    database = opened()
    assert not database.exists()
    database.migrate()
    assert (database.exists(), database.version()) == (True, VERSION)


def test_migrating_what_is_of_today_changes_nothing(database: Database, opened: Open) -> None:
    with database.begin_read() as transaction:
        before = transaction.execute(select(about)).all()
    again = opened()
    again.migrate()
    with again.begin_read() as transaction:
        assert transaction.execute(select(about)).all() == before


def test_a_transaction_is_committed_as_a_whole_or_not_at_all(database: Database, opened: Open) -> None:
    with suppress(ZeroDivisionError), database.begin_write() as transaction:
        transaction.execute(insert(about).values(name="lost", value="1"))
        raise ZeroDivisionError
    with database.begin_write() as transaction:
        transaction.execute(insert(about).values(name="kept", value="1"))
    assert names(opened()) & {"lost", "kept"} == {"kept"}


def test_who_reads_sees_one_state_while_another_writes(database: Database, opened: Open) -> None:
    with database.begin_read() as transaction:
        query = select(about.c.value).where(about.c.name == "new")
        assert transaction.execute(query).scalar() is None
        with opened().begin_write() as writing:
            writing.execute(insert(about).values(name="new", value="1"))
        assert transaction.execute(query).scalar() is None
    assert "new" in names(database)


def test_two_who_read_and_then_write_wait_for_each_other(database: Database) -> None:
    with database.begin_write() as transaction:
        transaction.execute(insert(about).values(name="count", value="0"))

    def add() -> None:
        for _ in range(20):
            with database.begin_write() as writing:
                count = int(writing.execute(select(about.c.value).where(about.c.name == "count")).scalar_one())
                writing.execute(about.update().where(about.c.name == "count").values(value=str(count + 1)))

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.begin_read() as transaction:
        assert transaction.execute(select(about.c.value).where(about.c.name == "count")).scalar_one() == "60"


def test_a_row_is_inserted_once_and_the_second_leaves_it_as_it_is(database: Database) -> None:
    with database.begin_write() as transaction:
        assert insert_if_new(transaction, about, {"name": "n", "value": "first"})
        assert not insert_if_new(transaction, about, {"name": "n", "value": "second"})
        assert transaction.execute(select(about.c.value).where(about.c.name == "n")).scalar_one() == "first"


def test_a_row_is_inserted_or_its_columns_updated(database: Database) -> None:
    with database.begin_write() as transaction:
        for value in ("first", "second"):
            insert_or_update(transaction, about, {"name": "n", "value": value}, ["name"], {"value": value})
        assert transaction.execute(select(about.c.value).where(about.c.name == "n")).scalars().all() == ["second"]


def test_one_station_of_a_name_at_a_time(opened: Open) -> None:
    lease = opened().take_station("one")
    with pytest.raises(StoreError):
        opened().take_station("one")
    lease.release()
    opened().take_station("one").release()


def test_no_work_is_in_flight_before_the_engine_has_its_tables(database: Database) -> None:
    work = database.work
    assert (work.in_flight(), work.queues()) == (None, set())
    work.adopt("nobody had begun anything")
    work.prepare()
    assert (work.in_flight() or set(), work.queues()) == (set(), set())
    work.adopt("nobody had begun anything")


def test_it_says_for_a_while_that_a_thread_had_to_wait_for_a_transaction(database: Database) -> None:
    with database.begin_write():
        pass
    assert not database.is_awaited()  # nobody had to
    with database.begin_write():
        waiting = threading.Thread(target=write_nothing, args=(database,))
        waiting.start()
        until(database.is_awaited, "the other to be heard of")
    waiting.join()


def write_nothing(database: Database) -> None:
    with database.begin_write():
        pass


def test_an_error_of_another_kind_is_no_damage(database: Database) -> None:
    assert not database.is_damage(ValueError("of ours"))


def test_its_mark_tells_that_something_was_committed_by_whomever_and_stays_while_it_is_read(
    database: Database, opened: Open
) -> None:
    marks = [database.mark()]
    for _ in range(20):  # within one tick of a clock
        with database.begin_write() as transaction:
            insert_or_update(transaction, about, {"name": "note", "value": str(len(marks))}, ["name"], {"value": "x"})
        marks.append(database.mark())
    other = opened()
    with other.begin_write() as transaction:
        insert_if_new(transaction, about, {"name": "other", "value": "x"})
    marks.append(database.mark())
    assert len(set(marks)) == len(marks)
    names(database)
    assert database.mark() == marks[-1]
