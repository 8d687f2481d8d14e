"""What every shape of the HTTP side has behind it: messages are taken into `in/` whole and once, receipts lie in `out/`.

A message is known by the name it has as a file: what came again is not taken again, whatever became of the first.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

_UNFINISHED = (".part", ".tmp", ".filepart")


class NotTaken(Exception):
    """The message cannot be taken; the text says why."""


@dataclass(frozen=True)
class Lying:
    """A receipt that lies there. `name`: percent-encoded; a folder's ends in a slash. `changed`: in nanoseconds."""

    name: str
    size: int
    changed: int


class Gate:
    """The folders of a customs side, as the HTTP side uses them."""

    def __init__(self, inbound: Path, outbound: Path, taken: Path | None = None) -> None:
        """`inbound`: where messages go; `outbound`: where receipts lie; `taken`: where messages are that were judged."""
        self._in = inbound
        self._out = outbound
        self._taken = taken
        self._lock = threading.Lock()

    def take(self, name: str, content: bytes) -> Literal["accepted", "already"]:
        """On the disk, name and all, when it returns. Raises NotTaken."""
        if "/" in name or "\0" in name or name.startswith("."):
            raise NotTaken(f"{name}: no name of a message")
        final, temporary = self._in / name, self._in / f".{name}.{threading.get_ident()}.part"
        with self._lock:
            try:
                if self.has(name):
                    return "already"
                with temporary.open("wb") as out:
                    out.write(content)
                    out.flush()
                    os.fsync(out.fileno())
                try:
                    final.hardlink_to(temporary)  # fails where the name is taken
                finally:
                    temporary.unlink()
            except OSError as error:
                raise NotTaken(f"{error.filename or final}: {error.strerror}") from None
        return "accepted"

    def has(self, name: str) -> bool:
        """Whether a message of that name was taken."""
        places = (self._in, self._taken) if self._taken is not None else (self._in,)
        return any((place / name).is_file() for place in places)

    def receipts(self) -> list[Lying]:
        """Those that lie there, by name, with folders. Raises NotTaken where the folder cannot be read."""
        try:
            with os.scandir(os.fsencode(self._out)) as entries:
                listed = []
                for entry in entries:
                    if entry.is_symlink():
                        continue
                    facts, name = entry.stat(), quote(entry.name, safe="")
                    listed.append(Lying(f"{name}/" if entry.is_dir() else name, facts.st_size, facts.st_mtime_ns))
        except OSError as error:
            raise NotTaken(f"{self._out}: {error.strerror}") from None
        return sorted(listed, key=lambda lying: lying.name)

    def finished(self) -> list[Path]:
        """The receipts that are whole, as paths, in the order of their names."""
        return [
            path
            for path in sorted(self._out.iterdir())
            if path.is_file() and not path.name.startswith(".") and not path.name.endswith(_UNFINISHED)
        ]

    def receipt(self, name: bytes) -> Path:
        """The path of a receipt. Raises FileNotFoundError for what is no receipt."""
        path = Path(os.fsdecode(os.fsencode(self._out) + b"/" + name))
        if b"/" in name or not path.is_file() or path.is_symlink():
            raise FileNotFoundError(os.fsdecode(name))
        return path
