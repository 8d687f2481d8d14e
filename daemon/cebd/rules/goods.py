"""Goods lines: their numbers, their commodity codes, and what their notes say of trade remedies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cebd.rules.rule import RecordColumns, RecordTexts, Violation, rule

_CODE_DIGITS = 10
# |<maker, Chinese><maker, original><anti-dumping rate><countervailing rate><price undertaking: 1 or 0>| and |document number,goods line|
_TRADE_REMEDY = re.compile(
    r".*\|<[^<>|]*><[^<>|]*><(?:[0-9]+(?:\.[0-9]+)?)?><(?:[0-9]+(?:\.[0-9]+)?)?><[01]?>\|(?:\|?[^<>|,]+,[0-9]+\|)?",
    re.DOTALL,
)


def _is_whole(code: str) -> bool:
    return len(code) == _CODE_DIGITS and code.isascii() and code.isdigit()


def _numbered_otherwise(columns: RecordColumns) -> Iterable[int]:
    texts, numbers = columns.line("gnum"), columns.line_numbers
    if texts == numbers:
        return ()
    return columns.of_lines(
        line for line, (text, number) in enumerate(zip(texts, numbers, strict=True)) if text != number
    )


@rule(
    "CEBD-1304",
    source="specification chapter 3, gnum of 311, 621 and 711; error -301002, -621027",
    screen=_numbered_otherwise,
)
def lines_are_numbered(record: RecordTexts) -> Iterator[Violation]:
    """gnum runs 1, 2, 3 ... in the order of the lines. Not for 625: there it is the number in the list that is returned."""
    for number, line in enumerate(record.lines, 1):
        text = line["gnum"]
        if text != str(number) and int(text) != number:
            yield Violation("CEBD-1304", "line", number - 1, "gnum", {"expected": number})


@rule(
    "CEBD-1324",
    source="specification chapter 3, gcode: eight digits of the tariff and two more",
    screen=lambda columns: columns.lines_where("gcode", lambda code: code and not _is_whole(code)),
)
def commodity_codes_are_digits(record: RecordTexts) -> Iterator[Violation]:
    """gcode is ten digits. Eight digits alone are not completed here: which two follow decides the tax."""
    for number, line in enumerate(record.lines):
        code = line.get("gcode")
        if code and not _is_whole(code):
            yield Violation("CEBD-1324", "line", number, "gcode", {"length": len(code)})


@rule(
    "CEBD-1327",
    source="trade remedies of cross-border retail imports, since 2024-09-04; the form is that of GACC 2018 No. 7",
    screen=lambda columns: columns.lines_where("note", _speaks_of_a_maker),
)
def trade_remedy_note_is_formed(record: RecordTexts) -> Iterator[Violation]:
    """The note of goods under anti-dumping or countervailing duty ends with five `<>` between `|`, then document and line. It is never
    rewritten: where it is not of that form, it is only said."""
    for number, line in enumerate(record.lines):
        note = line.get("note", "")
        if _speaks_of_a_maker(note) and not _TRADE_REMEDY.fullmatch(note):
            yield Violation("CEBD-1327", "line", number, "note", {})


def _speaks_of_a_maker(note: str) -> bool:
    return "><" in note or "＞＜" in note or "|<" in note
