"""A station as `cebd init` leaves it: made once for each process of the tests, as its keys take a while, and copied.

Its people have thrown their templates and manual away. A daemon that has run for twenty seconds would lay them out in each new folder, and
to make them takes a processor three seconds.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

from builders.new_store import open_store
from cebd.operations.handouts.handouts import Handouts
from cebd.operations.handouts.own import own_values
from cebd.settings import load_settings
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
    made = make_station(Path(folder.name) / "first-station", port=1)
    _lay_out_nothing(made, Path(folder.name) / "store")
    return made


def _lay_out_nothing(made: MadeStation, store_dir: Path) -> None:
    settings = load_settings(made.settings)
    with closing(open_store(store_dir)) as store, patch("cebd.operations.handouts.handouts.made_apart", lambda *_: {}):
        own = partial(own_values, settings, store)
        handouts = Handouts(
            settings.folders.enterprises, lambda: settings.code_tables, settings.station.language, own=own
        )
        for name in settings.folders.enterprises:
            assert handouts.lay_out(name) == []
