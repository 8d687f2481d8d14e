"""Workbooks brought in on a page of a whole station, in Debian's Chromium: dropped on the page, decided of, mapped, corrected, declared."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

from builders.browser import Desk, a_browser, needs_chromium
from builders.consoles import PASSWORD
from builders.open_console import PATIENCE, an_open_console, look
from builders.stations import TryStation
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Scenario
from cebd.trial.rows import order_rows

pytestmark = needs_chromium
QUICK = Scenario(answer_seconds=0.05, step_seconds=0.05)
_DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  const zone = document.querySelector("form.dropzone");
  zone.dispatchEvent(new DragEvent("dragover", {dataTransfer: transfer, cancelable: true, bubbles: true}));
  zone.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, cancelable: true, bubbles: true}));
}"""


@pytest.fixture(scope="module")
def open_console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TryStation, str]]:
    with an_open_console(tmp_path_factory.mktemp("imports"), QUICK) as there:
        yield there


def a_book(rows: Sequence[Mapping[str, str]], headings: Sequence[str] = ()) -> bytes:
    book, content = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(headings or [name.partition(".")[2] for name in rows[0]])
    for row in rows:
        book.active.append(list(row.values()))
    book.save(content)
    return content.getvalue()


def drop_on_the_page(desk: Desk, name: str, content: bytes) -> None:
    desk.go("/imports")
    with desk.page.expect_navigation(url="**/imports/*"):
        desk.page.evaluate(_DROP, [name, base64.b64encode(content).decode()])


def says(desk: Desk, text: str) -> None:
    expect(desk.page.locator("#import")).to_contain_text(text, timeout=PATIENCE)


def declared(station: TryStation) -> Counter[str]:
    return Counter(
        entry["key"]["orderNo"] for entry in read_ledger(station.customs_folder) if entry["verdict"] == "accepted"
    )


def test_a_dropped_workbook_two_decisions_for_forty_rows_and_the_rest_is_declared(
    open_console: tuple[TryStation, str],
) -> None:
    station, base = open_console
    rows = [dict(row) for row in order_rows(50)]
    for nth, row in enumerate(rows):
        if nth < 40:
            row["line.unit"] = "盒子" if nth % 2 else "箱儿"
        if nth == 45:
            row["head.buyerName"] = ""
    with a_browser(base) as desk:
        desk.log_in("li", PASSWORD)
        drop_on_the_page(desk, "订单.xlsx", a_book(rows))
        says(desk, "将申报 9 份")
        look(desk, "import")
        for value, answer in (("盒子", "140"), ("箱儿", "120")):
            desk.page.get_by_label(f"单位 unit {value}: 改为").fill(answer)
        desk.page.get_by_role("button", name="按决定重新检查").click()
        says(desk, "将申报 49 份")
        desk.page.get_by_role("button", name="申报 49 份").click()
        expect(desk.page.locator("#import.good, #import .good")).to_be_visible(timeout=PATIENCE)
        desk.page.locator('#import a[href^="/drops/"]').click()
        expect(desk.page.locator("main .state.acknowledged, main .state.succeeded").first).to_be_visible(
            timeout=PATIENCE
        )
        desk.go("/imports")
        desk.page.get_by_role("link", name="订单.xlsx").click()
        says(desk, "49 份以前已申报")
        desk.page.get_by_role("link", name="逐行更正").click()
        wrong = desk.page.locator("input[aria-invalid]").first
        wrong.fill("王五")
        wrong.press("Tab")
        expect(desk.page.locator("form.record .state")).to_have_text("可以申报", timeout=PATIENCE)
        look(desk, "import-rows")
        desk.page.get_by_role("link", name="返回并申报").click()
        desk.page.get_by_role("button", name="申报 1 份").click()
        expect(desk.page.locator("#import .good")).to_be_visible(timeout=PATIENCE)
        desk.page.locator('#import a[href^="/drops/"]').click()
        expect(desk.page.locator("main .state.acknowledged, main .state.succeeded").first).to_be_visible(
            timeout=PATIENCE
        )
        assert desk.outside == []
        assert desk.broken == []
    sent = declared(station)
    assert (len(sent), set(sent.values())) == (50, {1})


def test_an_unknown_workbook_is_mapped_by_keyboard_and_every_import_page_is_fit_for_all(
    open_console: tuple[TryStation, str],
) -> None:
    _, base = open_console
    rows = list(order_rows(2, first=901))
    rows[0] = rows[0] | {"line.unit": "盒子"}
    paths = [f"{'OrderList' if name.startswith('line.') else 'OrderHead'}/{name.partition('.')[2]}" for name in rows[0]]
    content = a_book(rows, [f"Spalte {chr(65 + nth)}" for nth in range(len(paths))])
    with a_browser(base, width=360, policy_off=True) as desk:
        desk.log_in("li", PASSWORD)
        drop_on_the_page(desk, "platform.xlsx", content)
        says(desk, "无法识别")
        address = desk.page.url.removeprefix(base)
        desk.go(f"{address}?as=CEB311")
        found = [*desk.grave_findings(), desk.too_wide()]
        look(desk, "360-import-mapping")
        for nth, path in enumerate(paths):
            field = desk.page.locator(f'[name="field.{nth}"]')
            field.focus()
            desk.page.keyboard.press("Control+a")
            desk.page.keyboard.type(path)
        desk.tab_to(tag="BUTTON", value="map")
        desk.page.keyboard.press("Enter")
        says(desk, "将申报 1 份")
        for page in ("/imports", address, f"{address}/rows"):
            desk.go(page)
            look(desk, f"360-{page.strip('/').replace('/', '-')}")
            found += [*desk.grave_findings(), desk.too_wide()]
        desk.go("/language/en")
        desk.go(address)
        found += [*desk.grave_findings(), desk.too_wide()]
        look(desk, "360-import-en")
        assert [one for one in found if one] == []
        desk.page.get_by_role("button", name="Declare 1").click()
        expect(desk.page.locator("#import .good")).to_be_visible(timeout=PATIENCE)
        desk.go("/language/zh")
        assert desk.outside == []
