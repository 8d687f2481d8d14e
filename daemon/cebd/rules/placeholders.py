"""Texts that stand in a cell only because it must not be empty: 无, /, N/A, null, 同上, 待定."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter

from cebd.rules.rule import Rule, each_text

_OF_PROGRAMS = ("null", "none", "nan", "n/a", "na", "#n/a", "undefined", "nil")
_OF_PEOPLE = (
    "同上",
    "同前",
    "同左",
    "同订购人",
    "同收货人",
    "同收件人",
    "待定",
    "待补",
    "待补充",
    "待填",
    "待填写",
    "待确认",
    "待核实",
)
_NOTHING = frozenset((*_OF_PROGRAMS, *_OF_PEOPLE, "?", "??", "???", "〃", '"', "”"))  # whatever the field
_NO_NAME = frozenset(
    (*_NOTHING, "无", "没有", "空", "暂无", "未知", "不详", "不知道", "匿名", "x", "xx", "xxx", "(空)", "(无)")
)
_FEWEST_DIGITS = 5  # of a telephone

_PEOPLE = ("buyerName", "payerName", "consignee", "consigneeAddress")
_TELEPHONES = ("buyerTelephone", "telephone", "consigneeTelephone")
_GOODS = ("itemName", "gname")
_FIRST = itemgetter(slice(1))

# Most texts differ from record to record. One with a letter that stands in none of these words says something, or with a digit where
# that is enough; mostly the first one is of these. The others are looked at more closely.
_IN_WORDS = re.escape("".join(sorted({letter for word in _NO_NAME for letter in word + word.upper()})))
_LETTER = rf"(?=[一-鿿a-zA-Z])[^{_IN_WORDS}]"
_SAYS_A_NAME = re.compile(_LETTER)
_SAYS_SOMETHING = re.compile(rf"[0-9]|{_LETTER}")


def _no_name(text: str) -> bool:
    return not _SAYS_A_NAME.search(text) and (_plain(text) in _NO_NAME or not any(map(str.isalpha, text)))


def _no_telephone(text: str) -> bool:
    return sum(map(str.isdigit, text)) < _FEWEST_DIGITS


def _no_goods(text: str) -> bool:
    return not _SAYS_A_NAME.search(text) and (_plain(text) in _NO_NAME or not any(map(str.isalnum, text)))


def _nothing(text: str) -> bool:
    return not _SAYS_SOMETHING.search(text) and _plain(text) in _NOTHING


_JUDGES: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(_PEOPLE, _no_name),
    **dict.fromkeys(_TELEPHONES, _no_telephone),
    **dict.fromkeys(_GOODS, _no_goods),
}


def something_is_said(*, head: tuple[str, ...] = (), line: tuple[str, ...] = ()) -> Rule:
    """These texts, where they are given, say something: a person and an address have a name, a telephone has digits.

    A model (gmodel) may be 无: there are goods without one.
    """
    return each_text(
        "CEBD-1337",
        source="specification chapter 3: real names, addresses, numbers; GACC 2018 No. 194",
        is_wrong=_is_empty,
        are_right=_say_something,
        head=head,
        line=line,
    )


def _is_empty(name: str, text: str) -> bool:
    return text != "" and _JUDGES.get(name, _nothing)(text)


def _say_something(name: str, texts: Sequence[str]) -> bool:
    if name in _TELEPHONES:
        return "".join(texts).isdigit() and min(map(len, texts)) >= _FEWEST_DIGITS
    says = _SAYS_A_NAME if name in _JUDGES else _SAYS_SOMETHING
    return all(map(says.match, {*map(_FIRST, texts)} - {""}))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
