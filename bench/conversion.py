"""What becomes of a file until it can be sent, by itself: claim, convert, sign. No workflow engine, no wire.

The store is held while the file is converted, as the daemon holds it for all but very large files: those it converts beside the store
(docs/decisions/beside-the-store.md): `latency` sees that.

python bench/conversion.py STATION        takes the one file of the inbox of a station of `cebd init`
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from cebd.trial.station import MadeStation, make_station


def new_station(folder: Path) -> MadeStation:
    """A station without a store; nobody listens at its channel."""
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


def convert(folder: Path) -> None:
    """From the inbox to signed messages in the store."""
    from cebd.clock import SystemClock
    from cebd.documents.convert import ClaimedFile
    from cebd.documents.convert import convert as convert_file
    from cebd.intake.claim import claim
    from cebd.records.states import DropOutcome
    from cebd.settings import load_settings
    from cebd.signing.sign_message import SignatureBatch
    from cebd.signing.signers.kind import SignerContext
    from cebd.signing.signers.kinds import open_signer
    from cebd.store.drops import set_outcome
    from cebd.store.messages import messages_of_drop
    from cebd.store.store import Store
    from cebd.store.transaction import batches

    settings = load_settings(folder / "cebd.toml")
    enterprise = settings.enterprise[0]
    store = Store.open(settings.store_dir)
    clock = SystemClock()
    (source,) = _files(settings.folder(enterprise) / "inbox")
    claimed = claim(store, enterprise.name, settings.folder(enterprise), source, clock)
    assert claimed is not None
    with store.write() as connection:
        file = ClaimedFile(claimed.drop_id, claimed.path, source.name)
        made = convert_file(connection, file, enterprise, settings.reading_options, clock, lambda _root: False)
        set_outcome(connection, file.drop_id, DropOutcome.DONE, made.type, made.problems, made.read)
    signer = open_signer(settings.signer[enterprise.signer], SignerContext(settings.base))
    with store.read() as connection:
        waiting = messages_of_drop(connection, claimed.drop_id)
    signatures = SignatureBatch(store, clock, enterprise.signer, lambda: signer)
    for batch in batches(waiting, 20):
        for message_id in batch:
            signatures.sign(message_id)
        signatures.store()


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
