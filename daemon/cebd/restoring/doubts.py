"""Files that were in process when the store was copied have moved since: finds their present places.

A message that the restored store takes for unsent may have been sent since the copy. Each such message gets an attempt in doubt
(`store/across/restoring.py`) and goes the usual way of a doubt (`transport/submit.py`): the other side and the receipts are asked first;
after the time for that the same bytes go out under the same guid and CopMsgId, and "already there" is an answer like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cebd.file_names import path_as_text, path_from_text
from cebd.intake.claim import sha256_of
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, DropState
from cebd.store.across.restoring import set_filed
from cebd.store.drops import Drop, open_drops, withdraw_drop
from cebd.store.store import Store


def place_open_drops(store: Store, folders: Mapping[str, Path]) -> list[DropId]:
    """Find the files of drops in process. `folders`: the folder of each enterprise, by its name.

    Returns the drops that were not converted then and are filed by now: it is unknown which of their records were declared.
    """
    unconverted = []
    with store.read() as transaction:
        drops = open_drops(transaction)
    for drop in drops:
        folder = folders.get(drop.enterprise)
        if folder is None or _is_still_there(folder, drop):
            continue
        path = _find(folder, drop.sha256, drop.name)
        with store.write() as transaction:
            if path is None:
                if drop.records is None:
                    withdraw_drop(transaction, drop.id)
                continue
            place = path.relative_to(folder)
            outcome = DropOutcome(place.parts[0])
            set_filed(transaction, drop.id, outcome, path_as_text(place))
            if drop.records is None and drop.repeat_of is None and outcome is DropOutcome.DONE:
                unconverted.append(drop.id)
    return unconverted


def _is_still_there(folder: Path, drop: Drop) -> bool:
    """Then nothing was signed of it: a file is put away before that."""
    places = [path_from_text(drop.source)] if drop.state is DropState.CLAIMING else []
    places += [Path(place) for place in (drop.working, drop.place) if place]
    return any((folder / place).is_file() for place in places)


def _find(folder: Path, digest: str, name: str) -> Path | None:
    stem = Path(name).stem[:20]
    for parent in (DropOutcome.DONE, DropOutcome.HOLD, DropOutcome.ERROR):
        paths = [path for path in (folder / parent).rglob("*") if path.is_file() and not path.is_symlink()]
        for path in sorted(paths, key=lambda path: not path.name.startswith(stem)):
            with suppress(OSError):
                if sha256_of(path) == digest:
                    return path
    return None
