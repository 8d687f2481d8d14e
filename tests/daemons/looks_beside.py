"""`cebd run` for which every store is a large one: its pages are looked through beside the work, once FLAG is gone.

python tests/daemons/looks_beside.py CONFIG FLAG
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from cebd.cli.main import main
from cebd.store.safety import pages

real_flaws = pages.flaws


def flaws(path: Path, stop: threading.Event | None = None) -> list[str]:
    while path.name == "cebd.sqlite" and FLAG.exists() and stop is not None and not stop.wait(0.02):
        pass
    return real_flaws(path, stop)


if __name__ == "__main__":
    FLAG = Path(sys.argv[2])
    pages.AT_ONCE_BYTES = 0
    pages.flaws = flaws
    sys.argv = ["cebd", "run", "-c", sys.argv[1]]
    main()
