"""How the receipt workbook looks: a word and a colour for each state, widths that can be read, and styles made once for all cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from cebd.declared.consequences import ConsequenceKind
from cebd.documents.workbooks.cells import Shown
from cebd.plain import columns_of
from cebd.records.states import State


class StateWord(NamedTuple):
    """The word for a state, in Chinese and English, and the colour of its rows."""

    zh: str
    en: str
    colour: str


# Red: the operator must act; orange: waiting or unknown; blue: under way; green: done. What ended at customs has their word (`remarks`).
WORDS: dict[str, StateWord] = {
    State.REJECTED: StateWord("未申报", "not declared", "FFC7CE"),
    State.HELD: StateWord("整份未申报（待处理）", "file held back", "FFE0B2"),
    State.READY: StateWord("待签名", "to be signed", "F2F2F2"),
    State.SIGNED: StateWord("待发送", "to be sent", "F2F2F2"),
    State.SENT: StateWord("待回执", "awaits its answer", "DDEBF7"),
    State.IN_DOUBT: StateWord("待确认是否送达", "perhaps sent", "FFD699"),
    State.ACKNOWLEDGED: StateWord("电子口岸已受理", "at the e-port", "DDEBF7"),
    State.SUCCEEDED: StateWord("已入库", "accepted", "C6EFCE"),
    State.REFUSED: StateWord("退单", "refused", "F8A5A5"),
    "cancelled": StateWord("已撤销", "cancelled", "D9D9D9"),  # at the enterprise's own wish: nothing is to be done
}
AS_SKIPPED = StateWord("不申报（已决定）", "not declared, as decided", "D9D9D9")  # rejected, and nothing is to be done
FORETOLD: dict[ConsequenceKind, StateWord] = {
    kind: StateWord(f"预检：{zh}", f"preview: {en}", colour)
    for kind, zh, en, colour in (
        (ConsequenceKind.NEW, "新申报", "new", "E2EFDA"),
        (ConsequenceKind.CHANGE, "变更", "change", "DDEBF7"),
        (ConsequenceKind.DELETION, "删除", "deletion", "D9D9D9"),
        (ConsequenceKind.UNCHANGED, "未变，不再申报", "unchanged", "F2F2F2"),
        (ConsequenceKind.WAITS, "申报后等待", "waits", "FFE0B2"),
        (ConsequenceKind.CONFLICT, "冲突，不申报", "conflict", "FFC7CE"),
        (ConsequenceKind.REFUSED, "会被退回", "refused", "FFC7CE"),
    )
}
ERROR, NOTED, AS_DECIDED = "FF5050", "FFB84D", "CCC0DA"
STRUCK = "struck"  # in a colour's place: a row that is kept back because it is struck through

# text, number, whole, date, moment, time, own, heading, own heading; or a number's format, such as 000
Kind = str
_FORMATS = {
    "text": "@",
    "number": "General",
    "own": "General",
    "whole": "0",  # a long number stays readable: not 6.9E+12
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "time": "[h]:mm:ss",
}
_BORDER_COLOUR = "D9D9D9"
_MIN_COLUMN_CHARACTERS, _MAX_COLUMN_CHARACTERS, _MAX_HEADING_CHARACTERS = 7, 32, 18
ONE_LINE = 15.0  # the height of a row, in points
_LINE_OF_SEVERAL = 17.0  # Chinese fonts stand further apart than Latin ones
MOST_LINES = 24  # a row may have 409 points


class Styles:
    """The styles of a workbook, each made at its first use."""

    def __init__(self) -> None:
        self._ids: dict[tuple[Kind, str | None], int] = {}

    def id_of(self, sheet: Any, kind: Kind, colour: str | None = None) -> int:
        """The number of that style in the workbook of `sheet` (openpyxl's)."""
        style_id = self._ids.get((kind, colour))
        if style_id is None:
            style_id = self._ids[kind, colour] = _make(sheet, kind, colour)
        return style_id


def _make(sheet: Any, kind: Kind, colour: str | None) -> int:
    import openpyxl  # noqa: F401  first the package: two threads may want it at once
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    cell: Any = WriteOnlyCell(sheet)
    if colour == STRUCK:
        colour = WORDS[State.REJECTED].colour
        cell.font = Font(name="Calibri", strike=kind != "own")
    side = Side("thin", color=_BORDER_COLOUR)
    if kind in ("heading", "own heading"):
        cell.font = Font(name="Calibri", bold=True, color="000000" if colour else "FFFFFF")
        colour = colour or ("1F4E78" if kind == "heading" else "404040")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    else:
        to_the_right = kind not in ("text", "own")  # an amount must not run into the text beside it
        horizontal = "right" if to_the_right else None
        cell.alignment = Alignment(horizontal, "top", wrap_text=kind == "own", indent=int(to_the_right))
        cell.number_format = _FORMATS.get(kind, kind)
    if colour is not None:
        cell.fill = PatternFill("solid", fgColor=colour)
        cell.border = Border(left=side, right=side, top=side, bottom=side)
    return int(cell.style_id)


def kind_of(value: object) -> Kind:
    """How a value of the operator's is shown."""
    if isinstance(value, str):
        return "0" * len(value) if isinstance(value, Shown) and value.isdecimal() else "text"
    if isinstance(value, datetime):
        return "moment" if value.time() != time() else "date"
    if isinstance(value, (date, time, timedelta)):
        return "date" if isinstance(value, date) else "time"
    if isinstance(value, (int, float)) and abs(value) >= 1e10 and float(value).is_integer():
        return "whole"
    return "number"


def widths(rows: Sequence[Sequence[Any]], columns: int) -> list[float]:
    """A width in characters for each column, in which most of these rows (the headings first) fit; headings may wrap."""
    fitting = []
    for index in range(columns):
        texts = [str(row[index]) for row in rows if index < len(row) and row[index] not in ("", None)]
        longest = max((columns_of(text) for text in texts[1:]), default=0)
        heading = (
            min(max((columns_of(part) for part in texts[0].splitlines()), default=0), _MAX_HEADING_CHARACTERS)
            if texts
            else 0
        )
        fitting.append(float(min(max(longest + 1, heading + 1, _MIN_COLUMN_CHARACTERS), _MAX_COLUMN_CHARACTERS)))
    return fitting


def height(texts: Iterable[tuple[str, float]]) -> float:
    """The height in points of a row in which each of these texts is wrapped at its width (in characters), as high as a row may be."""
    count = min(max((lines(text, width) for text, width in texts), default=1), MOST_LINES)
    return ONE_LINE if count == 1 else count * _LINE_OF_SEVERAL


@lru_cache(maxsize=4096)  # most of 100,000 rows say the same
def lines(text: str, width: float) -> int:
    """How many lines the text takes when it is wrapped at so many characters."""
    return sum(1 + int(columns_of(line) / (width * 1.05)) for line in text.split("\n"))
