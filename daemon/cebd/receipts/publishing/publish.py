"""Publishing: the outcome of a drop is written to the outbox, as JSON and as the operator's own workbook in colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cebd.clock import Clock, iso
from cebd.decisions.layout import Proposal
from cebd.disk.folder import Folder, temporary_name
from cebd.disk.system import sync_folder
from cebd.file_names import fitting
from cebd.problems.problem import Problem
from cebd.receipts.publishing.apart.making import MakingApart
from cebd.receipts.publishing.book.own_columns import Language
from cebd.receipts.publishing.making import Making, MakingHere, Preview, ReadSheets, Task, note_table
from cebd.receipts.publishing.outbox import Books, BothInUse, Folders, InUse, intend, open_folders, problems_about
from cebd.receipts.publishing.places import place_of
from cebd.receipts.publishing.receipt import Receipt
from cebd.records.ids import DropId
from cebd.records.states import DropOutcome, DropState
from cebd.store.decided.layouts import proposal_for
from cebd.store.drops import Drop, load_drop
from cebd.store.published import PublishedBooks, mark_published, published_books_of, remember_books
from cebd.store.store import Store

_PATIENCE_SECONDS, _SECONDS_PER_RECORD = (
    60.0,
    0.005,
)  # for a process: a hundred times what it takes on a computer at rest

MAPPING = "映射"  # begins the name of the workbook that asks what the columns of a file are
MarksOf = Callable[[Path, Drop], Mapping[str, str]]  # properties of the workbook by name; the path is the original's


def publish(
    store: Store,
    drop_id: DropId,
    folder: Path,
    read_sheets: ReadSheets,
    clock: Clock,
    marks_of: MarksOf | None = None,
    is_large: bool = False,
    language: Language = "zh",
) -> Receipt:
    """Write the drop's outbox files; returns the receipt as the workbook shows it. Publishing twice is harmless.

    `marks_of` gives the properties by which the workbook remembers its original. A large receipt is made in a process of its own, which
    reads the original by itself; it is returned without records then.

    The JSON comes first. Raises OSError when a file cannot be written now, BothInUse when both workbooks are open: the drop
    stays behind and is tried again. Raises ChildEnded and ChildBroke when that process does not come to its end.
    """
    outbox = folder / "outbox"
    with store.read() as transaction:
        drop = load_drop(transaction, drop_id)
        written = published_books_of(transaction, drop_id)
        proposal = proposal_for(transaction, drop_id)
    place = place_of(drop.stem)
    with open_folders(outbox, drop.stem, folder) as opened:
        books = Books(opened.books, place.name, written, drop.published_at, clock.now())
        original = _original(folder, drop)
        publishing = Publishing(store, drop, original, read_sheets, marks_of, is_large, language=language)
        receipt, standing = publishing.write_both(books, opened.jsons)
        if proposal is not None:
            _ask(opened.books, f"{MAPPING} {fitting(f'{Path(drop.name).stem}.xlsx')}", proposal, language)
    for below in dict.fromkeys((place.books, place.jsons)):
        _sync_down_to(outbox, below)
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
    language: Language = "zh"

    def write_both(self, books: Books, jsons: Folder) -> tuple[Receipt, PublishedBooks]:
        """Write the JSON into that folder, and the workbook; returns the receipt, and the workbooks that stand there then. Raises as
        `publish` does.
        """
        folders = Folders(books.folder, jsons)
        try:
            return self._write(books, folders, aside=books.is_open(books.name))
        except InUse:
            return self._write(books, folders, aside=True)

    def _write(self, books: Books, folders: Folders, *, aside: bool) -> tuple[Receipt, PublishedBooks]:
        """Write JSON and workbook, this one beside that which is open where it goes `aside`. Raises InUse when it is open after all."""
        both_open = aside and books.is_open(books.aside)
        keeping = None if both_open else books.kept_as(books.aside if aside else books.name)
        with self._making(books, folders, problems_about(books, aside=aside, keeping=keeping)) as making:
            receipt = _named(making, folders.jsons)
            if both_open:
                raise BothInUse(books.name)
            made = making.book(self._marks())
            intend(self.store, self.drop.id, books.written, made.digest)
            return receipt, books.place(made, aside=aside, announced=keeping)

    def _marks(self) -> Mapping[str, str]:
        """The workbook's properties; a file that could not be read says nothing of its origin."""
        if self.marks_of is None or self.drop.outcome is DropOutcome.ERROR:
            return {}
        return self.marks_of(self.original, self.drop)

    @contextmanager
    def _making(self, books: Books, folders: Folders, problems: Sequence[Problem]) -> Iterator[Making]:
        """The making of the files; what has no name in the end is removed."""
        said, names = (*self.notices, *problems), (temporary_name(), temporary_name())
        task = Task(
            self.drop, self.original, iso(books.now), said, *names, books.stem, books.word, self.preview, self.language
        )
        with ExitStack() as left:
            for folder, temporary in ((folders.jsons, task.json), (folders.books, task.book)):
                left.callback(_remove, folder, temporary)
            making: Making
            if self.is_large:
                seconds = _PATIENCE_SECONDS + _SECONDS_PER_RECORD * (self.drop.records or 0)
                making = MakingApart(self.store, folders, task, seconds)
            else:
                making = MakingHere(self.store, folders, task, self.read_sheets, partial(note_table, self.drop.name))
            left.callback(making.close)
            yield making


def _ask(folder: Folder, name: str, proposal: Proposal, language: Language) -> None:
    """Lay down the workbook that asks what the columns are, once: what lies there may have been filled in by a person."""
    from cebd.receipts.publishing.book.mapping_book import make_mapping_book

    if folder.stat(name) is None:
        folder.write(name, make_mapping_book(proposal, language))


def _named(making: Making, jsons: Folder) -> Receipt:
    """Make the JSON, and give it its name."""
    receipt = making.json()
    jsons.give_name(making.task.json, making.task.json_name)
    return receipt


def _remove(folder: Folder, temporary: str) -> None:
    with suppress(OSError):
        folder.remove(temporary)


def _sync_down_to(outbox: Path, below: Path) -> None:
    """Make the names there durable, with those of the folders on the way, which may be new."""
    for folder in (outbox / below, *(outbox / above for above in below.parents)):
        sync_folder(folder)


def _original(folder: Path, drop: Drop) -> Path:
    """Where the dropped file is: still in working/ when it could not be put away yet."""
    place, working = folder / drop.place, folder / (drop.working or drop.place)
    return working if drop.state is DropState.FILING and not place.exists() else place
