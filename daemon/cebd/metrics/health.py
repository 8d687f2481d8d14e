"""Whether a station is well: its main loop comes round, its looks come back, its store answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cebd.store.store import Store

_ROUND_SECONDS, _HUNG_SECONDS = 60.0, 300.0


@dataclass(frozen=True, slots=True)
class Wellness:
    """`reasons`: what is wrong, in English words for machines' keepers; none: it is well."""

    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For `/health`."""
        return {"v": 1, "status": "fail" if self.reasons else "ok", "reasons": list(self.reasons)}


class Health:
    """`hung`: the names of looks that have not come back for so many seconds. A trouble that `status` names is no illness: work goes on."""

    def __init__(
        self, store: Store, hung: Callable[[float], list[str]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._hung, self._now = store, hung, now
        self._beat = now()

    def beat(self) -> None:
        """The main loop came round."""
        self._beat = self._now()

    def look(self) -> Wellness:
        """As of now. Never raises."""
        reasons = []
        if self._now() - self._beat > _ROUND_SECONDS:
            reasons.append("the main loop does not come round")
        reasons += [f"{name} does not come back" for name in self._hung(_HUNG_SECONDS)]
        try:
            with self._store.read():
                pass
        except Exception as error:
            reasons.append(f"the store does not answer: {type(error).__name__}")
        return Wellness(tuple(reasons))
