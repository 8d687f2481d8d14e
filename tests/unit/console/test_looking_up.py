"""Records and files on pages: found by their numbers, in lists, each on its own page; without a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builders.consoles import TryConsole, Visitor, read_rows
from builders.declared import remove_content
from cebd.operations.check import FileOnTrial, convert_on_trial
from cebd.operations.inquiries import status
from cebd.store.beside.signatures_given import SignatureGiven, note_given
from cebd.store.console.accounts import Role
from cebd.store.safety.holder import Holder
from cebd.trial.rows import (
    inventory_rows,
    order_rows,
    payment_rows,
    waybill_rows,
    waybill_status_rows,
    write_workbook,
)


@pytest.fixture
def here(tmp_path: Path) -> TryConsole:
    """A station that has read a file of 61 orders, one of them wrong."""
    here = TryConsole.at(tmp_path)
    rows = list(order_rows(61))
    rows[10]["line.totalPrice"] = "0.01"
    write_workbook(tmp_path / "orders.xlsx", "order", rows)
    file = FileOnTrial(tmp_path / "orders.xlsx", "orders.xlsx", None)
    convert_on_trial(here.store, file, here.settings, here.settings.enterprise[0], None, here.clock)
    return here


def listed(visitor: Visitor, address: str) -> list[str]:
    return re.findall(r'href="/records/\d+">[^<]*(T\d{10})', visitor.get(address).text)


def test_a_list_turns_its_pages_and_shows_every_record_once(here: TryConsole) -> None:
    visitor = here.logged_in()
    first = visitor.get("/records?type=CEB311").text
    (more,) = re.findall(r'href="(/records\?[^"]*before=[^"]+)"', first)
    numbers = listed(visitor, "/records?type=CEB311") + listed(visitor, more.replace("&amp;", "&"))
    assert sorted(numbers) == [f"T{number:010d}" for number in range(1, 62)]
    assert "before=" not in visitor.get(more.replace("&amp;", "&")).text


def test_the_groups_tell_apart_what_needs_a_person_and_what_is_under_way(here: TryConsole) -> None:
    visitor = here.logged_in()
    assert listed(visitor, "/records?group=needs") == ["T0000000011"]
    assert listed(visitor, "/records?group=rejected") == ["T0000000011"]
    assert len(listed(visitor, "/records?group=underway")) == 50
    assert listed(visitor, "/records?group=done") == []
    counts = re.findall(r'class="count (\w+)".*?</span>(\d+)</a>', visitor.get("/").text)
    assert counts == [("needs", "1"), ("underway", "60")]


def test_a_station_at_which_all_is_well_says_how_many_documents_need_a_person(
    here: TryConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "holder_of", lambda _folder: Holder(runs=True, pid=42))
    page = here.logged_in().get("/").text
    assert "本站一切正常；1 份单证待您处理。" in page
    assert "没有要处理的事" not in page


def test_a_document_is_called_by_its_own_number_without_the_codes_of_companies(here: TryConsole) -> None:
    visitor = here.logged_in()
    assert re.findall(r'href="/records/\d+">([^<]*)', visitor.get("/records?order=T0000000007").text) == ["T0000000007"]
    page = visitor.get(visitor.get("/search?q=T0000000007").headers["location"]).text
    assert "<h1>电子订单 T0000000007</h1>" in page
    assert page[: page.index("申报内容")].count("<dt>订单编号</dt>") == 1


def test_numbers_and_names_find_what_has_them_and_nothing_else(here: TryConsole) -> None:
    visitor = here.logged_in()
    assert visitor.get("/search?q=T0000000007").headers["location"].startswith("/records/")
    page = visitor.get(visitor.get("/search?q=T0000000007").headers["location"]).text
    guid = re.search(r"<dt>系统唯一序号</dt><dd>([0-9A-F-]{36})", page)
    assert guid is not None
    for found in (guid[1], guid[1].lower()):
        assert (
            visitor.get(f"/search?q={found}").headers["location"]
            == visitor.get("/search?q=T0000000007").headers["location"]
        )
    assert "orders.xlsx" in visitor.get("/search?q=orders").text
    assert "没有找到" in visitor.get("/search?q=T00000000").text


def test_a_record_that_was_kept_back_says_why_and_waits_for_a_person(here: TryConsole) -> None:
    visitor = here.logged_in(roles=(Role.VIEW,))
    page = visitor.get(visitor.get("/search?q=T0000000011").headers["location"]).text
    assert "CEBD-1302" in page
    assert "等待您处理" in page
    assert "检查后没有申报" in page


def test_a_viewer_sees_identity_numbers_shortened_and_no_bytes(here: TryConsole) -> None:
    (row,) = order_rows(1)
    whole = row["head.buyerIdNumber"]
    address = here.logged_in("li").get("/search?q=T0000000001").headers["location"]
    assert whole in here.visitor_of("li").get(address).text
    viewer = here.logged_in("wang", (Role.VIEW,))
    assert whole not in viewer.get(address).text
    assert f"{whole[:4]}**********{whole[-4:]}" in viewer.get(address).text
    assert viewer.get(f"{address}/message").status_code == 403
    assert whole.encode() in here.visitor_of("li").get(f"{address}/message").content


def test_a_page_of_a_list_is_at_most_sixty_kilobytes(here: TryConsole) -> None:
    visitor = here.logged_in()
    for address in ("/", "/records", "/records/1", "/drops/1", "/drops"):
        assert 1_000 < len(visitor.get(address).content) <= 60_000, address


def test_a_page_shows_the_other_documents_of_its_order_waybill_and_list(here: TryConsole, tmp_path: Path) -> None:
    kinds = {
        "payment": payment_rows,
        "waybill": waybill_rows,
        "inventory": inventory_rows,
        "waybill-status": waybill_status_rows,
    }
    for code, rows in kinds.items():
        read_rows(here, tmp_path, code, list(rows(2)))
    visitor = here.logged_in()
    order = visitor.get("/search?q=T0000000001").text
    of_the_list = re.findall(r'href="(/records/\d+)">CT0000000001', order)[0]
    family = visitor.get(of_the_list).text.partition('id="h-family"')[2].partition("</section>")[0]
    nouns = re.findall(r'data-label="单证">([^<]+)<', family)
    assert sorted(nouns) == sorted(["电子订单", "支付凭证", "物流运单", "物流运单状态"])
    assert "0000000002" not in family


def test_a_new_document_begins_like_an_earlier_one_without_its_numbers(here: TryConsole) -> None:
    visitor = here.logged_in()
    record = visitor.get("/search?q=T0000000007").headers["location"]
    begun = visitor.post("/drafts", like=record.rpartition("/")[2])
    page = visitor.get(begun.headers["location"]).text
    (row,) = order_rows(1, first=7)
    assert f'value="{row["head.buyerName"]}"' in page
    assert f'value="{row["line.itemName"]}"' in page
    assert "T0000000007" not in page
    rejected = re.findall(r"/records/(\d+)", visitor.get("/records?group=rejected").text)[0]
    assert visitor.post("/drafts", like=rejected).status_code == 409
    assert visitor.post("/drafts", like="x").status_code == 409


def test_the_documents_of_an_order_stand_side_by_side(here: TryConsole, tmp_path: Path) -> None:
    (row,) = inventory_rows(1)
    read_rows(here, tmp_path, "inventory", [row])
    visitor = here.logged_in()
    page = visitor.get(f"{visitor.get('/search?q=CT0000000001').headers['location']}/together").text
    assert "本站没有申报：支付凭证、物流运单" in page
    lines = dict(re.findall(r'<th role="rowheader" scope="row">([^<]+)</th>(.*?)</tr>', page))
    cells = re.findall(r"data-label=\"([^\"]+)\">([^<]*)<", lines["订单编号"])
    assert cells == [("电子订单", "T0000000001"), ("进口清单", "T0000000001")]
    assert "不同" not in page


def test_a_document_whose_content_was_removed_years_ago_is_not_called_equal_nor_other(tmp_path: Path) -> None:
    here = TryConsole.at(tmp_path)
    for code, made in (("order", order_rows), ("inventory", inventory_rows)):
        read_rows(here, tmp_path, code, list(made(1)))
    remove_content(here.store)
    read_rows(here, tmp_path, "payment", list(payment_rows(1)))
    visitor = here.logged_in()
    page = visitor.get("/records/3/together").text
    assert "内容已按保存年限清除，没有比对：电子订单、进口清单" in page
    assert not [text for text in ("各单一致", "不同", "商品项数") if text in page]
    assert "申报内容已按保存年限清除" in visitor.get("/records/1").text


def test_what_documents_of_an_order_state_otherwise_is_marked_and_spelling_is_no_difference(tmp_path: Path) -> None:
    here = TryConsole.at(tmp_path, '[rules]\n"CEBD-1421" = "warning"\n"CEBD-1426" = "warning"\n')
    (order,), (payment,), (one,) = order_rows(1), payment_rows(1), inventory_rows(1)
    paid = order["head.acturalPaid"]
    read_rows(here, tmp_path, "order", [{**order, "head.buyerName": "王五", "head.freight": "0.00"}])
    read_rows(here, tmp_path, "payment", [{**payment, "head.amountPaid": "9999", "head.payerName": " 王五 "}])
    read_rows(here, tmp_path, "inventory", [{**one, "line.gname": "鱼油", "head.buyerName": "赵六"}])
    page = here.logged_in().get("/records/3/together").text
    assert "有 3 处不同" in page
    marked = {
        re.sub("<.*?>", "", name): re.findall(r"<mark>([^<]*)</mark>", cells)
        for name, cells in re.findall(r'<th role="rowheader" scope="row">(.*?)</th>(.*?)</tr>', page)
    }
    assert {name: texts for name, texts in marked.items() if texts} == {
        "实际支付金额 / 支付金额": [paid, "9999"],
        "订购人姓名 / 支付人姓名": ["王五", "王五", "赵六"],
        "第 1 项 企业商品名称": [order["line.itemName"], "鱼油"],
    }
    assert "各单一致" not in page


def test_what_the_registration_for_announcement_179_asks_for_stands_on_a_page(tmp_path: Path) -> None:
    here = TryConsole.at(tmp_path, '[signing_endpoint]\nlisten = "127.0.0.1:8443"\nsigners = ["trial"]\n')
    told = SignatureGiven("2026-03-04T09:30:00+08:00", "CN=shop", "trial", "01691f7f", "179", "032C3F56", "00")
    with here.store.write() as transaction:
        note_given(transaction, told)
    visitor = here.logged_in()
    page = visitor.get("/service").text
    assert "127.0.0.1:8443" in page
    assert [text in page for text in ("032C3F56", "CN=shop", "支付原始数据")] == [True] * 3
    assert 'href="/service"' in visitor.get("/").text
    assert here.logged_in("wang", (Role.ENTER,)).get("/service").status_code == 403
