"""The receipt workbook: the operator's sheets again, every row coloured by its state with the word beside the colour.

A bad cell has its own colour and a comment with the problem. Identifiers stay text. The workbook is also the correction form: cells keep
their places, and what cebd adds is known by its headings and left out when it is dropped back.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from cebd.disk import write_file
from cebd.receipts.looks import ERROR, NOTED, WORDS, Kind, Looks, height, kind_of, widths
from cebd.receipts.sheet import Sheet

HEADINGS = ("[cebd] 状态 State", "[cebd] 海关 Customs", "[cebd] 时间 Time", "[cebd] 问题与处理 Problems")
FILE_SHEET = "cebd 文件 File"
RECORDS_SHEET = "cebd 记录 Records"
_OWN_WIDTHS = dict(zip(HEADINGS, (20, 34, 20, 70), strict=True))
_HEADING_WITHIN = 20  # title rows may stand above the headings
_COMMENTS = 5_000  # more of them make a workbook that nobody can open quickly; the column says the same

Problem = dict[str, Any]


class SheetRows(Protocol):
    """A sheet as it was dropped."""

    @property
    def name(self) -> str: ...

    def rows(self) -> Iterator[list[Any]]: ...


@dataclass
class _Said:
    """What there is to say about one sheet: records by row, problems by cell and by row."""

    records: dict[int, dict[str, Any]] = field(default_factory=dict)
    cells: dict[str, list[Problem]] = field(default_factory=dict)
    rows: dict[int, list[Problem]] = field(default_factory=dict)


def write_book(path: Path, receipt: dict[str, Any], sheets: Sequence[SheetRows]) -> None:
    """Write the workbook; without `sheets` (an XML drop) a table of the records. Raises OSError."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    looks = Looks()
    said = _by_sheet(receipt)
    originals = [sheet for sheet in sheets if sheet.name not in (FILE_SHEET, RECORDS_SHEET)]
    if len(originals) == 1 and originals[0].name not in said and len(said) == 1:
        # The one sheet of a CSV file is named after the file, whose name is another in each folder.
        said = {originals[0].name: next(iter(said.values()))}
    for sheet in originals:
        _copy(book, looks, sheet, said.get(sheet.name, _Said()))
    if not originals:
        _table(book, looks, receipt)
    if receipt["problems"]:
        _about_the_file(book, looks, receipt["problems"])
    content = io.BytesIO()
    book.save(content)
    write_file(path, content.getvalue())


def _by_sheet(receipt: dict[str, Any]) -> dict[str | None, _Said]:
    said: dict[str | None, _Said] = {}
    for record in receipt["records"]:
        mine = said.setdefault(record["place"]["sheet"], _Said())
        mine.records |= dict.fromkeys(record["place"]["rows"], record)
    for found in (*receipt["problems"], *(one for record in receipt["records"] for one in record["problems"])):
        if found["sheet"] is None:
            continue
        there = said.setdefault(found["sheet"], _Said())
        if found["cell"]:
            _note(there.cells.setdefault(found["cell"], []), found)
        if found["row"]:
            _note(there.rows.setdefault(found["row"], []), found)
    return said


def _note(known: list[Problem], found: Problem) -> None:
    if found not in known:
        known.append(found)


# The operator's sheets


def _copy(book: Any, looks: Looks, original: SheetRows, said: _Said) -> None:
    top = list(islice(original.rows(), _HEADING_WITHIN + 1))
    heading = _heading_row(top, said)
    headings = top[heading - 1] if heading <= len(top) else []
    width = max((len(row) for row in top[:heading]), default=0)
    own, stale = _own_columns(headings, width, said)
    sheet = Sheet(book, original.name)
    wide = widths(top[heading - 1 :], width)
    for index, one in (*enumerate(wide), *((index, _OWN_WIDTHS[text]) for text, index in own.items())):
        sheet.set_width(index, one)
    sheet.freeze_under(heading)
    width = max(width, *(index + 1 for index in own.values())) if own else width
    comments = _COMMENTS
    last = heading
    for number, row in enumerate(original.rows(), 1):
        is_heading = number == heading
        added, colour = _beside(number, heading, said, own)
        cells: list[tuple[Any, int]] = []
        for index in range(max(width, len(row))):
            if index in added:
                beside: Kind = "own heading" if is_heading else "own"
                cells.append((added[index], looks.of(sheet.out, beside, colour)))
                continue
            value = None if index in stale or index >= len(row) else row[index]
            kind = "heading" if is_heading and index < len(headings) else kind_of(value)
            shade = colour
            found = said.cells.get(f"{sheet.letter(index)}{number}") if number in said.rows else None
            if found:
                severities = {one["severity"] for one in found}
                shade = ERROR if "error" in severities else NOTED if "warning" in severities else colour
                if comments:
                    comments -= 1
                    _explain(sheet, number, index, found)
            cells.append((value, looks.of(sheet.out, kind, shade)))
        texts = zip(map(str, row), wide, strict=False) if is_heading else _grown_for(added, own)
        sheet.write(number, cells, height(texts))
        last = number
    if width:
        sheet.filter(heading, width, last)


def _beside(number: int, heading: int, said: _Said, own: dict[str, int]) -> tuple[dict[int, str], str | None]:
    """What cebd adds to a row, by column, and the colour of the row."""
    if number == heading:
        return {index: text for text, index in own.items()}, None
    if number in said.records:
        texts = dict(zip(HEADINGS, _added(said.records[number], number), strict=True))
        return {index: texts[text] for text, index in own.items()}, WORDS[said.records[number]["state"]][1]
    if number in said.rows and number > heading:
        texts = dict.fromkeys(HEADINGS, "") | {HEADINGS[3]: _problem_texts(said.rows[number])}
        return {index: texts[text] for text, index in own.items()}, None
    return {}, None


def _grown_for(added: dict[int, str], own: dict[str, int]) -> Iterator[tuple[str, float]]:
    """The texts that a row grows for: only its problems; a row that is well stays one line high."""
    if own.get(HEADINGS[3]) in added:
        yield added[own[HEADINGS[3]]], _OWN_WIDTHS[HEADINGS[3]]


def _heading_row(top: list[list[Any]], said: _Said) -> int:
    """The 1-based row of the headings: right above the first record; without records, the fullest of the first rows."""
    filled = [sum(1 for cell in row if cell not in ("", None)) for row in top]
    if said.records:
        first = min(said.records)
        above = [number for number, count in enumerate(filled, 1) if count and number < first]
        return above[-1] if above else max(first - 1, 1)
    return filled.index(max(filled)) + 1 if filled else 1


def _own_columns(headings: list[Any], width: int, said: _Said) -> tuple[dict[str, int], set[int]]:
    """Where the columns of cebd go: where they were in a workbook dropped back, else to the right of all; and which to empty."""
    there = {str(cell): index for index, cell in enumerate(headings) if str(cell) in HEADINGS}
    wanted = HEADINGS if said.records else HEADINGS[3:] if said.rows else ()
    columns: dict[str, int] = {}
    for text in wanted:
        columns[text] = there.get(text, width)
        width += text not in there
    return columns, set(there.values())


def _explain(sheet: Sheet, number: int, index: int, problems: list[Problem]) -> None:
    """The comment on a bad cell; its box is no larger than its text needs."""
    text = "\n\n".join(f"{one['id']} {one['zh']}\n{one['fix_zh']}\n{one['en']}\n{one['fix_en']}" for one in problems)
    lines = sum(1 + len(line.encode("gb18030")) // 56 for line in text.split("\n"))
    sheet.comment(number, index, text, width=340, height=min(24 + 17 * lines, 320))


# Sheets of our own


def _table(book: Any, looks: Looks, receipt: dict[str, Any]) -> None:
    """One row for each record of a drop that has no sheets."""
    sheet = Sheet(book, RECORDS_SHEET)
    names = list(receipt["records"][0]["key"]) if receipt["records"] else []
    headings = (*names, "guid", "行 Line", *HEADINGS)
    rows = [
        (*record["key"].values(), record["guid"], record["place"]["row"], *_added(record))
        for record in receipt["records"]
    ]
    own = len(headings) - len(HEADINGS)
    for index, wide in enumerate((*widths([headings, *rows[:50]], own - 2), 38, 8, *_OWN_WIDTHS.values())):
        sheet.set_width(index, wide)
    sheet.freeze_under(1)
    ours, theirs = looks.of(sheet.out, "own heading"), looks.of(sheet.out, "heading")
    sheet.write(1, [(text, ours if index >= own else theirs) for index, text in enumerate(headings)], height(()))
    for number, (record, row) in enumerate(zip(receipt["records"], rows, strict=True), 2):
        colour = WORDS[record["state"]][1]
        cells = [
            (value, looks.of(sheet.out, "own" if index >= own else kind_of(value), colour))
            for index, value in enumerate(row)
        ]
        sheet.write(number, cells, height([(row[-1], _OWN_WIDTHS[HEADINGS[3]])]))
    sheet.filter(1, len(headings), len(rows) + 1)


def _about_the_file(book: Any, looks: Looks, problems: list[Problem]) -> None:
    """What is said of the file as a whole."""
    sheet = Sheet(book, FILE_SHEET)
    for index, wide in enumerate((12, 16, 10, 60, 60)):
        sheet.set_width(index, wide)
    sheet.freeze_under(1)
    headings = ("编号 Id", "工作表 Sheet", "单元格 Cell", "问题与处理", "Problem and what to do")
    sheet.write(1, [(text, looks.of(sheet.out, "own heading")) for text in headings], height(()))
    for number, found in enumerate(problems, 2):
        colour = {"error": WORDS["rejected"][1], "warning": WORDS["held"][1]}.get(found["severity"], "F2F2F2")
        texts = (
            found["id"],
            found["sheet"],
            found["cell"] or found["row"],
            f"{found['zh']}\n{found['fix_zh']}",
            f"{found['en']}\n{found['fix_en']}",
        )
        cells = [(text, looks.of(sheet.out, "own", colour)) for text in texts]
        sheet.write(number, cells, height((text, 60) for text in texts[-2:]))


def _added(record: dict[str, Any], row: int | None = None) -> tuple[str, str, str, str]:
    """State, what customs say, when, and the problems, in words. With `row`: as that row of several of the record shows it."""
    customs = record["customs"]
    said = when = ""
    if customs:
        said = f"{customs['status']} {customs['text_zh']} {customs['text_en']}"
        said += f"\n{customs['info']}" if customs["info"] else ""
        when = (customs["time"] or "")[:19].replace("T", " ")
    problems = record["problems"]
    if row is not None and len(record["place"]["rows"]) > 1:
        problems = [one for one in problems if _shown_on(one, record) == row]
        if record["problems"] and not problems:
            there = min(_shown_on(one, record) for one in record["problems"])
            return WORDS[record["state"]][0], said, when, f"见第 {there} 行 See row {there}"
    return WORDS[record["state"]][0], said, when, _problem_texts(problems)


def _shown_on(found: Problem, record: dict[str, Any]) -> int:
    """The row of the record that a problem is shown on: its own, else the first."""
    rows: list[int] = record["place"]["rows"]
    there = found["row"] in rows and found["sheet"] == record["place"]["sheet"]
    return int(found["row"]) if there else rows[0]


def _problem_texts(problems: list[Problem]) -> str:
    """Each problem in two lines: what it is and what to do, Chinese before English."""
    return "\n".join(
        f"{one['id']}{' ' + one['cell'] if one['cell'] else ''} {one['zh']}。{one['fix_zh']}\n{one['en']}. {one['fix_en']}"
        for one in problems
    )
