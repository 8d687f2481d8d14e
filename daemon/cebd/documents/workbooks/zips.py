"""Zips of workbooks, packed and unpacked by ISA-L where it is installed: the same format in a third of the time.

Python's zipfile knows zlib alone. Here it is given something else to pack and unpack with; sizes and checksums it goes on checking itself.
A sheet that is written piece by piece is packed piece by piece: unpacked it would be ten times as large, and need a file of its own.
"""

from __future__ import annotations

import time
import zlib
from collections import deque
from collections.abc import Iterator
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from cebd.store.packing import fastest

_RAW = -zlib.MAX_WBITS  # without a head: the zip has its own
DAMAGED: tuple[type[Exception], ...] = (zlib.error,)
"""What reading raises when the packed bytes are damaged, beside zipfile's own errors."""
if fastest is not None:
    DAMAGED += (fastest.error,)  # type: ignore[operator]  # a class, whatever its stub says


def open_part(packed: ZipFile, part: ZipInfo) -> IO[bytes]:
    """The part to be read. Raises as `ZipFile.open`; reading it, `DAMAGED` too."""
    stream = packed.open(part)
    if fastest is not None and part.compress_type == ZIP_DEFLATED:
        vars(stream)["_decompressor"] = fastest.decompressobj(_RAW)
    return stream


class PackedPart:
    """A part of a zip that is packed while it is written, before the zip itself is begun. To be put into one zip, once."""

    def __init__(self) -> None:
        self.size, self.checksum = 0, 0  # of what was written
        self._packing: Any = _packing()
        self._packed: deque[bytes] = deque()

    def write(self, content: bytes) -> int:
        self.size += len(content)
        self.checksum = (zlib if fastest is None else fastest).crc32(content, self.checksum)
        self._packed.append(self._packing.compress(content))
        return len(content)

    def taken(self) -> Iterator[bytes]:
        """All of it packed, which is not kept."""
        self._packed.append(self._packing.flush())
        while self._packed:
            yield self._packed.popleft()


class _AsItIs:
    """In place of what packs, for what is packed already."""

    def compress(self, packed: bytes) -> bytes:
        return packed

    def flush(self) -> bytes:
        return b""


def _packing() -> Any:
    return (zlib if fastest is None else fastest).compressobj(1, zlib.DEFLATED, _RAW)


class FastZip(ZipFile):
    """A zip to be written. What is deflated is packed quickly, not closely."""

    def write(self, filename: Any, arcname: Any = None, *given: Any, **named: Any) -> None:
        """As zipfile has it; a `PackedPart` may stand in the place of the file, and is packed as it is."""
        if not isinstance(filename, PackedPart):
            super().write(filename, arcname, *given, **named)
            return
        part = ZipInfo(arcname, time.localtime()[:6])
        part.compress_type, part.file_size = ZIP_DEFLATED, filename.size
        with super().open(part, "w") as stream:
            own = vars(stream)
            own["_compressor"] = _AsItIs()
            for piece in filename.taken():
                stream.write(piece)
            own["_file_size"], own["_crc"] = filename.size, filename.checksum

    def open(self, *given: Any, **named: Any) -> IO[bytes]:
        """As zipfile has it."""
        stream = super().open(*given, **named)
        if fastest is not None and vars(stream).get("_compressor") is not None:
            vars(stream)["_compressor"] = _packing()
        return stream
