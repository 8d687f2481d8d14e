"""Previews: when they are made, what stays beside the file, and what becomes of a receipt that somebody has in hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from builders.clocks import StillClock
from builders.hostile_files import cut_at, many_entries, zip_bomb
from builders.new_station import new_station
from builders.new_store import open_store
from cebd.documents.worker import choice
from cebd.intake.inboxes.ignored import Ignored
from cebd.intake.inboxes.inbox import look_into
from cebd.intake.previews import KeptBack, OwnReceipts, is_previewed, stems_of
from cebd.settings import Enterprise, load_settings
from cebd.station.previews.making import PreviewMaker
from cebd.station.previews.previews import Previews
from cebd.station.previews.tidying import tidied
from cebd.station.work.readings import Readings
from cebd.store.conditions import Conditions
from cebd.trial.rows import order_rows, write_workbook


class Desk:
    """An enterprise's folder of previews, looked at when the test says."""

    def __init__(self, folder: Path) -> None:
        new_station(folder / "station", port=2222)
        self.settings = load_settings(folder / "station" / "cebd.toml")
        self.store = open_store(self.settings.store_dir)
        self.inbox = self.settings.folder(self.settings.enterprise[0]) / "inbox"
        self.kept = self.inbox / "预检"
        self.now = 0.0
        self.conditions = Conditions(self.store, StillClock())
        self.start()

    def start(self) -> None:
        self.conditions.start()
        self.receipts = OwnReceipts()
        self.clock = clock = StillClock()
        self.previews = Previews(self.settings, clock, self.conditions, Readings(self.conditions), lambda: self.now)

    def look(self) -> list[str]:
        """Look once; the names that lie there then."""
        content = look_into(self.inbox, Ignored(()))
        ours = self.receipts.sort_out(self.inbox, content)
        complete = {path: stamp for path, stamp in content.files.items() if is_previewed(path.relative_to(self.inbox))}
        self.previews.saw(self.settings.enterprise[0].name, KeptBack(complete, frozenset(content.files), ours))
        self.previews.look(patience=60.0)
        return self.names()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.kept.iterdir())

    def told(self, stem: str) -> dict[str, Any]:
        return json.loads((self.kept / f"{stem}.预检.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    def put(self, name: str, count: int = 1) -> Path:
        write_workbook(self.kept / name, "order", list(order_rows(count)))
        return self.kept / name


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_preview_lies_beside_its_file_and_is_not_made_twice(desk: Desk) -> None:
    desk.put("a.xlsx")
    assert desk.look() == ["a.xlsx", "a.预检.json", "a.预检.xlsx"]
    before = (desk.kept / "a.预检.json").stat().st_ino
    desk.look()
    assert (desk.kept / "a.预检.json").stat().st_ino == before


def test_a_later_run_previews_anew_for_settings_may_have_changed_and_a_kill_may_have_left_half_a_receipt(
    desk: Desk,
) -> None:
    desk.put("a.xlsx")
    desk.look()
    told, book = (desk.kept / f"a.预检.{ending}" for ending in ("json", "xlsx"))
    old = book.read_bytes()
    desk.put("a.xlsx", 2)
    desk.look()
    book.write_bytes(old)  # killed between the JSON, which is new, and the workbook
    desk.start()
    desk.look()
    assert len(desk.told("a")["records"]) == load_workbook(book).worksheets[0].max_row - 1 == 2
    assert json.loads(told.read_bytes())["preview"] is True


def test_a_large_file_whose_rows_are_apart_is_previewed_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "LARGE_BYTES", 0)
    monkeypatch.setattr(choice, "cores", lambda: 2)
    orders = list(order_rows(2))
    write_workbook(desk.kept / "a.xlsx", "order", [*orders, orders[0]])
    desk.look()
    assert [len(record["place"]["rows"]) for record in desk.told("a")["records"]] == [2, 1]


def test_a_file_that_cannot_be_read_has_a_preview_that_says_why(desk: Desk) -> None:
    (desk.kept / "a.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    desk.look()
    told = desk.told("a")
    assert told["records"] == []
    assert [one["severity"] for one in told["problems"]] == ["error", "notice"]
    sheet = load_workbook(desk.kept / "a.预检.xlsx")["cebd 文件"]
    assert [text.rpartition("(")[2] for label, text in sheet.values if label == "怎么办"][-1] == "CEBD-1056)"


def test_the_receipts_of_a_file_that_was_moved_on_go_but_not_one_that_is_open_or_was_changed(desk: Desk) -> None:
    for name in ("moved", "open", "changed"):
        desk.put(f"{name}.xlsx")
    desk.look()
    book = load_workbook(desk.kept / "changed.预检.xlsx")
    book.worksheets[0]["A2"] = "typed in"
    book.save(desk.kept / "changed.预检.xlsx")
    lock = desk.kept / "~$open.预检.xlsx"
    lock.write_bytes(b"")
    for name in ("moved", "open", "changed"):
        (desk.kept / f"{name}.xlsx").unlink()
    desk.look()
    hers = ["changed (改).预检.json", "changed (改).预检.xlsx", "changed.预检.xlsx"]  # a file as any other
    assert desk.look() == [*hers, "open.预检.xlsx", "~$open.预检.xlsx"]
    assert desk.told("changed (改)")["file"] == "changed.预检.xlsx"
    lock.unlink()
    assert "open.预检.xlsx" not in desk.look()


def test_a_preview_that_is_open_is_joined_by_the_new_one_which_takes_its_place_later(desk: Desk) -> None:
    desk.put("a.xlsx")
    desk.look()
    lock = desk.kept / "~$a.预检.xlsx"
    lock.write_bytes(b"")
    desk.put("a.xlsx", 2)
    assert "a.预检 (新).xlsx" in desk.look()
    assert len(desk.told("a")["records"]) == 2
    lock.unlink()
    desk.look()
    assert desk.names() == ["a.xlsx", "a.预检.json", "a.预检.xlsx"]
    assert load_workbook(desk.kept / "a.预检.xlsx").worksheets[0].max_row == 3


def test_a_folder_that_cannot_be_written_is_named_and_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from cebd.disk.folder import Folder

    desk.put("a.xlsx")
    real = Folder.give_name

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Folder, "give_name", refuse)
    desk.look()
    assert [one.problem.id for one in desk.conditions.current()] == ["CEBD-1057"]
    assert desk.names() == ["a.xlsx"]
    monkeypatch.setattr(Folder, "give_name", real)
    desk.look()
    assert desk.names() == ["a.xlsx"]  # not at once
    desk.now += 60
    assert desk.look() == ["a.xlsx", "a.预检.json", "a.预检.xlsx"]
    assert desk.conditions.current() == []


def test_nothing_of_a_preview_stays_in_or_beside_the_stations_store(desk: Desk) -> None:
    desk.put("a.xlsx")
    before = sorted(path.name for path in desk.settings.store_dir.rglob("*"))
    desk.look()
    after = sorted(path.name for path in desk.settings.store_dir.rglob("*"))
    assert [name for name in after if name not in before] == ["previewing"]


def test_a_receipt_that_she_saves_while_we_tidy_is_hers_and_neither_removed_nor_replaced(desk: Desk) -> None:
    """What lay there was looked at a moment ago: by now her file is gone, or its receipt closed, and the receipt saved by her."""
    desk.put("a.xlsx")
    desk.put("b.xlsx")
    desk.look()
    lock = desk.kept / "~$b.预检.xlsx"
    lock.write_bytes(b"")
    desk.put("b.xlsx", 2)
    desk.look()
    assert "b.预检 (新).xlsx" in desk.names()
    (desk.kept / "a.xlsx").unlink()
    lock.unlink()
    content = look_into(desk.inbox, Ignored(()))
    ours = desk.receipts.sort_out(desk.inbox, content)
    for name in ("a", "b"):
        book = load_workbook(desk.kept / f"{name}.预检.xlsx")
        book.worksheets[0]["A2"] = "hers"
        book.save(desk.kept / f"{name}.预检.xlsx")
    kept = KeptBack({}, frozenset(content.files), ours)
    tidied(desk.inbox, kept, stems_of(kept.files), desk.clock.now())
    hers = [path for path in desk.kept.glob("*.xlsx") if load_workbook(path).worksheets[0]["A2"].value == "hers"]
    assert sorted(path.name.split(".")[0] for path in hers) == ["a", "b"]
    assert load_workbook(desk.kept / "b.预检.xlsx").worksheets[0].max_row == 3


@pytest.mark.parametrize("build", [zip_bomb, many_entries, cut_at(0.5)], ids=["zip bomb", "many entries", "cut off"])
def test_a_hostile_file_among_previews_gets_its_reason_and_keeps_no_other_waiting(
    desk: Desk, build: Callable[[Path], None]
) -> None:
    build(desk.kept / "a-hostile.xlsx")
    content = (desk.kept / "a-hostile.xlsx").read_bytes()
    desk.put("b.xlsx")
    assert {"a-hostile.预检.json", "b.预检.json"} <= set(desk.look())
    assert [one["severity"] for one in desk.told("a-hostile")["problems"]] == ["error", "notice"]
    assert (desk.kept / "a-hostile.xlsx").read_bytes() == content
    assert desk.conditions.current() == []


def test_a_file_that_is_saved_while_it_is_previewed_is_previewed_anew_at_the_next_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk.put("a.xlsx")
    real = PreviewMaker.make

    def saved_meanwhile(maker: PreviewMaker, enterprise: Enterprise, inbox: Path, path: Path, stem: str) -> None:
        monkeypatch.setattr(PreviewMaker, "make", real)
        real(maker, enterprise, inbox, path, stem)
        desk.put("a.xlsx", 2)

    monkeypatch.setattr(PreviewMaker, "make", saved_meanwhile)
    desk.look()
    assert len(desk.told("a")["records"]) == 1
    desk.look()
    assert len(desk.told("a")["records"]) == 2
    assert desk.told("a")["sha256"] == sha256(file.read_bytes()).hexdigest()


def test_files_of_one_name_in_two_folders_have_a_preview_each(desk: Desk) -> None:
    desk.put("a.xlsx")
    (desk.kept / "order").mkdir()
    desk.put("order/a.xlsx", 2)
    desk.look()
    assert [len(desk.told(stem)["records"]) for stem in ("a", "order/a")] == [1, 2]
