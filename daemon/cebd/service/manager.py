"""What a service manager does with a station: the same for systemd and for Windows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cebd.operations.text import Text
from cebd.settings import Settings


@dataclass(frozen=True)
class Wanted:
    """A station that is to run as a service. `account`: of Windows; None for the system's own. `password`: that account's."""

    name: str
    settings_path: Path
    settings: Settings
    account: str | None = None
    password: str | None = None


@dataclass(frozen=True)
class ServiceStatus:
    """`state`: running, starting, stopping, stopped, failed, missing. `says`: what the service says of itself, where it can."""

    service: str
    state: str
    pid: int | None = None
    says: str = ""

    def as_json(self) -> dict[str, object]:
        return {"service": self.service, "state": self.state, "pid": self.pid, "says": self.says}


@dataclass(frozen=True)
class Installed:
    """A station that is a service of this machine. `user`: who has to do its work; None for whoever asks."""

    name: str
    settings_path: Path
    user: str | None = None


class Manager(Protocol):
    """Raises Refused where it cannot do what it is asked, with the reason and what to do."""

    def install(self, wanted: Wanted) -> list[Text]:
        """Register the station, to be started with the machine; again, its settings count anew. Returns what was done."""
        ...

    def uninstall(self, name: str) -> list[Text]:
        """Stop and forget the service. Settings, store and folders stay."""
        ...

    def start(self, name: str) -> None:
        """Returns once the station works."""
        ...

    def stop(self, name: str) -> None:
        """Returns once it has ended."""
        ...

    def status(self, name: str) -> ServiceStatus: ...

    def installed(self) -> list[Installed]:
        """The stations that start with the machine or run."""
        ...
