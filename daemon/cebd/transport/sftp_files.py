"""Files at an SFTP server, by single requests. Each function raises the errors of a broken connection, but no refusal of the server
unless it says so."""

from __future__ import annotations

import stat
from typing import Literal

import paramiko

from cebd.transport.channel import DISK_FULL, NOT_PERMITTED
from cebd.transport.channels.sftp_client import asking_of_room, opening
from cebd.transport.channels.sftp_connection import BROKEN, Connection
from cebd.transport.complete_receipts import LARGEST

_ROOM = 65_536  # bytes; a disk with less room is full
Seen = int | Literal["there", "missing", "refused"]  # a size; there, of unknown size; not there; not told


def open_new(connection: Connection, path: str) -> bytes:
    """Open a file that was not there for writing; returns its handle. Raises the server's refusal.

    An entry under its name, such as a planted link, is removed and never written through.
    """
    if not connection.opens_as_new:
        return _opened(connection, path, as_new=False)
    for _ in range(2):
        try:
            return _opened(connection, path, as_new=True)
        except OSError as error:
            if not connection.answered(error):
                raise
            refusal = error
        if not is_removed(connection, path):
            break
    if stands(connection, path):
        raise refusal
    opened = _opened(connection, path, as_new=False)
    connection.opens_as_new = False  # a server that does not know how to
    return opened


def _opened(connection: Connection, path: str, *, as_new: bool) -> bytes:
    (answer,) = connection.sftp.in_one_go([opening(path, as_new=as_new)])
    if isinstance(answer, OSError):
        raise answer
    return answer.get_binary()


def problem_of(refusal: BaseException, connection: Connection, folder: str) -> str:
    """The problem of a server's refusal in that folder. The protocol has no word for a full disk: most servers say "Failure"."""
    if isinstance(refusal, PermissionError):
        return NOT_PERMITTED
    said = str(refusal).lower()
    if "no space" in said or "quota" in said or "disk full" in said or _has_no_room(connection, folder):
        return DISK_FULL
    return "CEBD-1605"


def _has_no_room(connection: Connection, folder: str) -> bool:
    """What OpenSSH's extension statvfs tells; false where the server has none."""
    try:
        (told,) = connection.sftp.in_one_go([asking_of_room(folder)])
    except BROKEN:  # what was refused before stays refused
        return False
    if not isinstance(told, paramiko.Message):
        return False
    _block, unit, _blocks, _free, available, _files, _free_files, files_available = (told.get_int64() for _ in range(8))
    return available * unit < _ROOM or not files_available


def is_removed(connection: Connection, path: str) -> bool:
    try:
        connection.sftp.remove(path)
    except OSError as error:
        if not connection.answered(error):
            raise
        return False
    return True


def stands(connection: Connection, path: str) -> bool:
    """Whether the server says that something has this name, be it a link to nothing."""
    try:
        connection.sftp.lstat(path)
    except OSError as error:
        if not connection.answered(error):
            raise
        return False
    return True


def look(connection: Connection, path: str) -> Seen:
    try:
        size = connection.sftp.stat(path).st_size
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        if not connection.answered(error):
            raise
        return "refused"
    return "there" if size is None else size


def is_folder(entry: paramiko.SFTPAttributes) -> bool:
    if entry.st_mode is None:
        return getattr(entry, "longname", "").startswith("d")
    return stat.S_ISDIR(entry.st_mode)


def is_file(entry: paramiko.SFTPAttributes) -> bool:
    if entry.st_mode is None:  # some servers only return the line of `ls -l`
        return not getattr(entry, "longname", "").startswith(("d", "l"))
    return stat.S_ISREG(entry.st_mode)


def read(remote: paramiko.SFTPFile, size: int | None) -> bytes:
    """All of it, and never much more than a receipt may have.

    Request by request: paramiko's prefetch leaves a thread behind that turns for ever when the connection breaks meanwhile.
    """
    return remote.read(LARGEST + 1 if size is None else size)
