"""The setup for Windows takes and removes what it is given."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

TREE = Path(__file__).parents[3]


def test_every_file_that_is_packed_takes_its_place_and_is_removed_again() -> None:
    packed = {Path(name).name for name in runpy.run_path(str(TREE / "bundle/windows.py"))["TEXTS"]} | {"cebd.exe"}
    script = (TREE / "bundle/setup.nsi").read_text(encoding="utf-8")
    taken = set(re.findall(r'!insertmacro TAKE "(.+)"', script))
    removed = set(re.findall(r'  Delete "\$INSTDIR\\([\w.-]+)"', script.partition('Section "Uninstall"')[2]))
    assert (taken, removed) == (packed, packed | {"uninstall.exe"})
