"""Who watches over the process that runs a station: nobody, unless a service manager started it (`cebd.service`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cebd.settings import Settings
    from cebd.station.timers import Timers
    from cebd.store.conditions import Conditions
    from cebd.store.store import Store


class Pulse(NamedTuple):
    """A running station, as its supervisor may ask it."""

    settings: Settings
    store: Store
    conditions: Conditions
    timers: Timers


class Supervisor:
    """Hears of a station's life, from the thread that runs it. This one is nobody: it does nothing."""

    def ready(self, pulse: Pulse) -> None:
        """The work in flight is found again, and the station works."""

    def beat(self, pulse: Pulse) -> None:
        """Once a second, while the station works."""

    def stopping(self) -> None:
        """The station ends; what is under way has a few seconds."""


NOBODY = Supervisor()
