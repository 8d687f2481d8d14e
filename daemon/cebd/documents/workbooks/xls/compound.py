"""The compound file ([MS-CFB]) that an .xls is, and an .xlsx with a password: streams by name, in chains of sectors.

Its numbers are taken for what a file says of itself: no chain is followed further than the file is long.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

_FIRST_FREE_SECTOR = 0xFFFFFFFA  # sector numbers from here on end a chain
_ENTRY_BYTES = 128


class Compound:
    """A compound file in memory. Raises struct.error, IndexError and ValueError when it is damaged."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        sector_shift, self._mini_shift = struct.unpack_from("<HH", content, 30)
        directory_start, self._cutoff, mini_table = struct.unpack_from("<I4xII", content, 48)
        if sector_shift not in (9, 12) or self._mini_shift != 6:
            raise ValueError("sectors of an odd size")
        self._size = 1 << sector_shift
        self._table = self._sector_table()
        self._directory = b"".join(map(self._sector, self._chain(directory_start, self._table)))
        self._mini_start = mini_table

    def names(self) -> frozenset[str]:
        """The names of all streams and storages."""
        return frozenset(name for name, _, _ in self._entries())

    def stream(self, wanted: str) -> bytes:
        """The first stream of that name. Raises KeyError."""
        entries = list(self._entries())
        start, length = next(((start, length) for name, start, length in entries if name == wanted), (None, 0))
        if start is None:
            raise KeyError(wanted)
        if length >= self._cutoff:
            return b"".join(map(self._sector, self._chain(start, self._table)))[:length]
        small = b"".join(map(self._sector, self._chain(entries[0][1], self._table)))
        minis = self._chain(start, self._table_of(self._chain(self._mini_start, self._table)))
        shift = self._mini_shift
        return b"".join(small[number << shift : (number + 1) << shift] for number in minis)[:length]

    def _entries(self) -> Iterator[tuple[str, int, int]]:
        """Name, first sector and length of each entry; the first is the root."""
        for offset in range(0, len(self._directory), _ENTRY_BYTES):
            length = min(max(self._directory[offset + 64] - 2, 0), 62)
            name = self._directory[offset : offset + length].decode("utf-16-le")
            start, size = struct.unpack_from("<II", self._directory, offset + 116)
            yield name, start, size

    def _sector_table(self) -> array[int]:
        most = len(self._content) // self._size + 1
        places = list(struct.unpack_from("<109I", self._content, 76))
        (further,) = struct.unpack_from("<I", self._content, 68)
        entries = self._size // 4
        while further < _FIRST_FREE_SECTOR and len(places) * entries <= most + 109 * entries:
            *more, further = (entry for (entry,) in struct.iter_unpack("<I", self._sector(further)))
            places += more
        # As many sectors of it as it takes to speak of every sector there is.
        used = [number for number in places if number < _FIRST_FREE_SECTOR][: most // entries + 1]
        return self._table_of(used)

    def _sector(self, number: int) -> bytes:
        return self._content[(number + 1) * self._size : (number + 2) * self._size]

    def _table_of(self, numbers: list[int]) -> array[int]:
        table = array("I")
        for number in numbers:
            sector = self._sector(number)
            table.extend(entry for (entry,) in struct.iter_unpack("<I", sector[: len(sector) // 4 * 4]))
        return table

    @staticmethod
    def _chain(start: int, table: array[int]) -> list[int]:
        numbers: list[int] = []
        while start < _FIRST_FREE_SECTOR and len(numbers) <= len(table):
            numbers.append(start)
            start = table[start]
        return numbers
