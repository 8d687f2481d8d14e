"""Files at an SFTP server, by single requests. Each function raises the errors of a broken connection, but no refusal of the server
unless it says so."""

from __future__ import annotations

import stat
from typing import Literal

import paramiko

from cebd.transport.channels.sftp_connection import Connection
from cebd.transport.complete_receipts import LARGEST

Seen = int | Literal["there", "missing", "refused"]  # a size; there, of unknown size; not there; not told


def open_new(connection: Connection, path: str) -> paramiko.SFTPFile:
    """Open a file that was not there for writing. Raises the server's refusal.

    An entry under its name, such as a planted link, is removed and never written through.
    """
    if not connection.opens_as_new:
        return connection.sftp.open(path, "wb")
    for _ in range(2):
        try:
            return connection.sftp.open(path, "wxb")
        except OSError as error:
            if not connection.answered(error):
                raise
            refusal = error
        if not is_removed(connection, path):
            break
    if stands(connection, path):
        raise refusal
    opened = connection.sftp.open(path, "wb")
    connection.opens_as_new = False  # a server that does not know how to
    return opened


def write_and_wait(remote: paramiko.SFTPFile, content: bytes) -> None:
    """Write without waiting for each answer, but have every answer before returning.

    paramiko reads the answers of pipelined writes only in a later write that is not pipelined; its `close` lets them, and their
    errors (a full disk), go by.
    """
    remote.set_pipelined(True)
    remote.write(content[:-1])
    remote.set_pipelined(False)
    remote.write(content[-1:])


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
