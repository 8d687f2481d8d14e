"""What becomes of a file until it can be sent, by itself: claim, convert, sign. No workflow engine, no wire.

The file goes the daemon's own way: a very large one is converted beside the store and brought in at once
(docs/decisions/beside-the-store.md). For how many seconds the store was held is written into a file of the station's folder.

python bench/conversion.py STATION        takes the one file of the inbox of a station of `cebd init`
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cebd.memory import loaded_for_good
from cebd.when_asked import left_out

if TYPE_CHECKING:
    from cebd.clock import Clock
    from cebd.records.ids import DropId, MessageId
    from cebd.settings import Settings
    from cebd.store.store import Store
    from cebd.trial.station import MadeStation

_HELD = "held.txt"


def new_station(folder: Path) -> MadeStation:
    """A station without a store; nobody listens at its channel."""
    from cebd.trial.station import make_station

    return make_station(folder, port=2222)


def put_into_inbox(station: MadeStation, workbook: Path) -> None:
    """The workbook alone, before a store that is not there yet."""
    shutil.rmtree(station.settings.parent / "store", ignore_errors=True)
    for folder in (station.inbox, station.inbox.parent / "working"):
        for left in _files(folder):
            left.unlink()
    shutil.copyfile(workbook, station.inbox / "dropped.xlsx")


def _files(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.is_file()]


def read_what_a_daemon_reads() -> None:
    """The descriptions of messages and the code book: a daemon has read them before it does anything."""
    from cebd.customs.book_files import book
    from cebd.messages.description import read_descriptions

    read_descriptions()
    book()


def seconds_held(station: MadeStation) -> float:
    """For how long the store was held by the conversion."""
    return float((station.settings.parent / _HELD).read_text(encoding="ascii"))


def convert(folder: Path) -> None:
    """From the inbox to signed messages in the store, by a process that has loaded what it needs as a station has."""
    with loaded_for_good():
        with left_out("rich"):
            import structlog  # noqa: F401
        from cebd.clock import SystemClock
        from cebd.intake.claim import claim
        from cebd.settings import load_settings
        from cebd.signing.sign_message import SignatureBatch
        from cebd.signing.signers.kind import SignerContext
        from cebd.signing.signers.kinds import open_signer
        from cebd.station.work import readings, stages  # noqa: F401
        from cebd.store.store import Store
        from cebd.store.transaction import batches

    settings = load_settings(folder / "cebd.toml")
    enterprise = settings.enterprise[0]
    store = Store.open(settings.store_dir)
    clock = SystemClock()
    (source,) = _files(settings.folder(enterprise) / "inbox")
    claimed = claim(store, enterprise.name, settings.folder(enterprise), source, clock)
    assert claimed is not None
    waiting, held = _messages_of(claimed.drop_id, settings, store, clock)
    (folder / _HELD).write_text(str(held), encoding="ascii")
    signer = open_signer(settings.signer[enterprise.first_signer], SignerContext(settings.base))
    signatures = SignatureBatch(store, clock, enterprise.first_signer, lambda: signer)
    for batch in batches(waiting, 20):
        for message_id in batch:
            signatures.sign(message_id)
        signatures.store()


def _messages_of(drop_id: DropId, settings: Settings, store: Store, clock: Clock) -> tuple[list[MessageId], float]:
    """The step of the pipeline: what is made of the file, and for how many seconds the store was held."""
    from cebd.station.work.readings import Readings
    from cebd.station.work.stages import Stages
    from cebd.store.conditions import Conditions

    conditions, nobody = Conditions(store, clock), _nobody()
    stages = Stages(settings, store, clock, conditions, nobody, nobody, Readings(conditions))
    message_ids, held = None, 0.0
    while message_ids is None:
        with stages.claimed_file(drop_id) as opened:
            began = time.perf_counter()
            with store.write() as transaction:
                message_ids = stages.convert(transaction, drop_id, opened)
            held += time.perf_counter() - began
    return message_ids, held


def _nobody() -> Any:
    """In place of those who put files away and hand messages on: nothing of that is done here."""
    return None


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
