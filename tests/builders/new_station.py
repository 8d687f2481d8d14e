"""A station as `cebd init` leaves it: made once for each process of the tests, as its keys take a while, and copied."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from cebd.trial.station import MadeStation, make_station


def new_station(folder: Path, port: int = 0) -> MadeStation:
    """One in that folder, which is not there yet; its channel goes to that port."""
    made = _first_station()
    first = made.settings.parent
    shutil.copytree(first, folder)
    settings = folder / "cebd.toml"
    text = settings.read_text(encoding="utf-8")
    for old, new in (("port = 1\n", f"port = {port}\n"), ('name = "first-station"', f'name = "{folder.name}"')):
        assert old in text
        text = text.replace(old, new)
    settings.write_text(text, encoding="utf-8")
    return MadeStation(
        *(
            folder / path.relative_to(first)
            for path in (made.settings, made.inbox, made.outbox, made.sandbox, made.authority)
        )
    )


@cache
def _first_station() -> MadeStation:
    folder = tempfile.TemporaryDirectory(prefix="cebd-station-")
    atexit.register(folder.cleanup)
    return make_station(Path(folder.name) / "first-station", port=1)
