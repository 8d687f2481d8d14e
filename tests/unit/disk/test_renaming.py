"""Renaming overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cebd.disk import renaming
from cebd.disk.renaming import rename_new


@pytest.mark.parametrize("system", ["linux", "elsewhere"])
def test_renaming_overwrites_nothing_on_any_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr(renaming.sys, "platform", system)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "a", tmp_path / "b")
    rename_new(tmp_path / "a", tmp_path / "c")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b": "b", "c": "a"}


def test_a_file_system_that_cannot_refuse_to_overwrite_is_looked_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renaming, "_renameat2", lambda *_: renaming.errno.EINVAL)
    (tmp_path / "a").write_text("a")
    rename_new(tmp_path / "a", tmp_path / "b")
    (tmp_path / "a").write_text("again")
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "a"
