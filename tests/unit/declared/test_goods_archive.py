"""The goods archive: learned from lists that customs accepted, and only offered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, update

from builders.customs_messages import a_list, a_message
from builders.declared import an_open_store, declare
from cebd.declared.goods_archive import articles, learn_goods
from cebd.declared.suggestions import EarlierValues
from cebd.messages.description import message_type
from cebd.problems.problem import Place, problem
from cebd.records.record import Record
from cebd.store.beside.tables import goods
from cebd.store.packing import pack
from cebd.store.store import Store
from cebd.store.tables import history, messages, receipts, records

HEAD = {"country": "601"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with an_open_store(tmp_path) as opened:
        yield opened


def answered(store: Store, number: str, state: str = "succeeded", enterprise: str = "甲", **line: str) -> None:
    """A list with one goods line, and an answer of customs that gave it that state."""
    [record_id] = declare(store, number, code="CEB621", enterprise=enterprise)
    with store.write() as connection:
        [message_id] = connection.execute(select(records.c.message_id).where(records.c.id == record_id)).scalars()
        [guid] = connection.execute(select(records.c.guid).where(records.c.id == record_id)).scalars()
        told = a_list(number, guid=guid)
        for field, value in {"itemNo": "SKU1", **line}.items():
            given = f"<ceb:{field}>{value}</ceb:{field}>"
            before, _, line_part = told.partition("<ceb:InventoryList>")
            start = line_part.find(f"<ceb:{field}>")
            if start >= 0:
                end = line_part.index(f"</ceb:{field}>") + len(f"</ceb:{field}>")
                line_part = line_part[:start] + given + line_part[end:]
            else:
                line_part = line_part.replace("</ceb:gnum>", f"</ceb:gnum>{given}", 1)
            told = f"{before}<ceb:InventoryList>{line_part}"
        body = pack(a_message(told))
        connection.execute(update(messages).where(messages.c.id == message_id).values(body=body))
        connection.execute(update(records).where(records.c.id == record_id).values(state=state))
        receipt = {"channel": "sftp", "name": number, "sha256": number, "received": "", "state": "applied"}
        row = connection.execute(insert(receipts).values(**receipt, copied=True, content=b""))
        answer = {"record_id": record_id, "receipt_id": row.inserted_primary_key[0], "status": "800"}
        connection.execute(insert(history).values(**answer, info="", time="", evidence=False))


def offered(store: Store, id_: str, field: str, *lines: dict[str, str], row: int = 2) -> str | None:
    """What is offered for that problem of a list that is kept back."""
    described = message_type("CEB621").field("line", field)
    found = problem(id_, Place("清单", row), field=described, value="", length=8, limit=10, mode="1210", expected="")
    rows = tuple(range(2, 2 + len(lines)))
    record = Record("CEB621", ("C-1", "A"), "G", "1", Place("清单", 2), rows, "", b"", (found,))
    with store.read() as connection:
        [told] = EarlierValues(connection, "甲").suggest(record, HEAD, lines).problems
    return told.suggestion


def test_what_customs_accepted_for_an_item_is_offered_where_it_is_missing_or_wrong(store: Store) -> None:
    answered(store, "L1", itemRecordNo="R-7")
    learn_goods(store)
    line = {"itemNo": "SKU1", "gcode": "", "country": ""}
    assert offered(store, "CEBD-1201", "gcode", line) == "3304990099"
    assert offered(store, "CEBD-1333", "gcode", {**line, "gcode": "9999999999"}) == "3304990099"
    assert offered(store, "CEBD-1206", "gcode", {**line, "gcode": "33049900"}) == "3304990099"
    assert offered(store, "CEBD-1201", "country", line) == "116"
    assert offered(store, "CEBD-1201", "unit", line) == "122"
    assert offered(store, "CEBD-1311", "itemRecordNo", line) == "R-7"
    assert offered(store, "CEBD-1201", "gcode", {"itemNo": "SKU2"}) is None
    assert offered(store, "CEBD-1201", "gmodel", line) is None


@pytest.mark.parametrize("state", ["refused", "acknowledged", "sent"])
def test_nothing_is_learned_from_what_customs_did_not_accept(store: Store, state: str) -> None:
    answered(store, "L1", state)
    learn_goods(store)
    assert offered(store, "CEBD-1201", "gcode", {"itemNo": "SKU1"}) is None


def test_an_item_that_was_accepted_with_two_codes_is_offered_neither(store: Store) -> None:
    answered(store, "L1")
    answered(store, "L2", gcode="1901101000")
    learn_goods(store)
    assert offered(store, "CEBD-1201", "gcode", {"itemNo": "SKU1"}) is None
    assert offered(store, "CEBD-1201", "unit", {"itemNo": "SKU1"}) == "122"


def test_a_thousand_rows_of_an_article_ask_once(store: Store) -> None:
    asked = []

    def listen(*of: object) -> None:
        asked.append(of[2])

    described = message_type("CEB621").field("line", "gcode")
    found = problem("CEBD-1201", Place("清单", 2), field=described, value="")
    record = Record("CEB621", ("C-1", "A"), "G", "1", Place("清单", 2), (2,), "", b"", (found,))
    with store.read() as connection:
        values = EarlierValues(connection, "甲")
        event.listen(connection, "before_cursor_execute", listen)
        for _ in range(1000):
            values.suggest(record, HEAD, [{"itemNo": "SKU1", "gcode": ""}])
    assert len(asked) == 1


def test_item_numbers_are_an_enterprises_own(store: Store) -> None:
    answered(store, "L1", enterprise="乙")
    learn_goods(store)
    assert offered(store, "CEBD-1201", "gcode", {"itemNo": "SKU1"}) is None


def test_of_several_lines_the_one_in_the_row_of_the_problem_is_helped(store: Store) -> None:
    answered(store, "L1")
    answered(store, "L2", itemNo="SKU2", gcode="1901101000")
    learn_goods(store)
    lines = ({"itemNo": "SKU1"}, {"itemNo": "SKU2"})
    assert offered(store, "CEBD-1201", "gcode", *lines, row=2) == "3304990099"
    assert offered(store, "CEBD-1201", "gcode", *lines, row=3) == "1901101000"
    assert offered(store, "CEBD-1201", "gcode", *lines, row=9) is None


def test_each_answer_is_looked_at_once_and_later_ones_are_not_missed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cebd.declared.goods_archive._ANSWERS_AT_ONCE", 2)
    for number in range(5):
        answered(store, f"L{number}", itemNo=f"SKU{number}")
    assert learn_goods(store, batches=2) is True
    assert learn_goods(store) is False
    answered(store, "L9", itemNo="SKU9")
    learn_goods(store)
    with store.read() as connection:
        items = connection.execute(select(goods.c.item_no).where(goods.c.field == "gcode")).scalars().all()
    assert sorted(items) == ["SKU0", "SKU1", "SKU2", "SKU3", "SKU4", "SKU9"]


def test_the_archive_of_a_template_has_what_all_accepted_lists_agree_on(store: Store) -> None:
    for number, unit in (("L1", "122"), ("L2", "142")):
        answered(store, number, gcode="1901101000", unit=unit)
    answered(store, "L3", itemNo="SKU2", gcode="2106909090", enterprise="乙")
    learn_goods(store)
    [(item, accepted)] = articles(store, "甲", 10).items()
    assert (item, accepted["gcode"], "unit" in accepted) == ("SKU1", "1901101000", False)
    assert articles(store, "甲", 0) == {}
