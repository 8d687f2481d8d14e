"""The content of an inbox and its subfolders. Nothing is opened: a pipe would block for ever."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cebd.intake.inboxes.ignored import Ignored

_SHEETS = (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".csv", ".tsv", ".txt", ".xml", ".json")

# Kinds of entries that are not files: in Chinese, in English.
FOLDER = ("文件夹", "a folder")
LINK = ("链接", "a link")
_KINDS = (
    (stat.S_ISFIFO, ("管道", "a pipe")),
    (stat.S_ISSOCK, ("套接字", "a socket")),
    (stat.S_ISCHR, ("设备", "a device")),
    (stat.S_ISBLK, ("设备", "a device")),
)


class FileStamp(NamedTuple):
    """Size in bytes and time of change in nanoseconds: as long as they stay, the file is still."""

    size: int
    changed: int


@dataclass
class Inbox:
    """The entries by path. `names`: of each folder all names in small letters, with the time of change in seconds."""

    files: dict[Path, FileStamp] = field(default_factory=dict)
    odd: dict[Path, tuple[str, str]] = field(default_factory=dict)
    closed: dict[Path, OSError] = field(default_factory=dict)
    ignored: list[Path] = field(default_factory=list)
    names: dict[Path, dict[str, float]] = field(default_factory=dict)


def look_into(inbox: Path, ignored: Ignored) -> Inbox:
    """Never raises: a folder that cannot be listed is in `closed`."""
    content = Inbox()
    folders = [inbox]
    while folders:
        folder = folders.pop()
        names = content.names.setdefault(folder, {})
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    _sort(entry, folder / entry.name, ignored, content, folders, names)
        except OSError as error:
            # A subfolder taken away while we look is no matter; an inbox that is not there is.
            if folder == inbox or error.errno not in (errno.ENOENT, errno.ENOTDIR):
                content.closed[folder] = error
    return content


def _sort(
    entry: os.DirEntry[str], path: Path, ignored: Ignored, content: Inbox, folders: list[Path], names: dict[str, float]
) -> None:
    try:
        stats = entry.stat(follow_symlinks=False)
    except OSError as error:
        if error.errno != errno.ENOENT:
            content.closed[path] = error
        return
    names[entry.name.lower()] = stats.st_mtime
    if stat.S_ISDIR(stats.st_mode):
        if ignored.folder(entry.name):
            return
        if entry.name.lower().endswith(_SHEETS):
            content.odd[path] = FOLDER
        else:
            folders.append(path)
    elif ignored.file(entry.name):
        content.ignored.append(path)
    elif stat.S_ISREG(stats.st_mode):
        content.files[path] = FileStamp(stats.st_size, stats.st_mtime_ns)
    elif stat.S_ISLNK(stats.st_mode):
        content.odd[path] = LINK
    else:
        content.odd[path] = next(
            (kind for holds, kind in _KINDS if holds(stats.st_mode)), ("特殊文件", "a special file")
        )
