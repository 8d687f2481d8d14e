"""A store is handed to this version: copied, then brought up to date, while nobody works with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cebd.clock import CST
from cebd.disk.full import is_for_want_of_room
from cebd.settings import Settings
from cebd.store.databases.migrations import VERSION
from cebd.store.safety.copies import BACKUPS, BadCopy, DamagedCopy, copy_store, newest_backup
from cebd.store.store import STORE, Store, StoreDamaged, StoreError, database_at, no_room, require_readable, version_in

_PREFIX, _KEPT = "upgrade-", 3


@dataclass(frozen=True)
class UpToDate:
    """`backup`: the store as it was. `before`, `now`: the store's version."""

    backup: Path
    before: int
    now: int


def bring_up_to_date(settings: Settings) -> UpToDate | None:
    """None where there is no store yet. Raises StoreError, with what to do: then the store is as it was."""
    folder = settings.store_dir
    if not require_readable(folder / STORE):
        return None
    database = database_at(folder)
    lease = database.take_station(settings.station.name)
    try:
        before = version_in(database, folder)
        backup = _copied(folder) if before >= VERSION else None
        Store.open(folder).close()  # an older store is copied before it changes
        made = backup or newest_backup(folder)
        assert made is not None  # noqa: S101
        return UpToDate(made, before, VERSION)
    finally:
        database.close()
        lease.release()


def _copied(folder: Path) -> Path:
    """A copy beside those that migrations make; the latest few stay."""
    name = f"{_PREFIX}{datetime.now(CST):%Y%m%dT%H%M%S}.sqlite"
    try:
        made = copy_store(folder / STORE, folder / BACKUPS / name).path
    except DamagedCopy as error:
        raise StoreDamaged(folder, str(error)) from None
    except (BadCopy, OSError) as error:
        if is_for_want_of_room(error):
            raise no_room(folder / STORE, error) from None
        raise StoreError(f"no backup was made: {error}", f"未能备份：{error}") from None
    for earlier in sorted((folder / BACKUPS).glob(f"{_PREFIX}*.sqlite"))[:-_KEPT]:
        earlier.unlink()
    return made
