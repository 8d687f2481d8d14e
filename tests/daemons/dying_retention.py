"""`cebd retention --yes`, killed at a point: `removed N`: before the Nth file is removed from the disk; `shrinking`: before the store is
made smaller; `said N`: before the Nth line is written to the journal, inside its transaction.

python tests/daemons/dying_retention.py CONFIG POINT [N]
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from cebd.cli.main import main
from cebd.disk.folder import Folder
from cebd.operations.retention import remove

POINT, NUMBER = sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1


def dying(real: Callable[..., Any], point: str) -> Callable[..., Any]:
    calls = 0

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if point == POINT and calls == NUMBER:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)

    return call


if __name__ == "__main__":
    Folder.remove = dying(Folder.remove, "removed")  # type: ignore[method-assign]
    remove.note = dying(remove.note, "said")
    remove._shrink = dying(remove._shrink, "shrinking")
    sys.argv = ["cebd", "retention", "--yes", "--without-backup", "a test", "-c", sys.argv[1]]
    main()
