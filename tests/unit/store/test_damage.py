"""A store whose pages do not hold together: commands say so in the words of the start, and never in SQL."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, OperationalError

from builders.declared import an_open_store, declare
from cebd.cli.frame.errors import explained
from cebd.cli.frame.exits import Exit
from cebd.store.safety.trust import StoreRefused, require_undamaged
from cebd.store.store import Store, StoreDamaged
from cebd.store.tables import about, records

PAGE = 4096


def damage(folder: Path) -> None:
    """Everything behind the first pages becomes rubbish: the store still opens."""
    path = folder / "store" / "cebd.sqlite"
    content = path.read_bytes()
    path.write_bytes(content[: 2 * PAGE] + b"\xa5" * (len(content) - 2 * PAGE))


def test_a_command_that_meets_damage_says_what_to_do_and_no_question(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        declare(store, "N-1")
    damage(tmp_path)
    with (
        pytest.raises(StoreDamaged) as raised,
        closing(Store.open(tmp_path / "store", create=False)) as store,
        store.read() as connection,
    ):
        connection.execute(select(records))
    code, (sentence, _) = explained(raised.value)
    assert code == Exit.STORE
    assert sentence.startswith("CEBD-2101 数据库")
    assert "cebd restore" in sentence
    assert "SELECT" not in sentence


def test_whatever_else_the_store_refuses_is_said_without_sql(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store, store.read() as connection, pytest.raises(OperationalError) as raised:
        connection.execute(text("SELECT secret FROM nowhere"))
    code, (sentence, _) = explained(raised.value)
    assert code == Exit.STORE
    assert "SELECT" not in sentence
    assert "no such table" in sentence


@pytest.mark.parametrize("meanwhile", ["nothing", "an empty file"])
def test_a_store_that_is_taken_away_from_a_station_at_work_ends_it_whatever_stands_in_its_place(
    tmp_path: Path, meanwhile: str
) -> None:
    """What is written goes on into a file that has no name; a connection that is opened later makes none."""
    with an_open_store(tmp_path) as store:
        require_undamaged(store)
        path = tmp_path / "store" / "cebd.sqlite"
        path.rename(path.with_name("taken away"))
        if meanwhile == "an empty file":
            path.touch()
        store.let_go_of_caches()
        with pytest.raises(DatabaseError), store.write() as transaction:
            transaction.execute(select(about))
        assert path.exists() == (meanwhile == "an empty file")
        with pytest.raises(StoreRefused, match="CEBD-2103"):
            require_undamaged(store)
