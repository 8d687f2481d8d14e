"""When a dropped file is taken: not before it is complete."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cebd.intake.inboxes.watch import Completeness


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def test_a_file_still_being_copied_is_left_alone(inbox: Path) -> None:
    completeness = Completeness(2.0)
    file = inbox / "a.xlsx"
    file.write_bytes(b"1")
    looks = [completeness.complete(inbox, 0.0)]
    file.write_bytes(b"12")
    looks += [completeness.complete(inbox, 3.0), completeness.complete(inbox, 4.9)]
    assert looks == [[], [], []]
    assert completeness.complete(inbox, 5.0) == [file]


def test_a_file_saved_again_with_the_same_size_starts_its_wait_anew(inbox: Path) -> None:
    completeness = Completeness(2.0)
    file = inbox / "a.xlsx"
    file.write_bytes(b"1")
    completeness.complete(inbox, 0.0)
    os.utime(file, ns=(1, 1))
    assert completeness.complete(inbox, 2.5) == []
    assert completeness.complete(inbox, 4.5) == [file]


@pytest.mark.parametrize(
    "name", [".hidden.xlsx", "~$a.xlsx", "a.xlsx.part", "a.tmp", "a.xlsx.filepart", "a.XLSX.CRDOWNLOAD"]
)
def test_names_that_say_not_yet_are_left_alone(inbox: Path, name: str) -> None:
    completeness = Completeness(0.0)
    (inbox / name).write_bytes(b"1")
    assert completeness.complete(inbox, 0.0) == []


def test_a_link_is_never_followed(inbox: Path) -> None:
    (inbox.parent / "elsewhere.xlsx").write_bytes(b"1")
    (inbox / "a.xlsx").symlink_to(inbox.parent / "elsewhere.xlsx")
    assert Completeness(0.0).complete(inbox, 0.0) == []


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.csv", "a.xml"])
def test_an_empty_file_waits_as_long_as_one_that_is_cut_off(inbox: Path, name: str) -> None:
    completeness = Completeness(1.0)
    (inbox / name).touch()
    assert [completeness.complete(inbox, at) for at in (0.0, 12.0, 599.0)] == [[], [], []]
    assert completeness.complete(inbox, 600.0) == [inbox / name]


def test_files_in_subfolders_are_seen(inbox: Path) -> None:
    (inbox / "order").mkdir()
    (inbox / "order" / "a.csv").write_bytes(b"1")
    assert Completeness(0.0).complete(inbox, 0.0) == [inbox / "order" / "a.csv"]
