"""The receipt workbook: the operator's sheets again, every row coloured by its state with the word beside the colour.

A bad cell has its own colour and a comment with the problem. Identifiers stay text. The workbook is also the correction form: the
columns cebd adds are known by their heading and left out when it is dropped back.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import IllegalCharacterError

from cebd.receipts.files import write_file

HEADINGS = ("[cebd] 状态 State", "[cebd] 海关 Customs", "[cebd] 时间 Time", "[cebd] 问题与处理 Problems")
WORDS = {
    "rejected": ("未申报 rejected", "FFC7CE"),
    "held": ("整份暂存 held", "FFEB9C"),
    "ready": ("待签名 ready", "FFFFFF"),
    "signed": ("已签名 signed", "F2F2F2"),
    "sent": ("已发送 sent", "DDEBF7"),
    "in_doubt": ("待确认 in doubt", "FFD966"),
    "acknowledged": ("已受理 acknowledged", "DDEBF7"),
    "succeeded": ("成功 succeeded", "C6EFCE"),
    "refused": ("被退回 refused", "F8A5A5"),
}
_BAD_CELL = PatternFill("solid", fgColor="FF5050")
_NOTED_CELL = PatternFill("solid", fgColor="FFD966")
_BOLD = Font(bold=True)
_WRAP = Alignment(wrap_text=True, vertical="top")


class SheetRows(Protocol):
    """A sheet as it was dropped."""

    @property
    def name(self) -> str: ...

    def rows(self) -> Iterator[list[Any]]: ...


def write_book(path: Path, receipt: dict[str, Any], sheets: list[SheetRows]) -> None:
    """Write the workbook; without `sheets` (an XML drop) a table of the records."""
    book = Workbook(write_only=True)
    by_sheet: dict[str | None, dict[int, dict[str, Any]]] = {}
    comments: dict[tuple[str | None, str], list[dict[str, Any]]] = {}
    for record in receipt["records"]:
        for row in record["place"]["rows"]:
            by_sheet.setdefault(record["place"]["sheet"], {})[row] = record
        _gather(comments, record["problems"])
    _gather(comments, receipt["problems"])
    for sheet in sheets:
        _sheet(book, sheet, by_sheet.get(sheet.name, {}), comments)
    if not sheets:
        _table(book, receipt)
    if receipt["problems"]:
        _about_the_file(book, receipt["problems"])
    content = io.BytesIO()
    book.save(content)
    write_file(path, content.getvalue())


def _gather(comments: dict[tuple[str | None, str], list[dict[str, Any]]], problems: list[dict[str, Any]]) -> None:
    for found in problems:
        if found["cell"]:
            on_cell = comments.setdefault((found["sheet"], found["cell"]), [])
            if found not in on_cell:
                on_cell.append(found)


def _sheet(
    book: Any,
    sheet: SheetRows,
    states: dict[int, dict[str, Any]],
    comments: dict[tuple[str | None, str], list[dict[str, Any]]],
) -> None:
    out = book.create_sheet(_title(sheet.name))
    first = min(states) if states else 2
    width = max((len(cells) for _, cells in zip(range(first - 1), sheet.rows(), strict=False)), default=0)
    own: set[int] = set()
    for number, cells in enumerate(sheet.rows(), 1):
        if number == 1:
            for column in range(width):
                out.column_dimensions[get_column_letter(column + 1)].width = 14
            for offset, wide in enumerate((22, 30, 26, 70)):
                out.column_dimensions[get_column_letter(width + offset + 1)].width = wide
        if any(str(cell).startswith("[cebd]") for cell in cells):
            own |= {index for index, cell in enumerate(cells) if str(cell).startswith("[cebd]")}
        record = states.get(number)
        fill = PatternFill("solid", fgColor=WORDS[record["state"]][1]) if record else None
        written: list[Any] = []
        for index in range(max(width, len(cells))):
            value = None if index in own or index >= len(cells) else cells[index]
            cell = _cell(out, value)
            if fill is not None:
                cell.fill = fill
            _mark(cell, comments.get((sheet.name, f"{get_column_letter(index + 1)}{number}")))
            written.append(cell)
        if record is not None:
            written += [_filled(out, text, fill) for text in _added(record)]
        elif number == first - 1:
            written += [_bold(out, heading) for heading in HEADINGS]
        out.append(written)


def _table(book: Any, receipt: dict[str, Any]) -> None:
    out = book.create_sheet("记录 Records")
    names = list(receipt["records"][0]["key"]) if receipt["records"] else []
    out.append([_bold(out, text) for text in (*names, "guid", "行 line", *HEADINGS)])
    for record in receipt["records"]:
        fill = PatternFill("solid", fgColor=WORDS[record["state"]][1])
        values = [*record["key"].values(), record["guid"], record["place"]["row"], *_added(record)]
        out.append([_filled(out, value, fill) for value in values])


def _about_the_file(book: Any, problems: list[dict[str, Any]]) -> None:
    out = book.create_sheet("文件 File")
    for letter, wide in zip("ABCD", (12, 12, 60, 60), strict=True):
        out.column_dimensions[letter].width = wide
    out.append([_bold(out, text) for text in ("编号 Id", "单元格 Cell", "问题", "Problem")])
    for found in problems:
        fill = PatternFill("solid", fgColor="FFC7CE" if found["severity"] == "error" else "FFEB9C")
        texts = (
            found["id"],
            found["cell"] or "",
            f"{found['zh']}\n{found['fix_zh']}",
            f"{found['en']}\n{found['fix_en']}",
        )
        out.append([_filled(out, text, fill) for text in texts])


def _added(record: dict[str, Any]) -> tuple[str, str, str, str]:
    customs = record["customs"]
    said = f"{customs['status']} {customs['text_zh']} {customs['info']}" if customs else ""
    problems = "\n".join(
        f"{one['id']} {one['zh']} {one['fix_zh']}\n{one['en']} {one['fix_en']}" for one in record["problems"]
    )
    return WORDS[record["state"]][0], said, (customs["time"] if customs else "") or "", problems


def _mark(cell: Any, problems: list[dict[str, Any]] | None) -> None:
    if not problems:
        return
    texts = [f"{one['id']} {one['zh']}\n{one['fix_zh']}\n{one['en']}\n{one['fix_en']}" for one in problems]
    cell.comment = Comment("\n\n".join(texts), "cebd", width=420, height=60 + 90 * len(texts))
    cell.fill = _BAD_CELL if any(one["severity"] == "error" for one in problems) else _NOTED_CELL


def _cell(out: Any, value: Any) -> Any:
    """Text stays text: what looks like a formula or a number in a text cell is neither."""
    try:
        cell = WriteOnlyCell(out, value=None if value == "" else value)
    except IllegalCharacterError:
        cell = WriteOnlyCell(out, value="".join(letter for letter in str(value) if letter.isprintable()))
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = "@"
    return cell


def _bold(out: Any, text: str) -> Any:
    cell = _cell(out, text)
    cell.font = _BOLD
    return cell


def _filled(out: Any, value: Any, fill: Any) -> Any:
    cell = _cell(out, value)
    cell.fill = fill
    cell.alignment = _WRAP
    return cell


def _title(name: str) -> str:
    return "".join("_" if letter in "[]:*?/\\" else letter for letter in name)[:31] or "Sheet"
