"""The customs parameter tables of `schemas/codes/`."""

from __future__ import annotations

import csv
from functools import cache

from cebd.messages.description import schema_dir


@cache
def codes(table: str) -> dict[str, str]:
    """Code -> Chinese name of a table such as `units`. Raises FileNotFoundError for a table that is not there."""
    path = schema_dir() / "codes" / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["code"]: row["name_zh"] for row in csv.DictReader(lines)}
