"""Where the receipts of a drop lie below the outbox, as its `stem` says.

| stem | workbook | JSON |
| --- | --- | --- |
| `2026-11-26/orders`: by the day of the drop | `2026-11-26/orders.receipt.xlsx` | `json/2026-11-26/orders.receipt.json` |
| `orders`: flat, of settings that do not ask for days | `orders.receipt.xlsx` | `orders.receipt.json` |

The stem is fixed when the file is taken, so a receipt never changes its folder, whatever the settings say later.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

JSON = "json"


class ReceiptPlace(NamedTuple):
    """The folders of workbook and JSON, relative to the outbox, and the name of both without endings."""

    books: Path
    jsons: Path
    name: str


def place_of(stem: str) -> ReceiptPlace:
    """The place of the receipts of a drop with that stem."""
    day, _, name = stem.rpartition("/")
    return ReceiptPlace(Path(day), Path(JSON, day) if day else Path(), name)


def stem_at(path: Path) -> str:
    """The stem of a receipt JSON, by its path relative to the outbox. Wherever a person has put it, it counts by its name."""
    name = path.name.removesuffix(".json").removesuffix(".receipt")
    return f"{path.parts[1]}/{name}" if len(path.parts) == 3 and path.parts[0] == JSON else name
