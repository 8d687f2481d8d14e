"""Making the previews of files that were brought in: each is converted, by the code that converts drops, into a store of its own.

| killed | then |
| --- | --- |
| before the preview's file is there | it is made anew, from the beginning, when somebody looks |
| after it | it is read again |
"""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from threading import BoundedSemaphore, Lock, Thread
from typing import NamedTuple

import structlog

from cebd.clock import Clock
from cebd.disk.files import write_file
from cebd.documents.convert import ClaimedFile, OpenedAhead, goes_apart, task_of, with_decisions
from cebd.documents.keeping.keep import Order, kept
from cebd.documents.keeping.rows import KeptRows
from cebd.documents.workbooks.accepted import is_message
from cebd.operations.check import FileOnTrial, convert_on_trial
from cebd.operations.console.importing.preview import Preview, preview_of
from cebd.problems.problem import problem
from cebd.records.ids import DropId
from cebd.settings import Settings
from cebd.store.across.earlier.declared import open_read_only
from cebd.store.across.judged import first_rows, rows_kept_back
from cebd.store.console.imports import Import, ImportId
from cebd.store.drops import columns_of_drop
from cebd.store.store import Store

log = structlog.get_logger("cebd")

_AT_ONCE = 2
_PREVIEW = "preview.json"
_FILE, _TRIAL = "file", "trial"
KEPT = "rows.jsonl"
TRIAL_DROP = DropId(1)  # the only one of its store
_MOST_OPEN = 4


class Trial(NamedTuple):
    """The store into which a file was converted; `rows`: those of its records that are not declared, where they could be kept."""

    store: Store
    rows: KeptRows | None


class Trials:
    """Those that were looked into of late stay open. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened: OrderedDict[Path, Trial] = OrderedDict()

    def opened(self, place: Path) -> Trial:
        """The trial in the folder of an import. Raises StoreError where there is none."""
        with self._lock:
            trial = self._opened.get(place)
            if trial is None:
                rows = None
                with suppress(OSError, ValueError):
                    rows = KeptRows.at(place / _TRIAL / KEPT)
                trial = self._opened[place] = Trial(Store.open(place / _TRIAL, create=False, change=True), rows)
            self._opened.move_to_end(place)
            while len(self._opened) > _MOST_OPEN:
                self._opened.popitem(last=False)[1].store.close()
            return trial

    def close(self, place: Path) -> None:
        """It is made anew, or is not needed any more."""
        with self._lock:
            trial = self._opened.pop(place, None)
        if trial is not None:
            trial.store.close()


class PreviewsOfImports:
    """The previews; two are made at once at most. Safe for several threads."""

    def __init__(self, settings: Settings, clock: Clock, place: Callable[[Import], Path]) -> None:
        """`place`: the folder of one."""
        self._settings, self._clock, self._place = settings, clock, place
        self._lock = Lock()
        self._made: dict[ImportId, Preview] = {}
        self._making: dict[ImportId, int] = {}
        self.trials = Trials()
        self._turns = BoundedSemaphore(_AT_ONCE)

    def look(self, one: Import) -> Preview | None:
        """The preview of what is said of it now; None as long as it is being made."""
        with self._lock:
            made = self._made.get(one.id)
            if made is not None and made.revision == one.revision:
                return made
            if self._making.get(one.id) == one.revision:
                return None
            self._making[one.id] = one.revision
        kept = self._kept(one)
        if kept is not None:
            self._end(one, kept)
            return kept
        # Of a daemon's threads: one that is at it does not keep the station from ending.
        Thread(target=self._make_or_say, args=(one,), name="import", daemon=True).start()
        return None

    def replace(self, one: Import, preview: Preview) -> None:
        """The preview after a record was judged anew."""
        self._write(self._place(one), preview)
        self._end(one, preview)

    def forget(self, one: Import) -> None:
        """It is thrown away."""
        self.trials.close(self._place(one))
        with self._lock:
            self._made.pop(one.id, None)

    def _kept(self, one: Import) -> Preview | None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = Preview.from_text((self._place(one) / _TRIAL / _PREVIEW).read_text(encoding="utf-8"))
            return kept if kept.revision == one.revision else None
        return None

    def _make_or_say(self, one: Import) -> None:
        try:
            with self._turns:
                made = self._make(one)
        except Exception as error:
            log.warning("a file that was brought in cannot be looked at", number=one.id, exc_info=error)
            failed = problem("CEBD-1057", value=one.name, reason=type(error).__name__)
            made = Preview(one.revision, None, 0, 0, 0, (failed,))
        self._end(one, made)

    def _end(self, one: Import, made: Preview) -> None:
        with self._lock:
            if self._making.get(one.id) == one.revision:
                self._making.pop(one.id)
            known = self._made.get(one.id)
            if known is None or known.revision < made.revision:
                self._made[one.id] = made

    def _make(self, one: Import) -> Preview:
        settings, place = self._settings, self._place(one)
        folder = place / _TRIAL
        self.trials.close(place)
        shutil.rmtree(folder, ignore_errors=True)
        enterprise = settings.enterprise_named(one.enterprise)
        file = file_of(place, one)
        claimed = ClaimedFile(DropId(0), file, one.file, one.hint or None, sha256=one.sha256)
        options = settings.reading_options
        with open_read_only(settings.store_dir) as earlier:
            if earlier is not None:
                options = with_decisions(options, earlier, enterprise.name, claimed)
        ahead = None
        if goes_apart(file):
            ahead = OpenedAhead(task_of(claimed, enterprise, options, self._clock))
        try:
            with closing(Store.open(folder)) as store:
                on_trial = FileOnTrial(file, one.file, one.hint or None, one.sha256)
                with open_read_only(settings.store_dir) as earlier:
                    tried = convert_on_trial(store, on_trial, settings, enterprise, earlier, self._clock, ahead)
                    with store.read() as transaction:
                        made = preview_of(transaction, tried.drop_id, tried.verdict, one.revision, earlier)
                        wanted = rows_kept_back(transaction, tried.drop_id)
                        begins = first_rows(transaction, tried.drop_id)
                        goods = frozenset(columns_of_drop(transaction, tried.drop_id)) - begins.keys()
                if made.type is not None and wanted and not is_message(file):
                    self._keep(Order(file, one.file, wanted, begins, goods, folder / KEPT))
        finally:
            if ahead is not None:
                ahead.close()
        self._write(place, made)
        return made

    def _keep(self, order: Order) -> None:
        if not kept(order):
            order.out.unlink(missing_ok=True)

    def _write(self, place: Path, made: Preview) -> None:
        write_file(place / _TRIAL / _PREVIEW, made.as_text().encode(), private=True)


def file_of(place: Path, one: Import) -> Path:
    """Its bytes. Readers go by the ending where content does not tell the kind."""
    return place / (_FILE + Path(one.name).suffix.lower())
