"""Bytes as the store keeps them: packed. Nothing here knows the database, so that a process that only reads files needs none."""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import NamedTuple


class Packed(NamedTuple):
    """A message's packed bytes as the store keeps them, and the digest of the unpacked bytes."""

    packed: bytes
    sha256: str


def packed(body: bytes) -> Packed:
    """A message packed for the store; it touches nothing, so that it can run beside other work."""
    return Packed(pack(body), sha256(body).hexdigest())


def pack(content: bytes) -> bytes:
    """Bytes as the store keeps them."""
    return zlib.compress(content, 1)


def unpack(packed: bytes) -> bytes:
    """Bytes from the store. Raises zlib.error when they are damaged."""
    return zlib.decompress(packed)
