"""Keeping rows of a workbook, in a process of its own where it is large."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from cebd.child.failures import ChildEnded
from cebd.child.process import ChildProcess
from cebd.documents.keeping.rows import Begins, CannotKeep, Wanted, keep_rows
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.worker.choice import goes_apart

_MODULE = "cebd.documents.keeping"
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Order:
    """What the process is sent: the workbook, which of its rows, which sheets whole, and the file to write."""

    path: Path
    name: str
    wanted: Wanted
    begins: Begins
    whole: frozenset[str]
    out: Path


def kept(order: Order) -> bool:
    """Whether the rows were kept: not where they are too many. Raises OSError."""
    if not goes_apart(order.path):
        with suppress(CannotKeep, Unreadable):
            keep_rows(order.path, order.name, order.wanted, order.begins, order.whole, order.out)
            return True
        return False
    try:
        with closing(ChildProcess(_MODULE, order)) as process:
            return bool(process.receive(_PATIENCE_SECONDS)[0] == "kept")
    except ChildEnded:
        return False
