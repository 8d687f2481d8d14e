"""Zips of workbooks, packed and unpacked by ISA-L where it is installed: the same format in a third of the time.

Python's zipfile knows zlib alone. Here it is given something else to pack and unpack with; sizes and checksums it goes on checking itself.
"""

from __future__ import annotations

import zlib
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


class FastZip(ZipFile):
    """A zip to be written. What is deflated is packed quickly, not closely."""

    def open(self, *given: Any, **named: Any) -> IO[bytes]:
        """As zipfile has it."""
        stream = super().open(*given, **named)
        if fastest is not None and vars(stream).get("_compressor") is not None:
            vars(stream)["_compressor"] = fastest.compressobj(1, zlib.DEFLATED, _RAW)
        return stream
