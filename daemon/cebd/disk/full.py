"""Errors of a disk without room, whoever raises them: the system or the database."""

from __future__ import annotations

import errno

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_DATABASE_FULL = 13  # SQLITE_FULL
_NO_SHARED_MEMORY = 4874  # SQLITE_IOERR_SHMSIZE: no room for the index of its log, so not even a reader can begin


def is_for_want_of_room(error: BaseException | None) -> bool:
    """Whether a full disk, or a quota that is used up, is behind the error."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return True
        code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
        if isinstance(code, int) and (code & 0xFF == _DATABASE_FULL or code == _NO_SHARED_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False
