"""The kill campaign: orders go through a server, then through a folder, while the daemon is killed again and again; the books must agree.
Then the process that reads a file is killed at each of its named points, with the store held and beside it.

./dev soak kills [--seed N] [--orders N] [--workbooks N] [--kills N]
./dev soak kills --reading      only the process that reads
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from builders.stations import TryStation
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Scenario
from cebd.trial.rows import order_rows
from daemons.dying_reader import ORDERS, POINTS

DYING = Path(__file__).parents[1] / "daemons" / "dying.py"


@dataclass(frozen=True)
class Outcome:
    """What the books of both sides say at the end."""

    kills: int
    records: dict[str, int]
    ledger: dict[str, int]
    guids: int
    receipts_lost: int
    exceptions: list[str]

    def as_promised(self, orders: int) -> bool:
        """Every order final, declared exactly once, no answer lost, the books in balance."""
        return (
            self.records == {"succeeded": orders}
            and self.ledger == {"accepted": orders}
            and self.guids == orders
            and self.receipts_lost == 0
            and not self.exceptions
        )


def campaign(
    folder: Path, *, seed: int, orders: int, workbooks: int, kills: int, real: bool = True, by_folder: bool = False
) -> Outcome:
    """Run one. The moments of the kills follow from the seed (what they hit depends on the machine as well).

    `real`: a SoftHSM2 token, and OpenSSH's sshd unless `by_folder`, which hands over in a folder.
    """
    moments = random.Random(seed)
    each = orders // workbooks
    scenario = Scenario(answer_seconds=0.3, step_seconds=0.3, entered_at_once=True, seed=seed)
    with TryStation(folder, scenario, real=real, by_folder=by_folder) as station:
        dropped = 0
        for kill in range(kills):
            # Workbooks come in all along, so that every kill finds something under way.
            while dropped < workbooks and dropped <= kill * workbooks / kills:
                rows = list(order_rows(each, first=1 + each * dropped))
                station.drop_rows(f"orders-{dropped}.xlsx", "order", rows)
                dropped += 1
            station.start()
            time.sleep(moments.uniform(0.6, 3.0))
            station.kill()
        station.start()
        receipts = [station.final_receipt(f"orders-{number}", 120) for number in range(workbooks)]
        assert station.stop() == 0
        return books(station, receipts, kills)


def reader_killed(folder: Path, point: str, *how: str) -> Outcome:
    """Orders in a workbook whose reading process is killed there, the first time. `how`: as `dying.py --reader` has it."""
    with TryStation(folder, by_folder=True) as station:
        station.drop_rows("orders.xlsx", "order", list(order_rows(ORDERS)))
        station.start(script=DYING, how=("--reader", point, "1", *how), changes_cebd=False)
        receipt = station.final_receipt("orders", 120)
        assert station.stop() == 0
        assert "a process of cebd's has ended before its time" in station.log(), f"{point} was never reached"
        return books(station, [receipt], 1)


def books(station: TryStation, receipts: list[dict[str, object]], kills: int) -> Outcome:
    """Compare the books of a station that is at rest with those of its customs side."""
    records: Counter[str] = Counter()
    for receipt in receipts:
        records.update(receipt["counts"])  # type: ignore[call-overload]
    entries = read_ledger(station.customs_folder)
    answered = (station.customs_folder / "answered.txt").read_text(encoding="utf-8").split()
    waiting = {path.name for path in (station.customs_folder / "out").iterdir()}
    copied = {path.name.partition("-")[2] for path in station.outbox.glob("customs/*/*")}
    balance = station.audit()
    return Outcome(
        kills,
        dict(records),
        dict(Counter(entry["verdict"] for entry in entries)),
        len({entry["guid"] for entry in entries}),
        len(set(answered) - waiting - copied),
        [exception.en for exception in balance.exceptions],
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill the daemon again and again; the books must still agree.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--workbooks", type=int, default=10)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--reading", action="store_true", help="only the process that reads a file")
    wanted = parser.parse_args()
    if not wanted.reading:
        print(f"seed {wanted.seed}", flush=True)
    kept = True
    for by_folder in () if wanted.reading else (False, True):
        with tempfile.TemporaryDirectory(prefix="cebd-kills-") as folder:
            outcome = campaign(
                Path(folder),
                seed=wanted.seed,
                orders=wanted.orders,
                workbooks=wanted.workbooks,
                kills=wanted.kills,
                by_folder=by_folder,
            )
        kept = kept and outcome.as_promised(wanted.orders)
        print(f"through a {'folder' if by_folder else 'server'}: kills {outcome.kills}, records {outcome.records}")
        print(f"ledger {outcome.ledger}, distinct guids {outcome.guids}, customs answers lost {outcome.receipts_lost}")
        print(f"audit: {outcome.audit}", flush=True)
    for point, how in product(POINTS, ((), ("beside",))):
        with tempfile.TemporaryDirectory(prefix="cebd-kills-") as folder:
            outcome = reader_killed(Path(folder), point, *how)
        promised = outcome.as_promised(ORDERS)
        kept = kept and promised
        where = "beside the store" if how else "with the store held"
        print(f"reading killed {where}, {point}: {'as promised' if promised else outcome}", flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
