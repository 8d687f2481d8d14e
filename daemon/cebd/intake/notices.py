"""Notices of files that wait or cannot be taken: written once, after a while, for `status` and into the operator's outbox.

A matter has a key (`file:ENTERPRISE:PLACE`). Every scan reports the matters that persist; a matter that it does not report is over, and its
notice is removed from the outbox. The store has every notice of ours with its digest: a notice that a person has changed since is
left alone.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypedDict

import structlog

from cebd.disk.entering import NotOurFolder, open_folder
from cebd.file_names import LONGEST, fitting, free_name, readable, same_on_disk
from cebd.problems.problem import Problem
from cebd.store.conditions import Conditions, Notice, Party, forget_notice, note_notice, notices_written
from cebd.store.store import Store
from cebd.store.transaction import TransactionFailed

log = structlog.get_logger("cebd")

_ENDING = ".problem.txt"


@dataclass
class _Matter:
    notice: str | None = None  # the file in the outbox
    digest: str | None = None  # of its text


def shown(place: Path) -> str:
    """A path for people and keys: `inbox/订单.csv`."""
    return "/".join(fitting(part, LONGEST) for part in place.parts)


def key_of(enterprise: str, place: Path) -> str:
    """The condition's key of a path below the enterprise's folder: different for every name, however odd."""
    return f"file:{enterprise}:{readable(place.as_posix())}"


def text_of(problems: Iterable[Problem]) -> bytes:
    """The content of a `.problem.txt`: each problem, and an empty line after it."""
    return "".join(f"{problem.as_text()}\n" for problem in problems).encode()


class Reasons(TypedDict):
    """Facts of a problem: why the system refused, in both languages."""

    reason_zh: str
    reason_en: str


def reasons(error: Exception | None) -> Reasons:
    """Why the system refused, as `reason_zh` and `reason_en` of a problem."""
    if isinstance(error, NotOurFolder):
        return {
            "reason_zh": "目标文件夹是链接，不会使用",
            "reason_en": "a link stands in the place of the folder it goes to",
        }
    if not isinstance(error, OSError):
        what = type(error).__name__
        return {"reason_zh": f"内部错误 {what}", "reason_en": f"an internal error, {what}"}
    zh = {
        errno.EACCES: "没有权限",
        errno.EPERM: "没有权限",
        errno.ENOENT: "不存在",
        errno.ENOTDIR: "不是文件夹",
        errno.EBUSY: "正被其他程序占用",
        errno.ETXTBSY: "正被其他程序占用",
        errno.EXDEV: "不在同一个磁盘上",
        errno.EROFS: "磁盘只读",
        errno.ENOSPC: "磁盘已满",
        errno.EDQUOT: "磁盘配额已满",
        errno.ENAMETOOLONG: "文件名太长",
        errno.EIO: "磁盘或网络共享读写出错",
        errno.ETIMEDOUT: "没有应答",
        errno.ESTALE: "网络共享上的文件已不是原来那一个",
        errno.ENOTCONN: "网络共享已断开",
        errno.EHOSTDOWN: "网络共享的服务器连不上",
        errno.EHOSTUNREACH: "网络共享的服务器连不上",
        errno.ENETUNREACH: "网络共享的服务器连不上",
        errno.ECONNREFUSED: "网络共享的服务器连不上",
        errno.ECONNRESET: "与网络共享的连接中断",
        errno.ECONNABORTED: "与网络共享的连接中断",
        errno.ENOSYS: "这种文件系统不支持此操作",
        errno.ENOTSUP: "这种文件系统不支持此操作",
        errno.EAGAIN: "正被其他程序占用",
    }.get(error.errno or 0, error.strerror or type(error).__name__)
    if getattr(error, "winerror", None) in (32, 33):
        zh = "正被其他程序占用"
    return {"reason_zh": zh, "reason_en": error.strerror or type(error).__name__}


class Notices:
    """The matters of all inboxes. A single thread at a time reports the matters of an enterprise."""

    def __init__(self, store: Store, conditions: Conditions) -> None:
        self._store = store
        self._conditions = conditions
        self._matters: dict[str, dict[str, _Matter]] = {}  # by enterprise and key
        self._brought_up: dict[str, set[str]] = {}  # by enterprise
        self._earlier: dict[str, list[Notice]] | None = None  # by enterprise, of an earlier run
        self._reading_earlier = threading.Lock()

    def begin(self, enterprise: str) -> None:
        """A look at this enterprise's folders begins."""
        self._brought_up[enterprise] = set()
        if enterprise not in self._matters:
            earlier = self._of_earlier_run(enterprise)
            self._matters[enterprise] = {notice.key: _Matter(notice.name, notice.sha256) for notice in earlier}

    def bring_up(
        self, enterprise: str, folder: Path, place: Path, reason: Problem, party: Party, *, now: float, due: float
    ) -> None:
        """The matter stands; from `due` (of the clock that `now` is of) on it is said. `place`: below the enterprise's `folder`."""
        key = key_of(enterprise, place)
        self._brought_up[enterprise].add(key)
        matter = self._matters[enterprise].setdefault(key, _Matter())
        if now < due:
            return
        if self._conditions.note(key, reason, party, enterprise):
            log.warning(reason.en, file=shown(place), enterprise=enterprise, id=reason.id)
            matter.digest = None if matter.notice is None else ""  # its text is another
        content = text_of([reason])
        if matter.digest != sha256(content).hexdigest():
            self._write_notice(enterprise, folder, key, matter, place.name, content)

    def end(self, enterprise: str, folder: Path) -> None:
        """The look is over: so is every matter that was not brought up."""
        matters = self._matters[enterprise]
        for key in [key for key in matters if key not in self._brought_up[enterprise]]:
            matter = matters.pop(key)
            if matter.notice is not None:
                self._remove_notice(folder, key, matter)
            if self._conditions.end(key):
                log.info("problem in the inbox is solved", about=shown(Path(key)))

    # Files in the outbox

    def _write_notice(
        self, enterprise: str, folder: Path, key: str, matter: _Matter, name: str, content: bytes
    ) -> None:
        digest = sha256(content).hexdigest()
        try:
            with open_folder(folder / "outbox", folder) as outbox:
                if matter.notice is None:
                    matters = self._matters[enterprise].values()
                    taken = {same_on_disk(other.notice) for other in matters if other.notice}

                    def is_taken(free: str) -> bool:
                        return same_on_disk(free) in taken or outbox.stat(free) is not None

                    matter.notice = free_name(name, is_taken, ending=_ENDING)
                # Durable first: killed behind the row, the notice is missing or ours to remove.
                with self._store.write() as transaction:
                    note_notice(transaction, Notice(key, enterprise, matter.notice, digest))
                outbox.write(matter.notice, content)
                matter.digest = digest
        except (OSError, TransactionFailed) as error:
            log.debug("notice cannot be written to the outbox", file=name, reason=str(error))

    def _remove_notice(self, folder: Path, key: str, matter: _Matter) -> None:
        with suppress(OSError, TransactionFailed):
            with open_folder(folder / "outbox", folder) as outbox:
                content = outbox.read(matter.notice or "")
                if content is not None and sha256(content).hexdigest() == matter.digest:
                    outbox.remove(matter.notice or "")
            with self._store.write() as transaction:
                forget_notice(transaction, key)

    def _of_earlier_run(self, enterprise: str) -> list[Notice]:
        with self._reading_earlier:
            if self._earlier is None:
                earlier: dict[str, list[Notice]] = {}
                with self._store.read() as transaction:
                    for notice in notices_written(transaction):
                        earlier.setdefault(notice.enterprise, []).append(notice)
                self._earlier = earlier
            return self._earlier.pop(enterprise, [])


__all__ = ["Notices", "key_of", "reasons", "shown", "text_of"]
