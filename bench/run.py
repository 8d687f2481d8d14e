"""`./dev bench [NAME ...]`: run the benchmarks named, or all of them; exit 1 when one is over its limit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = ("convert",)


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    worst = 0
    for name in wanted or NAMES:
        worst = max(worst, subprocess.run([sys.executable, HERE / f"{name}.py"], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
