"""What the workflow engine has under way, read from its own file beside our store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

ENGINE = "engine.sqlite"
AGAIN = "."  # work that is begun anew after it failed has `.2`, `.3` ... behind its name


def under_way(store_folder: Path) -> set[str] | None:
    """Names of the work that is not finished, without the count of attempts; None when the engine has no file yet."""
    path = store_folder / ENGINE
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        query = "SELECT workflow_uuid FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED')"
        return {str(row[0]).partition(AGAIN)[0] for row in connection.execute(query)}
