"""The work of a station at every step of the pipeline: convert, file, hand on."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import structlog

from cebd.child.failures import ChildEnded, reason_of
from cebd.clock import Clock
from cebd.disk.files import write_file
from cebd.disk.full import NO_ROOM
from cebd.documents.convert import (
    ClaimedFile,
    Converted,
    ConvertedBeside,
    OpenAnew,
    OpenFile,
    Unreadable,
    convert,
    task_of,
    with_decisions,
)
from cebd.documents.side_by_side_corrections import corrected_drop
from cebd.documents.workbooks.origin import origin_told_by
from cebd.documents.worker.choice import laid_out_bytes
from cebd.documents.worker.failures import MAX_TRIES, not_tried_again
from cebd.intake.changed import hold_changed
from cebd.intake.claim import file_away
from cebd.intake.filing import Filing
from cebd.intake.local_copy import NAME as READING
from cebd.intake.local_copy import brought
from cebd.intake.notices import key_of, reasons, shown, text_of
from cebd.intake.saved import saved_by
from cebd.operations.in_flight import file_missing_from_folder, is_served
from cebd.problems.problem import Problem, problem
from cebd.records.ids import DropId, MessageId
from cebd.records.states import DropOutcome, DropState
from cebd.settings import Settings
from cebd.signing.dropped_signature import judge_of
from cebd.station.work.interrupted import Interrupted
from cebd.station.work.readings import Readings
from cebd.store.conditions import Conditions, Party
from cebd.store.corrections import note_saved, touch_corrected
from cebd.store.drops import Drop, load_drop, set_outcome
from cebd.store.messages import messages_of_drop
from cebd.store.store import Store
from cebd.store.transaction import Transaction, TransactionFailed, savepoint

log = structlog.get_logger("cebd")

# Of sheets laid out, some 40,000 orders: a larger file would hold the store for longer than a small one of somebody else's may wait.
_BESIDE_BYTES = 64 << 20


class Stages:
    """The steps of a station. A step that runs again finds in the store that it was done."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        filing: Filing,
        interrupted: Interrupted,
        readings: Readings,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._conditions = conditions
        self._filing = filing
        self._interrupted = interrupted
        self._readings = readings
        self._missing: set[DropId] = set()  # drops whose file is not in its enterprise's folder, or not to be had
        self._anew: dict[DropId, OpenAnew] = {}  # drops whose file is to be opened once more
        self.filed = threading.Event()  # set whenever a drop has been put away: its first receipt can be written

    def is_missing(self, drop_id: DropId) -> bool:
        """Whether the drop's file was not in its enterprise's folder, or could not be read, when it was to be converted."""
        return drop_id in self._missing

    @contextmanager
    def claimed_file(self, drop_id: DropId) -> Iterator[OpenFile | None]:
        """The claimed file, at a path that can be read while the store is held; None when there is no file to read now."""
        drop = self._drop(drop_id)
        with ExitStack() as stack:
            path = self._bring(drop, stack)
            if path is None:
                yield None
                return
            enterprise, anew = self._settings.enterprise_named(drop.enterprise), self._anew.pop(drop_id, None)
            origin = origin_told_by(path)
            saved = saved_by(origin, self._folder_of(drop) / drop.place)
            file = ClaimedFile(drop_id, path, drop.name, drop.inbox_folder, origin, saved, drop.sha256 or "")
            with self._store.read() as transaction:
                options = with_decisions(self._settings.reading_options, transaction, enterprise.name, file)
            task = task_of(file, enterprise, options, self._clock)
            with self._readings.opened(replace(task, gather=anew is not None and anew.gather)) as ahead:
                if ahead is None or anew is not None or laid_out_bytes(path) < _BESIDE_BYTES:
                    yield OpenFile(file, ahead)
                    return
                folder = self._settings.store_dir / READING
                with closing(ConvertedBeside(self._store, folder, file, self._clock, ahead)) as beside:
                    yield OpenFile(file, beside=beside)

    def convert(self, transaction: Transaction, drop_id: DropId, opened: OpenFile | None) -> list[MessageId] | None:
        """Convert a claimed drop; numbers of its messages. None: nothing was written, and its file is to be opened once more."""
        drop = load_drop(transaction, drop_id)
        if drop.outcome is not None or drop.state is not DropState.CLAIMED or drop.repeat_of is not None:
            return messages_of_drop(transaction, drop_id)
        if opened is None:
            return []  # not served, or not there: resumed once it is
        enterprise, options = self._settings.enterprise_named(drop.enterprise), self._settings.reading_options
        file, ahead, beside = opened
        note_saved(transaction, drop_id, file.saved, corrected_drop(transaction, drop.enterprise, file.origin))
        try:
            with savepoint(transaction):
                if beside is not None:
                    result = beside.bring_in(transaction)
                else:
                    result = convert(
                        transaction, file, enterprise, options, self._clock, judge_of(transaction), ahead=ahead
                    )
        except OpenAnew as anew:
            self._anew[drop_id] = anew
            return None
        except TransactionFailed:
            raise  # the store's trouble, not the file's: resumed when there is room
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise  # of a disk that we write to, whichever: nothing is wrong with the file
            if isinstance(error, ChildEnded) and self._readings.is_tried_again(drop_id):
                raise
            return _cannot_convert(transaction, drop_id, _reason(error, drop_id))
        set_outcome(transaction, drop_id, _outcome_of(result), result.type, result.problems, result.read)
        touch_corrected(transaction, drop_id)
        counts = {"records": result.records, "ready": result.ready, "messages": len(result.message_ids)}
        log.info("file converted", drop=drop_id, file=drop.name, type=result.type, **counts)
        return result.message_ids

    def put_away(self, drop_id: DropId) -> bool:
        """File the drop, or hold it back if its file has changed since it was read; returns whether its messages may go."""
        drop = self._drop(drop_id)
        if not self._is_served(drop) or drop_id in self._missing:
            return True
        folder = self._folder_of(drop)
        changed = hold_changed(self._store, drop_id, folder)

        def put_it_away() -> None:
            now = self._drop(drop_id)
            day = f"{self._clock.now():%Y-%m-%d}"
            place = file_away(self._store, drop_id, folder, now.outcome or DropOutcome.DONE, day)
            if place.is_relative_to(folder / DropOutcome.ERROR):
                text = text_of(now.problems)
                write_file(place.with_name(f"{place.name}.problem.txt"), text, within=folder)
            self.filed.set()

        self._filing.file(drop_id, drop.enterprise, folder / drop.place, put_it_away)
        return not changed

    def go_on(self, message_ids: Sequence[MessageId]) -> None:
        self._interrupted.go_on(message_ids)

    def drop_failed(self, drop_id: DropId, error: Exception) -> None:
        if isinstance(error, ChildEnded):
            self._readings.waits(self._drop(drop_id))
        self._interrupted.drop_failed(drop_id, error)

    def drop_went_well(self, drop_id: DropId) -> None:
        self._readings.over(drop_id)
        self._interrupted.drop_went_well(drop_id)

    def _bring(self, drop: Drop, stack: ExitStack) -> Path | None:
        """Where to read the claimed file until the stack ends; None when there is none to be read now.

        A share that fails is named, and the drop waits: its file is whole, and goes nowhere because of a moment's trouble.
        """
        key = key_of(drop.enterprise, Path(drop.working_place))
        try:
            if self._look_whether_missing(drop.id) or drop.state is not DropState.CLAIMED or not self._is_served(drop):
                return None
            own = self._settings.store_dir / READING / str(drop.id)
            path = stack.enter_context(brought(self._folder_of(drop) / drop.place, own, drop.sha256))
        except OSError as error:
            if error.errno in NO_ROOM:
                raise  # of our own disk
            self._missing.add(drop.id)
            unread = problem("CEBD-1058", value=shown(Path(drop.name)), **reasons(error))
            if self._conditions.note(key, unread, Party.ADMINISTRATOR, drop.enterprise):
                log.warning(unread.en, drop=drop.id, id=unread.id)
            return None
        self._conditions.end(key)
        return path

    def _look_whether_missing(self, drop_id: DropId) -> bool:
        """Whether the file is not where the settings say that its enterprise's folder is: it is named, and waits for its file."""
        path = file_missing_from_folder(self._store, self._settings, drop_id, self._conditions)
        (self._missing.discard if path is None else self._missing.add)(drop_id)
        return path is not None

    def _drop(self, drop_id: DropId) -> Drop:
        with self._store.read() as transaction:
            return load_drop(transaction, drop_id)

    def _is_served(self, drop: Drop) -> bool:
        return is_served(self._settings, drop.enterprise, drop.source)

    def _folder_of(self, drop: Drop) -> Path:
        return self._settings.folder(self._settings.enterprise_named(drop.enterprise))


def _outcome_of(result: Converted) -> DropOutcome:
    if result.tells_layout:
        return DropOutcome.DONE
    if result.type is None or not result.records:
        return DropOutcome.ERROR
    return DropOutcome.HOLD if result.held else DropOutcome.DONE


def _cannot_convert(transaction: Transaction, drop_id: DropId, reason: Problem) -> list[MessageId]:
    log.warning("file cannot be read", drop=drop_id, id=reason.id)
    set_outcome(transaction, drop_id, DropOutcome.ERROR, None, [reason], 0)
    return []


def _reason(error: Exception, drop_id: DropId) -> Problem:
    match error:
        case Unreadable():
            return error.problem
        case ChildEnded():
            return not_tried_again(MAX_TRIES)
        case OSError():
            return problem("CEBD-1054", **reasons(error))
    log.exception("file cannot be converted", drop=drop_id)
    return problem("CEBD-1901", reason=reason_of(error))
