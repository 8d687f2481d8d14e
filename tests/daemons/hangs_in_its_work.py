"""A daemon whose look for work left over does not come back: from the second one on it waits for ever."""

from __future__ import annotations

import itertools
import sys
import threading

from cebd.cli.main import main
from cebd.service import supervised
from cebd.station.work.interrupted import Interrupted

whole = Interrupted.resume_abandoned
looks = itertools.count(1)


def hanging(self: Interrupted, *, at_start: bool = False) -> None:
    if next(looks) > 2:
        threading.Event().wait()
    whole(self, at_start=at_start)


Interrupted.resume_abandoned = hanging  # type: ignore[method-assign]
supervised.HUNG_SECONDS = 0.5
sys.argv = ["cebd", "run"]
main()
