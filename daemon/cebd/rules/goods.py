"""Goods lines: their numbers and their commodity codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cebd.rules.rule import RecordColumns, RecordTexts, Violation, rule

_CODE_DIGITS = 10


def _is_whole(code: str) -> bool:
    return len(code) == _CODE_DIGITS and code.isascii() and code.isdigit()


def _numbered_otherwise(columns: RecordColumns) -> Iterable[int]:
    both = zip(columns.line("gnum"), map(str, columns.line_numbers), strict=True)
    return columns.of_lines(line for line, (text, number) in enumerate(both) if text != number)


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
