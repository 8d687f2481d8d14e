"""The hostile campaign: odd things of every kind are thrown at a station with two enterprises while orders go through.

./dev soak hostile [--seed N] [--orders N] [--odd N]

At the end every order is final and was accepted once, nothing was declared that should not be, every odd thing is named (in `status`, or by
a file in the outbox or error folder), each start was possible, and the audit is clean or names odd things alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from builders.customs_messages import CEB
from builders.stations import TryStation, is_over
from builders.waiting import until
from builders.workbooks import csv_of
from cebd.clock import CST
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Scenario
from cebd.trial.rows import Line, order_rows

IMPATIENT = Path(__file__).parents[1] / "daemons" / "impatient.py"
FOREIGN = b'<?xml version="1.0"?>\n<Package><EnvelopInfo><message_type>INV201</message_type></EnvelopInfo></Package>'


@dataclass(frozen=True)
class Facts:
    """What people can see of the station at one moment."""

    conditions: dict[str, str]  # key: Chinese text
    receipts: dict[str, dict[str, Any]]  # by the name of the file dropped
    declared: Counter[str]  # how often each order number was accepted at customs
    refused: tuple[str, ...]  # what customs did not accept

    def named(self, text: str) -> bool:
        return any(text in key or text in said for key, said in self.conditions.items())

    def counts(self, file: str) -> dict[str, int] | None:
        receipt = self.receipts.get(file)
        return receipt["counts"] if receipt is not None and is_over(receipt) else None


@dataclass(frozen=True)
class Odd:
    """One odd thing: what it is, how it must end, and what the audit may call it."""

    what: str
    holds: Callable[[Facts], bool]
    name: str = ""


@dataclass
class Outcome:
    """What came of it."""

    orders: int
    starts: int
    odd: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)  # promises that were not kept

    def as_promised(self) -> bool:
        return not self.broken


class Thrower:
    """Throws one odd thing after the other at the folders of both enterprises and at the other side."""

    def __init__(self, station: TryStation, chance: random.Random, folders: list[Path]) -> None:
        self.station = station
        self.chance = chance
        self.folders = folders
        self.wanted: set[str] = set()  # order numbers that must be accepted, once
        self.never: set[str] = set()  # and those that must not
        self.later: list[Callable[[], object]] = []  # what completes an earlier throw
        self._number = 0
        self._folder = folders[0]

    def throw(self, kind: Callable[[Thrower, str], Odd]) -> Odd:
        self._number += 1
        self._folder = self.chance.choice(self.folders)
        if self.later and self.chance.random() < 0.5:
            self.later.pop(0)()
        return kind(self, f"odd-{self._number:04d}")

    @property
    def inbox(self) -> Path:
        return self._folder / "inbox"

    def orders(self, count: int = 1, *, declared: bool = True) -> list[Line]:
        """Rows of orders of their own; whether they are to be declared."""
        rows = list(order_rows(count, first=self._number * 10, prefix="ODD" if declared else "NEVER"))
        (self.wanted if declared else self.never).update(row["head.orderNo"] for row in rows)
        return rows

    def drop(self, name: str | bytes, content: bytes, inbox: Path | None = None) -> Path:
        """Into an inbox, the careful way."""
        folder = inbox or self.inbox
        part = folder / f"{self._number}.part"
        part.write_bytes(content)
        return part.replace(folder / os.fsdecode(name))

    def at_customs(self, name: str, content: bytes) -> Path:
        """Among the receipts at the other side."""
        out = self.station.customs_folder / "out"
        (out / f"{name}.part").write_bytes(content)
        return (out / f"{name}.part").replace(out / name)

    def in_outboxes(self, below: str, text: str) -> bool:
        return any(text in path.name for folder in self.folders for path in (folder / "outbox" / below).rglob("*"))


# Files


def odd_name(thrower: Thrower, odd: str) -> Odd:
    names: list[bytes] = [
        f"{odd}订单".encode("gbk"),
        odd.encode() + "订单明细".encode() * 19,
        f"{odd} 12:30?".encode(),
        f"{odd} ".encode(),
        f"{odd}\nline".encode(),
        f"{odd}\u202e".encode(),
        f"{odd}.receipt".encode(),
    ]
    rows = thrower.orders()
    thrower.drop(thrower.chance.choice(names) + b".csv", csv_of(rows))
    return Odd(
        "odd name", lambda facts: any(odd in name and facts.counts(name) == {"succeeded": 1} for name in facts.receipts)
    )


def left_over(thrower: Thrower, odd: str) -> Odd:
    folder = thrower.inbox / thrower.chance.choice(["#recycle", "@Recycle", "$RECYCLE.BIN", "@eaDir", ".snapshot"])
    folder.mkdir(exist_ok=True)
    path = thrower.drop(f"{odd}.csv", csv_of(thrower.orders(declared=False)), folder)
    return Odd("what a NAS leaves", lambda _: path.exists())


def ignored(thrower: Thrower, odd: str) -> Odd:
    name = thrower.chance.choice([f"~${odd}.xlsx", f".~lock.{odd}.csv#", f"{odd}.csv.crdownload"])
    path = thrower.drop(name, csv_of(thrower.orders(declared=False)))
    return Odd("ignored name", lambda facts: path.exists() and facts.named("ignored"))


def no_file(thrower: Thrower, odd: str) -> Odd:
    path = thrower.inbox / f"{odd}.xlsx"
    match thrower.chance.choice(["pipe", "folder", "link"]):
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to("/nowhere/orders.xlsx")
    return Odd("no file", lambda facts: facts.named(odd), odd)


def private(thrower: Thrower, odd: str) -> Odd:
    path = thrower.inbox / f"{odd}.csv"
    part = path.with_suffix(".part")
    part.write_bytes(csv_of(thrower.orders(declared=False)))
    part.chmod(0)
    part.replace(path)
    return Odd("may not be read", lambda facts: facts.named(odd), odd)


def half(thrower: Thrower, odd: str) -> Odd:
    content = csv_of(thrower.orders(2))
    cut = content.index(b"\n", content.index(b"\n") + 1) + 20
    thrower.drop(f"{odd}.csv", content[:cut])
    inbox, name = thrower.inbox, f"{odd}.csv"
    thrower.later.append(lambda: thrower.drop(name, content, inbox))
    return Odd("half, then whole", lambda facts: facts.counts(name) == {"succeeded": 2})


def stays_cut(thrower: Thrower, odd: str) -> Odd:
    content = csv_of(thrower.orders(2, declared=False))
    thrower.drop(f"{odd}.csv", content[: content.index(b"\n", content.index(b"\n") + 1) + 20])
    return in_error("stays cut", thrower, odd)


def no_workbook(thrower: Thrower, odd: str) -> Odd:
    mark = odd.encode()
    name, content = thrower.chance.choice(
        [
            ("pdf.xlsx", b"%PDF-1.7\n" + mark + bytes(99)),
            ("bytes.xlsx", bytes(range(256)) * 4 + mark),
            ("page.xls", b"<html><table><tr><td>" + mark + b"</td></tr></table></html>"),
            ("bomb.xml", b'<!DOCTYPE a [<!ENTITY b "' + mark + b'">]><a>&b;</a>'),
            ("other.csv", b"a,b\r\n1," + mark + b"\r\n"),
        ]
    )
    thrower.drop(f"{odd}-{name}", content)
    return in_error("no workbook", thrower, odd)


def in_error(what: str, thrower: Thrower, odd: str) -> Odd:
    folder = thrower.inbox.parent / "error"
    return Odd(what, lambda _: any(odd in path.name for path in folder.glob("*.problem.txt")), odd)


def bad_row(thrower: Thrower, odd: str) -> Odd:
    [row] = thrower.orders(declared=False)
    row |= {"head.acturalPaid": "1.00"} if thrower.chance.random() < 0.5 else {"line.qty": "many"}
    thrower.drop(f"{odd}.csv", csv_of([row]))
    return Odd("bad row", lambda facts: facts.counts(f"{odd}.csv") == {"rejected": 1})


def same_again(thrower: Thrower, odd: str) -> Odd:
    content = csv_of(thrower.orders())
    thrower.drop(f"{odd}.csv", content)
    inbox, name = thrower.inbox, f"{odd}-again.csv"
    thrower.later.append(lambda: thrower.drop(name, content, inbox))
    return Odd("dropped twice", lambda facts: facts.counts(f"{odd}.csv") == facts.counts(name) == {"succeeded": 1})


def planted(thrower: Thrower, odd: str) -> Odd:
    """A link under the name that our receipt is to have."""
    target = thrower.station.settings_path.parent / f"{odd}.target"
    target.write_text("theirs", encoding="utf-8")
    day = f"{datetime.now(CST):%Y-%m-%d}"
    below, form = thrower.chance.choice([(f"json/{day}", "json"), (day, "xlsx")])
    place = thrower.inbox.parent / "outbox" / below / f"{odd}.receipt.{form}"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)
    thrower.drop(f"{odd}.csv", csv_of(thrower.orders()))

    def holds(facts: Facts) -> bool:
        return target.read_text(encoding="utf-8") == "theirs" and facts.counts(f"{odd}.csv") == {"succeeded": 1}

    return Odd("planted link", holds)


# Receipts


def foreign_receipt(thrower: Thrower, odd: str) -> Odd:
    path = thrower.at_customs(f"{odd}.xml", FOREIGN.replace(b"INV201", odd.encode()))
    return Odd("another system's message", lambda facts: path.exists() and facts.named("CEBD-1713"))


def folder_of_receipts(thrower: Thrower, odd: str) -> Odd:
    (thrower.station.customs_folder / "out" / odd).mkdir()
    return Odd("folder among receipts", lambda facts: facts.named("CEBD-1612"))


def cut_receipt(thrower: Thrower, odd: str) -> Odd:
    thrower.at_customs(f"{odd}.xml", f'<CEB312Message xmlns="{CEB}"><OrderReturn><guid>{odd}</guid>'.encode())
    return Odd("cut receipt", lambda _: thrower.in_outboxes("unmatched", odd))


def strangers_receipt(thrower: Thrower, odd: str) -> Odd:
    """Of another system's order; often not well-formed, from another time, or with a name too long."""
    info = thrower.chance.choice(["入库", "地址 A&B 座", "重量<5", "甲\x02乙"])
    time = thrower.chance.choice(["20261126101010123", "19990101000000000", "20991231000000000", "soon", ""])
    name = f"{odd}{thrower.chance.choice(['', '回' * 70])}.xml"
    fields = f"<ebpCode>1</ebpCode><ebcCode>2</ebcCode><orderNo>{odd}</orderNo><returnStatus>120</returnStatus>"
    said = f"<returnTime>{time}</returnTime><returnInfo>{info}</returnInfo>"
    content = f'<CEB312Message xmlns="{CEB}" guid="x"><OrderReturn>{fields}{said}</OrderReturn></CEB312Message>'
    thrower.at_customs(name, content.encode())
    return Odd("a stranger's receipt", lambda _: thrower.in_outboxes("unmatched", odd))


def old_receipt(thrower: Thrower, odd: str) -> Odd:
    """One of ours comes again."""
    kept = sorted(path for folder in thrower.folders for path in (folder / "outbox" / "customs").rglob("*.xml"))
    if not kept:
        return cut_receipt(thrower, odd)
    path = thrower.at_customs(f"{odd}.xml", thrower.chance.choice(kept).read_bytes())
    return Odd("old receipt again", lambda _: not path.exists())


KINDS: tuple[Callable[[Thrower, str], Odd], ...] = (
    *(odd_name, left_over, ignored, no_file, private, half, stays_cut, no_workbook, bad_row, same_again, planted),
    *(foreign_receipt, folder_of_receipts, cut_receipt, strangers_receipt, old_receipt),
)

# Settings that are changed between two runs: what is added, and whether `status` must name it.
SETTINGS = (
    ("", False),
    ("\ufeff", False),
    ('\n[mapping.broken]\ntype = "no-such-type"\nfiles = ["x*"]\n', True),
    ('\n[channel.broken]\ntype = "sftp"\nhost = ""\nuser = "x"\n', True),
    ('\n[signer.broken]\ntype = "no-such-type"\n', True),
    ('\n[[enterprise]]\nname = "broken"\nfolder = "broken"\nsigner = "nobody"\nchannel = "sandbox"\n', True),
)


def facts_of(station: TryStation, folders: list[Path], *, with_status: bool = True) -> Facts:
    said = []
    if with_status:
        told = station.cebd("status", "--json", "-c", str(station.settings_path))
        said = json.loads(told.stdout)["conditions"] if told.returncode == 0 else []
    receipts = {}
    for folder in folders:
        for path in (folder / "outbox").rglob("*.receipt*.json"):
            if not path.is_symlink():  # one that was planted
                receipt = json.loads(path.read_text(encoding="utf-8"))
                receipts[receipt["file"]] = receipt
    entries = read_ledger(station.customs_folder)
    accepted = Counter(entry["key"]["orderNo"] for entry in entries if entry["verdict"] == "accepted")
    refused = tuple(entry["key"]["orderNo"] for entry in entries if entry["verdict"] != "accepted")
    return Facts({one["key"]: one["zh"] for one in said}, receipts, accepted, refused)


Kind = Callable[[Thrower, str], Odd]


def campaign(
    folder: Path, *, seed: int, orders: int, odd: int, runs: int, seconds: float = 300.0, without: tuple[Kind, ...] = ()
) -> Outcome:
    """Run one. What is thrown follows from the seed; what it hits depends on the machine as well. `without`: kinds that are left out."""
    chance = random.Random(seed)
    with TryStation(
        folder,
        Scenario(answer_seconds=0.1, step_seconds=0.1, entered_at_once=True, seed=seed),
        audited=False,
        as_user=True,
    ) as station:
        folders = [station.share, station.add_enterprise()]
        plain = station.settings_path.read_text(encoding="utf-8")
        outcome = Outcome(orders, 0)
        thrown: list[Odd] = []
        station.start(IMPATIENT)
        until(lambda: all((one / "inbox").is_dir() for one in folders), "the inboxes")
        thrower = Thrower(station, chance, folders)
        some = [kind for kind in KINDS if kind not in without]
        kinds = [kind for _ in range(odd // len(some)) for kind in chance.sample(some, len(some))]
        kinds += chance.sample(some, odd % len(some))
        each = -(-orders // max(1, runs * len(folders)))
        dropped = 0
        for run in range(runs):
            for one in folders:
                count = min(each, orders - dropped)
                if count > 0:
                    rows = list(order_rows(count, first=1 + dropped, prefix="PLAIN"))
                    thrower.wanted.update(row["head.orderNo"] for row in rows)
                    thrower.drop(f"plain-{dropped}.csv", csv_of(rows), one / "inbox")
                    dropped += count
            for kind in kinds[run * odd // runs : (run + 1) * odd // runs]:
                thrown.append(thrower.throw(kind))
                time.sleep(chance.uniform(0.0, 0.05))
            if run + 1 < runs:
                _restart(station, plain, chance, outcome)
        for complete in thrower.later:
            complete()
        if station.settings_path.read_text(encoding="utf-8") != plain:
            station.settings_path.write_text(plain, encoding="utf-8")
            station.kill()
            _started(station, outcome)
        outcome.odd = Counter(one.what for one in thrown)
        outcome.broken += _until_kept(station, folders, thrower, thrown, seconds)
        outcome.broken += _of_the_audit(station, thrown)
        if station.stop() != 0:
            outcome.broken.append("the daemon did not stop well")
        return outcome


def _restart(station: TryStation, plain: str, chance: random.Random, outcome: Outcome) -> None:
    """Stop it or kill it, change the settings, start it; what is wrong in them is named."""
    if chance.random() < 0.5:
        station.kill()
    elif station.stop() != 0:
        outcome.broken.append("the daemon did not stop well")
    added, is_wrong = chance.choice(SETTINGS)
    text = added + plain if added == "\ufeff" else plain + added
    station.settings_path.write_text(text, encoding="utf-8")
    _started(station, outcome)
    if is_wrong:
        folders = [station.share, *station.others]
        until(lambda: facts_of(station, folders).named("settings:"), f"the mistake named: {added.strip()}")


def _started(station: TryStation, outcome: Outcome) -> None:
    station.start(IMPATIENT)
    until(lambda: "station runs" in station.log()[station._log_before :], "the station to start")
    outcome.starts += 1


def _until_kept(
    station: TryStation, folders: list[Path], thrower: Thrower, thrown: list[Odd], seconds: float
) -> list[str]:
    """Promises that are not kept within that time."""
    deadline = time.monotonic() + seconds
    while True:
        facts = facts_of(station, folders, with_status=False)
        missing = sorted(thrower.wanted - facts.declared.keys())
        broken = [f"not accepted: {len(missing)} orders, {missing[:3]}"] if missing else []
        open_ones = [file for file, receipt in facts.receipts.items() if not is_over(receipt)]
        broken += [f"not final: {open_ones[:3]}"] if open_ones else []
        if not broken or time.monotonic() > deadline:
            facts = facts_of(station, folders)
            broken += [f"{one.what}: {one.name or '?'}" for one in thrown if not one.holds(facts)]
        wrong = [number for number, times in facts.declared.items() if times > 1 or number in thrower.never]
        if wrong or facts.refused:
            return [*broken, f"declared twice or wrongly: {wrong[:3]} {facts.refused[:3]}"]
        if not broken or time.monotonic() > deadline:
            return broken
        time.sleep(0.5)


def _of_the_audit(station: TryStation, thrown: list[Odd]) -> list[str]:
    told = station.cebd("audit", "--json", "-c", str(station.settings_path))
    names = [one.name for one in thrown if one.name]
    found = json.loads(told.stdout)["exceptions"]
    return [f"audit: {one['id']} {one['zh']}" for one in found if not any(name in str(one["zh"]) for name in names)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Throw odd things at a station; every promise must still hold.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--odd", type=int, default=500)
    parser.add_argument("--runs", type=int, default=12)
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="cebd-hostile-") as folder:
        outcome = campaign(Path(folder), seed=wanted.seed, orders=wanted.orders, odd=wanted.odd, runs=wanted.runs)
    print(f"orders {outcome.orders}, restarts {outcome.starts}")
    print("odd things: " + ", ".join(f"{count} {what}" for what, count in sorted(outcome.odd.items())))
    print("\n".join(f"NOT KEPT: {one}" for one in outcome.broken) or "every promise kept")
    return 0 if outcome.as_promised() else 1


if __name__ == "__main__":
    sys.exit(main())
