"""A workbook's zip is the same to every program, whichever library packed it, and damage in it is found."""

from __future__ import annotations

import os
import subprocess
import sys
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import pytest

from cebd.documents.workbooks import zips
from cebd.documents.workbooks.zips import DAMAGED, FastZip, PackedPart, open_part

CONTENT = b"<row><c>1</c></row>" * 30_000 + os.urandom(5_000)


def zip_of(kind: type[ZipFile], content: bytes = CONTENT, method: int = ZIP_DEFLATED) -> bytes:
    file = BytesIO()
    with kind(file, "w", method) as packed:
        packed.writestr("xl/sheet.xml", content)
    return file.getvalue()


def part_of(file: bytes) -> bytes:
    with ZipFile(BytesIO(file)) as packed, open_part(packed, packed.getinfo("xl/sheet.xml")) as stream:
        content = b""
        while block := stream.read(100_000):
            content += block
        return content


def test_the_faster_library_is_there_where_tests_run() -> None:
    assert zips.fastest is not None


@pytest.mark.parametrize("method", [ZIP_DEFLATED, ZIP_STORED])
@pytest.mark.parametrize("content", [CONTENT, b"", b"a"])
def test_what_is_packed_here_is_read_by_python_and_the_other_way_round(content: bytes, method: int) -> None:
    with ZipFile(BytesIO(zip_of(FastZip, content, method))) as packed:
        assert packed.testzip() is None
        assert packed.read("xl/sheet.xml") == content
    assert part_of(zip_of(ZipFile, content, method)) == content


def test_a_sheet_is_packed() -> None:
    assert len(zip_of(FastZip)) < len(CONTENT) / 20


@pytest.mark.parametrize("library", [zips.fastest, None])
@pytest.mark.parametrize("pieces", [[CONTENT[:70], CONTENT[70:400_000], CONTENT[400_000:]], [b""], []])
def test_what_is_packed_while_it_is_written_is_a_part_like_any_other(
    pieces: list[bytes], library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "fastest", library)
    part, file = PackedPart(), BytesIO()
    for piece in pieces:
        assert part.write(piece) == len(piece)
    with FastZip(file, "w", ZIP_DEFLATED) as packed:
        packed.writestr("before.xml", "before")
        packed.write(part, "xl/sheet.xml")
        packed.writestr("after.xml", "after")
    with ZipFile(file) as read:
        assert read.testzip() is None
        assert read.namelist() == ["before.xml", "xl/sheet.xml", "after.xml"]
        assert read.read("xl/sheet.xml") == b"".join(pieces)
        assert (read.read("before.xml"), read.read("after.xml")) == (b"before", b"after")


@pytest.mark.parametrize("at", [60, 500, 3_000])
def test_a_changed_byte_is_found(at: int) -> None:
    whole = zip_of(ZipFile)
    damaged = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
    with pytest.raises((BadZipFile, EOFError, *DAMAGED)):
        part_of(damaged)


def test_a_platform_without_the_faster_library_reads_the_same() -> None:
    code = (
        "import sys; sys.modules['isal'] = None; from zipfile import ZipFile; from io import BytesIO;"
        "from cebd.documents.workbooks import zips; assert zips.fastest is None; "
        "packed = ZipFile(BytesIO(sys.stdin.buffer.read()));"
        "sys.stdout.buffer.write(zips.open_part(packed, packed.getinfo('xl/sheet.xml')).read())"
    )
    made = subprocess.run([sys.executable, "-c", code], input=zip_of(FastZip), capture_output=True, check=True)
    assert made.stdout == CONTENT
