"""Ten thousand receipts in random order, a fifth of them twice, one in a hundred garbage, by a folder, SFTP and HTTP at once: every list
ends as it does when each receipt comes once, in its order.

    ./dev soak unordered --seed 7 --receipts 10000
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from builders.channel_sides import Folders, HttpFolders, SftpFolders
from builders.openssh import OpenSsh
from builders.unordered import in_any_order, in_order, receipts_about


def main() -> int:
    parser = argparse.ArgumentParser(description="Receipts in any order, by three channels.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--receipts", type=int, default=10_000)
    wanted = parser.parse_args()
    chance, began = random.Random(wanted.seed), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cebd-unordered-") as name, ExitStack() as servers:
        folder = Path(name)
        for part in ("plain", "sftp", "http", "ordered", "unordered"):
            (folder / part).mkdir()
        lists = [f"L{number}" for number in range(wanted.receipts // 6)]
        receipts = receipts_about(lists, chance)
        sides = {
            "folder": Folders(folder / "plain"),
            "sftp": SftpFolders(folder / "sftp", servers.enter_context(OpenSsh(folder / "sshd", folder))),
            "http": HttpFolders(folder / "http"),
        }
        expected = in_order(folder / "ordered", lists, receipts)
        found, stored = in_any_order(folder / "unordered", lists, receipts, sides, chance)
        for side in sides.values():
            side.close()
    other = [number for number in lists if found[number] != expected[number]]
    print(
        f"{len(receipts)} receipts about {len(lists)} lists, stored: {dict(stored)}; {len(other)} lists end otherwise "
        f"than in order ({time.monotonic() - began:.0f} s)",
        *(f"{number}: {found[number]}, not {expected[number]}" for number in other[:3]),
        sep="\n",
    )
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())
