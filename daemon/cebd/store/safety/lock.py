"""The lock of a store: one daemon (or one command that changes the store) at a time, taken before anything in the folder is touched."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from cebd.store.databases.database import StoreError
from cebd.store.safety.private import make_private_folder, open_private, owner_of

LOCK = "station.lock"


class StoreClosed(StoreError):
    """The store is another user's; `owner` is that user's name, if it is known."""

    def __init__(self, path: Path) -> None:
        self.owner = owner_of(path)
        super().__init__(
            f"{path}: only the service's user may read it" + (f", which is {self.owner}" if self.owner else ""),
            f"只有服务的用户{f' {self.owner} ' if self.owner else ''}可以读取 {path}",
        )


class StoreLock:
    """Held from `take` until `release`, or until the process ends, however it ends."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    @classmethod
    def take(cls, folder: Path) -> StoreLock:
        """Take the store for ourselves. Raises StoreError when another process has it, or when we may not."""
        try:
            make_private_folder(folder)
            file = open_private(folder / LOCK)
        except PermissionError:
            raise StoreClosed(folder / LOCK) from None
        except OSError as error:
            raise StoreError(f"{folder / LOCK}: {error.strerror}") from None
        try:
            if sys.platform == "win32":  # in this form the type checker reads each branch for its own system
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise StoreError(f"{folder}: another cebd runs on this store", f"另一个 cebd 正在使用 {folder}") from None
        return cls(file)

    def release(self) -> None:
        """Let others have the store."""
        self._file.close()
