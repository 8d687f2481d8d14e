"""What lies ready for people in an enterprise's folder, and that nothing of theirs is overwritten."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from openpyxl import load_workbook
from structlog.testing import capture_logs

from builders.broken_share import share_that_fails
from cebd.documents.templates.goods import Goods
from cebd.documents.workbooks.own_marks import is_text_as_we_wrote_it
from cebd.operations.handouts import handouts
from cebd.operations.handouts.apart import making
from cebd.operations.handouts.files import OwnValues
from cebd.operations.handouts.handouts import Handouts
from cebd.rules.codes.tables import PUBLISHED

SIX = ["撤销", "清单", "订单", "支付", "运单", "退货"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("inbox", "outbox", "error"):
        (tmp_path / "甲" / name).mkdir(parents=True)
    return tmp_path / "甲"


@cache
def as_made_once() -> Mapping[str, bytes]:
    """By the process that makes them, which takes seconds: always the same."""
    return handouts.made_apart(PUBLISHED, ("zh",), OwnValues())


@pytest.fixture
def made_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests about what becomes of the files, not about how they are made."""
    files = as_made_once()
    monkeypatch.setattr(handouts, "made_apart", lambda *_: files)


def laid_out(folder: Path, edition: str = "", language: str = "zh") -> list[str]:
    return Handouts({"甲": folder}, lambda: PUBLISHED, language, edition).lay_out("甲")


@pytest.mark.usefixtures("made_before")
def test_six_templates_and_the_manual_lie_there_and_open(folder: Path) -> None:
    names = laid_out(folder)
    books = [name for name in names if name.endswith(".xlsx")]
    assert len(books) == 6
    for word in SIX:
        assert any(word in name for name in books), word
    assert load_workbook(folder / "模板" / books[0]).worksheets
    page = (folder / "模板" / "操作手册.html").read_text(encoding="utf-8")
    assert "<h1>操作员手册</h1>" in page
    assert "data:image/png;base64," in page
    assert 'href="codes.md"' not in page


@pytest.mark.usefixtures("made_before")
def test_a_template_that_a_person_filled_in_stays_and_others_are_renewed(folder: Path) -> None:
    names = laid_out(folder)
    templates = folder / "模板"
    mine, other = templates / names[0], templates / names[1]
    mine.write_bytes(b"filled in")
    before = other.stat().st_ino
    laid_out(folder, edition="codes of May")
    assert mine.read_bytes() == b"filled in"
    assert other.stat().st_ino != before
    laid_out(folder, edition="codes of June")
    assert mine.read_bytes() == b"filled in"


@pytest.mark.usefixtures("made_before")
def test_nothing_is_made_while_all_is_there_and_of_this_edition(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = laid_out(folder)
    with monkeypatch.context() as patched:
        patched.setattr(handouts, "made_apart", None)  # it would raise
        assert laid_out(folder) == names
    (folder / "模板" / names[0]).unlink()
    laid_out(folder)
    assert (folder / "模板" / names[0]).exists()


@pytest.mark.usefixtures("made_before")
def test_a_list_of_files_that_a_person_spoilt_costs_nothing_of_theirs(folder: Path) -> None:
    names = laid_out(folder)
    (folder / "模板" / ".cebd.json").write_text("spoilt", encoding="utf-8")
    (folder / "模板" / names[0]).write_bytes(b"filled in")
    laid_out(folder)
    assert (folder / "模板" / names[0]).read_bytes() == b"filled in"
    assert json.loads((folder / "模板" / ".cebd.json").read_text(encoding="utf-8"))["edition"]


@pytest.mark.usefixtures("made_before")
def test_each_folder_says_what_it_is_for_in_both_languages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handouts, "_AFTER_SECONDS", 0.0)
    (folder / "error" / "README.txt").write_text("mine", encoding="utf-8")
    Handouts({"甲": folder}, lambda: PUBLISHED, "zh").look("甲")
    content = (folder / "inbox" / "README.txt").read_bytes()
    text = content.decode("utf-8-sig")
    assert "把要申报的文件放在这里" in text
    assert "Drop here what is to be declared" in text
    assert is_text_as_we_wrote_it(content)
    assert (folder / "模板" / "README.txt").exists()
    assert (folder / "error" / "README.txt").read_text(encoding="utf-8") == "mine"
    assert not (folder / "hold").exists()


def test_a_share_that_is_away_gets_no_folder_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handouts, "_AFTER_SECONDS", 0.0)
    Handouts({"甲": tmp_path / "甲"}, lambda: PUBLISHED, "zh").look("甲")
    assert not (tmp_path / "甲").exists()


def test_a_share_that_fails_is_passed_over_without_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An administrator: "The server was switched off for a moment, and the log had a traceback of the templates." """
    monkeypatch.setattr(handouts, "_AFTER_SECONDS", 0.0)
    with share_that_fails(folder):
        Handouts({"甲": folder}, lambda: PUBLISHED, "zh").look("甲")
    assert not (folder / "模板").exists()


def test_the_station_has_no_library_left_of_what_it_made_once(folder: Path) -> None:
    """An administrator: "It took ten megabytes more twenty seconds after the start, and never gave them back." """
    program = f"""
import sys
from pathlib import Path
from cebd.operations.handouts.apart import making
from cebd.operations.handouts.handouts import Handouts
from cebd.rules.codes.tables import PUBLISHED
assert len(Handouts({{"甲": Path({str(folder)!r})}}, lambda: PUBLISHED, "zh").lay_out("甲")) == 7
print([name for name in ("openpyxl", "markdown_it") if name in sys.modules])
"""
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert made.stdout.strip() == "[]"


def test_what_was_not_made_is_made_at_the_next_look(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handouts, "_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(handouts, "_LOOK_EVERY_SECONDS", 0.0)
    looking = Handouts({"甲": folder}, lambda: PUBLISHED, "zh")
    with monkeypatch.context() as patched, capture_logs() as logged:
        patched.setattr(making, "_PATIENCE_SECONDS", 0.0)  # as if it said nothing
        for _ in range(2):
            looking.look("甲")
    assert [line["event"] for line in logged] == ["templates and manual cannot be written"]  # once
    assert not list((folder / "模板").glob("*.xlsx"))
    looking.look("甲")
    assert len(list((folder / "模板").glob("*.xlsx"))) == 6


class Values:
    """An enterprise whose values change, and the files that are made of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.own, self.made = OwnValues(), 0
        monkeypatch.setattr(handouts, "made_apart", self._made)

    def _made(self, _codes: object, _languages: object, own: OwnValues) -> dict[str, bytes]:
        self.made += 1
        return {"a.xlsx": repr(own).encode(), "b.xlsx": repr(own).encode()}


def test_templates_are_renewed_when_the_enterprises_defaults_change_and_an_open_one_after_it_is_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = Values(monkeypatch)
    looking = Handouts({"甲": folder}, lambda: PUBLISHED, "zh", own=lambda _name: values.own)
    looking.lay_out("甲")
    looking.lay_out("甲")
    assert values.made == 1
    values.own = OwnValues({"CEB311": {"ebcCode": "9900000002"}})
    templates = folder / "模板"
    (templates / "~$a.xlsx").write_bytes(b"")
    looking.lay_out("甲")
    assert [b"9900000002" in (templates / name).read_bytes() for name in ("a.xlsx", "b.xlsx")] == [False, True]
    (templates / "~$a.xlsx").unlink()
    looking.lay_out("甲")
    assert b"9900000002" in (templates / "a.xlsx").read_bytes()
    looking.lay_out("甲")
    assert values.made == 3


def test_a_goods_archive_that_grows_renews_the_templates_once_an_hour(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = Values(monkeypatch)
    looking = Handouts({"甲": folder}, lambda: PUBLISHED, "zh", own=lambda _name: values.own)
    looking.lay_out("甲")
    values.own = OwnValues({}, [Goods("SKU-1", {"gcode": "1901101000"})])
    looking.lay_out("甲")
    assert values.made == 1
    monkeypatch.setattr(handouts, "_GOODS_EVERY_SECONDS", 0.0)
    looking.lay_out("甲")
    looking.lay_out("甲")
    assert values.made == 2
    assert b"SKU-1" in (folder / "模板" / "a.xlsx").read_bytes()
