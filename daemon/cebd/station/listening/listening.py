"""Something of the station that listens for as long as it serves; where it cannot, that is a condition, and it is tried again."""

from __future__ import annotations

import structlog

from cebd.listening.door import ListenError
from cebd.listening.listener import Listener
from cebd.problems.problem import problem
from cebd.store.conditions import Conditions, Party

log = structlog.get_logger("cebd")


class Listening:
    """`name`: its table of the settings. `listener` None: it is not wanted."""

    def __init__(self, name: str, listener: Listener | None, conditions: Conditions) -> None:
        self._name, self._listener, self._conditions = name, listener, conditions
        self._key = f"listen:{name}"

    def look(self) -> None:
        """Listen, unless it does."""
        if self._listener is None:
            self._conditions.end(self._key)
            return
        if self._listener.is_open:
            return
        try:
            self._listener.start()
        except ListenError as error:
            said = problem(error.problem, value=self._name, reason=error.reason, reason_zh=error.zh)
            if self._conditions.note(self._key, said, Party.ADMINISTRATOR):
                log.warning("it cannot listen", what=self._name, id=error.problem, reason=error.reason)
            return
        self._conditions.end(self._key)
        log.info("it listens", what=self._name, port=self._listener.port)

    def stop(self) -> None:
        """Nobody is answered any more."""
        if self._listener is not None:
            self._listener.stop()
