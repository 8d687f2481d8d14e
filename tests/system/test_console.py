"""The console as people use it: a whole station with a token, Debian's Chromium, keys alone."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import expect

from builders.browser import Desk, a_browser, needs_chromium
from builders.consoles import PASSWORD
from builders.open_console import PATIENCE, an_open_console
from builders.softhsm import needs_softhsm
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Reject, Scenario
from cebd.trial.rows import Line, inventory_rows

pytestmark = [needs_chromium, needs_softhsm]
SCENARIO = Scenario(
    answer_seconds=0.05,
    step_seconds=0.05,
    entered_at_once=True,
    reject=(Reject(key="CT0000000002", status="-621001", info="[Code:1310;Desc:毛重不对]", times=1),),
    not_released=("CT0000000003",),
)


def fields(row: Line) -> dict[str, str]:
    """A flat row as the fields of the form."""
    head = {name: text for name, text in row.items() if name.startswith("head.")}
    return head | {
        f"line.0.{name[5:]}": text for name, text in row.items() if name.startswith("line.") and name != "line.gnum"
    }


def enter_and_declare(desk: Desk, row: Line) -> None:
    """A new list, by keyboard alone."""
    desk.tab_to(tag="A", text="录入")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/drafts")
    desk.tab_to(tag="BUTTON", text="新建")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/drafts/*")
    desk.type_into(fields(row), until="declare")
    desk.page.keyboard.press("Enter")


def fill_in_and_declare(desk: Desk, row: Line) -> None:
    """A new list, at once."""
    desk.go("/drafts")
    desk.page.get_by_role("button", name="新建").click()
    desk.page.wait_for_url("**/drafts/*")
    desk.page.locator("summary").click()
    for name, text in fields(row).items():
        field = desk.page.locator(f'[name="{name}"]')
        field.select_option(text) if field.evaluate("e => e.tagName") == "SELECT" else field.fill(text)
    desk.page.locator("button[value=declare]").click()


def shows(desk: Desk, state: str) -> None:
    expect(desk.page.locator(f"main .state.{state}").first).to_be_visible(timeout=PATIENCE)


def look(desk: Desk, name: str) -> None:
    """A picture for people, where they want some."""
    folder = os.environ.get("CEBD_PICTURES")
    if folder:
        desk.page.screenshot(path=str(Path(folder, f"{name}.png")), full_page=True)


def test_a_list_is_entered_declared_corrected_cancelled_and_found_by_keys_alone(tmp_path: Path) -> None:
    released, refused, entered = inventory_rows(3)
    with an_open_console(tmp_path, SCENARIO, real=True) as (station, base), a_browser(base) as desk:
        desk.log_in("li", PASSWORD)
        enter_and_declare(desk, released)
        shows(desk, "succeeded")

        enter_and_declare(desk, refused)  # customs refuse it once
        shows(desk, "refused")
        desk.tab_to(tag="A", text="CT0000000002")
        desk.page.keyboard.press("Enter")
        desk.page.wait_for_url("**/records/*")
        look(desk, "refused")
        desk.tab_to(tag="BUTTON", text="改正后重报")
        desk.page.keyboard.press("Enter")
        desk.page.wait_for_url("**/drafts/*")
        desk.type_into({"head.note": "毛重已核对"}, until="declare")
        desk.page.keyboard.press("Enter")
        shows(desk, "succeeded")

        enter_and_declare(desk, entered)  # customs have it, and do not release it
        shows(desk, "acknowledged")
        desk.tab_to(tag="A", text="CT0000000003")
        desk.page.keyboard.press("Enter")
        desk.page.wait_for_url("**/records/*")
        expect(desk.page.get_by_role("button", name="申请撤单")).to_be_visible(timeout=PATIENCE)
        desk.tab_to(tag="BUTTON", text="申请撤单")
        desk.page.keyboard.press("Enter")
        desk.page.wait_for_url("**/drafts/*")
        desk.type_into({"head.copNo": "XT0000000003", "head.reason": "消费者取消订单"}, until="declare")
        desk.page.keyboard.press("Enter")
        shows(desk, "succeeded")

        accepted = [line["type"] for line in read_ledger(station.customs_folder) if line["verdict"] == "accepted"]
        assert sorted(accepted) == ["CEB621", "CEB621", "CEB621", "CEB623"]
        _every_key_finds(desk)
        assert desk.outside == []
        assert desk.broken == []


def _every_key_finds(desk: Desk) -> None:
    """The nine keys of a record that is released."""
    page = desk.page
    desk.go("/search?q=CT0000000001")
    number = page.url.rpartition("/")[2]
    facts = dict(zip(page.locator("main dt").all_inner_texts(), page.locator("main dd").all_inner_texts(), strict=True))
    message = re.search(r"CEB621 (\S+)", page.locator("main").inner_text())
    assert message is not None
    keys = [facts[name] for name in ("订单编号", "运单编号", "系统唯一序号", "预录入编号", "清单编号", "文件")]
    for key in (*keys, "CT0000000001", message[1], keys[-1].removesuffix(".json")):
        page.keyboard.press("Control+Home")
        page.locator("#q").focus()
        page.keyboard.type(key)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert (
            page.locator(f'a[href="/records/{number}"]').count()
            or page.url.endswith(f"/records/{number}")
            or (page.locator('main a[href^="/drops/"]').count())
        ), key
    assert "没有找到" not in page.locator("main").inner_text()


def test_every_page_passes_axe_fits_a_narrow_window_and_shows_a_viewer_no_whole_identity(tmp_path: Path) -> None:
    (row,) = inventory_rows(1)
    with an_open_console(tmp_path, SCENARIO, real=True) as (_station, base):
        with a_browser(base) as desk:
            desk.log_in("li", PASSWORD)
            fill_in_and_declare(desk, row)
            shows(desk, "succeeded")
            desk.go("/search?q=CT0000000001")
            record = desk.page.url.removeprefix(base)
            assert row["head.buyerIdNumber"] in desk.page.content()
            declared, taken = "/drafts/1", desk.page.locator('main a[href^="/drops/"]').first.get_attribute("href")
            desk.go("/drafts")
            desk.page.get_by_role("button", name="新建").click()
            desk.page.wait_for_url("**/drafts/2")
            _cells_are_filled_down_and_back(desk)
        pages = (
            "/login",
            "/",
            "/records",
            record,
            "/drops",
            taken,
            "/drafts",
            "/drafts/2",
            "/drafts/2/remedy",
            declared,
            "/people",
            "/codes/units",
            "/search",
        )
        found: list[str] = []
        for language, width in (("zh", 360), ("en", 1280)):
            with a_browser(base, width=width, policy_off=True) as desk:
                desk.log_in("li", PASSWORD)
                desk.go(f"/language/{language}")
                for address in pages:
                    desk.go(str(address))
                    look(desk, f"{width}-{str(address).strip('/').replace('/', '-') or 'overview'}")
                    found += filter(None, [desk.too_wide()])
                    if width == 360 or address in ("/", record, "/drafts/2"):
                        found += desk.grave_findings()
                desk.go("/drafts/2")
                desk.page.locator("button[value=save]").last.click()
                expect(desk.page.locator("#problems")).to_be_visible()
                look(desk, f"{width}-problems")
                found += desk.grave_findings()
        assert found == []
        with a_browser(base) as desk:
            desk.log_in("wang", PASSWORD)
            desk.go(record)
            assert row["head.buyerIdNumber"] not in desk.page.content()
            assert row["head.buyerIdNumber"][-4:] in desk.page.content()
            assert desk.page.get_by_role("button", name="申请撤单").count() == 0
        _typing_goes_on_after_a_logout(base, "/drafts/2")


def _cells_are_filled_down_and_back(desk: Desk) -> None:
    """In the grid of a draft, by keys: Ctrl+D, Ctrl+Shift+D, Ctrl+Z; what was filled is kept like what was typed."""
    keys = desk.page.keyboard

    def column(name: str) -> list[str]:
        texts: list[str] = desk.page.evaluate(
            f"() => [...document.querySelectorAll('table.grid [name$=\".{name}\"]')].map((one) => one.value)"
        )
        return texts[:4]

    desk.page.locator('[name="line.0.gname"]').focus()
    for text in ("奶粉", "面霜", "维生素", "糖"):
        keys.type(text)
        keys.press("ArrowDown")
    assert column("gname") == ["奶粉", "面霜", "维生素", "糖"]
    began = desk.page.locator('[name="base"]').first.input_value()
    desk.page.locator('[name="line.0.unit"]').fill("122")
    desk.page.locator('[name="line.1.unit"]').focus()
    keys.press("Control+d")
    assert column("unit") == ["122", "122", "", ""]
    keys.press("Control+Shift+D")
    assert column("unit") == ["122"] * 4
    keys.press("Control+z")
    assert column("unit") == ["122", "122", "", ""]
    keys.press("Control+z")
    assert column("unit") == ["122", "", "", ""]
    keys.press("Control+d")
    expect(desk.page.locator("#kept")).to_have_text("已自动保存", timeout=PATIENCE)
    until(lambda: desk.page.locator('[name="base"]').first.input_value() != began, "the page knows what was kept")

    def stands_there() -> bool:
        desk.page.reload()
        return column("unit")[:2] == ["122", "122"]

    until(stands_there, "what was filled is kept")


def _typing_goes_on_after_a_logout(base: str, draft: str) -> None:
    """What is typed meanwhile stays on the page, says that it is not kept, and is kept once the person has logged in elsewhere."""
    with a_browser(base) as desk:
        desk.log_in("li", PASSWORD)
        desk.go(draft)
        desk.page.context.clear_cookies()
        number, kept = desk.page.locator('[name="head.copNo"]'), desk.page.locator("#kept")
        number.fill("KEPT-1")
        expect(kept).to_contain_text("您已退出登录", timeout=PATIENCE)
        desk.page.locator("button[value=save]").last.click()
        expect(kept).to_be_in_viewport(timeout=PATIENCE)
        assert desk.page.url == base + draft
        other = Desk(desk.page.context.new_page(), base)
        other.log_in("li", PASSWORD)
        other.page.close()
        desk.page.evaluate("() => window.dispatchEvent(new Event('focus'))")
        expect(kept).to_have_text("已自动保存", timeout=PATIENCE)
        desk.go(draft)
        expect(number).to_have_value("KEPT-1")
