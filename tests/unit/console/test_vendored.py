"""What the pages carry of others stands here as it was published, with its licence."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from pathlib import Path

import cebd.console

STATIC = Path(cebd.console.__file__).parent / "static"
OWN = {"console.css", "console.js", "live.js", "VENDORED.toml"}


def test_every_file_of_others_has_its_digest_and_its_licence() -> None:
    listed = tomllib.loads((STATIC / "VENDORED.toml").read_text(encoding="utf-8"))["file"]
    for one in listed:
        assert sha256((STATIC / one["name"]).read_bytes()).hexdigest() == one["sha256"], one["name"]
        assert (STATIC / one["licence_file"]).stat().st_size > 100
    theirs = {one[key] for one in listed for key in ("name", "licence_file")}
    assert {path.name for path in STATIC.iterdir()} == OWN | theirs
