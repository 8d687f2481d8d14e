"""Bytes in the store are read by any zlib, whichever packed them, and damage is said in zlib's words."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib

import pytest

from cebd.store.packing import fastest, pack, packed, unpack

MESSAGE = "<ceb:Order>单".encode() * 5000 + os.urandom(3000)
CONTENTS = [MESSAGE, b"", b"a", os.urandom(70_000)]
ALONE = "import sys; sys.modules['isal'] = None; from cebd.store.packing import fastest, pack, unpack; assert fastest is None; "


def without_isal(code: str, content: bytes) -> bytes:
    """What a process prints that has not got it."""
    code = f"{ALONE}sys.stdout.buffer.write({code}(sys.stdin.buffer.read()))"
    return subprocess.run([sys.executable, "-c", code], input=content, capture_output=True, check=True).stdout


def test_the_faster_library_is_there_where_tests_run() -> None:
    assert fastest is not None


@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_packed_here_is_read_by_zlib_and_the_other_way_round(content: bytes) -> None:
    assert zlib.decompress(pack(content)) == unpack(pack(content)) == unpack(zlib.compress(content, 1)) == content
    assert len(pack(MESSAGE)) < len(MESSAGE) / 10


def test_a_platform_without_the_faster_library_reads_and_writes_the_same_store() -> None:
    assert without_isal("unpack", pack(MESSAGE)) == MESSAGE
    assert unpack(without_isal("pack", MESSAGE)) == MESSAGE


def test_the_digest_is_of_the_bytes_that_come_out() -> None:
    assert packed(b"abc").sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-1],
        lambda whole: whole[:99] + bytes([whole[99] ^ 1]) + whole[100:],
        lambda _: b"",
        bytes.upper,
    ],
)
def test_damaged_bytes_are_an_error_of_zlib(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(zlib.error):
        unpack(damage(pack(MESSAGE)))
