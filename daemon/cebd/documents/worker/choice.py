"""Which files are read in a process of their own."""

from __future__ import annotations

import os
from pathlib import Path

from cebd.documents.workbooks.accepted import is_message
from cebd.documents.workbooks.kind import HEAD_BYTES, Kind, kind_of
from cebd.documents.workbooks.other.ods import CONTENT
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.workbooks.xlsx.archive import opened

LARGE_BYTES = (
    16 << 20
)  # laid out, some ten thousand orders: read in this process they take as long as the other takes to start and read


def goes_apart(path: Path) -> bool:
    """Whether the file is read in a process of its own: no message, and nothing that cannot be read."""
    try:
        return not is_message(path) and (is_xls(path) or (cores() > 1 and laid_out_bytes(path) >= LARGE_BYTES))
    except (Unreadable, OSError):
        return False


def is_xls(path: Path) -> bool:
    """Whether it is kept as an .xls is, whatever its name says. The reader of these can end a process, or never ends."""
    return _kind(path) is Kind.COMPOUND


def laid_out_bytes(path: Path) -> int:
    """Of the sheets of an .xlsx or .ods, unpacked; of any other file its own size. What is no workbook counts for nothing."""
    if _kind(path) is not Kind.ZIP:
        return path.stat().st_size
    try:
        with opened(path) as archive:
            return sum(archive.size(name) for name in archive.names if _is_a_sheet(name))
    except Unreadable:
        return 0


def _is_a_sheet(name: str) -> bool:
    return name == CONTENT or "/worksheets/" in name.casefold()


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _kind(path: Path) -> Kind:
    with path.open("rb") as opened_file:
        return kind_of(opened_file.read(HEAD_BYTES))
