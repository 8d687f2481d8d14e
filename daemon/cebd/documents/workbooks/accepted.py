"""Which files are taken: by their content, and by how their names end."""

from __future__ import annotations

from pathlib import Path

from cebd.documents.workbooks.entered import SUFFIX
from cebd.documents.workbooks.kind import (
    HEAD_BYTES,
    Kind,
    foreign,
    is_declared_xml,
    is_encrypted,
    is_picture,
    is_spreadsheet_2003,
    is_web_page,
    kind_of,
)
from cebd.documents.workbooks.unreadable import Unreadable, refused

SUFFIXES = (
    ".xlsx",
    ".xls",
    ".xlsm",
    ".csv",
    ".et",
    ".ods",
    ".ots",
    ".tsv",
    ".txt",
    ".htm",
    ".html",
    ".xlsb",
    ".ett",
    ".xltx",
    SUFFIX,
)
_ARCHIVE = "压缩包（请先解压，放入其中的表格）", "an archive (take the workbooks out of it)"
_DOCUMENT = "Word 文档", "a Word document"
# What people drop that is no workbook, where the content does not tell as much.
_OTHER_SUFFIXES = {
    ".zip": _ARCHIVE,
    ".tar": _ARCHIVE,
    ".docx": _DOCUMENT,
    ".doc": _DOCUMENT,
    ".wps": _DOCUMENT,
    ".pptx": ("演示文稿", "a presentation"),
    ".ppt": ("演示文稿", "a presentation"),
}


def is_message(path: Path) -> bool:
    """Whether the file is to be read as XML; its content counts, not its name. Raises Unreadable for a file of an unsupported kind."""
    with path.open("rb") as file:
        start = file.read(HEAD_BYTES)
    kind, suffix = kind_of(start), path.suffix.lower()
    by_name = suffix == ".xml" or (is_declared_xml(start) and foreign(start) is None)
    is_table = is_spreadsheet_2003(start) or (is_web_page(start) and suffix != ".xml")
    if kind is Kind.XML and by_name and not is_table:
        return True
    if suffix in SUFFIXES or is_table or (suffix == ".xml" and kind in (Kind.ZIP, Kind.COMPOUND)):
        return False
    refuse_foreign(start)
    if suffix == ".xml":
        return True
    if suffix in _OTHER_SUFFIXES:
        raise refused("CEBD-1024", *_OTHER_SUFFIXES[suffix])
    zh, en = "文件名没有后缀", "its name has no ending"
    if suffix:
        zh, en = f"不支持 {path.suffix}", f"{path.suffix} is not supported"
    raise Unreadable(
        f"{zh}，只接受 .xlsx .xls .et .ods .csv .xml .json / {en}; only .xlsx, .xls, .et, .ods, .csv, .xml and .json are read"
    )


def refuse_foreign(start: bytes) -> None:
    """Raise Unreadable for a file that is never read, by its first bytes."""
    if is_encrypted(start):
        raise refused("CEBD-1064")
    if is_picture(start):
        raise refused("CEBD-1065")
    what = foreign(start)
    if what is not None:
        raise refused("CEBD-1024", *what)
