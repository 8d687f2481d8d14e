"""Marks by which cebd recognises its own workbooks when they are dropped: headings, sheets, the example of a template."""

from __future__ import annotations

from hashlib import sha256

OWN_HEADING = "[cebd]"  # begins the headings of our own columns, which are not read
FILE_SHEET = "cebd 文件 File"
RECORDS_SHEET = "cebd 记录 Records"
CHANGE_HEADING = (
    "报送类型 appType"  # a column that receipts add; a column of the operator's own for appType wins over it
)
EXAMPLE = "示例 example"  # a row with a cell of just this text is the example of a template
# Properties of a receipt workbook: inbox folder and name of the original file, used again when the receipt workbook is dropped.
ORIGIN_FOLDER = "cebd inbox folder"
ORIGIN_NAME = "cebd file name"

# The comment of the workbook's zip file. A program that saves the workbook writes a new zip, without it.
_SEAL = b"cebd sha256 "
_SEALED_BY = len(_SEAL) + 64
_NO_COMMENT, _COMMENT = b"\0\0", _SEALED_BY.to_bytes(2, "little")


def sealed(book: bytes) -> bytes:
    """The workbook with a comment that proves without a store that cebd wrote exactly these bytes. Raises ValueError: no plain zip."""
    if not book.endswith(_NO_COMMENT):
        raise ValueError("the zip has a comment already")
    return book[:-2] + _COMMENT + _SEAL + sha256(book).hexdigest().encode()


def is_as_we_wrote_it(book: bytes) -> bool:
    """Whether the workbook is sealed, and not a byte of it was changed since."""
    body, seal = book[:-_SEALED_BY], book[-_SEALED_BY:]
    if not seal.startswith(_SEAL) or not body.endswith(_COMMENT):
        return False
    return sha256(body[:-2] + _NO_COMMENT).hexdigest().encode() == seal[len(_SEAL) :]
