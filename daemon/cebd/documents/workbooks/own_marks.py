"""Marks by which cebd recognises its own workbooks when they are dropped: headings, sheets, the example of a template."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

OWN_HEADING = "[cebd]"  # begins the headings of our own columns, which are not read
# Sheets of a receipt workbook: about the file, and its documents where there were no sheets. Those of earlier versions are known for ever.
FILE_SHEETS = {"zh": "cebd 文件", "en": "cebd File", "both": "cebd 文件 File"}
RECORDS_SHEETS = {"zh": "cebd 单证", "en": "cebd Documents", "both": "cebd 单证 Documents"}
GOODS_SHEET = "cebd 商品档案 Goods"  # of a template: what customs accepted, not to be declared
OWN_SHEETS = (*FILE_SHEETS.values(), *RECORDS_SHEETS.values(), "cebd 记录 Records", GOODS_SHEET)
# Sheets of workbooks that only tell something: none of their rows is ever declared.
LEDGER_SHEETS = {"zh": "cebd 台账", "en": "cebd Ledger", "both": "cebd 台账 Ledger"}
SUMMARY_SHEETS = {"zh": "cebd 合计", "en": "cebd Summary", "both": "cebd 合计 Summary"}
ANSWER_SHEETS = {"zh": "cebd 查询", "en": "cebd Answer", "both": "cebd 查询 Answer"}
CHANGE_HEADING = (
    "报送类型 appType"  # a column that receipts add; a column of the operator's own for appType wins over it
)
EXAMPLE = "示例 example"  # a row with a cell of just this text is the example of a template
# Properties of a receipt workbook, used again when it is dropped: inbox folder and name of the original file.
ORIGIN_FOLDER = "cebd inbox folder"
ORIGIN_NAME = "cebd file name"
RECEIPT_OF = "cebd receipt of"  # of which drop it is the receipt (`origin.receipt_mark`)


def tells_only(sheets: Sequence[str]) -> bool:
    """Whether a workbook with these sheets is a ledger or an answer of ours, whatever program saved it last."""
    begin = (*LEDGER_SHEETS.values(), *SUMMARY_SHEETS.values(), *ANSWER_SHEETS.values())
    return bool(sheets) and all(name.rstrip("0123456789 ") in begin for name in sheets)


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


_LAST_LINE = "[cebd] 本文件由程序写成，可以留着 written by the program, may stay here: "


def signed_text(text: str) -> bytes:
    """The text for people, with a last line that proves that cebd wrote exactly this. Line ends of Windows: every Notepad shows it."""
    body = text.strip() + "\n"
    return f"{body}\n{_LAST_LINE}{_digest(body)}\n".replace("\n", "\r\n").encode("utf-8-sig")


def is_text_as_we_wrote_it(content: bytes) -> bool:
    """Whether it is such a text, and nothing but its line ends and its mark of encoding changed since."""
    if content[-1024:].rfind(b"[cebd]") < 0:
        return False
    body, mark, digest = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").rpartition(_LAST_LINE)
    return bool(mark) and digest.strip() == _digest(body.strip() + "\n")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
