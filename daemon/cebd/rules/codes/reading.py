"""A code table from the bytes of its CSV file, or every mistake in it with its line.

The first line says how old the table is; headings and one code a row come after it:

    # 2026-04
    code,name_zh,name_en
    001,台,set

`code` and `name_zh` must be there; `full_name_zh`, `name_en` and `alpha3` are further names that a code goes by; other columns count for
nothing. Tables are read as spreadsheets save them: in UTF-8, GB 18030 (GBK) or UTF-16, parted by comma, semicolon or tab.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

NAMES = ("name_zh", "full_name_zh", "name_en", "alpha3")
_NEEDED = ("code", "name_zh")
_AGE = re.compile(r"[#＃]\s*(20[0-9]{2}(?:-[0-9]{2}){0,2})(?![0-9/.-])")
_CODE = re.compile(r"[0-9A-Za-z]+\Z")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SEPARATORS = ",;\t"
_EMPTY = "has no codes: fill it in, or take it out and the public copy counts"
_TITLES = {
    "countries": "国别（地区）代码表",
    "currencies": "币制代码表",
    "customs-districts": "关区代码表",
    "packages-2digit": "包装种类代码表",
    "trade-modes": "监管方式代码表",
    "transport-modes": "运输方式代码表",
    "units": "计量单位代码表",
    "positive-list": "跨境电子商务零售进口商品清单",
    "tariff": "海关商品编码表",
}


@dataclass(frozen=True, eq=False)
class CodeTable:
    """One table. `year` is how old it is (`2026`, `2026-04`, `2026-04-01`); `names` are Chinese names by code; `rows` have all columns."""

    name: str
    year: str
    names: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...]

    @cached_property
    def by_code(self) -> Mapping[str, Mapping[str, str]]:
        """The rows by their code."""
        return {row["code"]: row for row in self.rows}

    @property
    def zh(self) -> str:
        """What declarants call it; a table that an enterprise added goes by its name."""
        return _TITLES.get(self.name, f"代码表 {self.name}")


class Mistakes(Exception):
    """A table cannot be used: one line for a person per mistake."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


def read_table(name: str, content: bytes, shortest: int, further: Sequence[str] = ()) -> CodeTable:
    """The table in these bytes of a CSV file. Raises Mistakes.

    `shortest`: how many characters its codes have at least; `further`: columns that must be there beside the usual ones.
    """
    text = _text(content)
    lines = _rows(text)
    year, (at, headings) = _begin(lines)
    needed = (*_NEEDED, *further)
    absent = [column for column in needed if column not in headings]
    if absent:
        raise Mistakes(
            f"line {at}: there is no column {' and none '.join(absent)}; the headings are {','.join(needed)}"
            " and, if you like, full_name_zh, name_en, alpha3"
        )
    twice = [column for column in ("code", *NAMES) if headings.count(column) > 1]
    if twice:
        raise Mistakes(f"line {at}: the column {twice[0]} stands twice; remove one of them")
    mistakes: list[str] = []
    rows: list[Mapping[str, str]] = []
    first: dict[str, int] = {}
    for number, cells in lines:
        row = dict(zip(headings, cells, strict=False))
        code = row.get("code", "")
        stray = any(cell for cell, heading in zip_longest(cells, headings, fillvalue="") if not heading)
        wrong = _wrong(code, row, shortest, first.get(code), stray=stray)
        if wrong is not None:
            mistakes.append(f"line {number}: {wrong}")
        first.setdefault(code, number)
        rows.append(row)
    if mistakes:
        raise Mistakes(*mistakes)
    if not rows:
        raise Mistakes(_EMPTY)
    return CodeTable(name, year, {row["code"]: row["name_zh"] for row in rows}, tuple(rows))


def _begin(lines: Iterator[tuple[int, list[str]]]) -> tuple[str, tuple[int, list[str]]]:
    """How old the table is, and its headings with their line. Further lines of notes may stand between. Raises Mistakes."""
    number, cells = next(lines, (0, [""]))
    if not number:
        raise Mistakes(_EMPTY)
    age = _AGE.match(cells[0])
    if age is None:
        raise Mistakes(
            f"line {number}: the first line must say how old the table is: "
            "# and the year (# 2026), or with month and day (# 2026-04, # 2026-04-01)"
        )
    for number, cells in lines:
        if not cells[0].startswith(("#", "＃")):
            return age[1], (number, [cell.casefold() for cell in cells])
    raise Mistakes(_EMPTY)


def _wrong(code: str, row: Mapping[str, str], shortest: int, before: int | None, *, stray: bool) -> str | None:
    if not code:
        return "there is no code in this row; fill it in or remove the row"
    if not _CODE.match(code):
        return (
            f"{code} is no code, which has letters and digits only; a spreadsheet makes numbers of codes: "
            "set the column to text and type it anew"
        )
    if code.isdigit() and len(code) < shortest:
        return (
            f"{code} has lost the zeros in front of it (codes of this table have {shortest} characters or more): "
            "set the column to text and type it in full"
        )
    if before is not None:
        return f"the code {code} stands in line {before} already; remove one of them"
    if not row.get("name_zh"):
        return f"the code {code} has no name_zh; fill it in"
    return (
        "there is a cell without a heading; put a name with a comma into quotes, or name the column" if stray else None
    )


def _text(content: bytes) -> str:
    """Raises Mistakes with the line of the first byte that cannot be read."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            tried = [(content[len(mark) :], encoding)]
            break
    else:
        tried = [(content, "utf-8"), (content, "gb18030")]
    line = 1
    for body, encoding in tried:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError as error:
            # The encoding that held out longest is the likeliest one.
            line = max(line, body[: error.start].count(b"\n") + 1)
            continue
        if "\0" in text or "\ufffd" in text:
            lost = text[: min(at for sign in "\0\ufffd" if (at := text.find(sign)) >= 0)].count("\n") + 1
            raise Mistakes(f"line {lost}: has characters that were lost or are no text; save it anew as CSV UTF-8")
        return text
    raise Mistakes(f"line {line}: is neither UTF-8 nor GBK (GB 18030); save it anew as CSV UTF-8")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that say anything, without the blanks around their cells, with the line each ends in. Raises Mistakes."""
    # The headings part as all rows do; of notes, which may have any sign in them, nothing is concluded.
    told = (line for line in text.splitlines() if line.lstrip(_SEPARATORS + '" ')[:1] not in "#＃")
    heading = next(told, "")
    separator = max(_SEPARATORS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield reader.line_num, stripped
    except csv.Error as error:
        raise Mistakes(f"line {reader.line_num}: quotes do not pair ({error})") from None
