"""A thousand rows with 37 distinct bad values, each in 20 rows: 37 decisions, and the second drop is accepted whole, nothing applied in
silence and nothing declared twice."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import select

from builders.decided_books import book_of, decide, lines_on
from builders.desk import Desk, orders
from builders.examples import examples
from cebd.store.messages import message_body
from cebd.store.tables import messages
from cebd.trial.rows import write_workbook

ROWS, VALUES, ROWS_OF_A_VALUE = 1000, 37, 20
# Of each field: a bad value, and what it is decided to be, of which the goods' amounts do not depend.
BAD = {
    "line.unit": ("单位{}", ("140", "142 瓶", "包")),
    "line.country": ("某国{}", ("116", "502 美国", "法国")),
    "head.ebpCode": ("PLATFORM-CODE-TOO-LONG-{}", ("4407961999", "4407961888")),
}
DECLARED = {"包": "125", "142 瓶": "142", "502 美国": "502", "法国": "305"}


@given(seed=st.integers(0, 2**40))
@settings(max_examples=examples(1, 20), deadline=None)
def test_one_decision_for_each_value_is_enough(seed: int) -> None:
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        rows, answers, wanted = _spoilt(orders(ROWS), chance)
        original = desk.folder / "o.xlsx"
        write_workbook(original, "order", rows)
        first = desk.convert(original)
        assert {row["state"] for row in first if row["row"] - 2 in {at for at, _ in wanted}} == {"rejected"}
        book = book_of(desk, original, desk.folder / "r.xlsx")
        assert len(lines_on(book)) <= VALUES
        assert decide(book, answers) <= VALUES
        second = desk.convert(book)
        assert {row["state"] for row in second} == {"ready", "repeat"}
        told = {(row["row"] - 2, one["field"]) for row in second for one in row["problems"] if one["id"] == "CEBD-1224"}
        assert told == {(at, field.partition(".")[2]) for at, field in wanted}
        declared = _declared(desk)
        assert Counter(number for number, _ in declared) == Counter(row["head.orderNo"] for row in rows)
        by_number = dict(declared)
        for at, row in enumerate(rows):
            for field in BAD:
                name = field.partition(".")[2]
                expected = wanted.get((at, field), row[field])
                assert by_number[row["head.orderNo"]].get(name) == expected


def _spoilt(
    rows: list[dict[str, str]], chance: Random
) -> tuple[list[dict[str, str]], dict[str, str], dict[tuple[int, str], str]]:
    """The rows with bad values; what is decided of each; and what is to be declared, by row and field."""
    fields = [chance.choice(list(BAD)) for _ in range(VALUES)]
    answers: dict[str, str] = {}
    wanted: dict[tuple[int, str], str] = {}
    free = {field: chance.sample(range(len(rows)), len(rows)) for field in BAD}
    for number, field in enumerate(fields):
        form, meant = BAD[field]
        value, answer = form.format(chr(ord("一") + number)), chance.choice(meant)
        answers[value] = answer
        for _ in range(ROWS_OF_A_VALUE):
            at = free[field].pop()
            rows[at] = rows[at] | {field: value}
            wanted[at, field] = DECLARED.get(answer, answer)
    return rows, answers, wanted


def _declared(desk: Desk) -> list[tuple[str, dict[str, str]]]:
    """Each order that was put into a message: its number, and its texts by element."""
    with desk.store.read() as transaction:
        bodies = [message_body(transaction, one) for one in transaction.execute(select(messages.c.id)).scalars()]
    orders_of = [order for body in bodies for order in etree.fromstring(body).iter("{*}Order")]
    texts = [{etree.QName(one).localname: one.text or "" for one in order.iter("{*}*")} for order in orders_of]
    return [(own["orderNo"], own) for own in texts]
