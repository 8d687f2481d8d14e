"""The settings held against the environment of their store (`cebd.store.safety.environment`)."""

from __future__ import annotations

from cebd.settings import Settings, software_in_production, switch_off
from cebd.store.safety.environment import require_environment
from cebd.store.store import Store, StoreError


def require_same_environment(settings: Settings) -> None:
    """Before anything else is said of the settings: they must not be of another environment than their store. Raises OtherEnvironment."""
    try:
        store = Store.open(settings.store_dir, create=False)
    except StoreError:
        return  # no store yet, or a store whose trouble is reported when it is opened for work
    try:
        require_environment(store, settings.station.environment)
    finally:
        store.close()


def in_environment_of(settings: Settings, store: Store) -> Settings:
    """The settings with the environment of their store when they name none. Raises OtherEnvironment when they name another."""
    environment = require_environment(store, settings.station.environment)
    if environment == settings.station.environment:
        return settings
    station = settings.station.model_copy(update={"environment": environment})
    settings = settings.model_copy(update={"station": station})
    return switch_off(settings, software_in_production(settings))
