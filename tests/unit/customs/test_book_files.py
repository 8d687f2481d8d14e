"""A mistake in a file of the code book is said at once, with file and line; a code may be lent from one declaration to another."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cebd.customs import book_files
from cebd.customs.book_files import CodeBookError, Effect, book, book_from
from cebd.customs.code_book import all_entries, entry_for, noun
from cebd.customs.statuses import outcome, state_for
from cebd.records.states import ReturnedStatus, State

OWN = Path(book_files.__file__).parent / "code_book"
ENTRY = """
[[entry]]
code = "150"
effect = "succeeded"
types = ["CEB311"]
zh = "已办结"
en = "Done"
cause_zh = "海关办结。"
cause_en = "Customs are done with it."
meaning_zh = "已办结。"
meaning_en = "It is done."
next_zh = "无需处理。"
next_en = "Nothing to do."
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(OWN, tmp_path / "book")
    with book_from(tmp_path / "book"):
        yield tmp_path / "book"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (ENTRY.replace("succeeded", "suceeded"), 2, "effect is one of"),
        (ENTRY.replace("CEB311", "CEB319"), 2, "no schema of a message CEB319"),
        (ENTRY.replace("next_en", "nxt_en"), 2, "an entry has no nxt_en"),
        (ENTRY.replace('next_en = "Nothing to do."', ""), 2, "next_en is missing"),
        (ENTRY.replace('code = "150"', "code = 150"), 2, "an entry has a code, which is a text"),
        (ENTRY + ENTRY.replace("succeeded", "refused"), 15, "150 of CEB311 is both succeeded and refused"),
        ('[[entry]]\ncode = "2"\ntypes = ["CEB311"]\nas = "CEB816"\n', 1, "CEB816 has no 2 that could be lent"),
        ('kinds = ["CEB311"]', 1, "there is nothing called kinds"),
        ("[[entry", 1, "Expected"),
        (ENTRY.replace("海关办结。", "海关办结，{agian}。"), 2, "there is no word {agian}"),
        ('[family]\nfirst = 1\nlast = 2\ntypes = "CEB311"', 1, "a family has first, last and type"),
        (ENTRY.replace("effect", 'meaning = "none"\neffect'), 2, "there is no .meanings.none."),
    ],
)
def test_a_mistake_in_the_book_is_said_with_file_and_line(folder: Path, text: str, line: int, reason: str) -> None:
    path = folder / "added.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CodeBookError, match=reason) as caught:
        book()
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_a_status_that_ends_a_way_outranks_the_eports_word_though_the_book_does_not_rank_it(folder: Path) -> None:
    (folder / "added.toml").write_text(ENTRY, encoding="utf-8")
    done, later = ReturnedStatus("150", "", "2026-03-04T10:00:00"), ReturnedStatus("3", "", "2026-03-04T11:00:00")
    assert outcome("CEB311", [later, done]) == (State.SUCCEEDED, done)
    assert entry_for("CEB311", "150").en == "Done"


def test_a_code_lent_means_the_same_and_may_have_an_effect_of_its_own(folder: Path) -> None:
    lent = '[[entry]]\ncode = "{}"\ntypes = ["CEB505"]\nas = "CEB311"\n'
    text = lent.format("120") + 'effect = "on-its-way"\n' + lent.format("-301010")
    (folder / "added.toml").write_text(text, encoding="utf-8")
    with book_from(OWN):
        before = len(all_entries())
    assert entry_for("CEB505", "-301010").zh == "电子口岸上已有相同编号的订单"
    assert (state_for("CEB505", "120"), state_for("CEB311", "120")) == (State.ACKNOWLEDGED, State.SUCCEEDED)
    assert len(all_entries()) == before + 1  # only what has an effect of its own stands twice


def test_what_the_book_does_not_name_is_called_as_its_schema_calls_it() -> None:
    assert noun("CEB622") == ("进口清单回执", "inventory list receipt")
    assert noun("CEB999") == ("单证", "declaration")


def test_each_effect_is_used(folder: Path) -> None:
    assert {entry.effect for entry in all_entries()} == set(Effect)
