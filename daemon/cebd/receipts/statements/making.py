"""The workbook of a statement, made from the store: here, or of a large one in a process of its own (`apart/`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cebd.child.failures import failure_of
from cebd.child.process import ChildProcess
from cebd.customs.book_files import book_folder
from cebd.disk.folder import Folder
from cebd.messages.schema_files import schema_dir
from cebd.receipts.publishing.book.own_columns import Language
from cebd.receipts.publishing.book.remarks import NOT_REAL
from cebd.receipts.publishing.outbox import MadeBook
from cebd.receipts.statements.ledger_book import LedgerForm, ledger_tables
from cebd.receipts.statements.ledger_scope import rows_of
from cebd.receipts.statements.reconciliation import count_records, reconcile
from cebd.receipts.statements.reconciliation_book import reconciliation_tables
from cebd.receipts.statements.tables import Table, make_workbook
from cebd.receipts.statements.tax_bill_book import tax_bill_tables
from cebd.store.safety.environment import environment_in
from cebd.store.statements.books import StatementId, StatementKind
from cebd.store.statements.tax_bills import bills_between, count_bills
from cebd.store.store import Store
from cebd.store.transaction import Transaction

LARGE_ROWS = 3_000  # of fewer it takes less time than to start a process
_MODULE = "cebd.receipts.statements.apart"
_PATIENCE_SECONDS, _SECONDS_PER_ROW = 60.0, 0.005


@dataclass(frozen=True)
class StatementTask:
    """What is wanted: the statement, the name under which it is prepared, its name in the end; `now`: as people write a time.

    `language`, `return_days`: see `ledger_book.LedgerForm`.
    """

    id: StatementId
    temporary: str
    name: str
    now: str
    language: Language = "zh"
    return_days: int = 30


@dataclass(frozen=True)
class StatementOrder:
    """What the process is sent first. `descriptor`: of the open folder (None on Windows)."""

    store: Path
    folder: Path
    descriptor: int | None
    schemas: Path
    code_book: Path
    task: StatementTask


def size_of(transaction: Transaction, wanted: StatementId) -> int:
    """How many rows the statement has, more or less."""
    if wanted.kind is StatementKind.TAX_BILLS:
        return count_bills(transaction, wanted.enterprise, wanted.period)
    return count_records(transaction, wanted.enterprise, wanted.period)


def make_here(store: Store, folder: Folder, task: StatementTask) -> MadeBook:
    """Prepare the workbook in the open folder. Raises OSError."""
    with store.read() as transaction:
        content = make_workbook(tables_of(transaction, task))
    folder.prepare(task.temporary, task.name, content)
    return MadeBook(task.temporary, sha256(content).hexdigest())


def make_apart(store: Store, folder: Folder, task: StatementTask, rows: int) -> MadeBook:
    """The same in a process of its own, for which nobody waits. Raises OSError, ChildEnded, ChildBroke."""
    order = StatementOrder(store.folder, folder.path, folder.descriptor, schema_dir(), book_folder(), task)
    held = () if folder.descriptor is None else (folder.descriptor,)
    with closing(ChildProcess(_MODULE, order, descriptors=held)) as process:
        match process.receive(_PATIENCE_SECONDS + _SECONDS_PER_ROW * rows):
            case "book", str(digest):
                return MadeBook(task.temporary, digest)
            case said:
                raise failure_of(said)


def tables_of(transaction: Transaction, task: StatementTask) -> Iterator[Table]:
    """The sheets of the statement, as things stand."""
    wanted, now, environment = task.id, task.now, environment_in(transaction)
    if wanted.kind is StatementKind.LEDGER:
        form = LedgerForm(wanted.period, now, task.language, environment, task.return_days)
        return ledger_tables(rows_of(transaction, wanted, form.today), form)
    note = NOT_REAL.get(environment or "", "")
    if wanted.kind is StatementKind.TAX_BILLS:
        return tax_bill_tables(bills_between(transaction, wanted.enterprise, wanted.period, wanted.period), now, note)
    return reconciliation_tables(reconcile(transaction, wanted.enterprise, wanted.period), now, note)
