"""A folder that an access client empties and fills. A hidden temporary name, the disk, then a rename that overwrites nothing.

The access client may take the file away as soon as it has its final name: when neither name exists later, the outcome is unknown.
Other people may write to these folders, too: no link is followed in them, and only plain files are read.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from cebd.disk.renaming import rename_new
from cebd.disk.system import is_folder, sync_folder, where_and_why
from cebd.transport.channel import (
    DISK_FULL,
    NOT_PERMITTED,
    NOT_REMOVED,
    ChannelError,
    Failed,
    Found,
    Handover,
    InDoubt,
    Outcome,
    Sent,
)
from cebd.transport.channels.polled import PolledInbound
from cebd.transport.complete_receipts import ReceiptStamp, StableReceipts, is_left_alone, readable_names

_BETWEEN_LOOKS = 0.4  # seconds; `run --once` looks twice, half a second apart
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
_PLAIN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _NO_LINK
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)


class FolderOutbound:
    """Hands over through `send_dir`."""

    def __init__(self, send_dir: Path, staging: Path | None = None) -> None:
        """`staging`: where messages are written before they have their name, on the same disk; without it, in `send_dir` itself."""
        self._send_dir = send_dir
        self._staging = staging or send_dir

    def deliver(self, handover: Handover) -> Outcome:
        name, content, attempt = handover.name, handover.content, handover.attempt
        final, temporary = self._send_dir / name, self._temporary(name, attempt)
        if attempt > 1:
            _discard(self._temporary(name, attempt - 1))
        try:
            self._make_staging()
            _write(temporary, content)
        except OSError as error:
            _discard(temporary)
            return Failed(_problem(error, self._send_dir), where_and_why(error))
        handover.before_visible()
        try:
            rename_new(temporary, final)
            sync_folder(self._send_dir)
        except FileExistsError:
            return self._name_is_taken(temporary, final, content)
        except OSError as error:
            # On a network share a rename may succeed and still return an error; a file with its old name was not renamed.
            if _withdrawn(temporary):
                return Failed(_problem(error, self._send_dir), where_and_why(error))
            return InDoubt(where_and_why(error))
        return Sent()

    @staticmethod
    def _name_is_taken(temporary: Path, final: Path, content: bytes) -> Outcome:
        """Something stands under the final name: our own message from an earlier attempt, or a stranger."""
        try:
            ours = _plain_file(final)[0] == content
        except _NotPlain:
            ours = False
        except OSError as error:
            return InDoubt(where_and_why(error))
        _discard(temporary)
        if ours:
            return Sent("it stood there already")
        return Failed("CEBD-1605", f"{final}: another file has this name")

    def find(self, handover: Handover) -> Found:
        try:
            if not self._send_dir.is_dir():
                raise ChannelError("CEBD-1601", f"{self._send_dir} does not exist", f"{self._send_dir} 不存在")
            if _size(self._send_dir / handover.name) == len(handover.content):
                return "arrived"
        except OSError as error:
            raise channel_error(error, self._send_dir) from None
        # The file is renamed, never copied: under its temporary name it was not handed over, and once removed it cannot be.
        return "not-arrived" if _withdrawn(self._temporary(handover.name, handover.attempt)) else "unknown"

    def close(self) -> None:
        """Nothing is open between calls."""

    def _temporary(self, name: str, attempt: int) -> Path:
        return self._staging / f".{name}.{attempt}.part"

    def _make_staging(self) -> None:
        if self._staging != self._send_dir:
            self._send_dir.stat()  # where it is away, nothing is made beside it
            self._staging.mkdir(exist_ok=True)


class FolderInbound(PolledInbound):
    """Takes receipts from `receive_dir`."""

    def __init__(self, receive_dir: Path, receipts: StableReceipts | None = None) -> None:
        super().__init__(receipts or StableReceipts(_BETWEEN_LOOKS))
        self._receive_dir = receive_dir
        self._paths: dict[str, Path] = {}
        self._fetched: dict[str, os.stat_result] = {}

    def waiting(self) -> list[str]:
        listed: dict[bytes, tuple[Path, os.stat_result]] = {}
        try:
            with os.scandir(self._receive_dir) as entries:
                for entry in entries:
                    with suppress(
                        OSError
                    ):  # gone since it was listed, or nobody is told of it: the others are taken all the same
                        if not is_left_alone(entry.name):
                            listed[os.fsencode(entry.name)] = (Path(entry.path), entry.stat(follow_symlinks=False))
        except OSError as error:
            raise channel_error(error, self._receive_dir) from None
        names = readable_names(listed)
        folders = [names[raw] for raw, (_, facts) in listed.items() if S_ISDIR(facts.st_mode)]
        files = {
            names[raw]: facts_of_file for raw, facts_of_file in listed.items() if S_ISREG(facts_of_file[1].st_mode)
        }
        self._paths = {name: path for name, (path, _) in files.items()}
        present: dict[str, ReceiptStamp] = {
            name: (facts.st_size, facts.st_mtime_ns) for name, (_, facts) in files.items()
        }
        return self._receipts.ready(present, folders)

    def fetch(self, name: str) -> bytes:
        try:
            content, facts = _plain_file(self._path(name), lambda size: self._receipts.check_size(name, size))
        except OSError as error:
            raise self._receipts.cannot_fetch(name, where_and_why(error)) from None
        self._receipts.check_whole(name, content)
        self._fetched[name] = facts
        return content

    def remove(self, name: str) -> None:
        path = self._path(name)
        fetched = self._fetched.pop(name, None)
        try:
            if fetched is not None and _changed(fetched, path.lstat()):
                return  # written anew since it was read: it will be fetched again
            path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in _NOT_ALLOWED:
                raise channel_error(error, self._receive_dir) from None
            self.leave(name, NOT_REMOVED)

    def leave(self, name: str, problem: str) -> None:
        self._fetched.pop(name, None)
        super().leave(name, problem)

    def close(self) -> None:
        """Nothing is open between calls."""

    def _path(self, name: str) -> Path:
        return self._paths.get(name, self._receive_dir / name)


def files_in(folder: Path) -> dict[str, ReceiptStamp]:
    """The plain files there, with size and time. Raises ChannelError."""
    found: dict[str, ReceiptStamp] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    facts = entry.stat(follow_symlinks=False)
                    if S_ISREG(facts.st_mode):
                        found[entry.name] = (facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise ChannelError(_problem(error, folder), where_and_why(error)) from None
    return found


def _write(temporary: Path, content: bytes) -> None:
    """On the disk, name and all, when it returns. A file that was not there: a link planted under its name goes, and is not followed."""
    try:
        descriptor = os.open(temporary, _NEW, 0o666)
    except FileExistsError:
        temporary.unlink()
        descriptor = os.open(temporary, _NEW, 0o666)
    with open(descriptor, "wb") as out:  # noqa: PTH123
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    sync_folder(temporary.parent)


class _NotPlain(OSError):
    """A link, a pipe or a folder stands there."""


def _plain_file(path: Path, check_size: Callable[[int], None] = lambda _size: None) -> tuple[bytes, os.stat_result]:
    """Content and facts of a plain file. `check_size` may raise before it is read. Raises OSError; _NotPlain."""
    try:
        descriptor = os.open(path, _PLAIN)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _NotPlain(error.errno, "it is no plain file", str(path)) from None
        raise
    facts = os.fstat(descriptor)
    if not S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise _NotPlain(errno.EINVAL, "it is no plain file", str(path))
    with open(descriptor, "rb") as source:  # noqa: PTH123
        check_size(facts.st_size)
        return source.read(), facts


def _size(path: Path) -> int | None:
    """None when there is no plain file."""
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return None
    return facts.st_size if S_ISREG(facts.st_mode) else None


def _withdrawn(temporary: Path) -> bool:
    """Whether it was there and is gone now."""
    try:
        temporary.unlink()
    except OSError:
        return False
    return True


def _changed(before: os.stat_result, now: os.stat_result) -> bool:
    return (before.st_ino, before.st_size, before.st_mtime_ns) != (now.st_ino, now.st_size, now.st_mtime_ns)


def _discard(path: Path) -> None:
    """Remove a temporary file of ours that nobody needs; if it stays, it does no harm."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def channel_error(error: OSError, folder: Path) -> ChannelError:
    """What a call below that folder failed with, as a channel says it."""
    return ChannelError(_problem(error, folder), where_and_why(error))


def _problem(error: OSError, folder: Path) -> str:
    """A folder that is not there is a channel that is down; anything else is a refusal."""
    if error.errno in _NO_ROOM:
        return DISK_FULL
    if error.errno in _FORBIDDEN:
        return NOT_PERMITTED
    return "CEBD-1605" if is_folder(folder) and not isinstance(error, TimeoutError) else "CEBD-1601"
