"""Rows of remarks, which people and their systems write among the rows of data: how to fill a column in, who made the sheet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

_SIGNED = re.compile(
    r"(制表|制单|填表|填报|填单|审核|复核|审批|批准|核准|经办|打印|导出|报表|录入|负责|签字|盖章|公司|单位|部门|日期|时间|联系)"
    r"(人|员|人员|者|日期|时间|单位|部门|签字|签名|盖章|电话|章)*([:：].*)?"
)
_NOTE = re.compile(
    r"[（(]?(填写|填表|注意|说明|备注|注|提示|温馨提示|要求|特别|数据来源|来源)(说明|事项|提示|要求|须知)*\d*[:：、.）)].*",
    re.DOTALL,
)
# A printed page's number, and the words by which a sheet ends.
_PAGE = re.compile(r"第?\d+页([/,，;；、]?共?\d+页)?|共\d+页([/,，;；、]?第?\d+页)?|第\d+[/／]\d+页", re.IGNORECASE)
_END = re.compile(
    r"[（(]?(此行?|本行)?以下(均为|为|全部)?(空白|无数据|无正文|无内容|无效)(有效)?[）)]?|[（(]?(全文|数据|表格)?(完|完毕|结束)[）)]?"
)
_DECORATION = " \t-—–=*~_·.。…#"
_HOW_TO_FILL = re.compile(
    r"必填|选填|非必填|可不填|可空|不能为空|文本|字符|数字|整数|小数|格式|例如|示例|默认|系统生成|位以内|不超过|最多|最长|下拉|"
    r"required|optional|mandatory|string|varchar|decimal|number\b|text\b|date\b|^[cnCN][\d.,]*\.{2}\d+|^[ynYNOM]$|^[是否]$",
    re.IGNORECASE,
)
_BEGINNINGS = frozenset("制填审复批核经打导报录负签盖公单部日时联注说备提温要特数来第共此本以全完结表（([-—=*~")
_MAX_CELLS = 8  # of a row that says who made the sheet: labels, and beside each what it says
_MOSTLY = 0.7
_LONGEST = 60


def may_be_remarks(cell: Any) -> bool:
    """Whether a row may be one of remarks although it has this cell in the place of a number."""
    return cell.__class__ is str and cell.strip()[:1] in _BEGINNINGS


def is_signature(row: Sequence[Any], numbers: Collection[int]) -> bool:
    """Whether the row is one that ends a sheet (`制表人：张三`, `审核`), or notes. `numbers`: the columns of the declarations' numbers."""
    for index in numbers:
        cell = row[index] if index < len(row) else None
        if cell in ("", None) or may_be_remarks(cell) or str(cell).isspace():
            continue
        if index == 0 or not may_be_remarks(row[index - 1]):
            return False
    filled = [(index, cell) for index, cell in enumerate(row) if cell not in ("", None) and not str(cell).isspace()]
    if not numbers or not filled or len(filled) > _MAX_CELLS:
        return False
    labelled = [index for index, cell in filled if _is_label(cell)]
    if not labelled or labelled[0] != filled[0][0] or len(filled) > 2 * len(labelled):
        return False
    beside = [(index, cell) for index, cell in filled if index in numbers and index not in labelled]
    if any(index - 1 not in labelled for index, _ in beside):
        return False
    return len(labelled) > 1 or not any(_is_number(cell) for _, cell in beside)


def tells_how_to_fill(row: Sequence[Any], numbers: Collection[int]) -> bool:
    """Whether the row right under the headings says what belongs into the columns (`必填`, `文本，60 位`)."""
    texts = [str(cell).strip() for cell in row if cell not in ("", None) and not str(cell).isspace()]
    if any(index < len(row) and _is_number(row[index]) for index in numbers):
        return False
    told = sum(_HOW_TO_FILL.search(text) is not None for text in texts)
    return len(texts) > 2 and told >= _MOSTLY * len(texts)


def _is_label(cell: Any) -> bool:
    if cell.__class__ is not str:
        return False
    text = re.sub(r"[ \t\u3000]", "", unicodedata.normalize("NFKC", cell))
    if _NOTE.fullmatch(text) is not None:
        return True
    bare = text.strip(_DECORATION)
    return len(text) <= _LONGEST and any(one.fullmatch(bare) for one in (_SIGNED, _PAGE, _END))


def _is_number(cell: Any) -> bool:
    """Whether a declaration may have this number: it has several digits, and no word in Chinese."""
    text = str(cell)
    return sum(map(str.isdigit, text)) > 2 and text.isascii() and ".." not in text
