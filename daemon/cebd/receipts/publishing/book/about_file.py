"""The sheet about the file: how it came out, who saved it, which receipt counts, and the problems of the file as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from cebd.documents.workbooks.own_marks import FILE_SHEETS
from cebd.documents.workbooks.writing.sheet import Sheet
from cebd.receipts.publishing.book.remarks import Wording, said_of
from cebd.receipts.publishing.book.styles import ONE_LINE, WORDS, Styles, height
from cebd.receipts.publishing.receipt import Receipt
from cebd.records.states import State

_WIDTHS = (16.0, 110.0)

# Which count of the summary a state belongs to.
_GROUPS = {
    State.SUCCEEDED: "done",
    State.REJECTED: "kept",
    State.HELD: "kept",
    State.REFUSED: "refused",
}
_WORDS = {
    "done": ("成功", "done"),
    "kept": ("未申报", "not declared"),
    "refused": ("退单", "refused"),
    "waits": ("待回执", "waiting"),
}


def summary(receipt: Receipt, wording: Wording) -> str:
    """How the documents of the file came out: 成功 8 · 未申报 2 · 待回执 0. Refused ones are counted where there are any."""
    counts: Counter[str] = Counter()
    for state, count in receipt.counts.items():
        counts[_GROUPS.get(State(state), "waits")] += count
    return " · ".join(
        f"{wording.of(*words)} {counts[group]}"
        for group, words in _WORDS.items()
        if counts[group] or group != "refused"
    )


def about_the_file(book: Any, styles: Styles, receipt: Receipt, wording: Wording) -> None:
    """Add the sheet to openpyxl's workbook."""
    sheet = Sheet(book, FILE_SHEETS[wording.language])
    for index, width in enumerate(_WIDTHS):
        sheet.set_column(index, width)
    sheet.print_across(None, is_narrow=True)
    number = 0
    for number, (label, text, colour) in enumerate(_rows(receipt, wording), 1):
        of_label, of_text = styles.id_of(sheet.out, "own heading"), styles.id_of(sheet.out, "own", colour)
        high = max(height(zip((label, text), _WIDTHS, strict=True)), ONE_LINE)
        sheet.write(number, [([label], [of_label]), ([text], [of_text])], [high])


def _rows(receipt: Receipt, wording: Wording) -> Iterator[tuple[str, str, str | None]]:
    """Label, text and colour of each row."""
    for problem in receipt.problems:
        colour = {"error": WORDS[State.REJECTED], "warning": WORDS[State.HELD]}.get(
            problem.severity, WORDS[State.READY]
        ).colour
        place = problem.place
        cell = wording.cell(place, None) or (
            "" if place.row is None else wording.of(f"第 {place.row} 行", f"row {place.row}")
        )
        if place.sheet and "!" not in cell and cell:
            cell = f"{place.sheet} {cell}"
        yield wording.of("怎么办", "What to do"), said_of(problem, cell, wording), colour
    yield wording.of("文件", "File"), receipt.file, None
    if receipt.records or receipt.counts:
        yield wording.of("结果", "Outcome"), summary(receipt, wording), None
    if receipt.saved.by or receipt.saved.at:
        at = (receipt.saved.at or "")[:16].replace("T", " ")
        yield wording.of("最后保存", "Last saved"), " ".join(filter(None, (receipt.saved.by, at))), None
    times = wording.of(f"（第 {receipt.times} 次）", f" (time number {receipt.times})") if receipt.times > 1 else ""
    yield wording.of("放入", "Dropped"), f"{receipt.received[:16].replace('T', ' ')}{times}", None
    yield wording.of("回执更新", "Receipt of"), receipt.published[:16].replace("T", " "), None
