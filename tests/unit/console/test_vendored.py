"""What stands here and was made by others stands here as it was published, with its licence."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from pathlib import Path

import pytest

import cebd

ROOM = Path(cebd.__file__).parent
OWN = {
    "console/static": {"console.css", "console.js", "live.js", "VENDORED.toml"},
    "operations/console/passwords": {"__init__.py", "guessed.py", "VENDORED.toml"},
}


@pytest.mark.parametrize("folder", OWN)
def test_every_file_of_others_has_its_digest_and_its_licence(folder: str) -> None:
    place = ROOM / folder
    listed = tomllib.loads((place / "VENDORED.toml").read_text(encoding="utf-8"))["file"]
    for one in listed:
        assert sha256((place / one["name"]).read_bytes()).hexdigest() == one["sha256"], one["name"]
        assert (place / one["licence_file"]).stat().st_size > 100
    theirs = {one[key] for one in listed for key in ("name", "licence_file")}
    assert {path.name for path in place.iterdir()} - {"__pycache__"} == OWN[folder] | theirs
