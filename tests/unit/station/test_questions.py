"""Files in `inbox/查询/`: answered in the outbox and put away, never declared, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from builders.clocks import StillClock
from builders.declared import declare
from builders.new_station import new_station
from cebd.child.failures import ChildBroke
from cebd.documents.workbooks.own_marks import is_text_as_we_wrote_it
from cebd.intake.inboxes.ignored import Ignored
from cebd.intake.inboxes.inbox import look_into
from cebd.problems.problem import problem
from cebd.settings import load_settings
from cebd.station import questions
from cebd.station.questions import Questions
from cebd.store.conditions import Conditions
from cebd.store.store import Store


class Desk:
    """An enterprise's folder of questions, looked at when the test says."""

    def __init__(self, folder: Path) -> None:
        self.settings = load_settings(new_station(folder / "station", port=2222).settings)
        self.store = Store.open(self.settings.store_dir)
        self.name = self.settings.enterprise[0].name
        self.folder = self.settings.folder(self.settings.enterprise[0])
        self.asked = self.folder / "inbox/查询"
        self.asked.mkdir(parents=True, exist_ok=True)
        self.outbox = self.folder / "outbox/2026-03-04"
        self.now = 0.0
        self.conditions = Conditions(self.store, StillClock())
        self.questions = Questions(self.settings, self.store, StillClock(), self.conditions, lambda: self.now)

    def look(self) -> None:
        self.now += 1000.0
        files = look_into(self.folder / "inbox", Ignored(())).files
        self.questions.saw(self.name, {path: stamp for path, stamp in files.items() if path.parent == self.asked})
        self.questions.look(patience=60.0)

    def ids(self) -> list[str]:
        return [condition.problem.id for condition in self.conditions.current()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_numbers_are_answered_by_a_workbook_and_the_question_goes_to_done(desk: Desk) -> None:
    declare(desk.store, "D1", enterprise=desk.name)
    (desk.asked / "三月.txt").write_text("D1\nD9\n", encoding="utf-8")
    desk.look()
    rows = CalamineWorkbook.from_path(desk.outbox / "查询 三月.xlsx").get_sheet_by_index(0).to_python()
    assert [row[:2] for row in rows[-2:]] == [["D1", "待回执"], ["D9", "没有找到"]]
    assert list(desk.asked.iterdir()) == []
    assert (desk.folder / "done/2026-03-04/三月.txt").read_text(encoding="utf-8") == "D1\nD9\n"
    (desk.asked / "三月.txt").write_text("D1", encoding="utf-8")
    desk.look()
    assert sorted(path.name for path in desk.outbox.iterdir()) == ["查询 三月-2.xlsx", "查询 三月.xlsx"]
    assert not list(desk.folder.rglob("*.tmp"))


def test_a_file_that_cannot_be_read_goes_to_error_and_the_outbox_says_why(desk: Desk) -> None:
    (desk.asked / "图.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 60)
    desk.look()
    (word,) = desk.outbox.iterdir()
    assert word.name == "查询 图.txt"
    assert "CEBD-1065" in word.read_text(encoding="utf-8-sig")
    assert is_text_as_we_wrote_it(word.read_bytes())
    assert (desk.folder / "error/图.png").exists()
    assert "CEBD-1065" in (desk.folder / "error/图.png.problem.txt").read_text(encoding="utf-8")
    assert list(desk.asked.iterdir()) == []


def test_while_the_outbox_cannot_be_written_the_question_stays_and_the_trouble_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (desk.asked / "a.txt").write_bytes(b"D1")
    with monkeypatch.context() as disk:
        disk.setattr(questions, "answer_apart", full)
        desk.look()
    assert desk.ids() == ["CEBD-1068"]
    assert (desk.asked / "a.txt").read_bytes() == b"D1"
    monkeypatch.setattr(questions, "answer_apart", lambda *_: problem("CEBD-1067", value="a.txt"))
    desk.look()
    desk.look()
    assert desk.ids() == []
    assert [path.name for path in desk.outbox.iterdir()] == ["查询 a.txt"]


def test_a_question_that_could_not_be_put_away_is_not_answered_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_use(*_: object) -> None:
        raise PermissionError(13, "in use")

    times: list[object] = []
    monkeypatch.setattr(
        questions, "answer_apart", lambda *given: times.append(given) or problem("CEBD-1067", value="a")
    )
    (desk.asked / "a.txt").write_bytes(b"D1")
    with monkeypatch.context() as held:
        held.setattr(questions, "put_away", in_use)
        desk.look()
    desk.look()
    assert len(times) == 1
    assert list(desk.asked.iterdir()) == []


def test_a_question_that_changes_while_it_is_answered_is_answered_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[object] = []

    def answer(*given: object) -> object:
        times.append(given)
        if len(times) == 1:
            (desk.asked / "a.txt").write_bytes(b"D1 D2")
        return problem("CEBD-1067", value="a.txt")

    monkeypatch.setattr(questions, "answer_apart", answer)
    (desk.asked / "a.txt").write_bytes(b"D1")
    desk.look()
    assert (desk.asked / "a.txt").read_bytes() == b"D1 D2"
    desk.look()
    assert len(times) == 2
    assert (desk.folder / "error/a.txt").read_bytes() == b"D1 D2"


def test_a_file_that_makes_its_reader_break_each_time_is_given_up_with_a_word(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ChildBroke("MemoryError", "")

    monkeypatch.setattr(questions, "answer_apart", breaks)
    (desk.asked / "a.xlsx").write_bytes(b"D1")
    desk.look()
    desk.look()
    assert desk.ids() == ["CEBD-1068"]
    assert (desk.asked / "a.xlsx").exists()
    desk.look()
    desk.look()
    assert desk.ids() == []
    assert (desk.folder / "error/a.xlsx").exists()
    assert "MemoryError" in (desk.outbox / "查询 a.txt").read_text(encoding="utf-8-sig")


def test_a_share_that_failed_before_does_not_count_against_the_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [OSError(5, "Input/output error"), OSError(5, "Input/output error"), ChildBroke("MemoryError", "")]

    def fails(*_: object) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(questions, "answer_apart", fails)
    (desk.asked / "a.xlsx").write_bytes(b"D1")
    for _ in range(3):
        desk.look()
    assert not errors
    assert (desk.asked / "a.xlsx").exists()
    assert desk.ids() == ["CEBD-1068"]
