"""The station's console, where the settings want one. Its libraries are loaded then alone."""

from __future__ import annotations

from cebd.clock import Clock
from cebd.listening.listener import Listener
from cebd.settings import Settings
from cebd.station.listening.listening import Listening
from cebd.store.conditions import Conditions
from cebd.store.store import Store


def console_of(settings: Settings, store: Store, clock: Clock, conditions: Conditions) -> Listening:
    """It listens from the first `look` on."""
    door = settings.console.door(settings.base)
    listener = None
    if door is not None:
        from cebd.console.app import Console

        listener = Listener(Console(settings, store, clock).app, door)
    return Listening("console", listener, conditions)
