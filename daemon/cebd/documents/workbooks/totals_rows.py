"""Rows of totals, which operators and their systems write among the rows of data: they add up and declare nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

_ZH = re.compile(
    r"(本[页单表批]|以上|全部)?(总?合计|总计|小计|共计|累计|汇总|总数|总额)(人民币|金额|数量)?([:(].*|[\d.,]+)?[单票件条笔行个项元]?"
    r"|[共总]计?:?\d+[单票件条笔行个项]"
)
_EN = frozenset(("total", "totals", "subtotal", "sub-total", "sub total", "grand total", "sum"))
_BEGINNINGS = frozenset("本以全总合小共累汇tsgTSG \t\u3000")
_DIGITS = "0123456789"
_FIGURE = re.compile(r"[-+¥￥$]?[\d,，]*\.?\d*%?[元单票件条笔行个项]?")


def is_a_total(row: Sequence[Any], numbers: Collection[int]) -> bool:
    """Whether a row is a row of totals. `numbers`: the columns by which rows belong to a declaration.

    It is if a word for a total stands in the place of a number; or if there is no number at all, and the row has only such a
    word and figures. Goods may be called Total: their row has other texts.
    """
    named = False
    for index in numbers:
        cell = row[index] if index < len(row) else None
        if cell is None or cell == "":
            continue
        if not may_be_of_a_total(cell):
            return False
        if names_a_total(cell):
            named = True
        elif not cell.isspace():
            return False
    return named or (bool(numbers) and holds_a_total_alone(row))


def may_be_of_a_total(cell: Any) -> bool:
    """Whether a row may be a row of totals, or blank, although it has this cell in the place of a number."""
    if cell is None or cell == "":
        return True
    return cell.__class__ is str and cell[0] in _BEGINNINGS and not (cell[-1] in _DIGITS and cell.isascii())


def holds_a_total_alone(row: Sequence[Any]) -> bool:
    """Whether a word for a total and figures are all that stands on the row."""
    texts = [cell.strip() for cell in row if isinstance(cell, str) and not cell.isspace() and cell]
    words = [text for text in texts if not _FIGURE.fullmatch(text)]
    return bool(words) and all(map(names_a_total, words))


def names_a_total(text: str) -> bool:
    """Whether the text is a word for a total (`合计`, `小计：40.00`, `共 12 单`, `Total`)."""
    if text.isascii():
        return text.strip(" \t:.").casefold() in _EN
    return len(text) <= 40 and _ZH.fullmatch(re.sub(r"\s", "", unicodedata.normalize("NFKC", text))) is not None
