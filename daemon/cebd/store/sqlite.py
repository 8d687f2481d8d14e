"""A connection to a SQLite file, with the clock that the workflow engine asks for in its tables.

From Python 3.12 on the engine takes SQLite 3.42 for granted: it reads the time as `unixepoch('subsec')`. The SQLite is the system's,
however, and Debian 12 has 3.40 under every Python; there the call is NULL: no station starts on a new store, and on a store that
Python 3.11 made, work put off is not taken up again. (Seen with DBOS 3.4.0, `_migration.py` and `_sys_db.py`.)
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

_HAS_SUBSEC = (3, 42)


class TimedConnection(sqlite3.Connection):
    """For `sqlite3.connect(factory=...)`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if sqlite3.sqlite_version_info < _HAS_SUBSEC:
            self.create_function("unixepoch", 1, _now)


def _now(how: object) -> int:
    """Whole seconds, as the engine itself reads them under Python 3.11: times 1000 they stay whole."""
    if how != "subsec":
        raise ValueError(f"unixepoch({how!r}) is more than the time now")
    return int(time.time())
