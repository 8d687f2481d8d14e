"""Commands run as an ordinary user when the tests run as root, for whom rights mean nothing."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

import cebd

USER = 65534  # nobody, nogroup
_NEEDED = tuple(Path(path).absolute() for path in (sys.prefix, sys.base_prefix, Path(cebd.__file__).parents[1]))


def runs_as_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def as_ordinary_user(command: Sequence[str]) -> list[str]:
    """The command as the ordinary user runs it; as it is when the tests are no root. Skips the test where that cannot be had."""
    if not runs_as_root():
        return list(command)
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed (apt-get install util-linux)")
    who = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--"]
    return [*_reaching_python(), *who, *command]


def a_folder_for_the_user() -> Path:
    """A new folder that the ordinary user owns and reaches (pytest's own are for the tests' user alone)."""
    folder = Path(tempfile.mkdtemp(prefix="cebd-user-"))
    folder.chmod(0o755)
    return folder


def give_to_the_user(folder: Path) -> None:
    """Everything in the folder becomes the ordinary user's."""
    if not runs_as_root():
        return
    os.chown(folder, USER, USER)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent) / name, USER, USER, follow_symlinks=False)


@cache
def _reaching_python() -> tuple[str, ...]:
    """What a command begins with so that the ordinary user reaches Python: nothing, or a view of the disk of its own.

    In that view a folder that is closed to others (root's home, say) has nothing but the way to what Python needs.
    """
    closed = {path: _closed_parent(path) for path in _NEEDED}
    tops = {top for top in closed.values() if top is not None}
    if not tops:
        return ()
    if shutil.which("unshare") is None or os.system("unshare --mount true 2>/dev/null") != 0:
        pytest.skip(f"an ordinary user does not reach {', '.join(map(str, tops))}, where Python is")
    lines = ["set -e"]
    for top in sorted(tops):
        view = Path(tempfile.mkdtemp(prefix="cebd-view-"))
        view.chmod(0o755)
        for path in (path for path, its_top in closed.items() if its_top == top):
            (view / path.relative_to(top)).mkdir(parents=True, exist_ok=True)
            lines.append(f"mount --bind '{path}' '{view / path.relative_to(top)}'")
        lines.append(f"mount --rbind '{view}' '{top}'")
    return ("unshare", "--mount", "sh", "-c", "\n".join([*lines, 'exec "$@"']), "sh")


def _closed_parent(path: Path) -> Path | None:
    """The first folder on the way that others may not pass."""
    for parent in reversed(path.parents):
        if not parent.stat().st_mode & stat.S_IXOTH:
            return parent
    return None
