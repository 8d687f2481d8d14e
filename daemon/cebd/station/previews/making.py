"""Making a preview: the file is converted into a store that is thrown away, and a receipt written of that.

The station's store is read, so no writer waits. A large file is read, and its receipt made, in processes of their own, as of a drop.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from cebd.clock import Clock
from cebd.disk.entering import open_folder
from cebd.documents.convert import ClaimedFile, task_of, with_decisions
from cebd.documents.said_of_file import origin_of
from cebd.documents.workbooks.sheets import sheets_to_copy
from cebd.file_names import DECLARED, PREVIEWED, kind_folder
from cebd.intake.claim import sha256_of
from cebd.intake.local_copy import brought
from cebd.operations.check import FileOnTrial, convert_on_trial
from cebd.problems.problem import problem
from cebd.receipts.publishing.making import Preview
from cebd.receipts.publishing.outbox import Books
from cebd.receipts.publishing.outgoing import LARGE_RECORDS
from cebd.receipts.publishing.publish import Publishing
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome
from cebd.settings import Enterprise, Settings
from cebd.station.work.readings import Readings
from cebd.store.across.earlier.declared import open_read_only
from cebd.store.drops import Drop, load_drop
from cebd.store.published import PublishedBooks
from cebd.store.safety.environment import keep_environment
from cebd.store.store import Store

NAME = "previewing"  # the folder beside the store, for what is thrown away


@dataclass(frozen=True)
class PreviewMaker:
    """Makes the previews of a station. Large files are read one at a time, with those that are declared (`Readings`)."""

    settings: Settings
    clock: Clock
    readings: Readings

    def make(self, enterprise: Enterprise, inbox: Path, path: Path, stem: str) -> None:
        """Write the receipts of that stem beside the file. Raises OSError, BothInUse, and whatever else the file makes break."""
        settings, hint = self.settings, kind_folder(path.relative_to(inbox))
        above = settings.store_dir / NAME
        above.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=above) as own, brought(path, Path(own) / "file") as local:
            file = FileOnTrial(local, path.name, hint, sha256_of(local))
            with open_read_only(settings.store_dir) as earlier:
                options, claimed = settings.reading_options, ClaimedFile(DropId(0), local, path.name, hint)
                if earlier is not None:
                    options = with_decisions(options, earlier, enterprise.name, claimed)
            task = task_of(claimed, enterprise, options, self.clock)
            with closing(Store.open(Path(own) / "store")) as store:
                keep_environment(store, settings.station.environment)
                with self.readings.opened(task) as ahead, open_read_only(settings.store_dir) as earlier:
                    tried = convert_on_trial(store, file, settings, enterprise, earlier, self.clock, ahead)
                with store.read() as transaction:
                    drop = replace(load_drop(transaction, tried.drop_id), stem=stem)
                original = local if drop.outcome is not DropOutcome.ERROR else Path(own) / "none"
                publishing = Publishing(
                    store,
                    drop,
                    original,
                    sheets_to_copy,
                    self._marks_of,
                    tried.verdict.records >= LARGE_RECORDS,
                    Preview(settings.store_dir),
                    (problem("CEBD-1056", value=_way_on(enterprise, hint)),),
                    settings.station.language,
                )
                with open_folder(path.parent, inbox, make=False) as folder:
                    books = Books(folder, stem, PublishedBooks(), None, self.clock.now(), word=PREVIEWED)
                    publishing.write_both(books, folder)

    def _marks_of(self, original: Path, drop: Drop) -> Mapping[str, str]:
        if not original.exists():
            return {}
        return origin_of(original, self.settings.reading_options, drop.inbox_folder, drop.name).as_marks()


def _way_on(enterprise: Enterprise, hint: str | None) -> str:
    """Where the file goes to be declared."""
    parts = ("inbox", DECLARED) if enterprise.preview else ("inbox",)
    return "/".join((*parts, *filter(None, [hint]), ""))
