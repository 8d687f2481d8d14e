"""The columns that cebd adds to a sheet of the operator's, and in which language they speak.

| stands | columns |
| --- | --- |
| before the operator's own, in sight while she scrolls | state, number of the document |
| before them, too | what to do, customs' answer, its time |
| behind them | customs' numbers (`publishing.numbers`), and the type of the declaration where a row asks for it |

Earlier versions had all of them behind. A workbook that is dropped again may have the columns of any version, in any language: they are
recognised by their headings, not read, and not copied.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal, NamedTuple

from cebd.documents.workbooks.own_marks import OWN_HEADING

Language = Literal["zh", "en", "both"]


class _Heading(NamedTuple):
    zh: str
    en: str
    width: float


class Own(Enum):
    """A column before the operator's own, by its heading in Chinese and English, and its width in characters."""

    STATE = _Heading("状态", "State", 27.0)
    NUMBER = _Heading("编号", "Number", 22.0)
    TO_DO = _Heading("处理", "What to do", 60.0)
    CUSTOMS = _Heading("海关回执", "Customs", 34.0)
    TIME = _Heading("回执时间", "Time", 20.0)

    def heading(self, language: Language) -> str:
        """How it is headed."""
        return own_heading(in_language(self.value.zh, self.value.en, language))

    @property
    def width(self) -> float:
        return self.value.width


OWN = tuple(Own)
WRAPPED = (Own.STATE, Own.TO_DO, Own.CUSTOMS)  # a row is as high as these need; the others are a line
_EARLIER = ("状态 State", "海关 Customs", "时间 Time", "问题与处理 Problems")
LANGUAGES: tuple[Language, ...] = ("zh", "en", "both")


def in_language(zh: str, en: str, language: Language) -> str:
    """The text for those who read it; of both the Chinese one first."""
    return zh if language == "zh" else en if language == "en" else f"{zh} {en}"


def own_heading(text: str) -> str:
    return f"{OWN_HEADING} {text}"


def is_heading(cell: object, others: frozenset[str]) -> bool:
    """Whether it heads a column of cebd's, of any version and language; `others`: the headings of number columns. What stands below the
    heading in the same cell says something of this one receipt.
    """
    text = str(cell).split("\n", 1)[0]
    return text in _OWN_HEADINGS or text in others


_OWN_HEADINGS = frozenset(
    {*(one.heading(language) for one in OWN for language in LANGUAGES), *map(own_heading, _EARLIER)}
)
