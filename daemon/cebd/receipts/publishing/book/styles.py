"""How the receipt workbook looks: a word and a colour for each state, widths that can be read, and styles made once for all cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from cebd.declared.consequences import CONSEQUENCE_WORDS, ConsequenceKind
from cebd.documents.workbooks.cells import Shown
from cebd.plain import columns_of
from cebd.records.states import State

# State -> word and row colour. Red: the operator must act; orange: waiting or unknown; blue: under way; green: done.
WORDS: dict[str, tuple[str, str]] = {
    State.REJECTED: ("未申报 rejected", "FFC7CE"),
    State.HELD: ("整份未申报（待处理） held", "FFE0B2"),
    State.READY: ("待签名 ready", "F2F2F2"),
    State.SIGNED: ("已签名 signed", "F2F2F2"),
    State.SENT: ("已发送 sent", "DDEBF7"),
    State.IN_DOUBT: ("待确认 in doubt", "FFD699"),
    State.ACKNOWLEDGED: ("已受理 acknowledged", "DDEBF7"),
    State.SUCCEEDED: ("成功 succeeded", "C6EFCE"),
    State.REFUSED: ("被退回 refused", "F8A5A5"),
    "cancelled": ("已撤销 cancelled", "D9D9D9"),  # at the enterprise's own wish: nothing is to be done
}
FORETOLD: dict[ConsequenceKind, tuple[str, str]] = {
    kind: (f"预检：{CONSEQUENCE_WORDS[kind]}", colour)
    for kind, colour in {
        ConsequenceKind.NEW: "E2EFDA",
        ConsequenceKind.CHANGE: "DDEBF7",
        ConsequenceKind.DELETION: "D9D9D9",
        ConsequenceKind.UNCHANGED: "F2F2F2",
        ConsequenceKind.WAITS: "FFE0B2",
        ConsequenceKind.CONFLICT: "FFC7CE",
        ConsequenceKind.REFUSED: "FFC7CE",
    }.items()
}
ERROR, NOTED = "FF5050", "FFB84D"

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
ONE_LINE, _MAX_ROW_POINTS = 15.0, 180.0  # heights of rows in points; a third of a screen


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
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    cell: Any = WriteOnlyCell(sheet)
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
    """The height in points of a row in which each of these texts is wrapped at its width (in characters), up to a third of a screen."""
    lines = (sum(1 + int(columns_of(line) / (width * 1.05)) for line in text.split("\n")) for text, width in texts)
    return min(max(lines, default=1) * ONE_LINE, _MAX_ROW_POINTS)
