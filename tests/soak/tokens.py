"""The campaign of troubles with a token: it is pulled out, hangs, crashes, is another program's, the machine sleeps, while messages are
signed. Each is signed and handed over once, work goes on within ten seconds of the return, nothing is started again, and no PIN is refused.

./dev soak tokens [--kind pkcs11|skf] [--seed N] [--messages N] [--troubles N]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from builders.skf import SkfDevices
from builders.softhsm import FaultyLibrary, SoftHsm
from builders.stations import TryStation
from builders.waiting import until
from cebd.sandbox.ledger import read_ledger
from cebd.trial.rows import order_rows

_HANG = 600_000
_SESSION_LOST = {"sign": 0xB3}
_SIGNING = 100  # milliseconds that a signature takes: there is always one under way
RECOVERY_SECONDS = 10.0
_SLEEP = "the machine sleeps"  # all stand still, and behind it no session is good any more
# What goes wrong; the folder of all tokens is away besides.
_SKF_REMOVED, _SKF_FAIL = 0x0A000023, 0x0A000001
_SKF_SESSION_LOST = {"sign": _SKF_REMOVED}
SKF_TROUBLES: dict[str, dict[str, int]] = {
    "pulled out": {"gone": _SKF_REMOVED},
    "its session is lost": _SKF_SESSION_LOST,
    "hangs at a signature": {"hang": _HANG},
    "hangs where it is looked for": {"hang_open": _HANG, **_SKF_SESSION_LOST},
    "crashes at a signature": {"crash": 1},
    "crashes where it is looked for": {"crash": 4, **_SKF_SESSION_LOST},
    "is another program's alone": {"open": _SKF_FAIL, **_SKF_SESSION_LOST},
    _SLEEP: {},
}
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
    _SLEEP: {},
}


KINDS = {"pkcs11": TROUBLES, "skf": SKF_TROUBLES}


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


def campaign(
    folder: Path, *, seed: int, messages: int, troubles: list[str], longest: float = 12.0, kind: str = "pkcs11"
) -> Outcome:
    """Sign so many messages, a workbook each, while this goes wrong one after the other. Their lengths follow from the seed.

    A library of the kind `skf` lists for ever what was there when it was asked first.
    """
    chance = random.Random(seed)
    with TryStation(folder, by_folder=True) as station:
        token, library = SoftHsm(folder / "token"), FaultyLibrary(folder / "library")
        usual = {"hang": _SIGNING}
        if kind == "skf":
            library = SkfDevices(folder / "skf")
            station.use_skf(library)
            usual["stale"] = 1
        else:
            station.use_faulty_token(token, library)
        library.fail(**usual)
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
            asleep: list[int] = []
            if trouble == _SLEEP:
                asleep = _stopped(station)
                usual["slept"] = number + 1
            if trouble == "all tokens are away":
                token.take_out_all()
                library.fail(gone=0x32)
            else:
                library.fail(**{**usual, **KINDS[kind][trouble]})
            time.sleep(chance.uniform(0.5, longest))
            for process in chance.sample(asleep, len(asleep)):
                os.kill(process, signal.SIGCONT)
            if trouble == "all tokens are away":
                token.plug_in_all()
            library.fail(**usual)
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


def _stopped(station: TryStation) -> list[int]:
    """The daemon and the processes that work for it: from now on they stand still."""
    assert station.daemon is not None
    parents = {int(path.name): _parent_of(path) for path in Path("/proc").glob("[0-9]*")}
    processes = [station.daemon.pid, *(child for child, parent in parents.items() if parent == station.daemon.pid)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    return processes


def _parent_of(process: Path) -> int:
    """0 for one that has just ended."""
    try:
        return int((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0


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
    parser.add_argument("--kind", choices=KINDS, default="pkcs11")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--troubles", type=int, default=100)
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", flush=True)
    troubles = random.Random(wanted.seed).choices(list(KINDS[wanted.kind]), k=wanted.troubles)
    with tempfile.TemporaryDirectory(prefix="cebd-tokens-") as folder:
        outcome = campaign(
            Path(folder), seed=wanted.seed, messages=wanted.messages, troubles=troubles, kind=wanted.kind
        )
    for trouble in KINDS[wanted.kind]:
        seconds = [took for name, took in outcome.recoveries if name == trouble]
        print(f"{len(seconds):4} times {trouble}: slowest recovery {max(seconds, default=0.0):.1f} s")
    print(f"accepted {outcome.accepted}, distinct guids {outcome.guids}, handed over {outcome.handed_over}")
    print(f"PINs refused {outcome.refused_pins}")
    return 0 if outcome.as_promised(wanted.messages) else 1


if __name__ == "__main__":
    sys.exit(main())
