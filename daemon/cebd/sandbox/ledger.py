"""The ledger of the simulated customs side: one line of JSON for each record of each arrival, on disk before it is answered.

An arrival's lines are whole or nothing: each says how many there are (`records`), so that a write cut short by a kill is known as such.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

NAME = "ledger.jsonl"
Entry = dict[str, Any]


def append(folder: Path, entries: Sequence[Entry]) -> None:
    """Add the entries of one arrival; durable when it returns. Raises OSError, having added nothing."""
    lines = "".join(json.dumps({**entry, "records": len(entries)}, ensure_ascii=False) + "\n" for entry in entries)
    append_whole(folder / NAME, lines.encode(), durable=True)


def append_whole(path: Path, content: bytes, *, durable: bool) -> None:
    """Add all of it to the file; on the disk when it returns, where it is to be `durable`. Raises OSError, having added nothing."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
            if durable:
                os.fsync(file.fileno())
        except OSError:
            file.truncate(before)
            raise


def read_ledger(folder: Path) -> list[Entry]:
    """Every entry; an arrival whose lines are not all there yet is left out."""
    return [entry for entries, _ in _arrivals(folder) for entry in entries]


def mend_ledger(folder: Path) -> None:
    """Take off what a kill left unfinished at the end; its file is still in `in/` and will be judged as if for the first time."""
    path = folder / NAME
    if not path.exists():
        return
    whole = 0
    for _, end in _arrivals(folder):
        whole = end
    if path.stat().st_size > whole:
        with path.open("r+b") as ledger:
            ledger.truncate(whole)
            os.fsync(ledger.fileno())


def _arrivals(folder: Path) -> Iterator[tuple[list[Entry], int]]:
    """The entries of each whole arrival, and the offset in bytes where they end."""
    try:
        content = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return
    entries: list[Entry] = []
    end = 0
    for line in content.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            return
        end += len(line)
        entries.append(json.loads(line))
        if len(entries) == entries[0]["records"]:
            yield entries, end
            entries = []
