"""What lies in the folder of previews: people's files, and the receipts beside them."""

from __future__ import annotations

import io
from pathlib import Path, PurePath

import pytest
from openpyxl import Workbook

from cebd.documents.workbooks.own_marks import sealed
from cebd.file_names import kind_folder
from cebd.intake.inboxes.ignored import Ignored
from cebd.intake.inboxes.inbox import look_into
from cebd.intake.previews import OwnReceipts, keep_back, stems_of


def a_workbook() -> bytes:
    content = io.BytesIO()
    Workbook().save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("place", "folder"),
    [
        ("a.csv", None),
        ("orders/a.csv", "orders"),
        ("预检/a.csv", None),
        ("预检/orders/a.csv", "orders"),
        ("申报/orders/a.csv", "orders"),
        ("orders/预检/a.csv", "orders"),
    ],
)
def test_a_folder_for_previews_or_declarations_names_no_mapping_but_those_in_it_do(
    place: str, folder: str | None
) -> None:
    assert kind_folder(PurePath(place)) == folder


def test_receipts_go_by_the_stem_of_their_file_and_by_its_whole_name_where_two_share_it() -> None:
    files = [Path("预检/订单.xlsx"), Path("预检/订单.csv"), Path("预检/清单.xlsx"), Path("预检/orders/清单.xlsx")]
    assert list(stems_of(files).values()) == ["订单.xlsx", "订单.csv", "清单", "清单"]


def test_a_receipt_that_was_corrected_is_a_file_of_hers_whose_name_no_receipt_takes() -> None:
    stems = stems_of([Path("预检/订单.xlsx"), Path("预检/订单.预检.xlsx")])
    assert list(stems.values()) == ["订单.xlsx", "订单 (改)"]


def test_our_receipts_are_no_files_to_be_taken_but_one_that_was_changed_is(tmp_path: Path) -> None:
    kept = tmp_path / "预检"
    kept.mkdir()
    for name, content in (
        ("a.xlsx", a_workbook()),
        ("a.预检.xlsx", sealed(a_workbook())),
        ("a.预检 (新).xlsx", sealed(a_workbook())),
        ("a.预检.json", b'{\n "cebd": "0",\n "preview": true'),
        ("hers.预检.json", b"{}"),
        ("b.预检.xlsx", a_workbook()),
    ):
        (kept / name).write_bytes(content)
    receipts, content = OwnReceipts(), look_into(tmp_path, Ignored(()))
    ours = receipts.sort_out(tmp_path, content)
    assert sorted(path.name for path in ours) == ["a.预检 (新).xlsx", "a.预检.json", "a.预检.xlsx"]
    assert sorted(path.name for path in content.files) == ["a.xlsx", "b.预检.xlsx", "hers.预检.json"]

    (kept / "a.预检.xlsx").write_bytes(a_workbook() + b"typed in")
    content = look_into(tmp_path, Ignored(()))
    receipts.sort_out(tmp_path, content)
    assert sorted(path.name for path in content.files) == ["a.xlsx", "a.预检.xlsx", "b.预检.xlsx", "hers.预检.json"]


def test_a_receipt_moved_into_the_inbox_is_declared_as_the_correction_form_that_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.预检.xlsx").write_bytes(sealed(a_workbook()))
    content = look_into(tmp_path, Ignored(()))
    assert OwnReceipts().sort_out(tmp_path, content) == frozenset()


def test_a_file_that_is_kept_back_keeps_its_folder_and_takes_no_other_files_name(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    for content in (b"1", b"2"):
        (tmp_path / "orders" / "a.csv").write_bytes(content)
        keep_back(tmp_path, tmp_path / "orders" / "a.csv")
    kept = tmp_path / "预检" / "orders"
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {"a.csv": b"1", "a-2.csv": b"2"}


def test_there_is_a_folder_to_move_a_file_on_to_that_is_kept_back_from_a_subfolder(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "a.csv").write_bytes(b"1")
    keep_back(tmp_path, tmp_path / "orders" / "a.csv")
    assert (tmp_path / "申报" / "orders").is_dir()


def test_a_receipt_put_into_the_inbox_is_kept_back_as_a_file_like_others_and_never_taken_for_ours(
    tmp_path: Path,
) -> None:
    """Its file may be gone: taken for a receipt of ours it would be removed."""
    (tmp_path / "a.预检.xlsx").write_bytes(sealed(a_workbook()))
    keep_back(tmp_path, tmp_path / "a.预检.xlsx")
    content = look_into(tmp_path, Ignored(()))
    assert OwnReceipts().sort_out(tmp_path, content) == frozenset()
    assert [path.name for path in content.files] == ["a.xlsx"]
