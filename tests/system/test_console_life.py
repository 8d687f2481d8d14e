"""What people do in the console with lists that a file brought: corrected, changed, cancelled, returned, found, exported; by two persons,
on pages that change by themselves. One station and one browser for all of it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import expect

from builders.browser import Desk, a_browser, needs_chromium
from builders.consoles import PASSWORD
from builders.open_console import PATIENCE, an_open_console, look, shows
from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Reject, Scenario
from cebd.trial.rows import inventory_rows, order_rows

pytestmark = needs_chromium
RELEASED, REFUSED, ENTERED, RETURNED = (f"CT{number:010d}" for number in range(1, 5))
SCENARIO = Scenario(
    answer_seconds=0.05,
    step_seconds=0.05,
    entered_at_once=True,
    tax_bills=True,
    reject=(Reject(key=REFUSED, status="-621001", info="[Code:1310;Desc:毛重不对]", times=1),),
    not_released=(ENTERED,),
)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TryStation, Desk]]:
    """A station that has read four lists of two lines, and a browser in which li is logged in."""
    folder = tmp_path_factory.mktemp("console")
    with an_open_console(folder, SCENARIO) as (station, base), a_browser(base) as desk:
        desk.log_in("li", PASSWORD)
        station.drop_rows("lists.xlsx", "inventory", list(inventory_rows(4, lines=2)))
        yield station, desk
        assert desk.outside == []
        assert desk.broken == []


def opened(desk: Desk, number: str, state: str) -> None:
    """The page of the document of that number, once it is there and has come to that state."""
    link = desk.page.locator("main table a[href^='/records/']")

    def found() -> bool:
        desk.go(f"/search?q={number}")
        return "/search" not in desk.page.url or link.count() > 0

    until(found, f"{number} is found")
    if "/search" in desk.page.url:
        link.first.click()
    shows(desk, state)


def press(desk: Desk, name: str) -> None:
    desk.page.get_by_role("button", name=name, exact=True).click(timeout=PATIENCE)


def declared(desk: Desk) -> str:
    """The draft that is open is declared; the address of its record."""
    desk.page.locator("button[value=declare]").click()
    link = desk.page.locator('main a[href^="/records/"]').first
    expect(link).to_be_visible(timeout=PATIENCE)
    return str(link.get_attribute("href"))


def test_a_page_that_is_open_shows_by_itself_what_has_come(console: tuple[TryStation, Desk]) -> None:
    _station, desk = console
    expect(desk.page.locator("a.count.done").first).to_have_text(re.compile("2$"), timeout=PATIENCE)


def test_a_refused_list_is_corrected_and_the_new_one_is_released(console: tuple[TryStation, Desk]) -> None:
    _station, desk = console
    opened(desk, REFUSED, "refused")
    look(desk, "refused")
    press(desk, "改正后重报")
    desk.page.locator("summary").first.click()
    desk.page.locator('[name="head.note"]').fill("毛重已核对")
    desk.page.locator("button[value=save]").last.click()
    expect(desk.page.locator("#changes ins")).to_have_text(["毛重已核对"])
    look(desk, "differences")
    desk.go(declared(desk))
    shows(desk, "succeeded")


def test_a_list_that_customs_have_is_changed_then_cancelled(console: tuple[TryStation, Desk]) -> None:
    station, desk = console
    opened(desk, ENTERED, "acknowledged")
    expect(desk.page.get_by_role("button", name="申请撤单")).to_be_visible(timeout=PATIENCE)
    press(desk, "修改")
    desk.page.locator("summary").first.click()
    desk.page.locator('[name="head.note"]').fill("补充说明")
    changed = declared(desk)
    desk.go(changed)
    expect(desk.page.get_by_role("button", name="申请撤单")).to_be_visible(timeout=PATIENCE)
    press(desk, "申请撤单")
    desk.page.locator('[name="head.reason"]').fill("消费者取消订单")
    desk.go(declared(desk))
    shows(desk, "succeeded")
    desk.go(changed)
    expect(desk.page.locator("main .where .state")).to_have_text("已撤销", timeout=PATIENCE)
    accepted = [line["type"] for line in read_ledger(station.customs_folder) if line["verdict"] == "accepted"]
    assert accepted.count("CEB623") == 1


def test_one_line_of_a_released_list_is_returned_and_no_longer_left(console: tuple[TryStation, Desk]) -> None:
    _station, desk = console
    opened(desk, RETURNED, "succeeded")
    list_page = desk.page.url
    expect(desk.page.locator("main")).to_contain_text("还剩 30 天")
    press(desk, "申请退货")
    desk.page.locator('[name="qty.2"]').fill("1")
    desk.page.locator('[name="reason"]').fill("七天无理由退货")
    look(desk, "return")
    press(desk, "生成退货申请")
    desk.go(declared(desk))
    shows(desk, "succeeded")
    desk.page.goto(list_page + "/return")
    left = desk.page.locator("tbody tr").nth(1).locator("td").all_inner_texts()
    assert float(left[3]) == 1
    assert float(left[2]) - float(left[4]) == 1


def test_each_of_nine_keys_finds_a_list(console: tuple[TryStation, Desk]) -> None:
    _station, desk = console
    opened(desk, RELEASED, "succeeded")
    page = desk.page
    number = page.url.rpartition("/")[2]
    facts = dict(zip(page.locator("main dt").all_inner_texts(), page.locator("main dd").all_inner_texts(), strict=True))
    message = re.search(r"CEB621 (\S+)", page.locator("main").inner_text())
    drop = page.locator('main a[href^="/drops/"]').first.get_attribute("href")
    assert message is not None
    assert drop is not None
    own = [facts[name] for name in ("订单编号", "运单编号", "系统唯一序号", "预录入编号", "清单编号", "文件")]
    for key in (*own, RELEASED, message[1], drop.rpartition("/")[2]):
        desk.go(f"/search?q={key}")
        found = page.locator(f'main a[href="/records/{number}"], main a[href="{drop}"]').count()
        assert found or page.url.endswith(f"/records/{number}"), key


def test_a_result_is_taken_away_as_a_workbook(console: tuple[TryStation, Desk]) -> None:
    _station, desk = console
    desk.go("/records?type=CEB621&file=lists.xlsx")
    with desk.page.expect_download() as coming:
        desk.page.get_by_role("link", name="导出 Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(coming.value.path()).read_bytes()))
    texts = [str(row[2]) for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
    assert sorted(text.split()[0] for text in texts) == [RELEASED, REFUSED, ENTERED, RETURNED]


def test_a_page_that_slept_catches_up_when_it_is_seen_again(console: tuple[TryStation, Desk]) -> None:
    station, desk = console
    desk.go("/drops")
    desk.go("/")
    context = desk.page.context
    context.set_offline(True)
    station.drop_rows("later.xlsx", "inventory", list(inventory_rows(1, first=50)))
    station.final_receipt("later")
    expect(desk.page.locator("main")).not_to_contain_text("later.xlsx")
    context.set_offline(False)
    expect(desk.page.locator("main")).to_contain_text("later.xlsx", timeout=PATIENCE)
    look(desk, "overview")


def test_documents_that_disagree_are_marked_side_by_side_and_the_page_is_used_by_keys(
    console: tuple[TryStation, Desk],
) -> None:
    station, desk = console
    order = [{**line, "head.buyerName": "王五"} for line in order_rows(1, lines=2)]
    station.drop_rows("orders.xlsx", "order", order)
    station.final_receipt("orders")
    opened(desk, RELEASED, "succeeded")
    number = desk.page.url.rpartition("/")[2]
    desk.go(f"/records/{number}/together")
    expect(desk.page.locator("tr.differs th")).to_have_text(["订购人姓名"])
    expect(desk.page.locator("mark")).to_have_text(["王五", next(inventory_rows(1))["head.buyerName"]])
    look(desk, "together")
    desk.tab_to(tag="A", text="进口清单")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url(f"**/records/{number}")


def test_two_persons_have_their_own_rights_and_languages(console: tuple[TryStation, Desk]) -> None:
    _station, desk = console
    browser = desk.page.context.browser
    assert browser is not None
    other = Desk(browser.new_context().new_page(), desk.base)
    other.watch()
    other.log_in("wang", PASSWORD)
    other.go("/language/en?next=/records")
    expect(other.page.get_by_role("heading", level=1)).to_have_text("Documents")
    desk.go("/records")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("单证")
    assert desk.page.locator('form[action="/records/batch"]').count() == 1
    assert other.page.locator('form[action="/records/batch"]').count() == 0
    opened(other, RETURNED, "succeeded")
    assert other.page.get_by_role("button", name="Return goods").count() == 0
    assert (inventory := next(inventory_rows(1, first=4)))["head.buyerIdNumber"] not in other.page.content()
    opened(desk, RETURNED, "succeeded")
    assert inventory["head.buyerIdNumber"] in desk.page.content()
    assert other.outside == other.broken == []
    other.page.context.close()


PAGES = (
    "/",
    "/records",
    "/records?group=needs",
    "/records/views",
    "/records/batch?do=hold",
    "/records/4/return",
    "/records/1",
    "/records/1/together",
    "/service",
    "/drops/1",
    "/tax",
    "/figures",
    "/journal",
    "/people",
    "/account",
)


@pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 1280)])
def test_every_page_passes_axe_and_fits_a_narrow_window(
    console: tuple[TryStation, Desk], language: str, width: int
) -> None:
    _station, desk = console
    browser = desk.page.context.browser
    assert browser is not None
    context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    there = Desk(context.new_page(), desk.base)
    there.log_in("li", PASSWORD)
    there.go(f"/language/{language}")
    found: list[str] = []
    for address in PAGES:
        there.go(address)
        if address == "/":
            expect(there.page.locator("svg.chart").first).to_be_visible(timeout=PATIENCE)
        name = re.sub(r"\W+", "-", address.strip("/")) or "overview"
        look(there, f"{width}-{name}")
        found += [*filter(None, [there.too_wide()]), *(there.grave_findings() if width == 360 else [])]
    context.close()
    assert found == []
