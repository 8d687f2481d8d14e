"""The kind of a file, by its first bytes: names lie, and people rename files that a program would not open."""

from __future__ import annotations

from enum import Enum

HEAD_BYTES = 4096
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_FOREIGN = (
    (b"%PDF-", "PDF 文件", "a PDF document"),
    (b"\x89PNG", "图片", "a picture"),
    (b"\xff\xd8\xff", "图片", "a picture"),
    (b"GIF8", "图片", "a picture"),
    (b"Rar!\x1a\x07", "RAR 压缩包（请先解压，放入其中的表格）", "a RAR archive (take the workbooks out of it)"),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包（请先解压，放入其中的表格）", "a 7z archive (take the workbooks out of it)"),
    (b"\x1f\x8b", "gzip 压缩包（请先解压，放入其中的表格）", "a gzip archive (take the workbooks out of it)"),
    (b"PK\x05\x06", "空压缩包", "an empty zip archive"),
    (b"MZ", "Windows 程序", "a Windows program"),
    (b"\x7fELF", "程序", "a program"),
    (b"{\\rtf", "RTF 文档", "an RTF document"),
    (b"MIME-Version:", "网页（MHTML）", "a web page saved as one file (MHTML)"),
    # The first record of a workbook that stands by itself, [MS-XLS] 2.4.21: Excel 2, 3 and 4.
    (b"\x09\x00\x04\x00", "Excel 97 以前的工作簿", "a workbook older than Excel 97"),
    (b"\x09\x02\x06\x00", "Excel 97 以前的工作簿", "a workbook older than Excel 97"),
    (b"\x09\x04\x06\x00", "Excel 97 以前的工作簿", "a workbook older than Excel 97"),
)
# What software of a company for the protection of documents puts before what it has encrypted.
_ENCRYPTED = (b"%TSD-Header-###%", b"b\x14#e", b"E-SafeNet", b"IPGUARD", b"DLPENC")
_WEB = (b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<body", b"<style", b"<div")
_SPREADSHEET_2003 = b"urn:schemas-microsoft-com:office:spreadsheet"


class Kind(Enum):
    """How a file is read."""

    EMPTY = "empty"
    ZIP = "zip"
    COMPOUND = "compound"  # the format of .xls, and of .xlsx with a password
    XML = "xml"
    TEXT = "text"
    BINARY = "binary"


def kind_of(start: bytes) -> Kind:
    """The kind, by the first HEAD_BYTES bytes."""
    if not start:
        return Kind.EMPTY
    if start.startswith(b"PK\x03\x04"):
        return Kind.ZIP
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Kind.COMPOUND
    if _begins(start).startswith(b"<"):
        return Kind.XML
    if start.startswith(_MARKS) or not any(byte < 32 and byte not in b"\t\n\f\r\x1a" for byte in start):
        return Kind.TEXT
    return Kind.BINARY


def foreign(start: bytes) -> tuple[str, str] | None:
    """The kind of the file, in Chinese and English, if it is never read."""
    for mark, zh, en in _FOREIGN:
        if start.startswith(mark):
            return zh, en
    return None


def is_picture(start: bytes) -> bool:
    """Whether it is a picture."""
    return any(start.startswith(mark) for mark, zh, _ in _FOREIGN if zh == "图片")


def is_encrypted(start: bytes) -> bool:
    """Whether software of a company has encrypted it: on that company's own computers it opens as if nothing were."""
    return start.startswith(_ENCRYPTED) or any(mark in start[:64] for mark in _ENCRYPTED[2:])


def is_web_page(start: bytes) -> bool:
    """Whether it is a web page, as many systems export tables under the name .xls."""
    text = _begins(start).lower()
    return text.startswith(_WEB) or (text.startswith(b"<") and b"<html" in text)


def is_declared_xml(start: bytes) -> bool:
    """Whether it begins with an XML declaration, or with the start of a message."""
    return _begins(start).startswith((b"<?xml", b"<ceb:", b"<CEB", b"<!"))


def is_spreadsheet_2003(start: bytes) -> bool:
    """Whether it is the workbook XML of Excel 2003."""
    return _SPREADSHEET_2003 in _begins(start)


def _begins(start: bytes) -> bytes:
    """The text without mark, blanks and the zero bytes of UTF-16."""
    for mark in _MARKS:
        start = start.removeprefix(mark)
    return start.replace(b"\0", b"").lstrip(b" \t\r\n")
