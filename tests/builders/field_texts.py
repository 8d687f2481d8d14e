"""Texts for a field, at, below and above each limit that it may have, with characters of every kind: the worst that a cell could hold."""

from __future__ import annotations

from collections.abc import Iterator

from cebd.messages.description import Field
from cebd.rules.codes.reading import CodeTable
from cebd.rules.codes.tables import PUBLISHED, Tables

LETTERS = "A7单𠀀"
MARKS = (
    *'&<>"',
    *("'", "]]>", "&amp;", "<![CDATA[", " ", "  ", "\t", "\n", "\r", "\r\n", "\x85", "\u2028", "\xa0", "\u3000"),
    *(
        "\x00",
        "\x0b",
        "\x1f",
        "\x7f",
        "\x9f",
        "\ufffd",
        "\ufffe",
        "\uffff",
        "\ud800",
        "\u200b",
        "e\u0301",
        "Ａ",
        "‘",
        "🚢",
    ),
)
NUMBERS = """
    0 1 -1 +5 007 .5 5. 1.0 1.50 -0 -0.0 -0.00001 0.00001 0.000001 12.123456 1e3 1E+05 INF NaN abc 1,000 0x10 ２０ 1۲ - -. 1.2.3
    2147483647 2147483648 -2147483647 -2147483648 -2147483649 999999999 1234567890 99999999999999 999999999999999 142 1.E2
    99999999999999.99999 999999999999999.99999 1000000000000000000 12345678901234567890 0000000000000000000000001.5 1.50000000000
""".split()  # noqa: SIM905
DAYS = """
    20261126 20261126093000 20240229 20250229 20261301 20261126240000 20261126093060 00000000 00000000000000 99991231 99991231235959
    2026-11-26 2026/1/6 2026.11.26 2026年11月26日 2026年1月6日 2026-02-30 26-11-26 11/26/2026 2026-11-26T09:30:00+08:00 9999-12-31
    2024/2/29 2026.1.6 20260106 20260106235959 2026年11月26日9时30分 20991231 19991231 20000101 20240101000000 2025/12/31 2027-1-1
""".split()  # noqa: SIM905
TIMES = [
    f"{day} {time}"
    for day in ("2026-11-26", "2026/1/6", "2024-02-29")
    for time in ("9:30", "09:30:00", "23:59:59.9", "24:00")
]


def texts_of(field: Field) -> Iterator[str]:
    """Some two hundred texts, among them many that fit the field and many that do not."""
    yield from (*field.closed, *NUMBERS, *DAYS, *TIMES)
    yield from ("0" * 30 + "1", "1." + "0" * 30, "-" + "0" * 90, "0" * 5000, "9" * 5000)
    whole = (field.total_digits or 9) - (field.fraction_digits or 0)
    for digits in range(max(whole - 1, 1), whole + 2):
        for places in range((field.fraction_digits or 0) + 2):
            yield "9" * digits + ("." + "9" * places if places else "")
            yield "-1" + "0" * (digits - 1) + ("." + "0" * (places - 1) + "1" if places else "")
    for length in _lengths(field):
        yield from (letter * length for letter in LETTERS)
        if length > 2:
            yield from (f"A{white * (length - 2)}B" for white in " \t\n")
        yield from (f"{mark}{'A' * (length - len(mark))}" for mark in MARKS if len(mark) <= length)
        yield from (f"A{mark}{'A' * (length - len(mark) - 1)}" for mark in MARKS if len(mark) < length)
        yield f" {'A' * length}\n"
    if field.table:
        yield from list(PUBLISHED[field.table].names)[:3]
        yield from _own_table(field).names


def tables_of(field: Field) -> Tables:
    """An enterprise's own code table for the field, with codes shorter and longer than the field takes."""
    return Tables({field.table: _own_table(field)}) if field.table else PUBLISHED


def _own_table(field: Field) -> CodeTable:
    codes = ["Z" * length for length in _lengths(field)]
    return CodeTable(
        field.table or "", "2026", {code: f"名{code}" for code in codes}, tuple({"code": code} for code in codes)
    )


def _lengths(field: Field) -> list[int]:
    limits = {1, 2, 3, 4, field.min_length, field.max_length or 1, *map(len, field.closed)}
    return sorted({max(limit + more, 1) for limit in limits for more in (-1, 0, 1)})
