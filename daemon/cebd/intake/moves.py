"""Moving files between an enterprise's folders. Other people may plant links there: below the inbox, and in `working/`, `done/`, `error/`
and `hold/`, every folder is entered without following one (`cebd.disk.entering`).
"""

from __future__ import annotations

import os
from pathlib import Path

from cebd.disk.entering import open_folder
from cebd.disk.system import sync_folder


def is_there(path: Path) -> bool:
    """Whether an entry has that name; no link is followed. Raises OSError where the system does not tell.

    `os.path.lexists` says no then, and a share that fails for a moment would have lost our files.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def move(source: Path, target: Path) -> None:
    """Rename within an enterprise's folder, durable when it returns; nothing is overwritten.

    Raises FileNotFoundError; FileExistsError; NotOurFolder (an OSError) for a link in a folder's place; OSError.
    """
    folder = Path(os.path.commonpath([source, target]))
    # The administrator may place the inbox elsewhere; other people can write below it and in our own folders.
    top = folder / "inbox"
    begin = top if top in source.parents else folder
    with open_folder(source.parent, begin, make=False) as out, open_folder(target.parent, folder) as into:
        out.move_to(into, source.name, target.name)
    for touched in {source.parent, target.parent}:
        sync_folder(touched)
