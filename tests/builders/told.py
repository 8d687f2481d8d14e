"""What the simulated customs side was told."""

from __future__ import annotations

import json
import re
from collections import Counter

from builders.stations import TryStation
from cebd.sandbox.ledger import read_ledger


def orders_told(station: TryStation, prefix: str) -> Counter[str]:
    """How often it was told of each order whose number begins so."""
    number = re.compile(rf'"({re.escape(prefix)}\d+)"')
    told: Counter[str] = Counter()
    for entry in read_ledger(station.customs_folder):
        told.update(set(number.findall(json.dumps(entry))))
    return told
