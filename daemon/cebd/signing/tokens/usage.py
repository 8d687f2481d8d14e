"""How a token is used: how long it may take, and who logs in."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Patience(NamedTuple):
    """Seconds. `start`, `open`, `login`, `sign`: for the first answer of the kind, for a library may be slow to begin.

    `quick`: for later ones, or four times the longest that one took: a driver that hangs is killed in time to go on within ten seconds of
    its return. `quick_login`: the same; a login that is interrupted leaves a PIN in doubt, so it has longer. `unfit`: so long a token that
    cannot sign is left alone, for a card writes to its memory at each login, and that wears out. `renewed`: after so long without the
    token there is another process, whatever the library holds on to. `unlisted`: the same where the library lists it no more, so that work
    goes on within ten seconds of its return although the library never looks again.
    """

    start: float = 60.0
    open: float = 20.0
    login: float = 20.0
    sign: float = 20.0
    quick: float = 5.0
    quick_login: float = 10.0
    unfit: float = 60.0
    renewed: float = 60.0
    unlisted: float = 5.0


PATIENCE = Patience()
_TIMES_THE_LONGEST = 4


class Deadline:
    """For the answers of a kind. `first`: until one has come; `quick`: the least for later ones."""

    def __init__(self, first: float, quick: float) -> None:
        self._first, self._quick = first, quick
        self._longest: float | None = None

    @property
    def seconds(self) -> float:
        """That an answer may take now."""
        if self._longest is None:
            return self._first
        return min(self._first, max(self._quick, _TIMES_THE_LONGEST * self._longest))

    def came_after(self, seconds: float) -> None:
        """An answer has come."""
        self._longest = max(self._longest or 0.0, seconds)


class Logins(Enum):
    """Who logs in: the station by itself, or a person who has just been asked."""

    BY_ITSELF = "by itself"
    A_PERSON = "a person"
    NOBODY = "nobody"  # the token is only looked at
    ONLY_AS_BEFORE = "only as before"  # no try is risked: by a PIN alone that the token took the last time
