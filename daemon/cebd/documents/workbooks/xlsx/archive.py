"""The zip of an .xlsx: its directory is checked before anything is unpacked; parts are unpacked into memory only, within limits.

Nothing but the parts of the workbook that hold values is ever unpacked, so pictures, macros and embedded files stay shut.

| found | what it is | problem |
| --- | --- | --- |
| no directory at the end, parts that do not add up | cut off or damaged | CEBD-1021 |
| an encrypted entry | a password | CEBD-1020 |
| more than any workbook needs: entries, bytes, ratio | a bomb, or far too large | CEBD-1022, CEBD-1025 |
| names that lead out of the folder, the same name twice | made to deceive | CEBD-1025 |
| no workbook inside | another kind of file | CEBD-1024 |
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from cebd.documents.workbooks.locked import Book
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.workbooks.zips import DAMAGED, open_part

MIB = 1 << 20

# A sheet of 100,000 rows and 105 columns unpacks to 320-600 MB; one that is larger than this is better dropped in pieces.
MAX_UNPACKED_BYTES = 1024 * MIB
# The parts beside sheets and texts (relations, styles, names of sheets) are kilobytes; 64,000 cell formats, Excel's limit, are 16 MB.
_MAX_SMALL_PART_BYTES = 32 * MIB
_MAX_ELEMENTS = 1_000_000
# Parts of one workbook: sheets, pictures, comments. Thousands are seen in files that were copied for years.
_MAX_ENTRIES = 10_000
_MAX_DIRECTORY_BYTES = 4 * MIB
# Deflate packs 1032 to 1 at best; sheets of a few repeated values reach 100 to 1, empty styled rows more. Small parts may be anything.
_MAX_COMPRESSION, _MIN_COMPRESSED_BYTES = 400, 64 * MIB
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the only ones of the format (ECMA-376 part 2, annex C)
_BLOCK_BYTES = MIB // 2
_END_BYTES = 22 + 65_535 + 76  # the end record, its comment, the zip64 records before it
_DAMAGED: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    *DAMAGED,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    RuntimeError,
)


class Archive:
    """A workbook's zip whose directory was found harmless."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        # Some programs of Windows part the names of parts by backslashes.
        self._entries = {part_name(entry): entry for entry in packed.infolist()}
        self.names = frozenset(self._entries)

    def small_part(self, name: str) -> bytes:
        """A part whole. Raises KeyError when there is none, Unreadable when it is damaged or larger than such a part can be."""
        if self._entries[name].file_size > _MAX_SMALL_PART_BYTES:
            raise refused("CEBD-1022", f"{name} 过大", f"the part {name} is larger than any workbook needs", name)
        content = b"".join(self.blocks(name))
        if content.count(b"<") > _MAX_ELEMENTS:
            raise refused(
                "CEBD-1022", f"{name} 过大", f"the part {name} has more elements than any workbook needs", name
            )
        return content

    def size(self, name: str) -> int:
        """The unpacked size; reading never yields more."""
        return self._entries[name].file_size

    def blocks(self, name: str) -> Iterator[bytes]:
        """A part piece by piece, never more than its directory entry says. Raises KeyError; Unreadable when it is damaged."""
        entry = self._entries[name]
        try:
            with open_part(self._packed, entry) as stream:
                while block := stream.read(_BLOCK_BYTES):
                    yield block
        except _DAMAGED as error:
            raise damaged(f"{name}: {error}") from None


@contextmanager
def opened(path: Book) -> Iterator[Archive]:
    """The workbook's zip, looked through. Raises Unreadable."""
    with path.open("rb") as stream:
        if _directory_size(stream, path.stat().st_size) > _MAX_DIRECTORY_BYTES:
            raise _too_many_entries()
        stream.seek(0)
        try:
            packed = zipfile.ZipFile(stream)
        except _DAMAGED as error:
            raise damaged(str(error)) from None
        with packed:
            _look_through(packed.infolist())
            yield Archive(packed)


def too_large(unpacked: int) -> Unreadable:
    """It has that many bytes or more when unpacked."""
    limit = MAX_UNPACKED_BYTES >> 30
    return refused("CEBD-1022", f"解压后超过 {limit} GiB", f"it unpacks to more than {limit} GiB", unpacked)


def damaged(zh: str, en: str = "") -> Unreadable:
    """The file is cut off or damaged, with the reason."""
    return refused("CEBD-1021", zh, en)


def _look_through(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > _MAX_ENTRIES:
        raise _too_many_entries()
    if any(entry.flag_bits & 1 for entry in entries):
        raise refused("CEBD-1020")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED_BYTES:
        raise too_large(unpacked)
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        if leads_out(name):
            raise refused("CEBD-1025", f"压缩包内的路径 {name!r}", f"the path {name!r} inside the zip", name)
        plain = part_name(entry).casefold()
        if plain in seen:
            raise refused("CEBD-1025", f"压缩包内有两个 {name}", f"{name} is in the zip twice", name)
        seen.add(plain)
        if entry.compress_type not in _METHODS:
            raise refused("CEBD-1025", "压缩方法异常", "a way of packing that workbooks do not use", name)
        if entry.file_size > max(_MIN_COMPRESSED_BYTES, _MAX_COMPRESSION * entry.compress_size):
            raise refused("CEBD-1025", f"{name} 压缩比异常（压缩炸弹）", f"{name} is packed like a zip bomb", name)
    what = _another_kind(seen)
    if what is not None:
        raise refused("CEBD-1024", *what)


def part_name(entry: zipfile.ZipInfo) -> str:
    """The name of a part, its folders parted by slashes."""
    return entry.orig_filename.replace("\\", "/")


def leads_out(name: str) -> bool:
    """Whether a name in the zip points out of the folder it would be unpacked into."""
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in name


def _another_kind(names: set[str]) -> tuple[str, str] | None:
    """What the zip is when it is no .xlsx; names in lower case."""
    if "xl/workbook.bin" in names:
        return "二进制工作簿（.xlsb），请另存为 .xlsx", "a binary workbook (.xlsb): save it as .xlsx"
    if "content.xml" in names:
        return None  # an OpenDocument file: what kind of one its own part says
    if "word/document.xml" in names:
        return "Word 文档", "a Word document"
    if "ppt/presentation.xml" in names:
        return "演示文稿", "a presentation"
    if "[content_types].xml" not in names and "_rels/.rels" not in names:
        return "普通压缩包", "a plain zip archive (take the workbooks out of it)"
    return None


def _too_many_entries() -> Unreadable:
    return refused("CEBD-1025", "压缩包内文件过多", "the zip holds more files than any workbook")


def _directory_size(stream: BinaryIO, size: int) -> int:
    """How long the zip's directory says it is: asked before it is read, for each of its entries takes memory ([APPNOTE] 4.3.14-16)."""
    stream.seek(max(0, size - _END_BYTES))
    end = stream.read()
    at = end.rfind(b"PK\5\6")
    if at < 0 or len(end) < at + 22:
        raise damaged("没有压缩包目录", "the directory at its end is missing")
    (length,) = struct.unpack_from("<I", end, at + 12)
    if at >= 76 and end[at - 20 : at - 16] == b"PK\6\7":
        (length,) = struct.unpack_from("<Q", end, at - 76 + 40)
    return int(length)
