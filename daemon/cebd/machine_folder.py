"""The folder of what cebd knows about this machine, whichever stations, stores and settings are on it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "CEBD_STATE"
"""The environment variable that names another folder."""

_OF_THE_SYSTEM = Path("/var/lib/cebd")


def machine_folder() -> Path:
    """One for everybody where that can be had, else the user's own. It need not be there yet."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "cebd"
    if os.geteuid() == 0 or os.access(_OF_THE_SYSTEM, os.W_OK):
        return _OF_THE_SYSTEM
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "cebd"
