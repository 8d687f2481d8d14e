"""What systemd says of how exposed a service is."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def exposure(unit: Path) -> tuple[float, str]:
    """From 0 (least) to 10, and the whole table with it. `unit`: a unit's file, of a template an instance's."""
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found, said
    return float(found[1]), said
