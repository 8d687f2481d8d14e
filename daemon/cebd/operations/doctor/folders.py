"""The enterprises' folders: room, whether files can be written and moved in them as a station does it, how changes are noticed, who writes.

A file of ours makes the way of a drop and that of a receipt, and is removed. Its name is one that a station leaves alone; the folders are
not entered as a station does it, which would clear away what a running one is just making.
"""

from __future__ import annotations

import errno
import os
import shutil
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from shlex import quote
from typing import Any

from cebd.apart import answered
from cebd.disk.entering import open_folder
from cebd.disk.events import new_observer
from cebd.disk.files import write_file
from cebd.disk.folder import temporary_name
from cebd.disk.full import NO_ROOM
from cebd.disk.renaming import rename_new
from cebd.intake.inboxes.in_use import Inode, written_now
from cebd.intake.inboxes.shares import is_share, mount_of
from cebd.intake.notices import reasons
from cebd.operations.doctor.finding import Finding, Level, fail, ok, warn
from cebd.settings import Settings
from cebd.store.safety.holder import holder_of

_LEAST_BYTES, _FEW_BYTES = 200 << 20, 2 << 30
_PATIENCE_SECONDS, _EVENT_SECONDS = 10.0, 2.0
_NEEDED, _WORKED = ("inbox", "working", "outbox"), ("done", "error", "hold")
_PROBE = b"cebd doctor\n" * 512
_MAY_WRITE = 2
_ACL_USER, _ACL_GROUP, _ACL_MASK = 0x02, 0x08, 0x10  # acl(5), as the kernel hands them out


def folder_findings(settings: Settings) -> Iterator[Finding]:
    """Of the store's folder its room, of each enterprise's folder everything."""
    yield _room("store", settings.store_dir if settings.store_dir.exists() else settings.base)
    for enterprise in settings.enterprise:
        folder, about = settings.folder(enterprise), f"folder:{enterprise.name}"
        look = partial(_look, about, folder, settings.station.rescan_seconds)
        try:
            yield from answered(look, folder, _PATIENCE_SECONDS)
        except OSError as error:
            yield fail(about, *_sentence(folder, error), f"ls -ld {quote(str(folder))}")
    yield from _as_whom(settings.store_dir)


def _look(about: str, folder: Path, seconds: float) -> list[Finding]:
    """Everything about a folder that may not answer, while somebody waits for it. Raises OSError."""
    folder.stat()
    room, way, inbox = _room(about, folder), _way(about, folder), folder / "inbox"
    notice = _notice(about, inbox, seconds, may_write=way.level is Level.OK)
    return [room, way, *notice, *_others(about, inbox)]


def _room(about: str, folder: Path) -> Finding:
    total, _, free = shutil.disk_usage(folder)
    if not total:  # a share that does not tell
        return ok(about, f"{folder} 的剩余空间看不到", f"the room at {folder} cannot be seen")
    zh, en = f"{folder} 剩余 {free >> 20:,} MB", f"{free >> 20:,} MB free at {folder}"
    if free < _LEAST_BYTES:
        return fail(about, f"磁盘将满：{zh}", f"the disk is nearly full: {en}", f"df -h {quote(str(folder))}")
    if sys.platform != "win32":
        disk = os.statvfs(folder)
        if disk.f_files and not disk.f_favail:  # shares count no files
            no_more = f"df -i {quote(str(folder))}"
            return fail(
                about, f"{folder} 不能再建文件：文件数已满", f"no more files fit on the disk of {folder}", no_more
            )
    if free < _FEW_BYTES:
        return warn(about, f"磁盘空间不多：{zh}", f"little room: {en}", f"df -h {quote(str(folder))}")
    return ok(about, zh, en)


def _way(about: str, folder: Path) -> Finding:
    """The way of a drop, through all folders that are there, and of a receipt that is written again."""
    there = [inner for inner in (*_NEEDED, *_WORKED) if (folder / inner).is_dir()]
    if missing := [inner for inner in _NEEDED if inner not in there]:
        names = ", ".join(missing)
        return warn(about, f"{folder} 下还没有 {names}", f"{folder} has no {names} yet", "cebd run")
    name = temporary_name()
    try:
        for (zh, en), act in _steps(folder, name, [inner for inner in _WORKED if inner in there]):
            try:
                act()
            except OSError as error:
                return fail(about, *_sentence(folder, error, zh, en), _command(folder, error))
    finally:
        for inner in there:
            with suppress(OSError):
                (folder / inner / name).unlink()
    return ok(
        about, f"{folder} 内可以写入、移动、替换文件", f"files can be written, moved and replaced within {folder}"
    )


def _steps(folder: Path, name: str, worked: list[str]) -> Iterator[tuple[tuple[str, str], Callable[[], object]]]:
    yield ("不能写入 inbox", "cannot write into inbox"), partial(_put, folder / "inbox" / name)
    for near, far in pairwise(["inbox", "working", *worked]):
        words = f"不能从 {near} 改名移动到 {far}", f"cannot rename from {near} to {far}"
        yield words, partial(rename_new, folder / near / name, folder / far / name)
    outbox = folder / "outbox" / name
    yield ("不能写入 outbox", "cannot write into outbox"), partial(_put, outbox)
    yield ("不能替换 outbox 中的文件", "cannot replace a file in outbox"), partial(write_file, outbox, _PROBE)
    yield ("不能删除 outbox 中的文件", "cannot remove a file from outbox"), outbox.unlink


def _put(place: Path) -> None:
    with open_folder(place.parent) as folder:
        folder.prepare(place.name, place.name, _PROBE, for_people=False)


def _sentence(folder: Path, error: OSError, zh: str = "", en: str = "") -> tuple[str, str]:
    why = reasons(error)
    return "：".join(filter(None, [str(folder), zh, why["reason_zh"]])), ": ".join(
        filter(None, [str(folder), en, why["reason_en"]])
    )


def _command(folder: Path, error: OSError) -> str:
    """What shows the cause."""
    place = quote(str(folder))
    if error.errno in NO_ROOM:
        return f"df -h {place}"
    if error.errno in (errno.EXDEV, errno.EROFS):
        return f"findmnt -T {place}/inbox; findmnt -T {place}/working"
    return f"ls -ld {place} {place}/*"


def _notice(about: str, inbox: Path, seconds: float, *, may_write: bool) -> Iterator[Finding]:
    """How a station notices a new file."""
    if not inbox.is_dir():
        return
    every_zh, every_en = f"每 {seconds:g} 秒查看一次", f"looked through every {seconds:g} s"
    if is_share(inbox):
        mount = mount_of(inbox)
        kind = "" if mount is None else mount.kind
        yield ok(about, f"{inbox}：网络共享 {kind}，{every_zh}", f"{inbox}: a network share {kind}, {every_en}")
        return
    if not may_write:
        return
    refused = _refused_events(inbox)
    if refused is None:
        yield ok(about, f"{inbox}：本机磁盘，有文件事件", f"{inbox}: a local disk, with file events")
    else:
        yield warn(
            about,
            f"{inbox}：没有文件事件（{refused}），{every_zh}",
            f"{inbox}: no file events ({refused}), {every_en}",
            "sysctl fs.inotify",
        )


def _refused_events(inbox: Path) -> str | None:
    """Why no event comes when a file is made and removed; None when one does."""
    from watchdog.events import FileSystemEventHandler

    heard = threading.Event()

    class Hear(FileSystemEventHandler):
        def on_any_event(self, event: Any) -> None:
            if event.event_type == "created":
                heard.set()

    probe = inbox / temporary_name()
    try:
        observing = new_observer()
        observing.schedule(Hear(), str(inbox))
        observing.start()
    except OSError as error:
        return error.strerror or str(error)
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
        return None if heard.wait(_EVENT_SECONDS) else "timeout"
    finally:
        observing.stop()


def _others(about: str, inbox: Path) -> Iterator[Finding]:
    """Whom the inbox's rights let write, and who is writing there now. Of Windows the mode says nothing."""
    if sys.platform == "win32" or not inbox.is_dir():
        return
    if is_share(inbox):
        yield ok(
            about,
            f"{inbox}：谁可以写入由共享的服务器决定，这里看不到",
            f"{inbox}: the server of the share decides who may write; it cannot be seen from here",
        )
        return
    about_inbox = inbox.stat()
    mode = about_inbox.st_mode
    if mode & 0o002 and not mode & 0o1000:
        yield warn(
            about,
            f"{inbox} 任何人都可写入：别人可以放入或换掉文件",
            f"anybody may write to {inbox}, and replace files in it",
            f"chmod o-w {quote(str(inbox))}",
        )
    else:
        names = [_user(about_inbox.st_uid), *([_group(about_inbox.st_gid)] if mode & 0o020 else []), *_in_acl(inbox)]
        yield ok(about, f"可写入 {inbox}：{'、'.join(names)}", f"{inbox} may be written by {', '.join(names)}")
    if written := _written(inbox):
        files = ", ".join(written)
        yield ok(about, f"正被其他程序写入：{files}", f"being written by other programs: {files}")


def _written(inbox: Path) -> list[str]:
    """Files that a program on this machine has open for writing now, as far as we may look."""
    names: dict[Inode, str] = {}
    with os.scandir(inbox) as entries:
        for entry in entries:
            about = entry.stat(follow_symlinks=False)
            names[about.st_dev, about.st_ino] = entry.name
    return sorted(names[inode] for inode in written_now(names.keys()))


def _in_acl(inbox: Path) -> list[str]:
    """Users and groups whom an ACL lets write beside owner and group."""
    if not sys.platform.startswith("linux"):
        return []
    try:
        acl = os.getxattr(inbox, "system.posix_acl_access")
    except OSError:
        return []
    entries = list(struct.iter_unpack("<HHI", acl[4:]))
    mask = next((rights for tag, rights, _ in entries if tag == _ACL_MASK), _MAY_WRITE)
    name_of = {_ACL_USER: _user, _ACL_GROUP: _group}
    return [name_of[tag](number) for tag, rights, number in entries if tag in name_of and rights & mask & _MAY_WRITE]


def _user(number: int) -> str:
    if sys.platform == "win32":
        return str(number)
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


def _group(number: int) -> str:
    if sys.platform == "win32":
        return str(number)
    import grp

    try:
        return f"@{grp.getgrgid(number).gr_name}"
    except KeyError:
        return f"@gid {number}"


def _as_whom(store_dir: Path) -> Iterator[Finding]:
    """Rights were tried as whoever asks: a warning where the daemon runs as another user."""
    if not sys.platform.startswith("linux"):
        return
    pid = holder_of(store_dir).pid
    if not pid:
        return
    with suppress(OSError):  # it has ended
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        daemon = int(status.partition("\nUid:")[2].split()[1])
        if daemon != os.geteuid():
            name, mine = _user(daemon), _user(os.geteuid())
            yield warn(
                "daemon",
                f"文件夹的权限是以 {mine} 检查的，守护进程以 {name} 运行",
                f"the rights to the folders were tried as {mine}, and the daemon runs as {name}",
                f"sudo -u {name} cebd doctor",
            )
