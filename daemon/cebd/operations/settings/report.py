"""Everything that is wrong with a station's settings, for a person who checks them."""

from __future__ import annotations

from dataclasses import dataclass

from cebd.operations.environment import in_environment_of
from cebd.operations.settings.check import exceptions
from cebd.operations.settings.machine import machine_faults
from cebd.operations.text import Text
from cebd.settings import Fault, Part, Settings
from cebd.store.store import Store, StoreError


@dataclass(frozen=True)
class SettingsReport:
    """The settings as the station would use them, with the mistakes in them and the missing things that they name on this machine.

    `other_environment` says that their store belongs to another environment. `switched_off`: kind and name of the parts
    that are not used until the mistakes are corrected.
    """

    settings: Settings
    other_environment: Text | None
    mistakes: tuple[Fault, ...]
    switched_off: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether there are no mistakes, or only warnings."""
        return self.other_environment is None and all(mistake.severity != "error" for mistake in self.mistakes)


def report_on(settings: Settings) -> SettingsReport:
    """Check the settings, which `check_settings` has seen, against their store and this machine. Token and network are not asked."""
    settings, other_environment = _of_its_store(settings)
    own = (fault for fault in settings.faults if not fault.follows)
    mistakes = (*own, *machine_faults(settings, load_libraries=True), *exceptions(settings))
    parts = (f"{fault.part} {fault.name}" for fault in settings.faults if fault.part is not Part.NOTHING)
    return SettingsReport(settings, other_environment, mistakes, tuple(dict.fromkeys(parts)))


def _of_its_store(settings: Settings) -> tuple[Settings, Text | None]:
    """The settings with their store's environment, where there is a store that can be asked; and why it is not theirs."""
    try:
        store = Store.open(settings.store_dir, create=False)
    except StoreError:
        return settings, None
    try:
        return in_environment_of(settings, store), None
    except StoreError as error:
        return settings, Text(*error.text)
    finally:
        store.close()
