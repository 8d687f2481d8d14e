"""Reading from a network share: from a copy of our own, so that nothing is held while a share does not answer."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

import pytest

from cebd.intake import local_copy as brought_module
from cebd.intake.claim import sha256_of
from cebd.intake.local_copy import brought


def test_what_lies_on_a_share_is_read_from_a_copy_for_ourselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brought_module, "is_share", lambda _folder: True)
    path = tmp_path / "000001-订单.csv"
    path.write_bytes(b"a,b\n1,2\n")
    with brought(path, tmp_path / "reading" / "1", sha256_of(path)) as copy:
        assert (copy.name, copy.read_bytes()) == (path.name, path.read_bytes())
        assert copy != path
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not (tmp_path / "reading" / "1").exists()
    assert path.exists()


def test_what_cannot_be_brought_is_read_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a")
    with brought(path, tmp_path / "reading" / "1") as found:
        assert found == path
    monkeypatch.setattr(brought_module, "is_share", lambda _folder: True)
    with brought(tmp_path / "gone.csv", tmp_path / "reading" / "1") as found:
        assert found == tmp_path / "gone.csv"
    assert not (tmp_path / "reading" / "1").exists()


def test_what_a_share_gives_wrong_once_is_not_read_and_a_file_that_changed_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brought_module, "is_share", lambda _folder: True)
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n1,2\n3,4\n")
    claimed = sha256_of(path)
    real = brought_module.open_plain

    def short(file: Path) -> object:
        cut = tmp_path / "cut"
        cut.write_bytes(file.read_bytes()[:8])
        return real(cut)

    with monkeypatch.context() as patched:
        patched.setattr(brought_module, "open_plain", short)
        with pytest.raises(OSError, match="other bytes"), brought(path, tmp_path / "reading" / "1", claimed):
            raise AssertionError("half of the file was read")
    assert not (tmp_path / "reading" / "1").exists()
    path.write_bytes(b"a,b\n1,2\n")
    with brought(path, tmp_path / "reading" / "1", claimed) as copy:  # is held back afterwards
        assert copy.read_bytes() == b"a,b\n1,2\n"


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES, errno.ETIMEDOUT])
def test_a_share_that_fails_is_tried_again_and_nothing_is_said_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(brought_module, "is_share", lambda _folder: True)

    def fails(path: Path) -> object:
        raise OSError(number, "as the system says", str(path))

    monkeypatch.setattr(brought_module, "open_plain", fails)
    with pytest.raises(OSError, match="as the system says"), brought(tmp_path / "a.csv", tmp_path / "own" / "1", "0"):
        raise AssertionError("nothing was read")
    assert not (tmp_path / "own" / "1").exists()
