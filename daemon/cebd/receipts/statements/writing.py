"""A statement is written to the outbox: `税单/2026-11.xlsx`, `2026-11-26/对账.xlsx`, as a receipt workbook is (`publishing.outbox`).

What a person changed is kept under another name, and an open workbook delays nothing: the new one lies beside it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cebd.clock import CST, Clock
from cebd.disk.entering import open_folder
from cebd.disk.folder import temporary_name
from cebd.disk.system import sync_folder
from cebd.receipts.publishing.outbox import Books, BothInUse, InUse
from cebd.receipts.statements.making import LARGE_ROWS, StatementTask, make_apart, make_here, size_of
from cebd.store.published import PublishedBooks
from cebd.store.statements.books import StatementId, StatementKind, load_statement, remember_statement
from cebd.store.store import Store

TAX_FOLDER, DAY_STEM = "税单", "对账"


def place_of(wanted: StatementId) -> tuple[str, str]:
    """The folder in the outbox, and the workbook's name without its ending."""
    if wanted.kind is StatementKind.TAX_BILLS:
        return TAX_FOLDER, wanted.period
    return wanted.period, DAY_STEM


def may_be_written(store: Store, wanted: StatementId, folder: Path, clock: Clock) -> bool:
    """Whether there is news, or the workbook is closed beside which the new one waits. Raises OSError."""
    with store.read() as transaction:
        statement = load_statement(transaction, wanted)
    if statement.changed > statement.published:
        return True
    below, stem = place_of(wanted)
    with open_folder(folder / "outbox" / below, folder) as opened:
        return Books(opened, stem, statement.books, None, clock.now().astimezone(CST), word="").can_be_swapped()


def write_statement(
    store: Store, wanted: StatementId, folder: Path, clock: Clock, large_rows: int = LARGE_ROWS
) -> Path:
    """Write the statement of the enterprise that has that folder; returns the workbook's path. Writing it twice is harmless.

    Raises OSError when it cannot be written now, BothInUse when it and the new one beside it are open; ChildEnded and ChildBroke where the
    process that makes a large one does not come to its end. It stays behind then, and is tried again.
    """
    with store.read() as transaction:
        statement = load_statement(transaction, wanted)
        rows = size_of(transaction, wanted)
    below, stem = place_of(wanted)
    path = folder / "outbox" / below
    with open_folder(path, folder) as opened:
        now = clock.now().astimezone(CST)
        books = Books(opened, stem, statement.books, None, now, word="")
        aside = books.is_open(books.name)
        if aside and books.is_open(books.aside):
            raise BothInUse(books.name)
        task = StatementTask(wanted, temporary_name(), books.name, f"{now:%Y-%m-%d %H:%M}")
        try:
            made = make_apart(store, opened, task, rows) if rows >= large_rows else make_here(store, opened, task)
            # Killed after this, the file is still known as ours.
            with store.write() as transaction:
                written = statement.books
                remember_statement(transaction, wanted, PublishedBooks((*written.digests, made.digest), written.aside))
            try:
                standing = books.place(made, aside=aside, announced=None)
            except InUse:
                aside = True
                standing = books.place(made, aside=True, announced=None)
        finally:
            with suppress(OSError):
                opened.remove(task.temporary)
    sync_folder(path)
    # Killed here, the same workbook is written once more.
    with store.write() as transaction:
        remember_statement(transaction, wanted, standing, statement.changed)
    return path / (books.aside if aside else books.name)
