"""`cebd run` for which minutes are seconds: it says after a second what it says after minutes else, and waits ten for the rest of a file,
and two until a file on a share is still.

Whoever wrote `changes.csv` goes on writing when it has been read: a row is put behind it before it is put away.

python tests/daemons/impatient.py CONFIG
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from cebd.cli.main import main
from cebd.intake import look
from cebd.intake.changed import hold_changed
from cebd.intake.waits import Waits
from cebd.station.work import stages
from cebd.store.store import Store


def changed_meanwhile(store: Store, drop_id: int, folder: Path) -> bool:
    with suppress(OSError):  # a share that is away has none
        for path in (folder / "working").glob("*-changes.csv"):
            with path.open("ab") as out:
                out.write(b"more\r\n")
    return hold_changed(store, drop_id, folder)


if __name__ == "__main__":
    assert stages.hold_changed is hold_changed, "it is called elsewhere now"
    stages.hold_changed = changed_meanwhile
    look.WAITS = Waits(reported=1.0, cut=10.0, open=1.0, ignored=1.0, share=2.0, longest_pause=1.0)
    sys.argv = ["cebd", "run", "-c", sys.argv[1]]
    main()
