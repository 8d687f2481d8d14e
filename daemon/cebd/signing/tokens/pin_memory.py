"""What is remembered of the PINs that were shown to a token: on this machine, whichever store, settings and process showed them.

One file for each token, for this user alone: a salt, how many logins in a row were not accepted, and of each PIN its scrypt digest (over
salt, serial number and PIN) and what came of it. It is written before a PIN is shown, and again behind it; so whatever is killed, a
login of which nobody knows the end stands there as such.

| state | meaning |
| --- | --- |
| `shown` | the PIN was shown, and no answer is known: a kill, a crash, a hang, an answer that says nothing of the PIN |
| `away` | it was to be shown, and the token was gone: by its word it did not look at the PIN |
| `accepted`, `refused` | as the token said |
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Literal, NamedTuple

from cebd.clock import Clock, iso
from cebd.disk.files import write_file
from cebd.signing.signer import PinNotKept, TokenError
from cebd.signing.tokens.driver import Device

_WAIT_SECONDS = 10.0  # for another process that logs in to the same token


class Cost(NamedTuple):
    """Of a digest, as scrypt counts it: 16 MB and 80 ms."""

    n: int = 1 << 14
    r: int = 8
    p: int = 2


@dataclass(frozen=True)
class Shown:
    """A PIN that was shown. `unanswered`: how often in a row without an answer; `tries_left`, `was_low`: what the token said before."""

    state: Literal["shown", "away", "accepted", "refused"]
    at: str
    was_accepted: bool = False
    unanswered: int = 0
    tries_left: int | None = None
    was_low: bool = False


@dataclass
class TokenMemory:
    """Of one token, while no other process shows it a PIN. `failures`: logins in a row that have failed, or may have. `forgiven`: when a
    person let a PIN be shown again. `counts`: the tries that it tells are counted, not made up.
    """

    path: Path
    salt: bytes
    failures: int = 0
    pins: dict[str, Shown] = field(default_factory=dict)
    forgiven: list[str] = field(default_factory=list)
    counts: bool = False

    def write(self) -> None:
        """Raises PinNotKept."""
        pins = {digest: asdict(shown) for digest, shown in self.pins.items()}
        content = {
            "salt": self.salt.hex(),
            "failures": self.failures,
            "pins": pins,
            "forgiven": self.forgiven,
            "counts": self.counts,
        }
        try:
            write_file(self.path, json.dumps(content, indent=1).encode(), private=True)
        except OSError as error:
            raise _not_kept(self.path, error.strerror or str(error)) from None


@dataclass(frozen=True)
class PinRecord:
    """One PIN of one token, by its digest."""

    token: TokenMemory
    digest: str
    clock: Clock

    @property
    def shown(self) -> Shown | None:
        """What came of it; None when it was never shown."""
        return self.token.pins.get(self.digest)

    @property
    def other_failures(self) -> int:
        """Failed logins in a row, but for those of this PIN of which nobody knows the end."""
        shown = self.shown
        return self.token.failures - (shown.unanswered if shown is not None and shown.state == "shown" else 0)

    def begin(self, device: Device) -> None:
        """Before the PIN is shown. Killed behind this, the login counts as one that may have failed."""
        before = self.shown
        if device.is_low:  # somebody else's wrong PIN
            self.token.failures = max(1, self.token.failures)
        self.token.failures += 1
        proven = before is not None and before.was_accepted
        unanswered = before.unanswered if before is not None and before.state == "shown" else 0
        self._put(Shown("shown", self._now(), proven, unanswered + 1, device.tries_left, device.is_low))

    def accepted(self) -> None:
        """The token took it."""
        self.token.failures = 0
        self._put(Shown("accepted", self._now(), was_accepted=True))

    def refused(self) -> None:
        """The token did not take it, or has counted it as wrong."""
        self._put(Shown("refused", self._now()))

    def not_looked_at(self) -> None:
        """The token was away, or busy, or has lost no try."""
        shown = self.shown
        assert shown is not None  # noqa: S101
        self.token.failures -= 1
        self._put(replace(shown, state="away", unanswered=0))

    def forgive(self) -> None:
        """A person lets the PIN be shown once more, whatever came of it."""
        self.token.pins.pop(self.digest, None)
        self.token.failures = 0
        self.token.forgiven.append(self._now())
        self.token.write()

    def _put(self, shown: Shown) -> None:
        self.token.pins[self.digest] = shown
        self.token.write()

    def _now(self) -> str:
        return iso(self.clock.now())


class PinMemory:
    """Of all tokens on this machine, in a folder."""

    def __init__(self, folder: Path, clock: Clock, cost: Cost = Cost()) -> None:  # noqa: B008  a value
        self._folder = folder / "pins"
        self._clock = clock
        self._cost = cost

    @contextmanager
    def of(self, serial: str, pin: str) -> Iterator[PinRecord]:
        """Of one token, held by one process at a time. Raises PinNotKept, and TokenError while another process keeps it."""
        name = hashlib.sha256(serial.encode()).hexdigest()[:32]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _not_kept(self._folder, error.strerror or str(error)) from None
        with os.fdopen(descriptor, "r+b") as lock:
            _take(lock)
            token = _read(self._folder / f"{name}.json")
            yield PinRecord(token, self._digest(token.salt, serial, pin), self._clock)

    def _digest(self, salt: bytes, serial: str, pin: str) -> str:
        n, r, p = self._cost
        return hashlib.scrypt(f"{serial}\0{pin}".encode(), salt=salt, n=n, r=r, p=p).hex()


def _read(path: Path) -> TokenMemory:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        pins = {digest: Shown(**shown) for digest, shown in content["pins"].items()}
        forgiven = [str(moment) for moment in content["forgiven"]]
        salt, failures = bytes.fromhex(content["salt"]), int(content["failures"])
        return TokenMemory(path, salt, failures, pins, forgiven, bool(content.get("counts", False)))
    except FileNotFoundError:
        return TokenMemory(path, secrets.token_bytes(16))
    except OSError as error:
        raise _not_kept(path, error.strerror or str(error)) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _not_kept(path, "damaged", "内容已损坏") from None


def _not_kept(path: Path, reason: str, zh: str | None = None) -> PinNotKept:
    return PinNotKept(f"{path}: {reason}", f"{path}：{zh or reason}")


def _take(lock: IO[bytes]) -> None:
    """Wait for the file; it is free again when it is closed, or its process ends."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        with suppress(OSError):
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > end:
            raise TokenError("another program of cebd is logging in to this token", "另一个 cebd 程序正在登录此介质")
        time.sleep(0.05)
