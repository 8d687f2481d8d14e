"""What was declared in the console and is not in its enterprise's inbox yet: a kill came between, or the folder could not be written.

It is brought in at the start and, where that does not go, again and again: `owed:ENTERPRISE` (CEBD-1077) says so meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from cebd.apart import Apart
from cebd.clock import Clock
from cebd.intake.notices import reasons
from cebd.operations.text import Refused
from cebd.problems.problem import problem
from cebd.settings import Settings
from cebd.store.conditions import Conditions, Party
from cebd.store.console.drafts import owed_drafts
from cebd.store.console.imports import owed_imports
from cebd.store.store import Store

log = structlog.get_logger("cebd")

_KEY = "owed:"
_AT_IT_SECONDS = 60.0  # a page that has just declared it may still be at it
Give = Callable[[], None]


class Owed:
    """The files that a station owes its inboxes."""

    def __init__(self, settings: Settings, store: Store, clock: Clock, conditions: Conditions) -> None:
        self._settings, self._store, self._clock, self._conditions = settings, store, clock, conditions
        self._apart = Apart("bring files into the inbox")
        self._is_first = True

    def look(self) -> None:
        """Bring in what is owed. One enterprise's folder that does not answer keeps no other waiting."""
        owed = self._owed()
        self._is_first = False
        self._apart.in_turn({name: partial(self._give, name, files) for name, files in owed.items()})
        self._conditions.end_others(_KEY, [_KEY + name for name in owed])

    def _owed(self) -> dict[str, dict[str, Give]]:
        """By enterprise and file name."""
        with self._store.read() as transaction:
            drafts, imports = owed_drafts(transaction), owed_imports(transaction)
        owed: dict[str, dict[str, Give]] = {}
        if drafts or imports:
            # Of the console, which is not loaded for nothing.
            from cebd.operations.console.drafts import entry
            from cebd.operations.console.importing.imports import Imports

            brought_in = Imports(self._settings, self._store, self._clock)
            for since, draft in drafts:
                if self._is_due(since):
                    give: Give = partial(entry.give, self._store, self._settings, draft)
                    owed.setdefault(draft.enterprise, {})[draft.file or ""] = give
            for since, one in imports:
                if self._is_due(since):
                    owed.setdefault(one.enterprise, {})[one.file] = partial(brought_in.give, one)
        return owed

    def _is_due(self, since: str) -> bool:
        took = self._clock.now() - datetime.fromisoformat(since)
        return self._is_first or abs(took.total_seconds()) > _AT_IT_SECONDS

    def _give(self, name: str, files: dict[str, Give]) -> None:
        failed = None
        for file, give in files.items():
            try:
                give()
            except Refused as error:
                failed = failed or problem("CEBD-1077", value=file, reason_zh=error.text.zh, reason_en=error.text.en)
            except OSError as error:
                failed = failed or problem("CEBD-1077", value=file, **reasons(error))
            else:
                log.info("brought in what was declared in the console", file=file, enterprise=name)
        if failed is None:
            self._conditions.end(_KEY + name)
        elif self._conditions.note(_KEY + name, failed, Party.ADMINISTRATOR, name):
            log.warning(failed.en, id=failed.id, enterprise=name)
