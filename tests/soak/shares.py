"""`./dev soak shares`: people drop files over shares in every way that goes wrong, for as many rounds as are asked for.

Over a real Samba, and on a share with the habits of NFS. The daemon is killed now and then, the server stopped. At the end customs were
told of each order exactly once, the audit is clean, and nothing waits any more.

    ./dev soak shares --seed 7 --files 40
"""

from __future__ import annotations

import argparse
import pwd
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from builders import mounts, samba
from builders.mounts import NfsHabits
from builders.ordinary_user import USER, runs_as_root
from builders.samba import Samba
from builders.stations import TryStation
from builders.told import orders_told
from builders.waiting import until
from builders.workbooks import csv_of
from cebd.trial.rows import order_rows

IMPATIENT = Path(__file__).parents[1] / "daemons" / "impatient.py"
PREFIX = "SHARE"
_SECONDS = 240.0
_LEFT_ALONE = "CEBD-1049"


class Files:
    """Files of orders, none of which is in two of them; `expected`: how many orders were dropped for good."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._next = 1
        self.expected = 0

    def make(self, *, counts: bool = True) -> tuple[str, list[bytes]]:
        """A name, and the lines of a file."""
        number = self._chance.randint(1, 6)
        first, self._next = self._next, self._next + number
        self.expected += number if counts else 0
        name = f"{self._chance.choice(('订单', 'orders', 'Été 100%'))} {first}.csv"
        return name, csv_of(order_rows(number, first=first, prefix=PREFIX)).splitlines(keepends=True)


class OverSamba:
    """What people do over SMB; `others` is a share whose files belong to another user than the daemon's."""

    def __init__(self, server: Samba, files: Files, folder: Path, chance: random.Random) -> None:
        self._server, self._files, self._put_from, self._chance = server, files, folder / "put", chance

    def ways(self) -> list[Callable[[], None]]:
        return [
            self.whole,
            self.slow,
            self.renamed,
            self.half_first,
            self.cut_off,
            self.deleted,
            self.held,
            self.restarted,
        ]

    def whole(self) -> None:
        name, lines, share = *self._files.make(), self._share()
        self._put(share, name, lines)

    def slow(self) -> None:
        name, lines, share = *self._files.make(), self._share()
        writer = self._server.writer(share, f"inbox/{name}")
        assert writer.stdin is not None
        for line in lines:
            writer.stdin.write(line)
            writer.stdin.flush()
            time.sleep(self._chance.uniform(0.05, 1.2))
        writer.communicate(timeout=60)

    def renamed(self) -> None:
        name, lines, share = *self._files.make(), self._share()
        self._put(share, f"{name}.tmp", lines)
        self._server.do(share, f'rename "inbox/{name}.tmp" "inbox/{name}"')

    def half_first(self) -> None:
        name, lines, share = *self._files.make(), self._share()
        self._put(share, name, lines[: len(lines) // 2])
        time.sleep(self._chance.uniform(0, 4))
        self._put(share, name, lines)

    def cut_off(self) -> None:
        """The client dies in the middle of a line; its user copies the file once more."""
        name, lines, share = *self._files.make(), self._share()
        writer = self._server.writer(share, f"inbox/{name}")
        assert writer.stdin is not None
        writer.stdin.write(b"".join(lines)[:-20])
        writer.stdin.flush()
        time.sleep(self._chance.uniform(0, 1))
        writer.kill()
        writer.wait()
        self._put(share, name, lines)

    def deleted(self) -> None:
        name, lines, share = *self._files.make(counts=False), self._share()
        self._put(share, name, [b"".join(lines)[:-20]])
        self._server.do(share, f'del "inbox/{name}"')

    def held(self) -> None:
        name, lines, share = *self._files.make(), self._share()
        self._put(share, f"{name}.tmp", lines)
        with self._server.opened(share, f"inbox/{name}.tmp", others_may=4):  # may be renamed
            self._server.do(share, f'rename "inbox/{name}.tmp" "inbox/{name}"')
            time.sleep(self._chance.uniform(0, 3))

    def restarted(self) -> None:
        name, lines, share = *self._files.make(), self._share()
        writer = self._server.writer(share, f"inbox/{name}")
        assert writer.stdin is not None
        writer.stdin.write(b"".join(lines)[:-20])
        writer.stdin.flush()
        self._server.stop()
        writer.kill()
        writer.wait()
        self._server.start()
        self._put(share, name, lines)

    def _share(self) -> str:
        return self._chance.choice(("drop", "others"))

    def _put(self, share: str, name: str, lines: list[bytes]) -> None:
        self._put_from.write_bytes(b"".join(lines))
        self._server.do(share, f'put "{self._put_from}" "inbox/{name}"')


class OverNfs:
    """What another machine does on the server, and what the share does meanwhile."""

    def __init__(self, nfs: NfsHabits, files: Files, chance: random.Random) -> None:
        self._nfs, self._files, self._chance = nfs, files, chance
        self._inbox = nfs.server / "inbox"

    def ways(self) -> list[Callable[[], None]]:
        return [self.slow, self.late, self.stale, self.lost, self.broken, self.full, self.deleted]

    def slow(self) -> None:
        name, lines = self._files.make()
        with (self._inbox / name).open("wb", buffering=0) as out:
            for line in lines:
                out.write(line)
                time.sleep(self._chance.uniform(0.05, 1.2))

    def late(self) -> None:
        with self._habit("late", str(self._chance.randint(1, 4))):
            self.slow()

    def stale(self) -> None:
        name, lines = self._files.make()
        with self._habit("stale", self._chance.choice((f"/{name}", f"-{name}"))):
            (self._inbox / name).write_bytes(b"".join(lines))
            time.sleep(self._chance.uniform(1, 5))

    def lost(self) -> None:
        name, lines = self._files.make()
        with self._habit("late", "5"), self._habit("lost answer", f"-{name}"):
            (self._inbox / name).write_bytes(b"".join(lines))
            until(lambda: not (self._inbox / name).exists(), f"{name} taken", _SECONDS)

    def broken(self) -> None:
        self.slow()
        with self._habit("broken", self._chance.choice(("ESTALE", "EIO", "EACCES", "ETIMEDOUT"))):
            time.sleep(self._chance.uniform(0.1, 4))

    def full(self) -> None:
        with self._habit("full", ""):
            self.slow()

    def deleted(self) -> None:
        name, lines = self._files.make(counts=False)
        (self._inbox / name).write_bytes(b"".join(lines)[:-20])
        time.sleep(self._chance.uniform(0, 1))
        (self._inbox / name).unlink()

    @contextmanager
    def _habit(self, name: str, what: str) -> Iterator[None]:
        self._nfs.has(name, what)
        yield
        self._nfs.no_more(name)


def work(station: TryStation, ways: list[Callable[[], None]], files: Files, chance: random.Random, count: int) -> bool:
    """Do it so often; whether all is as promised."""
    station.start(IMPATIENT)
    until((station.share / "inbox").is_dir, "the folders made")
    kills = 0
    for number in range(count):
        (ways[number] if number < len(ways) else chance.choice(ways))()
        if chance.random() < 0.15:
            kills += 1
            station.kill()
            station.start(IMPATIENT)
    told = orders_told(station, PREFIX)
    try:
        until(lambda: len(orders_told(station, PREFIX)) >= files.expected, "every order told", _SECONDS)
        until(lambda: not troubles(station), "nothing wrong any more", _SECONDS)
    except AssertionError as error:
        print(f"BAD {error}; {troubles(station)}")
    told = orders_told(station, PREFIX)
    twice = [name for name, times in told.items() if times > 1]
    stopped = station.stop()
    broke = station.log().partition("Traceback")[2][-4000:]
    good = len(told) == files.expected and not twice and stopped == 0 and not broke
    print(
        f"{'ok ' if good else 'BAD'} {count} files, {kills} kills: {len(told)} of {files.expected} orders, twice: {twice}; "
        f"the daemon ended with {stopped}{f', and broke: {broke}' if broke else ''}",
        flush=True,
    )
    return good


def troubles(station: TryStation) -> list[str]:
    return [f"{one['key']} {one['id']}" for one in station.standing()["conditions"] if one["id"] != _LEFT_ALONE]


def over_samba(folder: Path, chance: random.Random, count: int) -> bool:
    files = Files(chance)
    with TryStation(folder, as_user=True) as station:
        station.inbox.chmod(0o777)
        others = {"others": ("force user = daemon", "create mask = 0644")} if runs_as_root() else {}
        shares = dict.fromkeys(("drop", "others"), station.share)
        owner = pwd.getpwuid(USER).pw_name
        with Samba(shares, owner=owner, more=others) as server:
            return work(station, OverSamba(server, files, folder, chance).ways(), files, chance, count)


def over_nfs(folder: Path, chance: random.Random, count: int) -> bool:
    files = Files(chance)
    with NfsHabits(folder / "nfs") as nfs, TryStation(folder) as station:
        station.change_settings('folder = "share"', f'folder = "{nfs.place}"')
        station.share, station.inbox, station.outbox = nfs.place, nfs.place / "inbox", nfs.place / "outbox"
        return work(station, OverNfs(nfs, files, chance).ways(), files, chance, count)


def main() -> int:
    parser = argparse.ArgumentParser(description="Drop files over shares in every way that goes wrong.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--files", type=int, default=40, help="over each share")
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", flush=True)
    kept = True
    for over, why_not in ((over_samba, samba.why_not()), (over_nfs, mounts.why_not())):
        if why_not is not None:
            print(f"not tried ({over.__name__}): {why_not}", file=sys.stderr)
            kept = False
            continue
        with tempfile.TemporaryDirectory(prefix="cebd-shares-") as folder:
            kept = over(Path(folder), random.Random(wanted.seed), wanted.files) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
