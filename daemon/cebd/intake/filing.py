"""Moves processed files to their folders and tries again after a failure. Their declarations do not wait for the move."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog

from cebd.file_names import readable
from cebd.intake.notices import reasons, shown
from cebd.intake.waits import Waits
from cebd.problems.problem import problem
from cebd.records.ids import DropId
from cebd.store.conditions import Conditions, Party

log = structlog.get_logger("cebd")


class Filing:
    """The files that could not be put away yet. Times are seconds of `time.monotonic`."""

    def __init__(self, conditions: Conditions, waits: Waits) -> None:
        self._conditions = conditions
        self._waits = waits
        # By drop: the enterprise, the time of the next try, the pause before it, the move.
        self._unfiled: dict[DropId, tuple[str, float, float, Callable[[], None]]] = {}

    def file(self, drop_id: DropId, enterprise: str, path: Path, act: Callable[[], None]) -> None:
        """Do it; when the system refuses, it is tried again with growing pauses, and said once. `path` is the file in `working/`."""
        key = f"file:{enterprise}:working/{readable(path.name)}"
        try:
            act()
        except OSError as error:
            before = self._unfiled.get(drop_id)
            pause = self._waits.first_pause if before is None else min(2 * before[2], self._waits.longest_pause)
            again = partial(self.file, drop_id, enterprise, path, act)
            self._unfiled[drop_id] = (enterprise, time.monotonic() + pause, pause, again)
            stuck = problem("CEBD-1055", value=shown(Path(path.name)), **reasons(error))
            if self._conditions.note(key, stuck, Party.ADMINISTRATOR, enterprise):
                log.warning(stuck.en, drop=drop_id, id=stuck.id)
        else:
            self._unfiled.pop(drop_id, None)
            self._conditions.end(key)

    def waits(self, drop_id: DropId) -> bool:
        """Whether the file is still to be put away."""
        return drop_id in self._unfiled

    def again(self, enterprise: str, now: float) -> None:
        """Try the enterprise's moves that are due."""
        for whose, due, _, act in list(self._unfiled.values()):
            if whose == enterprise and now >= due:
                act()


__all__ = ["Filing"]
