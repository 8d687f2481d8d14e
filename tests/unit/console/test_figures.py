"""The overview, charts and tax bills: what is counted, and that a picture says in words what it shows."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from lxml import etree, html

from builders.consoles import DeclaredFile, TryConsole
from cebd.console.charts import drawn
from cebd.console.pages import figures
from cebd.console.pages import records as pages
from cebd.console.visit import Visit
from cebd.operations.console.figures import Chart, Series
from cebd.operations.text import Text
from cebd.receipts.statements.tables import Row
from cebd.trial.rows import inventory_rows


@pytest.fixture
def here(tmp_path: Path) -> TryConsole:
    return TryConsole.at(tmp_path)


def table(page: str, name: str) -> dict[str, list[str]]:
    """The figures of a chart by label."""
    section = html.fromstring(page).xpath(f'//section[@aria-labelledby="h-{name}"]')[0]
    return {
        row.xpath("string(th)"): [cell.text or "" for cell in row.xpath("td")] for row in section.xpath(".//tbody/tr")
    }


def test_the_charts_count_what_was_declared_released_and_refused(here: TryConsole, tmp_path: Path) -> None:
    file = DeclaredFile.of(here, tmp_path, "inventory", list(inventory_rows(5)))
    here.clock.moment += timedelta(hours=2)
    for number in (1, 2, 3):
        file.answer(f"CT{number:010d}", "800", list_number=f"52082026I{number:09d}")
    file.answer("CT0000000004", "100", info="[Code:1310;Desc:毛重不对]")
    page = here.logged_in().get("/figures").text
    now = here.clock.now()
    assert table(page, "hours")[f"{now - timedelta(hours=2):%H}:00"] == ["5", "0"]
    assert table(page, "hours")[f"{now:%H}:00"] == ["0", "3"]
    assert table(page, "days")[f"{now:%m-%d}"] == ["5", "3"]
    assert table(page, "refusals") == {"100": ["1"]}
    assert table(page, "release")["1–4 小时"] == ["3"]


def test_a_chart_is_an_image_with_a_title_a_description_and_no_style_of_its_own() -> None:
    chart = Chart("x", Text("<标题>", "<b>"), [Text("a", "a")], [Series(Text("甲 & 乙", "x"), [1234.5])])
    picture = etree.fromstring(str(drawn(chart, lambda text: text.zh)))
    names = {one.tag.rpartition("}")[2]: one.text for one in picture if one.get("id")}
    assert names == {"title": "<标题>", "desc": "甲 & 乙: 1,234"}
    assert picture.get("role") == "img"
    assert not [one for one in picture.iter() if one.get("style")]


def test_no_line_of_a_chart_of_documents_stands_at_a_part_of_one() -> None:
    for most, lines in ((1, "0 1 2 3 4"), (5, "0 2 4 6 8"), (9, "0 5 10 15 20"), (90, "0 25 50 75 100")):
        chart = Chart("x", Text("x", "x"), [Text("a", "a")], [Series(Text("x", "x"), [most])])
        picture = etree.fromstring(str(drawn(chart, lambda text: text.zh)))
        assert " ".join(one.text or "" for one in picture.iter() if one.get("class") == "scale") == lines


def test_equal_failures_stand_once_with_their_number_and_their_causes(here: TryConsole, tmp_path: Path) -> None:
    file = DeclaredFile.of(here, tmp_path, "inventory", list(inventory_rows(3)))
    for number in (1, 2):
        file.answer(f"CT{number:010d}", "100", info="[Code:1310;Desc:毛重不对]")
    visitor = here.logged_in()
    page = visitor.get("/").text
    section = page[page.index('id="h-failures"') :]
    assert "1310 毛重不对 × 2" in section
    (address,) = re.findall(r'href="(/records\?group=needs[^"]*code=100)"', section)
    assert len(re.findall(r'href="/records/\d+"', visitor.get(address.replace("&amp;", "&")).text)) == 2


def test_without_tax_bills_the_page_says_so_and_takes_nonsense_for_this_month(here: TryConsole) -> None:
    visitor = here.logged_in()
    assert "共 0 张税单" in visitor.get("/tax?first=2026-99&last=x&enterprise=nobody&payer=%00").text


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ["全部有效税单", "未注明", 3]), ("en", ["all valid bills", "none given", 3])]
)
def test_sums_of_tax_bills_stand_in_the_language_of_the_page(language: str, words: list[object]) -> None:
    visit = cast("Visit", SimpleNamespace(language=language))
    row = Row(("全部有效税单 all valid bills", "（未注明 none given）", 3))
    assert figures._in_words(visit, row) == words


def test_while_evidence_is_made_another_is_asked_to_wait(
    here: TryConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    DeclaredFile.of(here, tmp_path, "inventory", list(inventory_rows(1)))
    visitor = here.logged_in()
    monkeypatch.setattr(pages, "_EVIDENCE_SECONDS", 0.01)
    with pages._EVIDENCE:
        answer = visitor.post("/records/1/evidence")
    assert answer.status_code == 503
    assert "正在生成另一个证据包" in answer.text
    assert visitor.post("/records/1/evidence").status_code == 200


def test_the_evidence_of_a_list_is_a_zip_and_the_journal_says_who_took_it(here: TryConsole, tmp_path: Path) -> None:
    DeclaredFile.of(here, tmp_path, "inventory", list(inventory_rows(1)))
    visitor = here.logged_in()
    answer = visitor.post("/records/1/evidence")
    assert (answer.status_code, answer.content[:2]) == (200, b"PK")
    assert "li: " in visitor.get("/journal?q=li").text
    assert "下载证据" in visitor.get("/journal").text
