"""Publishing: the outcome of a drop is written to the outbox, as JSON and as the operator's own workbook in colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cebd.clock import Clock, iso
from cebd.disk import Folder, open_folder, sync_folder, temporary_name
from cebd.problems.problem import Problem
from cebd.receipts.publishing.apart.making import MakingApart
from cebd.receipts.publishing.making import Making, MakingHere, Preview, ReadSheets, Task, note_table
from cebd.receipts.publishing.outbox import Books, BothInUse, InUse, intend, problems_about
from cebd.receipts.publishing.receipt import Receipt
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, DropState
from cebd.store.drops import Drop, load_drop
from cebd.store.published import PublishedBooks, mark_published, published_books_of, remember_books
from cebd.store.store import Store

_PATIENCE_SECONDS, _SECONDS_PER_RECORD = (
    60.0,
    0.005,
)  # for a process: a hundred times what it takes on a computer at rest

MarksOf = Callable[[Path, Drop], Mapping[str, str]]  # properties of the workbook by name; the path is the original's


def publish(
    store: Store,
    drop_id: DropId,
    folder: Path,
    read_sheets: ReadSheets,
    clock: Clock,
    marks_of: MarksOf | None = None,
    is_large: bool = False,
) -> Receipt:
    """Write the drop's outbox files; returns the receipt as the workbook shows it. Publishing twice is harmless.

    `marks_of` gives the properties by which the workbook remembers its original. A large receipt is made in a process of its own, which
    reads the original by itself; it is returned without records then.

    The JSON comes first. Raises OSError when a file cannot be written now, BothInUse when both workbooks are open: the drop
    stays behind and is tried again. Raises ChildEnded and MakingBroke when that process does not come to its end.
    """
    outbox = folder / "outbox"
    with store.read() as transaction:
        drop = load_drop(transaction, drop_id)
        written = published_books_of(transaction, drop_id)
    with open_folder(outbox, folder) as opened:
        books = Books(opened, drop.stem, written, drop.published_at, clock.now())
        publishing = Publishing(store, drop, _original(folder, drop), read_sheets, marks_of, is_large)
        if drop.outcome is DropOutcome.ERROR:
            receipt, standing = publishing.write_json(books), written
        else:
            receipt, standing = publishing.write_both(books)
    sync_folder(outbox)
    # Killed here, the same files are written once more.
    with store.write() as transaction:
        published = drop.changed - books.kept_late  # behind by one: written once more, to name the kept workbook
        mark_published(transaction, drop_id, published, receipt.published)
        remember_books(transaction, drop_id, standing)
    return receipt


@dataclass(frozen=True)
class Publishing:
    """The sources of a drop's receipt files. `notices`: what the receipt says of the file besides its problems."""

    store: Store
    drop: Drop
    original: Path
    read_sheets: ReadSheets
    marks_of: MarksOf | None
    is_large: bool
    preview: Preview | None = None
    notices: tuple[Problem, ...] = ()

    def write_both(self, books: Books) -> tuple[Receipt, PublishedBooks]:
        """Write JSON and workbook; returns the receipt, and the workbooks that stand there then. Raises as `publish` does."""
        try:
            return self.write(books, aside=books.is_open(books.name))
        except InUse:
            return self.write(books, aside=True)

    def write_json(self, books: Books) -> Receipt:
        """Write the JSON alone."""
        with self._making(books, ()) as making:
            return _named(making, books)

    def write(self, books: Books, *, aside: bool) -> tuple[Receipt, PublishedBooks]:
        """Write JSON and workbook, this one beside that which is open where it goes `aside`. Raises InUse when it is open after all."""
        both_open = aside and books.is_open(books.aside)
        keeping = None if both_open else books.kept_as(books.aside if aside else books.name)
        with self._making(books, problems_about(books, aside=aside, keeping=keeping)) as making:
            receipt = _named(making, books)
            if both_open:
                raise BothInUse(books.name)
            made = making.book(self.marks_of(self.original, self.drop) if self.marks_of is not None else {})
            intend(self.store, self.drop.id, books.written, made.digest)
            return receipt, books.place(made, aside=aside, announced=keeping)

    @contextmanager
    def _making(self, books: Books, problems: Sequence[Problem]) -> Iterator[Making]:
        """The making of the files; what has no name in the end is removed."""
        outbox, said = books.folder, (*self.notices, *problems)
        names = temporary_name(), temporary_name()
        task = Task(self.drop, self.original, iso(books.now), said, *names, books.word, self.preview)
        with ExitStack() as left:
            for temporary in (task.json, task.book):
                left.callback(_remove, outbox, temporary)
            making: Making
            if self.is_large:
                seconds = _PATIENCE_SECONDS + _SECONDS_PER_RECORD * (self.drop.records or 0)
                making = MakingApart(self.store, outbox, task, seconds)
            else:
                making = MakingHere(self.store, outbox, task, self.read_sheets, partial(note_table, self.drop.name))
            left.callback(making.close)
            yield making


def _named(making: Making, books: Books) -> Receipt:
    """Make the JSON, and give it its name."""
    receipt = making.json()
    books.folder.give_name(making.task.json, making.task.json_name)
    return receipt


def _remove(outbox: Folder, temporary: str) -> None:
    with suppress(OSError):
        outbox.remove(temporary)


def _original(folder: Path, drop: Drop) -> Path:
    """Where the dropped file is: still in working/ when it could not be put away yet."""
    place, working = folder / drop.place, folder / (drop.working or drop.place)
    return working if drop.state is DropState.FILING and not place.exists() else place
