"""Drive letters of network drives: they belong to the person who connected them, and a service has none of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from cebd.operations.text import Text
from cebd.settings import Settings

_NO_ROOT, _REMOTE = 1, 4  # DRIVE_NO_ROOT_DIR, DRIVE_REMOTE


def refused_folders(settings: Settings) -> list[Text]:
    """A sentence for each folder of the settings that a service cannot reach by its name."""
    if sys.platform != "win32":
        return []
    return [sentence for key, folder in _folders(settings) if (sentence := _refused(key, folder)) is not None]


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    yield "store.path", settings.store_dir
    for enterprise in settings.enterprise:
        yield f"enterprise {enterprise.name}: folder", settings.folder(enterprise)
    for name, channel in settings.channel.items():
        for key, folder in channel.own_folders().items():
            yield f"channel.{name}.{key}", settings.base / folder


def _refused(key: str, folder: Path) -> Text | None:
    drive = PureWindowsPath(folder).drive
    if len(drive) != 2:
        return None
    kind = _kind(drive)
    if kind not in (_NO_ROOT, _REMOTE):
        return None
    there = _connected_to(drive) if kind == _REMOTE else None
    share = there or r"\\SERVER\SHARE"
    path = share + str(folder)[2:]
    return Text(
        f"{key} = {folder}：{drive} 是网络驱动器（或不存在），服务看不到它。请改写为 {path}，并让服务以有权访问该共享的账户运行"
        f"（cebd service install --account 域\\账户）。",
        f"{key} = {folder}: {drive} is a network drive (or is not there), which a service does not have. Write {path} instead, and let the "
        f"service run as an account that may use that share (cebd service install --account DOMAIN\\USER).",
    )


def _kind(drive: str) -> int:
    if sys.platform != "win32":
        return 0
    import win32file

    return int(win32file.GetDriveType(f"{drive}\\"))


def _connected_to(drive: str) -> str | None:
    """The share, where this session knows it."""
    if sys.platform != "win32":
        return None
    import pywintypes
    import win32wnet

    try:
        return str(win32wnet.WNetGetUniversalName(f"{drive}\\", 1)).rstrip("\\")
    except pywintypes.error:
        return None
