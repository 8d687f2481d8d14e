"""A copy of the store, made while the station runs; settings and keys are not in it."""

from __future__ import annotations

from pathlib import Path

from cebd.clock import SystemClock
from cebd.disk import sync_folder
from cebd.operations.text import Refused
from cebd.settings import Settings
from cebd.store.safety.copies import BadCopy, Copy, copy_store
from cebd.store.safety.private import write_private
from cebd.store.store import STORE, StoreError, no_store_yet, require_readable


def back_up(settings: Settings, to: Path) -> Copy:
    """Copy the store into the file `to`, or into a new file in that folder, with its SHA-256 beside it. Every page of it was looked at.

    Raises StoreError, and Refused where there is such a file already.
    """
    source = settings.store_dir / STORE
    if not require_readable(source):
        raise no_store_yet(source)
    target = to / f"cebd-{settings.station.name}-{SystemClock().now():%Y%m%dT%H%M%S}.sqlite" if to.is_dir() else to
    try:
        copy = copy_store(source, target)
        digest = target.with_name(f"{target.name}.sha256")
        digest.unlink(missing_ok=True)
        write_private(digest, f"{copy.sha256}  {target.name}\n".encode())
        sync_folder(target.parent)
    except FileExistsError as error:
        taken = error.filename or target
        raise Refused(f"{taken} 已存在，请另取文件名。", f"{taken} exists already; name a new file") from None
    except (BadCopy, OSError) as error:
        raise StoreError(f"no backup was made: {error}", "未能备份") from None
    return copy
