"""What a person asks for beside the receipts of single files: everything that came in a period, and the reconciliation of a day."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cebd.clock import CST, Clock, SystemClock
from cebd.disk.files import write_file
from cebd.operations.text import Refused
from cebd.receipts.publishing.outbox import BothInUse
from cebd.receipts.statements.period_tables import NAMES, Period, as_objects
from cebd.receipts.statements.reconciliation import Reconciliation, reconcile
from cebd.receipts.statements.tables import make_workbook
from cebd.receipts.statements.taking_bills import take_up_bills
from cebd.receipts.statements.writing import write_statement
from cebd.store.statements.books import StatementId, StatementKind, want_statement
from cebd.store.store import Store

_FORMULA = re.compile(r"[=+@\t\r\n＝＋－＠]|-(?!\d+(?:\.\d+)?\Z)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Written:
    """The workbook of a day's reconciliation, and what it says."""

    path: Path
    day: Reconciliation

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return {"file": str(self.path), **self.day.as_json()}


def export(store_dir: Path, period: Period, to: Path) -> list[Path]:
    """Write everything that came in the period: a workbook, or, where `to` ends in .csv, a file for each table; returns the files.

    The daemon may run. Raises StoreError, OSError; Refused for another ending.
    """
    ending = to.suffix.lower()
    if ending not in (".xlsx", ".csv"):
        raise Refused(f"{to}：文件名应以 .xlsx 或 .csv 结尾。", f"{to}: the name must end in .xlsx or .csv")
    written = []
    with _opened(store_dir) as store, store.read() as transaction:
        if ending == ".xlsx":
            write_file(to, make_workbook(period.tables(transaction)))
            return [to]
        for name, table in zip(NAMES, period.tables(transaction), strict=True):
            path = to.with_name(f"{to.stem}.{name.replace('_', '-')}.csv")
            write_file(path, _csv(list(as_objects(table)), [column.heading for column in table.columns]))
            written.append(path)
    return written


def export_as_json(store_dir: Path, period: Period) -> dict[str, object]:
    """The same as one object: `receipts`, `declarations`, `tax_bills`."""
    with _opened(store_dir) as store, store.read() as transaction:
        tables = zip(NAMES, period.tables(transaction), strict=True)
        told = {name: list(as_objects(table)) for name, table in tables}
    return {"from": f"{period.first}", "to": f"{period.last}", **told}


def reconcile_days(
    store_dir: Path, folders: Mapping[str, Path], day: date, clock: Clock | None = None
) -> list[Written]:
    """Write the reconciliation of that day as it stands now into the outboxes of these enterprises (`folders`).

    The station still writes its own once after the day has ended, if it has not yet. Raises StoreError, OSError; Refused for a day that has
    not begun, and for a workbook that is open twice.
    """
    clock = clock or SystemClock()
    if day > clock.now().astimezone(CST).date():
        raise Refused(f"{day} 还没有到。", f"{day} has not begun")
    written = []
    with closing(Store.open(store_dir, create=False, change=True)) as store:
        for enterprise, folder in folders.items():
            wanted = StatementId(enterprise, StatementKind.RECONCILIATION, f"{day}")
            with store.write() as transaction:
                want_statement(transaction, wanted)
            try:
                path = write_statement(store, wanted, folder, clock)
            except BothInUse as error:
                raise Refused(
                    f"{enterprise}：{error} 和旁边的“(新)”都开着，请关闭其中一个。",
                    f"{enterprise}: {error} and the new one beside it are open; close one of them",
                ) from None
            with store.read() as transaction:
                written.append(Written(path, reconcile(transaction, enterprise, f"{day}")))
    return written


def _opened(store_dir: Path) -> closing[Store]:
    store = Store.open(store_dir, create=False, change=True)
    try:
        while take_up_bills(store):  # what the daemon has not taken up yet
            pass
    except BaseException:
        store.close()
        raise
    return closing(store)


def _csv(rows: Sequence[Mapping[str, object]], headings: Sequence[str]) -> bytes:
    """For Excel, too: with a mark, and no text that it would take for a formula."""
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow([heading.replace("\n", " ") for heading in headings])
    for row in rows:
        out.writerow(["" if cell is None else harmless(str(cell)) for cell in row.values()])
    return text.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """The text, such that no program takes it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
