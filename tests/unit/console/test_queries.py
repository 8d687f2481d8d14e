"""Queries of the console: any filter, the whole result as a file, kept under a name, and one decision for all of it."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from builders.consoles import DeclaredFile, TryConsole, Visitor, read_rows, taken
from cebd.store.console.accounts import Role
from cebd.store.tables import records
from cebd.trial.rows import inventory_rows, order_rows


@pytest.fixture
def here(tmp_path: Path) -> TryConsole:
    return TryConsole.at(tmp_path)


def orders(here: TryConsole, folder: Path, count: int, name: str = "orders.xlsx") -> list[dict[str, str]]:
    """A file of orders that was read and is not signed yet."""
    rows = list(order_rows(count))
    read_rows(here, folder, "order", rows, name)
    return rows


def numbers(visitor: Visitor, query: str) -> list[str]:
    return re.findall(r'href="/records/\d+">[^<]*?\b(C?T\d{10})\b', visitor.get(f"/records?{query}").text)


def test_each_filter_leaves_what_fits(here: TryConsole, tmp_path: Path) -> None:
    orders(here, tmp_path, 3)
    file = DeclaredFile.of(here, tmp_path, "inventory", list(inventory_rows(2)))
    file.answer("CT0000000001", "100", info="[Code:1310;Desc:毛重不对]")
    visitor = here.logged_in()
    day = f"{here.clock.now():%Y-%m-%d}"
    assert len(numbers(visitor, "")) == 5
    assert numbers(visitor, "type=CEB621&group=needs") == ["CT0000000001"]
    for code in ("100", "1310"):
        assert numbers(visitor, f"code={code}") == ["CT0000000001"], code
    assert numbers(visitor, "order=T0000000003") == ["T0000000003"]
    assert len(numbers(visitor, "file=orders.xlsx")) == 3
    assert len(numbers(visitor, f"since={day}&until={day}")) == 5
    assert numbers(visitor, "since=2099-01-01") == []
    assert numbers(visitor, "enterprise=nobody") == []
    file.answer("CT0000000002", "120", list_number="52082026I000000002")
    assert numbers(visitor, "district=5208") == numbers(visitor, "district=52&type=CEB621") == ["CT0000000002"]
    assert numbers(visitor, "district=5100") == []
    assert len(numbers(visitor, "group=x&type=x&since=x&buyer=x")) == 5, "what makes no sense is left out"


def test_a_buyer_is_found_and_the_number_stands_in_no_address(here: TryConsole, tmp_path: Path) -> None:
    rows = orders(here, tmp_path, 3)
    visitor = here.logged_in()
    number = rows[1]["head.buyerIdNumber"]
    address = visitor.post("/records/buyer", number=number).headers["location"]
    assert number not in address
    assert numbers(visitor, address.partition("?")[2]) == ["T0000000002"]


def test_to_look_for_no_buyer_is_not_to_see_everything(here: TryConsole) -> None:
    answer = here.logged_in().post("/records/buyer", number=" ")
    assert answer.status_code == 422
    assert "请填写买家的身份证件号码" in answer.text


def test_the_whole_result_comes_as_csv_and_as_workbook(here: TryConsole, tmp_path: Path) -> None:
    orders(here, tmp_path, 61)
    visitor = here.logged_in()
    told = visitor.get("/records/export?as=csv&type=CEB311")
    assert told.headers["content-type"].startswith("text/csv")
    table = list(csv.reader(io.StringIO(told.content.decode("utf-8-sig"))))
    for heading in ("单号 number", "订单编号 orderNo"):
        at = table[0].index(heading)
        assert sorted(row[at] for row in table[1:]) == [f"T{number:010d}" for number in range(1, 62)]
    book = openpyxl.load_workbook(io.BytesIO(visitor.get("/records/export?type=CEB311").content))
    assert book.worksheets[0].max_row == 62


def test_a_query_is_kept_under_a_name_with_its_count_for_its_account_alone(here: TryConsole, tmp_path: Path) -> None:
    orders(here, tmp_path, 3)
    visitor, other = here.logged_in(), here.logged_in("wang", (Role.VIEW,))
    kept = visitor.post("/records/views", name="我的订单", query="type=CEB311&group=underway")
    assert kept.headers["location"] == "/records?group=underway&type=CEB311"
    page = visitor.get("/records/views").text
    assert re.search(r'href="/records\?group=underway&amp;type=CEB311">我的订单</a> <strong>3</strong>', page)
    assert "我的订单" not in other.get("/records/views").text
    number = re.findall(r'name="remove" value="(\d+)"', page)[0]
    other.post("/records/views", remove=number)
    assert "我的订单" in visitor.get("/records/views").text
    visitor.post("/records/views", remove=number)
    assert "我的订单" not in visitor.get("/records/views").text


def test_a_result_is_held_and_released_with_a_note_that_stands_in_the_journal(here: TryConsole, tmp_path: Path) -> None:
    orders(here, tmp_path, 3)
    visitor = here.logged_in()
    page, status = visitor.decide_for_all("do=hold&type=CEB311")
    assert status == 200
    assert "将处理 3 份单证" in page
    assert "在 1 份报文中" in page
    assert len(numbers(visitor, "group=held")) == 3
    page, status = visitor.decide_for_all("do=release&waiting=CEBD-1648", note="可以了")
    assert status == 200
    assert numbers(visitor, "group=held") == []
    journal = visitor.get("/journal").text
    assert "li: 核对中" in journal
    assert "li: 可以了" in journal


def test_nothing_is_done_without_a_note_or_when_something_has_changed_since_it_was_shown(
    here: TryConsole, tmp_path: Path
) -> None:
    orders(here, tmp_path, 3)
    visitor = here.logged_in()
    assert visitor.decide_for_all("do=hold", note=" ")[1] == 409
    page = visitor.get("/records/batch?do=hold").text
    mark = re.findall(r'name="mark" value="(\w+)"', page)[0]
    orders(here, tmp_path, 2, "more.xlsx")
    DeclaredFile.of(here, tmp_path, "inventory", list(inventory_rows(1)))
    assert visitor.post("/records/batch", do="hold", mark=mark, note="x", wanted="").status_code == 409
    assert numbers(visitor, "group=held") == []


def test_what_was_sent_is_neither_held_nor_released_nor_tried_again(here: TryConsole, tmp_path: Path) -> None:
    DeclaredFile.of(here, tmp_path, "inventory", list(inventory_rows(2)))
    visitor = here.logged_in()
    for deed in ("hold", "release", "retry", "declare"):
        page, status = visitor.decide_for_all(f"do={deed}")
        assert status == 0, deed
        assert "没有可以这样处理的单证" in page


def test_stored_lists_are_declared_together_as_they_stand(here: TryConsole, tmp_path: Path) -> None:
    rows = [{**row, "head.appStatus": "1"} for row in inventory_rows(3)]
    file = DeclaredFile.of(here, tmp_path, "inventory", rows)
    for number in (1, 2):
        file.answer(f"CT{number:010d}", "1")
    visitor = here.logged_in()
    page, status = visitor.decide_for_all("do=declare&type=CEB621")
    assert status == 200
    assert "将处理 2 份单证" in page
    (given,) = here.made.inbox.glob("*.json")
    assert given.read_text(encoding="utf-8").count('"appStatus": "2"') == 2


def test_a_stored_list_that_is_declared_twice_and_among_others_is_declared_once(
    here: TryConsole, tmp_path: Path
) -> None:
    rows = [{**row, "head.appStatus": "1"} for row in inventory_rows(2)]
    file = DeclaredFile.of(here, tmp_path, "inventory", rows)
    for number in (1, 2):
        file.answer(f"CT{number:010d}", "1")
    visitor, other = here.logged_in("li"), here.logged_in("wang")
    page = other.get("/records/batch?do=declare&type=CEB621").text
    (mark,) = re.findall(r'name="mark" value="(\w+)"', page)
    for _ in range(2):
        assert visitor.post("/records/1/declare").status_code == 303
    told = {"do": "declare", "mark": mark, "note": "都要申报", "wanted": "type=CEB621"}
    assert other.post("/records/batch", **told).status_code == 200
    given = sorted(here.made.inbox.glob("*.json"))
    assert len(given) == 3
    for one in given:
        taken(here, one)
    with here.store.read() as transaction:
        ready = select(records.c.key).where(records.c.state == "ready")
        assert sorted(str(key)[:12] for key in transaction.execute(ready).scalars()) == ["CT0000000001", "CT0000000002"]


def test_who_may_not_declare_decides_nothing_for_many(here: TryConsole) -> None:
    visitor = here.logged_in(roles=(Role.ENTER,))
    assert visitor.get("/records/batch?do=hold").status_code == 403
    assert visitor.post("/records/batch", do="hold").status_code == 403


def test_what_was_corrected_or_cancelled_needs_nobody_any_more(here: TryConsole, tmp_path: Path) -> None:
    file = DeclaredFile.of(here, tmp_path, "inventory", list(inventory_rows(2)))
    file.answer("CT0000000001", "100")
    file.answer("CT0000000002", "100")
    visitor = here.logged_in()
    assert len(numbers(visitor, "group=needs")) == 2
    (row, _) = inventory_rows(2)
    again = {**row, "head.note": "毛重已核对"}
    read_rows(here, tmp_path, "inventory", [again], "again.xlsx")
    assert numbers(visitor, "group=needs") == ["CT0000000002"]
    assert 'href="/records/3">同一编号后来又申报过' in visitor.get("/records/1").text
    assert "同一编号后来又申报过：" not in visitor.get("/records/2").text
    assert len(numbers(visitor, "group=refused")) == 2
    assert re.search(r'class="count needs".*?</span>1</a>', visitor.get("/").text)


def test_a_row_that_was_kept_back_and_corrected_in_another_file_needs_nobody(here: TryConsole, tmp_path: Path) -> None:
    (right,) = order_rows(1)
    read_rows(here, tmp_path, "order", [{**right, "line.totalPrice": "0.01"}], "wrong.xlsx")
    visitor = here.logged_in()
    assert numbers(visitor, "group=needs") == ["T0000000001"]
    read_rows(here, tmp_path, "order", [right], "right.xlsx")
    assert numbers(visitor, "group=needs") == []


def test_a_buyers_year_is_estimated_by_what_this_station_declared_and_what_customs_released(
    here: TryConsole, tmp_path: Path
) -> None:
    (row,) = inventory_rows(1)
    file = DeclaredFile.of(here, tmp_path, "inventory", [row])
    visitor = here.logged_in()
    address = visitor.post("/records/buyer", number=row["head.buyerIdNumber"]).headers["location"]

    def amounts() -> list[str]:
        page = visitor.get(address).text
        return re.findall(r"<dd>([0-9.]+) 元</dd>", page[page.index('id="h-year"') :])

    assert amounts() == ["26000.00", "257.00", "0.00", "25743.00"]
    file.answer("CT0000000001", "800", list_number="52082026I000000001")
    assert amounts() == ["26000.00", "257.00", "257.00", "25743.00"]
    assert 'id="h-year"' not in visitor.get("/records").text
