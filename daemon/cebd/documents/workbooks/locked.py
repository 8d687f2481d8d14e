"""Workbooks that Excel itself has locked: with the password that is built into it, where a person protected the structure of a workbook.

Everybody's Excel opens such a file without asking ([MS-OFFCRYPTO] 2.4.2.3, [MS-XLS] 2.2.10): it is no secret. No other password is tried.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

_BUILT_IN = "VelvetSweatshop"
_MAX_BYTES = 128 << 20


class _Size(NamedTuple):
    st_size: int


class Unlocked:
    """An unlocked workbook: in memory alone, to be opened as a file is."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def open(self, _mode: str = "rb") -> io.BytesIO:
        return io.BytesIO(self._content)

    def read_bytes(self) -> bytes:
        return self._content

    def stat(self) -> _Size:
        return _Size(len(self._content))


Book = Path | Unlocked
"""A workbook to be opened: a file, or what was unlocked of one."""


def unlocked(path: Path) -> Unlocked | None:
    """The workbook without its lock; None where the lock has a password of its own."""
    if path.stat().st_size > _MAX_BYTES:
        return None
    import msoffcrypto

    plain = io.BytesIO()
    try:
        with path.open("rb") as locked:
            book = msoffcrypto.OfficeFile(locked)
            verified = (
                {"verify_password": True} if book.format == "ooxml" else {}
            )  # the older ways verify it by themselves
            book.load_key(password=_BUILT_IN, **verified)
            book.decrypt(plain)
    except Exception:  # whatever its readers find in a damaged file: it is not unlocked
        return None
    return Unlocked(plain.getvalue())
