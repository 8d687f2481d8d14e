"""What pages advise: the way that the page has, and never a folder or a sheet that its reader does not have before him."""

from __future__ import annotations

import re

import pytest

from cebd.operations.console.page_words import Page, on_page
from cebd.problems.problem import Problem, catalogue, problem

# Said of folders and of their files, which no page shows: the folder of queries, and what happens while a file is taken.
_OF_FOLDERS = {f"CEBD-{number}" for number in (1067, 1068, 1077, *range(1040, 1045), *range(1047, 1057))}
_ON_PAGES = ("CEBD-10", "CEBD-11", "CEBD-12", "CEBD-13", "CEBD-14")
_NOT_THERE = re.compile(
    r"放入|inbox|收件文件夹|文件夹|“决定”表|“映射”|回执工作簿|\b[Dd]rop|sheet of decisions|receipt workbook"
)


def written(id_: str) -> Problem:
    """The problem with its facts left as they stand in the catalogue."""
    entry = catalogue()[id_]
    blank = problem("CEBD-1003")
    texts = {name: entry[name] for name in ("zh", "en", "fix_zh", "fix_en")}
    return Problem(id_, "error", blank.place, None, None, **texts)


@pytest.mark.parametrize("page", list(Page))
def test_no_page_advises_to_lay_a_file_into_a_folder_or_to_write_into_a_sheet_of_decisions(page: Page) -> None:
    found = [id_ for id_ in catalogue() if id_.startswith(_ON_PAGES) and id_ not in _OF_FOLDERS]
    assert len(found) > 150
    advised = {id_: on_page(written(id_), page) for id_ in found}
    wrong = {id_: one.fix_zh + one.fix_en for id_, one in advised.items() if _NOT_THERE.search(one.fix_zh + one.fix_en)}
    assert wrong == {}


def test_what_is_mended_in_the_file_is_brought_in_again_and_what_is_mended_in_a_form_is_declared() -> None:
    said = written("CEBD-1003")
    assert (said.fix_zh, on_page(said, Page.IMPORT).fix_zh) == (
        "请补充数据后重新放入 inbox。",
        "请补充数据后重新导入。",
    )
    assert on_page(said, Page.IMPORT).fix_en == "Fill in the rows and bring the file in again."
    assert on_page(said, Page.FORM).fix_zh == "请补充数据后重新申报。"
    assert "此单错的，在此改好；" in on_page(written("CEBD-1422"), Page.IMPORT).fix_zh
    assert "再申报此清单" in on_page(written("CEBD-1411"), Page.IMPORT).fix_zh
    assert on_page(written("CEBD-1007"), Page.IMPORT).fix_en == "Bring the declaration itself in."
