"""The properties, each tried many times.

./dev soak properties [ARGS of pytest]
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from builders.examples import LONG

TREE = Path(__file__).parents[2]
WHERE = ("tests/properties", "tests/conformance/test_canonical_form.py")


def main() -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(os.cpu_count() or 1), *(sys.argv[1:] or WHERE)]
    return subprocess.run(command, cwd=TREE, env={**os.environ, LONG: "1"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
