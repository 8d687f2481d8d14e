"""Files that were declared and put away after the store was copied: the restored store does not know them.

They are never sent by themselves. Each is converted once more, so that the store has its rows, and each row takes the state that the
receipt JSON in the outbox gives it:

| the JSON says | the row becomes |
| --- | --- |
| sent, acknowledged, succeeded, refused | that; its message counts as sent, under the guid that the JSON names |
| rejected, held | that |
| ready, signed, in doubt; or there is no JSON, or it does not name the row | in doubt: a person decides (`store/across/undecided.py`) |
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from cebd.child.failures import ChildBroke, ChildEnded
from cebd.clock import CST, Clock, iso
from cebd.documents.convert import ClaimedFile, Converted, Unreadable, convert
from cebd.documents.reading.options import ReadingOptions
from cebd.enterprise import Enterprise
from cebd.file_names import fitting, path_as_text, same_on_disk
from cebd.intake.asked.own_texts import is_own_text
from cebd.intake.claim import move, sha256_of
from cebd.intake.inboxes.wishes import wish_in
from cebd.problems.problem import Problem, problem
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, DropState
from cebd.restoring.receipt_files import ReceiptFile
from cebd.restoring.rows import Rows
from cebd.signing.verification import signature_holds
from cebd.store.across.intervening.reassigning import drops_of_enterprise
from cebd.store.across.restoring import describe_drop, set_repeat_of
from cebd.store.drops import Drop, add_drop, drop_of_same_content, stems_taken
from cebd.store.records import records_of_drop
from cebd.store.store import Store
from cebd.store.transaction import StoreFault, Transaction, savepoint

log = structlog.get_logger("cebd")

_CANNOT_BE_READ = (Unreadable, ChildBroke, ChildEnded, KeyError, ValueError)
_NUMBERED = re.compile(r"^(?:[0-9a-f]{4,12}-)?\d{6,}-")  # the prefix of names in `working/`


@dataclass(frozen=True)
class StoppedClock:
    """A clock that stands at the moment when the file came in: it is judged as it was then."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass(frozen=True)
class _UnknownFile:
    """A file in `done/`. `receipt`: its receipt in the outbox; `drop_id`: its row, if the store has a row without records.
    `by_day`: receipts lie in folders by day.
    """

    path: Path
    digest: str
    received: str
    receipt: ReceiptFile | None
    drop_id: DropId | None
    by_day: bool

    @property
    def name(self) -> str:
        """Its name when it was dropped, if known."""
        return self.receipt.file if self.receipt is not None else fitting(self.path.name)

    @property
    def stem(self) -> str:
        if self.receipt is not None:
            return self.receipt.stem
        return f"{self.received[:10]}/" * self.by_day + Path(fitting(self.path.name)).stem


class _DoesNotFit(Exception):
    """A conversion gives other rows than the receipt has."""


class UnknownFiles:
    """Imports an enterprise's files that the store does not know. `folder`: the enterprise's folder."""

    def __init__(
        self,
        store: Store,
        enterprise: Enterprise,
        folder: Path,
        options: ReadingOptions,
        clock: Clock,
        *,
        by_day: bool,
    ) -> None:
        self._store = store
        self._enterprise = enterprise
        self._folder = folder
        self._options = options
        self._clock = clock
        self._by_day = by_day

    def take_in(self, receipts: Iterable[ReceiptFile], unconverted: Collection[DropId]) -> int:
        """Import the files in `done/` and the files left in `working/`; returns their number.

        `receipts`: the receipts in the outbox; `unconverted`: drops whose file is in `done/` and whose rows the store does not have.
        """
        with self._store.read() as transaction:
            drops = drops_of_enterprise(transaction, self._enterprise.name)
        self._empty_working(drops)
        by_digest: dict[str, list[ReceiptFile]] = {}
        for receipt in receipts:
            by_digest.setdefault(receipt.sha256, []).append(receipt)
        files = sorted(self._unknown(drops, by_digest, unconverted), key=lambda file: file.received)
        for file in files:
            try:
                with self._store.write() as transaction:
                    self._take_in(transaction, file)
            except StoreFault:
                raise
            except Exception:  # this concerns a single file: it is never sent, and the other files are imported
                log.exception("file in done/ cannot be imported into the restored store", file=file.path.name)
        return len(files)

    def _empty_working(self, drops: Iterable[Drop]) -> None:
        """A file in `working/` without a row may have been declared as well: it moves to the declared files."""
        folder = self._folder
        places = {place for drop in drops for place in (drop.place, drop.working)}
        for path in sorted((folder / "working").glob("*")):
            if path.is_file() and not path.is_symlink() and path_as_text(path.relative_to(folder)) not in places:
                name, number = _NUMBERED.sub("", path.name) or path.name, 1
                target = folder / DropOutcome.DONE / f"{self._clock.now():%Y-%m-%d}" / name
                while target.exists():
                    number += 1
                    target = target.with_name(f"{Path(name).stem}-{number}{Path(name).suffix}")
                move(path, target)
                log.warning("file in working/ is unknown to the restored store and was moved to done/", file=path.name)

    def _unknown(
        self,
        drops: Iterable[Drop],
        receipts: dict[str, list[ReceiptFile]],
        unconverted: Collection[DropId],
    ) -> Iterator[_UnknownFile]:
        """The files in `done/` without a row, or with a row without records. `receipts`: by the SHA-256 of their file."""
        by_place = {drop.place: drop for drop in drops if drop.state in (DropState.FILING, DropState.FILED)}
        for path in sorted((self._folder / DropOutcome.DONE).rglob("*")):
            if path.name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            drop = by_place.get(path_as_text(path.relative_to(self._folder)))
            if drop is not None and drop.state is DropState.FILED and drop.id not in unconverted:
                continue
            try:
                if drop is None and (wish_in(path) is not None or is_own_text(path)):
                    continue  # it was answered, or says what the folder is for: nothing in it is to be declared
                digest = sha256_of(path)
            except OSError as error:
                log.warning("file in done/ cannot be read", file=path.name, reason=str(error.strerror))
                continue
            if drop is not None and drop.state is DropState.FILING:
                if digest == drop.sha256:
                    continue  # ours has arrived, and the copy was made before its row said so
                drop = None  # somebody put a file where ours is to go
            receipt = max(
                receipts.get(digest, []), key=lambda receipt: (len(receipt.records), receipt.published), default=None
            )
            modified = iso(datetime.fromtimestamp(path.stat().st_mtime, CST))
            received = drop.received if drop is not None else receipt.received if receipt is not None else modified
            drop_id = drop.id if drop is not None else None
            yield _UnknownFile(path, digest, received, receipt, drop_id, self._by_day)

    def _take_in(self, transaction: Transaction, file: _UnknownFile) -> None:
        drop_id = file.drop_id if file.drop_id is not None else self._add_drop(transaction, file)
        repeats = drop_of_same_content(transaction, self._enterprise.name, file.digest, drop_id, only_earlier=False)
        if repeats is not None:
            set_repeat_of(transaction, drop_id, repeats)
            return
        converted = self._convert(transaction, drop_id, file)
        rows = Rows(transaction, drop_id, self._enterprise, file.received, iso(self._clock.now()))
        rows.take_states(file.receipt)
        problems: Sequence[Problem]
        if file.receipt is not None:
            problems = file.receipt.problems
        else:
            of_conversion = converted.problems if converted is not None else ()
            problems = (*of_conversion, problem("CEBD-2122", value=fitting(file.path.name)))
        describe_drop(transaction, drop_id, problems)
        known_by = "its receipt" if file.receipt is not None else "nothing"
        log.info(
            "file unknown to the restored store was imported", file=file.path.name, drop=drop_id, known_by=known_by
        )

    def _add_drop(self, transaction: Transaction, file: _UnknownFile) -> DropId:
        stem, number = file.stem, 1
        taken = stems_taken(transaction, self._enterprise.name, stem)
        while same_on_disk(stem) in taken:
            number += 1
            stem = f"{file.stem}-{number}"
        return add_drop(
            transaction,
            enterprise=self._enterprise.name,
            name=file.name,
            stem=stem,
            sha256=file.digest,
            received=file.received,
            source=f"inbox/{file.name}",
            state=DropState.FILED,
            outcome=DropOutcome.DONE,
            place=path_as_text(file.path.relative_to(self._folder)),
        )

    def _convert(self, transaction: Transaction, drop_id: DropId, file: _UnknownFile) -> Converted | None:
        """Convert the file as before: the subfolder that named its kind is unknown, so every kind is tried."""
        clock = StoppedClock(datetime.fromisoformat(file.received))
        types = {record.type for record in file.receipt.records} if file.receipt is not None else set()
        for hint in (None, *self._enterprise.mapping, *sorted(types)):
            with suppress(*_CANNOT_BE_READ, _DoesNotFit), savepoint(transaction):
                claimed = ClaimedFile(drop_id, file.path, file.name, hint)
                result = convert(transaction, claimed, self._enterprise, self._options, clock, signature_holds)
                if not _fits(transaction, drop_id, file.receipt):
                    raise _DoesNotFit
                return result
        log.warning("file cannot be converted again as before the restore", file=file.path.name)
        return None


def _fits(transaction: Transaction, drop_id: DropId, receipt: ReceiptFile | None) -> bool:
    places = {(record.sheet, record.row) for record in records_of_drop(transaction, drop_id)}
    if receipt is None:
        return bool(places)
    shown = {(record.place.sheet, record.place.row) for record in receipt.records}
    return not shown or len(places & shown) * 2 > len(shown)
