"""Says in time that the disk of the store fills up: on a full one nothing goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import structlog

from cebd.problems.problem import problem
from cebd.store.conditions import Conditions, Party

log = structlog.get_logger("cebd")

_KEY = "disk:store"
_LEAST, _ENOUGH = 500_000_000, 600_000_000  # bytes; between the two it stays as it was said


def watch_room(folder: Path, conditions: Conditions) -> None:
    """Note or end the condition. Raises OSError."""
    free = shutil.disk_usage(folder).free
    if free >= _ENOUGH:
        if conditions.end(_KEY):
            log.info("there is room on the disk again", free_mb=free // 1_000_000)
        return
    if free < _LEAST:
        # In steps: the text is not another at every look.
        said = problem("CEBD-2403", value=str(folder), free=free // 50_000_000 * 50)
        if conditions.note(_KEY, said, Party.ADMINISTRATOR):
            log.warning(said.en, id=said.id, free_mb=free // 1_000_000)
