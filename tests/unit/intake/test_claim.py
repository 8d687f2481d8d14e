"""Claiming and putting away: at any moment a file is in exactly one known place."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from builders.clocks import StillClock
from cebd.intake.claim import Claim, claim, file_away, finish_claim, move, record_drop, sha256_of
from cebd.records.states import DropOutcome
from cebd.store.store import Store
from cebd.store.tables import drops


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "share" / "inbox").mkdir(parents=True)
    return tmp_path / "share"


def dropped(folder: Path, name: str = "a.xlsx", content: bytes = b"one") -> Path:
    path = folder / "inbox" / name
    path.write_bytes(content)
    return path


def taken(store: Store, folder: Path, path: Path) -> Claim:
    found = claim(store, "e", folder, path, StillClock())
    assert found is not None
    return found


def row(store: Store, drop_id: int) -> dict[str, Any]:
    with store.read() as connection:
        return dict(connection.execute(select(drops).where(drops.c.id == drop_id)).mappings().one())


def test_a_claimed_file_is_in_working_under_its_number(store: Store, folder: Path) -> None:
    found = taken(store, folder, dropped(folder))
    assert found.path == folder / "working" / "000001-a.xlsx"
    assert found.path.read_bytes() == b"one"
    assert not (folder / "inbox" / "a.xlsx").exists()
    assert row(store, found.drop_id)["state"] == "claimed"


def test_a_file_taken_back_before_the_claim_is_no_drop(store: Store, folder: Path) -> None:
    assert claim(store, "e", folder, folder / "inbox" / "gone.xlsx", StillClock()) is None
    with store.read() as connection:
        assert connection.execute(select(drops)).first() is None


def test_a_file_taken_back_between_row_and_rename_is_withdrawn(store: Store, folder: Path) -> None:
    path = dropped(folder)
    with store.write() as connection:
        drop_id = record_drop(connection, "e", path, StillClock(), "x", "inbox/a.xlsx")
        connection.execute(update(drops).values(place="working/000001-a.xlsx"))
    path.unlink()
    assert finish_claim(store, drop_id, folder) is None
    assert row(store, drop_id)["state"] == "withdrawn"


def test_a_claim_finished_by_another_meanwhile_is_not_taken_for_withdrawn(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped(folder)
    with store.write() as connection:
        drop_id = record_drop(connection, "e", folder / "inbox" / "a.xlsx", StillClock(), "x", "inbox/a.xlsx")
        connection.execute(update(drops).values(place="working/000001-a.xlsx"))

    def moved_by_another(source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True)
        source.rename(target)
        raise FileNotFoundError(source)

    monkeypatch.setattr("cebd.intake.claim.move", moved_by_another)
    found = finish_claim(store, drop_id, folder)
    assert found is not None
    assert found.path.read_bytes() == b"one"
    assert row(store, drop_id)["state"] == "claimed"


def test_finishing_a_claim_twice_changes_nothing(store: Store, folder: Path) -> None:
    found = taken(store, folder, dropped(folder))
    before = row(store, found.drop_id)
    assert finish_claim(store, found.drop_id, folder) == found
    assert row(store, found.drop_id) == before


def test_two_files_of_one_name_never_meet(store: Store, folder: Path) -> None:
    first = taken(store, folder, dropped(folder, content=b"one"))
    second = taken(store, folder, dropped(folder, content=b"two"))
    filed = [file_away(store, one.drop_id, folder, DropOutcome.DONE, "2026-03-04") for one in (first, second)]
    assert [path.name for path in filed] == ["a.xlsx", "a-2.xlsx"]
    assert [path.read_bytes() for path in filed] == [b"one", b"two"]
    assert [row(store, one.drop_id)["stem"] for one in (first, second)] == ["a", "a-2"]


def test_the_receipt_workbook_dropped_back_keeps_its_stem_free_of_receipt(store: Store, folder: Path) -> None:
    found = taken(store, folder, dropped(folder, "a.receipt.xlsx"))
    assert row(store, found.drop_id)["stem"] == "a"


@pytest.mark.parametrize("moved", [False, True])
def test_filing_interrupted_at_either_half_is_brought_to_its_end(store: Store, folder: Path, moved: bool) -> None:
    found = taken(store, folder, dropped(folder))
    with store.write() as connection:
        connection.execute(update(drops).values(state="filing", outcome="error", place="error/a.xlsx"))
    if moved:
        (folder / "error").mkdir()
        found.path.rename(folder / "error" / "a.xlsx")
    assert file_away(store, found.drop_id, folder, DropOutcome.ERROR, "2026-03-04") == folder / "error" / "a.xlsx"
    assert row(store, found.drop_id)["state"] == "filed"
    assert (folder / "error" / "a.xlsx").exists()


def test_a_file_saved_again_between_reading_and_moving_has_the_hash_of_what_was_moved(
    store: Store, folder: Path
) -> None:
    path = dropped(folder)
    with store.write() as connection:
        drop_id = record_drop(connection, "e", path, StillClock(), "hash of the first save", "inbox/a.xlsx")
        connection.execute(update(drops).values(place="working/000001-a.xlsx"))
    path.write_bytes(b"saved again")
    finish_claim(store, drop_id, folder)
    assert row(store, drop_id)["sha256"] == "261f3d43b4493d68b070793ac924056027c6dd24c144d8731ba19d945a1367a7"


def test_a_file_put_where_ours_is_to_go_at_that_very_moment_is_not_overwritten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = dropped(folder, content=b"ours"), folder / "done" / "a.xlsx"
    theirs.parent.mkdir()
    theirs.write_bytes(b"theirs")
    monkeypatch.setattr("cebd.disk.folder.Folder.stat", lambda *_: None)  # it was not there yet when that was looked at
    with pytest.raises(FileExistsError):
        move(ours, theirs)
    assert (ours.read_bytes(), theirs.read_bytes()) == (b"ours", b"theirs")


# A share that fails for a moment


def one_that_fails(monkeypatch: pytest.MonkeyPatch, wrong: Path, number: int) -> None:
    """The system tells nothing of that place."""
    real = os.lstat

    def lstat(path: Any, *more: Any, **how: Any) -> os.stat_result:
        if os.fspath(path) == os.fspath(wrong):
            raise OSError(number, os.strerror(number), str(wrong))
        return real(path, *more, **how)

    monkeypatch.setattr(os, "lstat", lstat)
    monkeypatch.setattr(Path, "lstat", lstat)


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES])
def test_a_file_in_working_is_not_given_up_while_the_share_does_not_tell_of_it(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Killed behind the rename; at the next start the share failed, and the claim was withdrawn: the file lay in working/ as nobody's."""
    path = dropped(folder)
    with store.write() as connection:
        drop_id = record_drop(connection, "e", path, StillClock(), sha256_of(path), "inbox/a.xlsx")
        connection.execute(update(drops).values(place="working/000001-a.xlsx"))
    (folder / "working").mkdir()
    path.rename(folder / "working" / "000001-a.xlsx")
    with monkeypatch.context() as patched:
        one_that_fails(patched, folder / "working" / "000001-a.xlsx", number)
        with pytest.raises(OSError, match=os.strerror(number)):
            finish_claim(store, drop_id, folder)
    assert row(store, drop_id)["state"] == "claiming"
    assert finish_claim(store, drop_id, folder) is not None


def test_a_claim_waits_while_its_share_is_not_mounted(store: Store, folder: Path) -> None:
    path = dropped(folder)
    with store.write() as connection:
        drop_id = record_drop(connection, "e", path, StillClock(), sha256_of(path), "inbox/a.xlsx")
        connection.execute(update(drops).values(place="working/000001-a.xlsx"))
    (folder / "working").mkdir()
    path.rename(folder / "working" / "000001-a.xlsx")
    mounted = folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()  # the empty place that it is mounted on
    with pytest.raises(FileNotFoundError):
        finish_claim(store, drop_id, folder)
    assert row(store, drop_id)["state"] == "claiming"
    folder.rmdir()
    mounted.rename(folder)
    assert finish_claim(store, drop_id, folder) is not None


def test_a_worked_file_that_the_share_does_not_tell_of_is_put_away_later(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = taken(store, folder, dropped(folder))
    with monkeypatch.context() as patched:
        one_that_fails(patched, found.path, errno.ESTALE)
        with pytest.raises(OSError, match=os.strerror(errno.ESTALE)):
            file_away(store, found.drop_id, folder, DropOutcome.DONE, "2026-03-04")
    assert row(store, found.drop_id)["state"] == "claimed"
    assert file_away(store, found.drop_id, folder, DropOutcome.DONE, "2026-03-04").read_bytes() == b"one"
