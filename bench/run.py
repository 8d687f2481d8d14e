"""`./dev bench [NAME ...] [--OPTION[=VALUE] ...]`: run the benchmarks named, or all of them; exit 1 when one is over its limit.

Options go to each of them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = ("convert", "check-accuracy")


def main(arguments: list[str]) -> int:
    options = [one for one in arguments if one.startswith("--")]
    wanted = [one for one in arguments if one not in options]
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    worst = 0
    for name in wanted or NAMES:
        script = HERE / f"{name.replace('-', '_')}.py"
        worst = max(worst, subprocess.run([sys.executable, script, *options], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
