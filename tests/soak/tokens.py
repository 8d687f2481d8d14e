"""The campaign of troubles with a token: it is pulled out, hangs, crashes, is another program's, while messages are signed. Each is signed
and handed over once, work goes on within ten seconds of the return, nothing is started again, and no PIN is refused.

./dev soak tokens [--seed N] [--messages N] [--troubles N]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from builders.softhsm import FaultyLibrary, SoftHsm
from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import order_rows

_HANG = 600_000
_SESSION_LOST = {"sign": 0xB3}
_SIGNING = 100  # milliseconds that a signature takes: there is always one under way
RECOVERY_SECONDS = 10.0
# What goes wrong; the folder of all tokens is away besides.
TROUBLES: dict[str, dict[str, int]] = {
    "pulled out": {"gone": 0x32},
    "not seen before the library is started anew": {"gone": 0xE0},
    "its session is lost": _SESSION_LOST,
    "hangs at a signature": {"hang": _HANG},
    "hangs where it is looked for": {"hang_open": _HANG, **_SESSION_LOST},
    "crashes at a signature": {"crash": 1},
    "crashes where it is looked for": {"crash": 4, **_SESSION_LOST},
    "is another program's alone": {"open": 0xB1, **_SESSION_LOST},
    "all tokens are away": {},
}


@dataclass
class Outcome:
    """What both sides say at the end. `recoveries`: seconds from the return of the token to the next signature, by trouble."""

    messages: int
    accepted: int
    guids: int
    handed_over: int
    refused_pins: int
    recoveries: list[tuple[str, float]] = field(default_factory=list)

    def as_promised(self, messages: int) -> bool:
        """Each message once, and every recovery in time."""
        once = (self.messages, self.accepted, self.guids, self.handed_over) == (messages,) * 4
        return once and not self.refused_pins and max(self.slowest) <= RECOVERY_SECONDS

    @property
    def slowest(self) -> list[float]:
        return [seconds for _, seconds in self.recoveries]


def campaign(folder: Path, *, seed: int, messages: int, troubles: list[str], longest: float = 12.0) -> Outcome:
    """Sign so many messages, a workbook each, while this goes wrong one after the other. The kind and length follow from the seed."""
    chance = random.Random(seed)
    with TryStation(folder, by_folder=True) as station:
        token, library = SoftHsm(folder / "token"), FaultyLibrary(folder / "library")
        station.use_faulty_token(token, library)
        library.fail(hang=_SIGNING)
        station.start()
        until(lambda: "station runs" in station.log(), "the station to run")
        dropped, recoveries = 0, []
        for number, trouble in enumerate(troubles):
            share = messages * (number + 1) // len(troubles)
            while dropped < share:
                station.drop_rows(f"m-{dropped}.xlsx", "order", list(order_rows(1, first=1 + dropped)))
                dropped += 1
            before = library.calls("sign")
            until(lambda before=before: library.calls("sign") > before, "a signature")  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.2))
            if trouble == "all tokens are away":
                token.take_out_all()
                library.fail(gone=0x32)
            else:
                library.fail(**TROUBLES[trouble])
            time.sleep(chance.uniform(0.5, longest))
            if trouble == "all tokens are away":
                token.plug_in_all()
            library.fail(hang=_SIGNING)
            recoveries.append((trouble, _seconds_to_the_next(station, library, dropped)))
        for number in range(messages):
            assert station.final_receipt(f"m-{number}", 120)["counts"] == {"succeeded": 1}
        assert station.daemon is not None
        assert station.daemon.poll() is None, "the daemon has ended"
        assert station.stop() == 0
        entries = read_ledger(station.customs_folder)
        return Outcome(
            messages,
            sum(entry["verdict"] == "accepted" for entry in entries),
            len({entry["guid"] for entry in entries}),
            len(entries),
            len(library.failed()),
            recoveries,
        )


def _seconds_to_the_next(station: TryStation, library: FaultyLibrary, dropped: int) -> float:
    """Until a message is signed, if any is left to be."""
    begin, signed = time.monotonic(), library.calls("sign")

    def goes_on() -> bool:
        if library.calls("sign") > signed + 1:  # one more than what hung
            return True
        receipts = sum(1 for path in station.outbox.rglob("m-*.receipt.json"))
        return receipts >= dropped and not _waits(station)

    until(goes_on, "the next signature", 60)
    return time.monotonic() - begin


def _waits(station: TryStation) -> bool:
    return bool(station.standing()["waiting"] or station.standing()["conditions"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--troubles", type=int, default=100)
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", flush=True)
    troubles = random.Random(wanted.seed).choices(list(TROUBLES), k=wanted.troubles)
    with tempfile.TemporaryDirectory(prefix="cebd-tokens-") as folder:
        outcome = campaign(Path(folder), seed=wanted.seed, messages=wanted.messages, troubles=troubles)
    for trouble in TROUBLES:
        seconds = [took for name, took in outcome.recoveries if name == trouble]
        print(f"{len(seconds):4} times {trouble}: slowest recovery {max(seconds, default=0.0):.1f} s")
    print(f"accepted {outcome.accepted}, distinct guids {outcome.guids}, handed over {outcome.handed_over}")
    print(f"PINs refused {outcome.refused_pins}")
    return 0 if outcome.as_promised(wanted.messages) else 1


if __name__ == "__main__":
    sys.exit(main())
