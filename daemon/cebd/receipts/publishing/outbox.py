"""The receipt workbook in the outbox, where people work on it: a changed workbook is kept, and an open workbook delays nothing.

| file under the workbook's name | result |
| --- | --- |
| no file, or a workbook that we wrote | replaced |
| a workbook that somebody changed, or a stranger | it becomes `NAME.receipt (修改于 11-26 0930).xlsx`; the new workbook takes its name |
| an open workbook | the new workbook is `NAME.receipt (新).xlsx`, and takes the name once the other is closed |

It is open when `~$NAME` or `.~lock.NAME#` lies beside it, or when the system refuses to replace it. A workbook is ours
when the store knows its SHA-256. The digest is stored before the file gets its name: killed in between, the file is still recognised as
ours. A store restored from a backup does not know later workbooks: the seal inside them tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cebd.clock import CST
from cebd.disk.entering import open_folder
from cebd.disk.folder import Folder
from cebd.documents.workbooks.own_marks import is_as_we_wrote_it
from cebd.problems.problem import Problem, problem
from cebd.receipts.publishing.places import place_of
from cebd.records.ids import DropId
from cebd.store.published import PublishedBooks, remember_books
from cebd.store.store import Store

LEFT_OVER = timedelta(hours=12)  # a lock that old was left behind by a program that crashed
_BEFORE_RECORDED = timedelta(
    minutes=1
)  # between writing a workbook and recording when, in versions that kept no digests


RECEIPT = "receipt"


def outbox_files(stem: str) -> tuple[Path, Path, Path]:
    """A drop's files, relative to the outbox: the JSON, the workbook, and the workbook that waits beside an open one."""
    place = place_of(stem)
    begin = f"{place.name}.{RECEIPT}"
    return place.jsons / f"{begin}.json", place.books / f"{begin}.xlsx", place.books / f"{begin} (新).xlsx"


class InUse(Exception):
    """The workbook cannot be replaced now: the system says that somebody has it open."""


class BothInUse(Exception):
    """The workbook and the new workbook beside it are both open: the latest version waits until either is closed."""


class Folders(NamedTuple):
    """The open folders of workbook and JSON; one and the same where both lie side by side."""

    books: Folder
    jsons: Folder


@contextmanager
def open_folders(outbox: Path, stem: str, within: Path) -> Iterator[Folders]:
    """The folders of the receipts of that stem below the outbox, held open. Raises OSError."""
    place = place_of(stem)
    with ExitStack() as opened:
        books = opened.enter_context(open_folder(outbox / place.books, within))
        apart = place.jsons != place.books
        yield Folders(books, opened.enter_context(open_folder(outbox / place.jsons, within)) if apart else books)


class MadeBook(NamedTuple):
    """A workbook that lies in the outbox under a temporary name; its SHA-256."""

    temporary: str
    digest: str


@dataclass
class Books:
    """The workbooks of a drop in their open folder. `published_at`: when an earlier version of cebd wrote a workbook, if any (ISO 8601).
    `word`: what their names call them, behind the stem; empty for a statement, whose stem is its whole name.

    `kept_late`: a workbook was kept after the receipt had been written, so the receipt does not name it.
    """

    folder: Folder
    stem: str
    written: PublishedBooks
    published_at: str | None
    now: datetime
    word: str = RECEIPT
    kept_late: bool = False
    _ours: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._ours = set(self.written.digests)

    @property
    def name(self) -> str:
        return f"{self._begin}.xlsx"

    @property
    def aside(self) -> str:
        return f"{self._begin} (新).xlsx"

    def is_open(self, name: str) -> bool:
        """Whether a spreadsheet program's lock shows that the workbook is open."""
        for lock in (f"~${name}", f".~lock.{name}#"):
            stat = self.folder.stat(lock)
            if stat is not None and self.now - datetime.fromtimestamp(stat.st_mtime, CST) < LEFT_OVER:
                return True
        return False

    def can_be_swapped(self) -> bool:
        """Whether the workbook that waits may take the name of the one that was open."""
        return not self.is_open(self.name) and not self.is_open(self.aside) and self.folder.may_be_replaced(self.name)

    def kept_as(self, name: str) -> str | None:
        """The name under which a workbook that a person changed will be kept; None when it is ours. Raises OSError."""
        content = self.folder.read(name)
        if content is None or self._is_ours(content) or self._is_of_an_earlier_version(name):
            return None
        changed = self.folder.stat(name)
        moment = datetime.fromtimestamp(changed.st_mtime, CST) if changed is not None else self.now
        number, kept = 1, self._kept_as(moment, "")
        while self.folder.stat(kept) is not None:
            number += 1
            kept = self._kept_as(moment, f"-{number}")
        return kept

    def keep_changed(self, name: str) -> str | None:
        """Rename a workbook that a person changed to a name that says so; returns the name, None when it is ours. Raises InUse, OSError."""
        kept = self.kept_as(name)
        if kept is not None:
            try:
                self.folder.rename(name, kept)
            except PermissionError:
                raise InUse(name) from None
        return kept

    def kept(self) -> list[str]:
        """Names of the changed workbooks that were kept and are still there."""
        begin = f"{self._begin} (修改于 "
        return sorted(name for name in self.folder.names() if name.startswith(begin))

    def place(self, made: MadeBook, *, aside: bool, announced: str | None) -> PublishedBooks:
        """Give the workbook its name after its digest is stored; returns the workbooks there. Raises InUse, OSError.

        `announced`: the name of the kept workbook in the receipt. The changed workbook is renamed only now: making a large
        workbook takes time, in which people use the old workbook and may change it again.
        """
        self._ours.add(made.digest)
        name = self.aside if aside else self.name
        self.kept_late = self.keep_changed(name) != announced
        try:
            self.folder.give_name(made.temporary, name)
        except (PermissionError, IsADirectoryError):
            if aside:
                raise
            raise InUse(name) from None
        if aside:
            return PublishedBooks((*self.written.digests, made.digest), aside=True)
        if self.folder.stat(self.aside) is None:
            return PublishedBooks((made.digest,))
        if self.is_open(self.aside):
            return PublishedBooks((*self.written.digests, made.digest), aside=True)
        if self.keep_changed(self.aside) is None:
            self.folder.remove(self.aside)
        else:
            self.kept_late = True
        return PublishedBooks((made.digest,))

    def _kept_as(self, moment: datetime, number: str) -> str:
        return f"{self._begin} (修改于 {moment:%m-%d %H%M}{number}).xlsx"

    @property
    def _begin(self) -> str:
        return f"{self.stem}.{self.word}" if self.word else self.stem

    def _is_ours(self, content: bytes) -> bool:
        """By its digest; by its seal where the store is older than the workbook (`cebd restore`)."""
        return sha256(content).hexdigest() in self._ours or is_as_we_wrote_it(content)

    def _is_of_an_earlier_version(self, name: str) -> bool:
        """Earlier versions stored no digests: a workbook is theirs when nobody touched it after they recorded it."""
        if self.written.digests or self.published_at is None:
            return False
        stat = self.folder.stat(name)
        recorded = datetime.fromisoformat(self.published_at)
        return stat is not None and datetime.fromtimestamp(stat.st_mtime, CST) <= recorded + _BEFORE_RECORDED


def problems_about(books: Books, *, aside: bool, keeping: str | None) -> list[Problem]:
    """The new receipt's notes on the workbooks beside it. `keeping`: the name under which a changed workbook is about to be kept."""
    kept = sorted({*books.kept(), *filter(None, [keeping])})
    problems = [problem("CEBD-1740", value=name) for name in kept]
    if aside:
        problems.append(problem("CEBD-1741", file=books.name, value=books.aside))
    return problems


def intend(store: Store, drop_id: DropId, written: PublishedBooks, digest: str) -> None:
    """Store the digest before the file gets its name."""
    with store.write() as transaction:
        remember_books(transaction, drop_id, PublishedBooks((*written.digests, digest), written.aside))
