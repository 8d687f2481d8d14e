"""Goods lines: their numbers, their commodity codes, and what their notes say of trade remedies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cebd.rules.codes.reading import CodeTable
from cebd.rules.codes.tables import POSITIVE_LIST, TARIFF, Tables
from cebd.rules.rule import RecordColumns, RecordTexts, Violation, rule
from cebd.rules.trade_remedy import remedy_in

_CODE_DIGITS, _TARIFF_DIGITS = 10, 8
_PLACEHOLDER = "9999999999"
_UNITS = ("unit1", "unit2")


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
    "CEBD-1333",
    source="the tariff has no such code: goods whose code is not known yet are entered so by e-commerce software",
    screen=lambda columns: columns.lines_where("gcode", lambda code: code == _PLACEHOLDER),
)
def commodity_code_is_one(record: RecordTexts) -> Iterator[Violation]:
    """9999999999 fills the field and stands for no goods."""
    for number, line in enumerate(record.lines):
        if line.get("gcode") == _PLACEHOLDER:
            yield Violation("CEBD-1333", "line", number, "gcode", {})


def _goods_tables(tables: Tables) -> Iterator[CodeTable]:
    """The enterprise's own tables of goods; there are no public copies."""
    return (tables.own[name] for name in (POSITIVE_LIST, TARIFF) if name in tables.own)


def _is_listed(code: str, table: CodeTable) -> bool:
    """Whether the code stands in the table, with its ten digits or the eight of its tariff number."""
    return code in table.names or code[:_TARIFF_DIGITS] in table.names


def _in_no_table(columns: RecordColumns) -> Iterable[int]:
    tables = tuple(_goods_tables(columns.tables))
    if not tables:
        return ()
    return columns.lines_where("gcode", lambda code: not all(_is_listed(code, table) for table in tables))


@rule(
    "CEBD-1334",
    source="list of goods of cross-border retail imports (2016, last changed 2022); error -625011 of returns: no such code",
    screen=_in_no_table,
)
def commodity_codes_are_listed(record: RecordTexts) -> Iterator[Violation]:
    """The code stands in the enterprise's own copies of the positive list and of the tariff, where it has them."""
    for number, line in enumerate(record.lines):
        code = line.get("gcode", "")
        if not _is_whole(code) or code == _PLACEHOLDER:
            continue  # said already
        for table in _goods_tables(record.tables):
            if not _is_listed(code, table):
                yield Violation(
                    "CEBD-1334", "line", number, "gcode", {"table": table.zh, "name": table.name, "year": table.year}
                )


def _measured_otherwise(columns: RecordColumns) -> Iterable[int]:
    tariff = columns.tables.own.get(TARIFF)
    if tariff is None:
        return ()
    measured = zip(*map(columns.line, ("gcode", *_UNITS)), strict=True)
    return columns.of_lines(
        line
        for line, (code, *units) in enumerate(measured)
        if (row := tariff.by_code.get(code)) is not None and units != [row.get(name, "") for name in _UNITS]
    )


@rule(
    "CEBD-1335",
    source="specification chapter 3, unit1 and unit2 of 621: the statutory units; error -625012 of returns",
    screen=_measured_otherwise,
)
def units_are_those_of_the_code(record: RecordTexts) -> Iterator[Violation]:
    """unit1 and unit2 are the statutory units of the code, by the enterprise's own copy of the tariff, which is offered."""
    tariff = record.tables.own.get(TARIFF)
    if tariff is None:
        return
    for number, line in enumerate(record.lines):
        row = tariff.by_code.get(line.get("gcode", ""))
        for field in _UNITS if row is not None else ():
            right = "" if row is None else row.get(field, "")
            if line.get(field, "") != right:
                named = record.tables["units"].names.get(right, "")
                facts: dict[str, object] = {
                    "right": f"{right} {named}".strip() or "–",
                    "code": line["gcode"],
                    "year": tariff.year,
                }
                yield Violation("CEBD-1335", "line", number, field, facts, right or None)


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
        if _speaks_of_a_maker(note) and remedy_in(note) is None:
            yield Violation("CEBD-1327", "line", number, "note", {})


def _speaks_of_a_maker(note: str) -> bool:
    return "><" in note or "＞＜" in note or "|<" in note
