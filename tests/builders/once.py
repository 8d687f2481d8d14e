"""What takes long is done by one worker of a test run; the others wait for it and are told what came of it."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def once_for_all_workers(name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `make` returns, made by whichever worker asks first. Where it raises, the next who asks tries again."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return make()
    folder = Path(tempfile.gettempdir()) / f"cebd-tests-{run}"
    folder.mkdir(exist_ok=True)
    result = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            result.write_text(json.dumps(make()), encoding="utf-8")
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return found
