"""Says in time that the disk of the store fills up."""

from __future__ import annotations

from pathlib import Path

import structlog

from cebd.operations.room import KEY, has_room, too_little_room
from cebd.store.conditions import Conditions, Party

log = structlog.get_logger("cebd")


def watch_room(folder: Path, conditions: Conditions) -> None:
    """Note or end the condition. Raises OSError."""
    said = too_little_room(folder)
    if said is not None:
        if conditions.note(KEY, said, Party.ADMINISTRATOR):
            log.warning(said.en, id=said.id)
    elif has_room(folder) and conditions.end(KEY):
        log.info("there is room on the disk again")
