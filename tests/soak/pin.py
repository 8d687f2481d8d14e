"""The PIN campaign: a token that locks, faults and kills at random, PINs that are wrong, corrected and changed; it must never lock.

./dev soak pin [--kind pkcs11|skf|control] [--seed N] [--runs N] [--stations N]

A run is one token: some lives of the process that has it, each a new guard on the same files, each with other faults; some are killed.
Behind each life the token itself says which PINs it counted as wrong. At the end a person has the right PIN shown.
Then whole stations are killed, restored and given new stores, with such a token.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from builders.certificates import Authority, Sm2Authority, rsa_key, sm2_key
from builders.control import Card, FakeControl
from builders.skf import SkfDevices
from builders.softhsm import PIN, FaultyLibrary, SoftHsm
from builders.stations import TryStation
from builders.waiting import until
from cebd.clock import SystemClock
from cebd.signing.signer import TokenError
from cebd.signing.sm2 import DEFAULT_ID
from cebd.signing.tokens.control.driver import ControlCard, ControlDriver
from cebd.signing.tokens.driver import Driver
from cebd.signing.tokens.pin_guard import PinGuard
from cebd.signing.tokens.pin_memory import Cost, PinMemory
from cebd.signing.tokens.pkcs11.driver import Pkcs11Driver, Pkcs11Token
from cebd.signing.tokens.skf.driver import SkfDriver, SkfToken
from cebd.signing.tokens.usage import PATIENCE, Logins
from cebd.trial.rows import order_rows

WRONG = ["100001", "100002", "100003", "100004"]
_HANG = 600_000
_GENERAL, _FAILED, _REMOVED, _BUSY = 0x05, 0x06, 0x32, 0xB1
# What the token's library does in a life, beside counting: of each about as often as its weight.
FAULTS: dict[str, tuple[int, dict[str, int]]] = {
    "none": (6, {}),
    "crashes before it looks": (2, {"crash": 2}),
    "crashes behind the login": (3, {"crash": 3}),
    "crashes where it is looked for": (1, {"crash": 4}),
    "hangs behind the login": (2, {"hang_login": _HANG}),
    "fails before it looks": (1, {"login": _GENERAL}),
    "answers a wrong PIN with another error": (2, {"wrong_pin": _FAILED}),
    "was pulled out before it looked": (1, {"login": _REMOVED}),
    "is used by another program alone": (1, {"open": _BUSY}),
    "is away": (1, {"gone": _REMOVED}),
}
SUCCEEDED, FAILED = 0, 7


@dataclass
class Told:
    """What was seen in many runs; `broken`: by seed of the run, what was not as promised."""

    runs: int = 0
    lives: int = 0
    killed: int = 0
    logged_in: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    broken: dict[int, str] = field(default_factory=dict)

    def add(self, other: Told) -> None:
        self.runs += other.runs
        self.lives += other.lives
        self.killed += other.killed
        self.logged_in += other.logged_in
        self.refused += other.refused
        self.broken |= other.broken


class CardAtControl:
    """A card at the customs' control, as a library made for tests is used here. The control tells nothing of tries."""

    def __init__(self, control: FakeControl, reader: str, card: Card) -> None:
        self._control, self._card = control, card
        self.environment: dict[str, str] = {}
        control.insert(reader, card)
        control.asked.clear()
        control.failed.clear()

    def fail(self, **faults: int) -> None:
        self._control.fail(**faults)

    def calls(self, _name: str) -> int:
        """Logins, which are signatures there."""
        return sum("Sign" in method for method in self._control.asked if "Cert" not in method)

    def failed(self) -> list[str]:
        return [pin for _, pin in self._control.failed]

    def tries_left(self) -> int | None:
        most = self._control.faults.get("tries", 0)
        return most - self._card.wrong if most else None

    def change_pin(self, pin: str) -> None:
        self._card.pin = pin


Library = FaultyLibrary | SkfDevices | CardAtControl


def broken(library: Library) -> str | None:
    """What is not as promised, by the token's own word."""
    too_often = {pin: times for pin, times in Counter(library.failed()).items() if times > 1}
    left = library.tries_left()
    if too_often:
        return f"failed more than once: {too_often}"
    return "no try is left" if left is not None and left < 1 else None


class Token:
    """A token of a run's own, with a memory and a counter of its own. `codes`: what the library answers for each code of PKCS#11."""

    def __init__(
        self,
        folder: Path,
        library: Library,
        driver: Callable[[], Driver],
        restore: Callable[[], None] = lambda: None,
        codes: dict[int, int] | None = None,
        *,
        tells: bool = True,
    ) -> None:
        """`restore`: what a kill may have left half written is put right before the next life. `tells`: the tries, unless it lies."""
        self.tells = tells
        self.library, self._driver, self._restore, self._codes = library, driver, restore, codes or {}
        self.memory, self.pin, self._said = folder / "machine", folder / "pin", folder / "said"
        self.right = PIN
        self.always: dict[str, int] = {}
        os.environ.update(library.environment)

    def change_pin(self, pin: str) -> None:
        """On the token."""
        self.right = pin
        self.library.change_pin(pin)

    def live(
        self, faults: dict[str, int], logins: int, by: Logins = Logins.BY_ITSELF, kill: float | None = None
    ) -> int:
        """A process logs in so often, and is killed so many seconds behind the beginning of a login, or when it hangs. How it ended, as
        `waitpid` says."""
        self.library.fail(**self.always, **{name: self._codes.get(code, code) for name, code in faults.items()})
        self._restore()
        before = self.library.calls("login")
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                os._exit(self._log_in(logins, by))
            os._exit(99)
        end = time.monotonic() + 60.0
        last = kill if kill is not None else 0.1 if "hang_login" in faults else None
        while time.monotonic() < end:
            if last is not None and self.library.calls("login") > before:
                end, last = time.monotonic() + last, None
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _log_in(self, logins: int, by: Logins) -> int:
        devnull = os.open(os.devnull, os.O_RDWR)
        os.dup2(devnull, 2)
        driver = self._driver()
        guard = PinGuard(PinMemory(self.memory, SystemClock(), Cost(2, 1, 1)))
        last = FAILED
        for _ in range(logins):
            try:
                driver.open()
                guard.login(driver, self.pin.read_text(), by)
                last = SUCCEEDED
            except TokenError as error:
                self._said.write_text(f"{type(error).__name__} {error}")
                last = FAILED
        return last

    def said(self) -> str:
        """Why a login failed, the last one that did."""
        return self._said.read_text() if self._said.exists() else "-"

    def broken(self) -> str | None:
        """What is not as promised."""
        return broken(self.library)


MakeToken = Callable[[Path], Token]


def pkcs11_tokens(folder: Path) -> MakeToken:
    """The same key and serial number on each. SoftHSM2 writes to its files at each login."""
    import pkcs11  # noqa: F401  once, and not in each life: that took nine tenths of the time; no library is loaded by it

    hsm = SoftHsm(folder / "hsm")
    hsm.make_token("EPORT")
    hsm.import_pair("EPORT", rsa_key("a"), Authority().issue(rsa_key("a").public_key(), 0xA1))
    settings = hsm.folder / "softhsm2.conf"
    settings.write_text(settings.read_text().replace("hsm/tokens", "hsm/tokens of this life"))
    os.environ.update(hsm.environment)
    made, place = hsm.folder / "tokens", hsm.folder / "tokens of this life"

    def restore() -> None:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(made, place)

    def make(own: Path) -> Token:
        library = FaultyLibrary(own / "library")
        return Token(own, library, lambda: Pkcs11Driver(Pkcs11Token(str(library.module), "EPORT")), restore)

    return make


def skf_tokens(_folder: Path) -> MakeToken:
    """USB keys, which tell how many tries are left: 1 of `lies` says all of them, 2 tells nothing."""
    certificate = Sm2Authority().issue(sm2_key("a"), 0xA1)

    def make(own: Path) -> Token:
        library = SkfDevices(own / "library")
        library.plug_in_new("EPORT", sm2_key("a"), certificate)
        settings = SkfToken(str(library.module), "EPORT", None, None, DEFAULT_ID)
        codes = {_GENERAL: 0x0A000001, _FAILED: 0x0A000001, _REMOVED: 0x0A000023, _BUSY: 0x0A000001}
        return Token(own, library, lambda: SkfDriver(settings), codes=codes)

    return make


def control_tokens(_folder: Path) -> MakeToken:
    """Cards at the customs' control, each in a reader of its own."""
    import websockets.sync.client  # noqa: F401  once, and not in each life

    certificate = Sm2Authority().issue(sm2_key("a"), 0xA1)
    running = FakeControl().running()
    control = running.__enter__()

    def make(own: Path) -> Token:
        assert running is not None  # it runs as long as it is asked for tokens
        library = CardAtControl(control, own.name, Card(sm2_key("a"), certificate))
        settings = ControlCard(control.reader(own.name), DEFAULT_ID, PATIENCE)
        codes = {_GENERAL: 1, _FAILED: 1, _REMOVED: 2, _BUSY: 1}
        return Token(own, library, lambda: ControlDriver(settings), codes=codes, tells=False)

    return make


KINDS = {"pkcs11": pkcs11_tokens, "skf": skf_tokens, "control": control_tokens}


def _some_pin(chance: random.Random, right: str) -> str:
    return right if chance.random() < 0.6 else chance.choice(WRONG)


def run(folder: Path, make: MakeToken, seed: int, *, forgets: bool) -> Told:
    """One token's lives. `forgets`: what is remembered goes with each of them, which is to be noticed."""
    chance = random.Random(seed)
    tries, lies = chance.randint(3, 8), chance.choice((0, 0, 1, 2))
    token, told = make(folder), Told(runs=1)
    lies = lies if token.tells else 2
    token.always = {"tries": tries, "lies": lies}
    token.pin.write_text(_some_pin(chance, token.right))
    names, weights = list(FAULTS), [weight for weight, _ in FAULTS.values()]
    for _ in range(chance.randint(2, 6)):
        if chance.random() < 0.4:
            token.pin.write_text(_some_pin(chance, token.right))
        if (
            not lies and chance.random() < 0.1
        ):  # of one that lies nobody can tell that a PIN which was right is not any more
            token.change_pin(chance.choice(["200001", "200002", PIN]))
        [name] = chance.choices(names, weights)
        kill = chance.uniform(0.0, 0.01) if chance.random() < 0.2 else None
        ended = token.live(FAULTS[name][1], chance.randint(1, 3), kill=kill)
        told.lives += 1
        told.killed += ended < 0
        told.logged_in += ended == SUCCEEDED
        told.refused[name] += ended == FAILED
        if forgets:
            shutil.rmtree(token.memory, ignore_errors=True)
        broken = token.broken()
        if ended == 99:
            broken = "an error that nobody foresaw"
        if broken is not None:
            told.broken[seed] = f"{name}: {broken}"
            return told
    token.pin.write_text(token.right)
    is_last = not lies and token.library.tries_left() == 1  # which is left to the maker's own tool
    for by in (Logins.A_PERSON, Logins.BY_ITSELF):
        ended = token.live({}, 1, by)
        if ended != (FAILED if is_last else SUCCEEDED):
            told.broken.setdefault(seed, f"at the end the right PIN, {by.value}: ended with {ended}, {token.said()}")
    return told


def runs(seeds: range, *, kind: str = "pkcs11", forgets: bool = False) -> Told:
    """In one process."""
    told = Told()
    with tempfile.TemporaryDirectory(prefix="cebd-pin-") as name:
        folder = Path(name)
        make = KINDS[kind](folder)
        for seed in seeds:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                told.add(run(Path(own), make, seed, forgets=forgets))
    return told


def campaign(first: int, count: int, workers: int, *, kind: str = "pkcs11", forgets: bool = False) -> Told:
    """So many runs, each by a seed of its own, in so many processes."""
    each = min(50, -(-count // workers))
    parts = [range(first + begin, first + min(begin + each, count)) for begin in range(0, count, each)]
    told = Told()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for part in pool.map(partial(runs, kind=kind, forgets=forgets), parts):
            told.add(part)
            for seed, what in part.broken.items():
                print(f"NOT as promised: --kind {kind} --seed {seed} --runs 1 --stations 0: {what}", flush=True)
            if told.runs % 1000 == 0:
                print(f"{told.runs} runs, {len(told.broken)} not as promised", flush=True)
    return told


def station_run(folder: Path, seed: int, lives: int = 3) -> str | None:
    """A whole station whose PIN is wrong, corrected, wrong; killed, restored from a backup, given a new store. What is not as promised."""
    chance = random.Random(seed)
    with TryStation(folder, by_folder=True, audited=False) as station:
        token, library = SoftHsm(folder / "token"), FaultyLibrary(folder / "library")
        station.use_faulty_token(token, library)
        pin, backup = station.settings_path.parent / "keys" / "pin", folder / "backup"
        settings = ("-c", str(station.settings_path))
        library.fail(tries=chance.randint(3, 8), lies=chance.choice((0, 1, 2)))
        station.log_path.touch()
        how: tuple[str, ...] = ()
        for life in range(lives):
            pin.write_text(_some_pin(chance, PIN) if life else chance.choice(WRONG))
            logins, refusals = library.calls("login"), station.log().count("signer not usable")
            station.drop_rows(f"life-{life}.xlsx", "order", list(order_rows(1, first=1 + life)))
            station.start(how=how)
            how = ()

            def is_decided(logins: int = logins, refusals: int = refusals) -> bool:
                return library.calls("login") > logins or station.log().count("signer not usable") > refusals

            until(is_decided, "a login, or that none is made")
            time.sleep(chance.uniform(0.0, 0.2))
            station.kill()
            told = broken(library)
            if told is not None:
                return f"life {life}: {told}"
            match chance.choice(("goes on", "a new store", "restored")):
                case "a new store":
                    shutil.rmtree(station.store)
                    how = ("--new-store", "the old one was lost")
                case "restored":
                    shutil.rmtree(backup, ignore_errors=True)
                    station.cebd("backup", str(backup), *settings)
                    station.cebd("restore", str(backup), "--yes", *settings)
        pin.write_text(PIN)
        asked = station.cebd("token", "test", "trial", "--login", "--yes", *settings)
        return None if asked.returncode == 0 else f"a person is refused: {asked.stderr}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, default="pkcs11", help="of the runs; stations have PKCS#11")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000_000))
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--stations", type=int, default=50)
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", flush=True)
    told = campaign(wanted.seed, wanted.runs, os.cpu_count() or 1, kind=wanted.kind)
    print(f"{told.runs} runs, {told.lives} lives, {told.killed} ended by a kill or crash, {told.logged_in} logged in")
    for name, times in told.refused.most_common():
        print(f"{times:7} refused where the library: {name}")
    for seed in range(wanted.seed, wanted.seed + wanted.stations):
        with tempfile.TemporaryDirectory(prefix="cebd-pin-") as name:
            what = station_run(Path(name), seed)
        if what is not None:
            told.broken[seed] = what
            print(f"NOT as promised: --seed {seed} --runs 0 --stations 1: {what}", flush=True)
    print(f"{wanted.stations} stations")
    return 1 if told.broken else 0


if __name__ == "__main__":
    sys.exit(main())
