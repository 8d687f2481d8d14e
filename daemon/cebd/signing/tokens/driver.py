"""What a driver is: a token through its maker's library, in the process that has it. One thread of that process uses it.

| method | fault |
| --- | --- |
| all | `TokenAway`: the token is not there, or its session is lost, and no PIN was looked at; `DeviceFault`: it fails otherwise |
| | `TokenError`: what is on the token is of no use |
| `open` | `LibraryBroken`: only another process will get this library to work again; `NotListed`: maybe so |
| `login` | `PinWrong`: the token has looked at the PIN; `LoginUnclear`: nobody knows whether it has |
| `can_sign`, `sign` | `PinWrong`: it wants the PIN with each signature, and refuses the one that it took before |

What is common to all tokens is not here: the choice of the certificate (`certificate_choice.py`), the PIN and how often it is shown
(`pin_guard.py`), deadlines and what follows a crash (`client.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from cebd.signing.signer import Certificate, TokenAway, TokenError


@dataclass(frozen=True)
class Device:
    """What a token says of itself before a login, as it is now.

    `tries_left`: None where the token does not count aloud. `is_low`: a wrong PIN was entered since the last right one. The three flags may
    be false where they should be true; so none of them is a reason to show a PIN.
    """

    serial: str
    model: str
    label: str
    tries_left: int | None = None
    is_low: bool = False
    is_last_try: bool = False
    is_locked: bool = False


@dataclass(frozen=True)
class Slot:
    """A place for a token, as the library shows it now: a slot, a reader, a device with one of its applications.

    `place`: its name there. `device`: None where nothing is in it. `certificates`: what anybody may see. `is_meant`: it is the token that
    the settings name. `is_ready`: its maker's tool has made it ready, with a PIN. `fault`: why the library says no more of it.
    """

    place: str
    device: Device | None = None
    certificates: tuple[Certificate, ...] = ()
    is_meant: bool = False
    is_ready: bool = True
    fault: str = ""


class PinWrong(Exception):
    """The token has looked at the PIN and refuses it: wrong, expired, locked, of a length that no PIN has."""


class LoginUnclear(Exception):
    """The login failed, and the token does not say whether for the PIN."""


class DeviceFault(TokenError):
    """The token failed in the middle of work: nothing is said of what is on it."""


class NotListed(TokenAway):
    """The library does not list the token, and may never do so again: some look for devices only when they are loaded."""


class Declined(DeviceFault):
    """The token does not sign in this way, or not by this key; nothing else is wrong with it."""


class LibraryBroken(DeviceFault):
    """The library does not start, or not again."""


class Driver(Protocol):
    """One token, as the settings name it."""

    def open(self) -> Device:
        """Find the token, wherever it was before; a session of before is given up. Costs no try for the PIN."""
        ...

    def device(self) -> Device:
        """The open token as it is now."""
        ...

    def login(self, pin: str) -> None:
        """Show the PIN once."""
        ...

    def certificates(self) -> Sequence[Certificate]:
        """Those that the settings may mean, valid or not: before a login what anybody may see, after it all."""
        ...

    def can_sign(self, certificate: Certificate) -> bool:
        """Whether the token has the certificate's own key, which is told by the key itself."""
        ...

    def sign(self, certificate: Certificate, data: bytes) -> bytes:
        """The signature value over the text, in the form of the certificate's profile."""
        ...

    def slots(self) -> Sequence[Slot]:
        """All that the library shows, also what the settings do not name; no token is open behind it. Costs no try for the PIN."""
        ...

    def close(self) -> None:
        """Log out, as far as that is possible. Raises nothing."""
        ...


class DriverSettings(Protocol):
    """What a driver is made of: plain values, sent to the process that has the token.

    `driver`: module and class, which takes these settings. `token`: its name in the settings. `signs_sm2`: whether they say how.
    """

    @property
    def driver(self) -> str: ...

    @property
    def token(self) -> str: ...

    @property
    def signs_sm2(self) -> bool: ...


def load_driver(settings: DriverSettings) -> Driver:
    """The driver, whose library is imported now and nowhere else."""
    module, _, name = settings.driver.partition(":")
    made: Driver = getattr(import_module(module), name)(settings)
    return made
