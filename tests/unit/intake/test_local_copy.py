"""Reading from a network share: from a copy of our own, so that nothing is held while a share does not answer."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cebd.intake import local_copy as brought_module
from cebd.intake.local_copy import brought


def test_what_lies_on_a_share_is_read_from_a_copy_for_ourselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brought_module, "is_share", lambda _folder: True)
    path = tmp_path / "000001-订单.csv"
    path.write_bytes(b"a,b\n1,2\n")
    with brought(path, tmp_path / "reading" / "1") as copy:
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
