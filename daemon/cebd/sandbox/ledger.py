"""The ledger of the simulated customs side: one line of JSON for each record of each arrival, on disk before it is answered."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

NAME = "ledger.jsonl"


def append(folder: Path, entries: Iterable[dict[str, Any]]) -> None:
    """Add entries; durable when it returns."""
    lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    with (folder / NAME).open("a", encoding="utf-8") as ledger:
        ledger.write(lines)
        ledger.flush()
        os.fsync(ledger.fileno())


def read_ledger(folder: Path) -> list[dict[str, Any]]:
    """Every entry; a last line cut short by a kill is left out (its arrival is judged again)."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    entries = []
    for line in text.splitlines():
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return entries
