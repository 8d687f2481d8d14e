"""After a retention every file is judged as it would have been without: nothing is declared twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from builders.examples import examples
from builders.purchases import APPLICATIONS, PURCHASE, Desk, File, declared_rightly, files, saying_otherwise
from builders.years import grow_old, remove_old
from cebd.records.ids import DropId
from cebd.store.packing import unpack
from cebd.store.tables import messages, records
from cebd.store.transaction import Transaction

LIST_NUMBER = "52082026I000000001"
GONE = "已随该单证按保存年限清除"
NOTHING = ("",) * 8
Files = list[list[tuple[Any, ...]]]
OF_PERSONS = ("钱试一", "钱试二", "李四", "13800000001", "310101196002070013", "测试省示例市")


class Years(Desk):
    """Files that were declared years ago, and are dropped again."""

    def grow_old(self) -> None:
        with self.store.write() as transaction:
            grow_old(transaction)

    def is_numbered(self) -> None:
        """Customs gave the list of the first purchase its number."""
        with self.store.write() as transaction:
            first = (records.c.type == "CEB621", records.c.state == "succeeded")
            transaction.execute(update(records).where(*first).values(invt_no=LIST_NUMBER))

    def dropped_again(self, again: Sequence[DropId], *, after_a_retention: bool) -> Files:
        """What the records of each file become; then the store is as before."""
        with self.store.database.engine.connect() as connection, connection.begin() as transaction:
            if after_a_retention:
                files = remove_old(connection, list(self.enterprises))
                event(f"{len(files)} files removed")
                assert texts_left(connection, [file.id for file in files]) == 0
            found = []
            for drop_id in again:
                self.convert(connection, drop_id)
                own = select(records.c.key, records.c.state, records.c.active, records.c.problems)
                rows = connection.execute(own.where(records.c.drop_id == drop_id).order_by(records.c.id))
                found.append([(row.key, row.state, row.active, said(row.problems)) for row in rows])
            transaction.rollback()
        return found


def said(problems: str | None) -> list[tuple[Any, ...]]:
    """What is said of a record: the id, where it is, the value, and the words."""
    names = ("id", "severity", "field", "cell", "value", "suggestion", "zh", "en")
    return [tuple(problem.get(name) for name in names) for problem in json.loads(problems or "[]")]


def same_words(before: Files, after: Files) -> Files:
    """What was said before; where a value is gone since, in the words of since then."""
    return [
        [
            (
                *record[:3],
                [
                    (*old[:6], *new[6:]) if GONE in new[6] else old
                    for old, new in zip_longest(record[3], now[3], fillvalue=NOTHING)
                ],
            )
            for record, now in zip(of_file, of_file_now, strict=True)
        ]
        for of_file, of_file_now in zip(before, after, strict=True)
    ]


def texts_left(transaction: Transaction, removed: list[DropId]) -> int:
    """How many messages of these files still say what a goods line or a person is."""
    of_files = messages.c.drop_id.in_(removed)
    whole = func.length(messages.c.body) > 400
    left = transaction.execute(
        select(func.count()).where(of_files, whole | messages.c.signature.is_not(None))
    ).scalar_one()
    kept = transaction.execute(select(messages.c.kept).where(of_files, messages.c.kept.is_not(None))).scalars()
    return left + sum(any(text in unpack(one).decode() for text in OF_PERSONS) for one in kept)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Years]:
    made = Years(tmp_path_factory.mktemp("years"))
    yield made
    made.store.close()


@settings(max_examples=examples(12, 300), deadline=None)
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
    after = desk.dropped_again(again, after_a_retention=True)
    assert after == same_words(without, after)


@settings(max_examples=examples(12, 300), deadline=None)
@given(
    kinds=st.lists(st.sampled_from(PURCHASE), min_size=1, max_size=4, unique=True),
    later=st.lists(saying_otherwise(*PURCHASE, *APPLICATIONS), min_size=1, max_size=3),
)
def test_a_document_that_says_otherwise_than_the_others_of_its_purchase_is_still_held_against_them(
    desk: Years, kinds: list[str], later: list[File]
) -> None:
    desk.clear()
    for kind in kinds:
        desk.declare(declared_rightly(kind))
    desk.is_numbered()
    desk.grow_old()
    again = [desk.claim(file) for file in later]
    without = desk.dropped_again(again, after_a_retention=False)
    event(f"kept back: {any(state == 'rejected' for found in without for _, state, *_ in found)}")
    after = desk.dropped_again(again, after_a_retention=True)
    assert after == same_words(without, after)
