"""The room on the disk of the store: on a full one nothing goes on, and the store itself cannot be told so."""

from __future__ import annotations

import shutil
from pathlib import Path

from cebd.problems.problem import Problem, problem

KEY = "disk:store"
_LEAST, _ENOUGH = 500_000_000, 600_000_000  # bytes; between the two it stays as it was said


def too_little_room(folder: Path) -> Problem | None:
    """What is to be said where too little is left. Raises OSError."""
    free = shutil.disk_usage(folder).free
    # In steps: the text is not another at every look.
    return problem("CEBD-2403", value=str(folder), free=free // 50_000_000 * 50) if free < _LEAST else None


def has_room(folder: Path) -> bool:
    """Whether there is room again, and some to spare. Raises OSError."""
    return shutil.disk_usage(folder).free >= _ENOUGH
