"""Which lines are passed is measured once in a process, and in the tests where it counts.

To be measured takes a test its time again. Left alone, three measurements run beside one another in each worker (coverage begins one
with the process, pytest-cov one as if it were the master, and the worker's own), a test that is not to be measured pauses only the last
of them, and after it every process that is started is measured too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from coverage import Coverage

MEASURED = ("unit", "contracts", "integration")  # they pass nearly all lines
_FOR_CHILDREN = "COVERAGE_PROCESS_CONFIG"


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """Of a process whose own modules are looked at, or whose user may not write beside our files."""
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}


class Measuring:
    """What a run of the tests measures; nothing where the run does not measure at all."""

    def __init__(self) -> None:
        running = []
        while (measurement := Coverage.current()) is not None:
            measurement.stop()
            running.append(measurement)
        if running:
            running[0].start()
        self._for_children = os.environ.pop(_FOR_CHILDREN, None)

    def of_children(self, folder: str) -> None:
        """Have the processes measured that tests of this folder start, and those of no other."""
        if self._for_children is not None and folder in MEASURED:
            os.environ[_FOR_CHILDREN] = self._for_children
        else:
            os.environ.pop(_FOR_CHILDREN, None)
