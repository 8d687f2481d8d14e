"""How a token is used: how long it may take, and who logs in."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Patience(NamedTuple):
    """Seconds. Those for an answer: a token is slow, four signatures a second; a driver that hangs is killed in time to go on within ten
    seconds of its return. A login that is interrupted leaves a PIN in doubt, so it has longer.

    `unfit`: so long a token that cannot sign is left alone, for a card writes to its memory at each login, and that wears out. `renewed`:
    after so long without the token there is another process, whatever the library holds on to.
    """

    start: float = 60.0
    open: float = 8.0
    login: float = 20.0
    sign: float = 8.0
    unfit: float = 60.0
    renewed: float = 60.0


PATIENCE = Patience()


class Logins(Enum):
    """Who logs in: the station by itself, or a person who has just been asked."""

    BY_ITSELF = "by itself"
    A_PERSON = "a person"
    ONLY_AS_BEFORE = "only as before"  # no try is risked: by a PIN alone that the token took the last time
