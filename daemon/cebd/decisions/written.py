"""What people write into a sheet of decisions where a choice is meant: `不报`, `（空）`, `√`. What could be a value is one."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from cebd.decisions.decision import EMPTY, NOT_DECLARED

_AROUND = " \t\n()（）[]【】“”\"'。.!！,，;；:："
_NOT = re.compile(
    r"(?:不|别|勿|无需|不必|不要|不用|不需要?|暂不)(?:再|予)?申?报(?:了|此行|此单|该行|该单|这行|这单|这些行?)?|not declared|do not declare"
)
_NOTHING = frozenset(("空", "空白", "留空", "清空", "置空", "不填", "不填写", "empty", "blank", "leave empty"))
_AS_SUGGESTED = re.compile(r"(?:按照?|同|用|采用|同意)?建议(?:处理|申报)?|as suggested")
# What says neither what is declared nor that nothing is: a person saw it beside a proposal, or did not know.
_UNCLEAR = re.compile(
    r"是|对|好|行|可以|同意|确认|采用|ok|yes|[√✓✔×?]+|否|不|不是|不知道|不清楚|待[定查]|待确认|"
    r"同[上下]|删|删除|删掉|作废|取消|撤销|跳过|忽略|略|改|已改|改好了|skip|delete"
)
_OWN_WORDS = ("reason", "note")  # fields that say whatever people like
_YES = frozenset(("是", "对", "要", "好", "记住", "记", "yes", "y", "true", "1", "√", "✓", "✔", "☑"))
_NO = frozenset(
    ("否", "不", "不是", "不要", "不用", "不记", "不记住", "无", "no", "n", "false", "0", "×", "x", "✗", "☐", "-", "/")
)


class Written(NamedTuple):
    """An answer as it is kept; `reason` is what stands behind `不申报` in the same cell. `is_unclear`: it says nothing to go by."""

    answer: str
    reason: str = ""
    is_unclear: bool = False


def answer_in(text: str, field: str) -> Written:
    """What the cell of the decision says, for an element of that name; `text` is not empty."""
    plain = _plain(text)
    if plain in _NOTHING:
        return Written(EMPTY)
    if _NOT.fullmatch(plain):
        return Written(NOT_DECLARED)
    begun = _NOT.match(plain)
    if begun is not None and plain[begun.end()] in _AROUND:
        return Written(NOT_DECLARED, plain[begun.end() :].strip(_AROUND))
    says_no_value = _UNCLEAR.fullmatch(plain) or _AS_SUGGESTED.fullmatch(plain)
    return Written(text, is_unclear=says_no_value is not None and field not in _OWN_WORDS)


def is_as_suggested(text: str) -> bool:
    """Whether the cell of the decision says that the suggestion beside it is meant."""
    return _AS_SUGGESTED.fullmatch(_plain(text)) is not None


def yes_in(text: str) -> bool | None:
    """Whether a cell that asks yes or no says yes; an empty one says no. None: it says neither."""
    plain = _plain(text)
    return True if plain in _YES else False if not plain or plain in _NO else None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(_AROUND).casefold()
