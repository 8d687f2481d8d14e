"""The customs parameter tables: the public copies in `schemas/codes/`, and an enterprise's own in their place.

A table is a CSV file. Its first line says how old it is; headings and one code a row come after it:

    # 2026-04
    code,name_zh,name_en
    001,台,set

`code` and `name_zh` must be there; `full_name_zh`, `name_en` and `alpha3` are further names that a code goes by; other columns count for
nothing. Own tables are read as spreadsheets save them: in UTF-8, GB 18030 (GBK) or UTF-16, parted by comma, semicolon or tab.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from itertools import zip_longest
from pathlib import Path, PurePath
from typing import Any

from pydantic import Field

from cebd.messages.schema_files import kept_with_schemas, schema_dir
from cebd.settings_table import SettingsError, Table

NAMES = ("name_zh", "full_name_zh", "name_en", "alpha3")
_NEEDED = ("code", "name_zh")
_AGE = re.compile(r"[#＃]\s*(20[0-9]{2}(?:-[0-9]{2}){0,2})(?![0-9/.-])")
_CODE = re.compile(r"[0-9A-Za-z]+\Z")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SEPARATORS = ",;\t"
_EMPTY = "has no codes: fill it in, or take it out and the public copy counts"
_MAX_NEAR = 5
_MAX_MISTAKES = 5  # shown of one file: who saved a column of codes as numbers need not read of each code


class Codes(Table):
    """Customs code tables newer than those that come with cebd (2018). Each CSV in the folder takes the place of the table of its name:
    countries, currencies, customs-districts, packages-2digit, trade-modes, transport-modes, units. Two more are asked where they are there:
    positive-list (tariff numbers of 8 or 10 digits that retail imports may have) and tariff (commodity codes, with the columns unit1 and
    unit2). The first line says how old a table is (# 2026-04), the second has the headings code and name_zh. They count from the next
    start on.
    """

    folder: Path | None = Field(None, description="without this key none are looked for", examples=["codes"])


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
POSITIVE_LIST, TARIFF = "positive-list", "tariff"
# Tables without a public copy: how many digits their codes have at least, and further columns that must be there.
_OWN_ONLY: dict[str, tuple[int, tuple[str, ...]]] = {POSITIVE_LIST: (8, ()), TARIFF: (10, ("unit1",))}
_UNITS = ("unit1", "unit2")  # columns of units' codes


@dataclass(frozen=True)
class CodeFiles:
    """The tables in a folder as bytes by file name."""

    folder: Path
    files: tuple[tuple[str, bytes], ...]


def code_files(folder: Path) -> CodeFiles:
    """The tables in that folder. Raises SettingsError for a folder or file that cannot be read."""
    try:
        paths = [path for path in sorted(folder.iterdir()) if _may_be_a_table(path)]
        return CodeFiles(folder, tuple((path.name, path.read_bytes()) for path in paths))
    except OSError as error:
        what = f"cannot be read: {error.strerror}; correct codes.folder in the settings, or leave it out"
        raise SettingsError(Path(error.filename or folder), [what]) from None


def _may_be_a_table(path: Path) -> bool:
    """Not what editors leave beside a file (`~$units.xlsx`, `.~lock.units.csv#`), nor notes. A workbook is one saved the wrong way."""
    return path.suffix.lower() in (".csv", ".xlsx", ".xls") and not path.name.startswith((".", "~"))


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


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables to go by: the enterprise's own, and for the rest the public copies."""

    own: Mapping[str, CodeTable] = field(default_factory=dict)

    def __getitem__(self, name: str) -> CodeTable:
        """The table of that name, such as `units`. Raises FileNotFoundError for one that there is not."""
        return self.own.get(name) or _published(name)


PUBLISHED = Tables()


@kept_with_schemas
@cache
def table_names() -> tuple[str, ...]:
    """The tables that there are."""
    return tuple(path.stem for path in sorted((schema_dir() / "codes").glob("*.csv")))


@kept_with_schemas
@cache
def other_names() -> dict[str, Any]:
    """What people write beside the names in the tables: lists of names, by table and its own Chinese name; those of the few codes of
    fields without a table by `field`, the field and the code. (`Any`: parsed TOML.)"""
    return tomllib.loads((schema_dir() / "other_names.toml").read_text(encoding="utf-8"))


def few_codes(field: str) -> dict[str, list[str]]:
    """The codes of a field whose few codes stand in no table, each with its names; none of other fields."""
    codes: dict[str, list[str]] = other_names()["field"].get(field, {})
    return codes


@lru_cache(maxsize=8)
def tables_of(own: CodeFiles | None) -> Tables:
    """The tables to go by. Raises SettingsError with every mistake of the files, its line and what to do.

    The same files give the same value: a column made once is made for all files of a run.
    """
    if own is None:
        return PUBLISHED
    tables: dict[str, CodeTable] = {}
    errors: list[str] = []
    for file, content in own.files:
        try:
            name = _name(file)
            tables[name] = _table(name, content)
        except _Mistakes as mistakes:
            shown = mistakes.lines[:_MAX_MISTAKES]
            errors += [f"{file}: {line}" for line in shown]
            if len(mistakes.lines) > len(shown):
                errors.append(f"{file}: and {len(mistakes.lines) - len(shown)} more mistakes")
    if errors:
        raise SettingsError(own.folder, errors)
    read = Tables(tables)
    strange = list(_strange_units(read))
    if strange:
        raise SettingsError(own.folder, strange[:_MAX_MISTAKES])
    return read


def _strange_units(tables: Tables) -> Iterator[str]:
    units = tables["units"].names
    for row in tables.own[TARIFF].rows if TARIFF in tables.own else ():
        for column in _UNITS:
            unit = row.get(column, "")
            if unit not in units and (unit or column == "unit1"):
                yield (
                    f"{TARIFF}.csv: the {column} of {row['code']} is {unit or 'empty'}, which is no code of units: "
                    "write its three digits, such as 035, in a column set to text"
                )


@kept_with_schemas
@cache
def _published(name: str) -> CodeTable:
    return _table(name, (schema_dir() / "codes" / f"{name}.csv").read_bytes(), public=True)


class _Mistakes(Exception):
    """A table cannot be used: one line for a person per mistake."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


def _name(file: str) -> str:
    path = PurePath(file)
    if path.suffix.lower() != ".csv":
        raise _Mistakes("is a workbook, and tables are read from CSV: save it as CSV UTF-8")
    names = (*table_names(), *_OWN_ONLY)
    if path.suffix == ".csv" and path.stem in names:
        return path.stem
    near = difflib.get_close_matches(path.stem.lower(), names, n=1)
    hint = f"rename it {near[0]}.csv" if near else "take it out, or give it one of these names"
    raise _Mistakes(f"no field goes by a table of that name: {hint}. The tables are {', '.join(names)}")


def _table(name: str, content: bytes, *, public: bool = False) -> CodeTable:
    """Raises _Mistakes."""
    text = _text(content)
    lines = _rows(text)
    year, (at, headings) = _begin(lines)
    least, further = _OWN_ONLY.get(name, (0, ()))
    needed = (*_NEEDED, *further)
    absent = [column for column in needed if column not in headings]
    if absent:
        raise _Mistakes(
            f"line {at}: there is no column {' and none '.join(absent)}; the headings are {','.join(needed)}"
            " and, if you like, full_name_zh, name_en, alpha3"
        )
    twice = [column for column in ("code", *NAMES) if headings.count(column) > 1]
    if twice:
        raise _Mistakes(f"line {at}: the column {twice[0]} stands twice; remove one of them")
    # The public copy tells how long its codes are at least; it has none that lost its zeros.
    shortest = 0 if public else least or min(map(len, PUBLISHED[name].names))
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
        raise _Mistakes(*mistakes)
    if not rows:
        raise _Mistakes(_EMPTY)
    return CodeTable(name, year, {row["code"]: row["name_zh"] for row in rows}, tuple(rows))


def _begin(lines: Iterator[tuple[int, list[str]]]) -> tuple[str, tuple[int, list[str]]]:
    """How old the table is, and its headings with their line. Further lines of notes may stand between. Raises _Mistakes."""
    number, cells = next(lines, (0, [""]))
    if not number:
        raise _Mistakes(_EMPTY)
    age = _AGE.match(cells[0])
    if age is None:
        raise _Mistakes(
            f"line {number}: the first line must say how old the table is: "
            "# and the year (# 2026), or with month and day (# 2026-04, # 2026-04-01)"
        )
    for number, cells in lines:
        if not cells[0].startswith(("#", "＃")):
            return age[1], (number, [cell.casefold() for cell in cells])
    raise _Mistakes(_EMPTY)


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


# From bytes to rows


def _text(content: bytes) -> str:
    """Raises _Mistakes with the line of the first byte that cannot be read."""
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
            raise _Mistakes(f"line {lost}: has characters that were lost or are no text; save it anew as CSV UTF-8")
        return text
    raise _Mistakes(f"line {line}: is neither UTF-8 nor GBK (GB 18030); save it anew as CSV UTF-8")


@lru_cache(maxsize=4096)
def near(table: CodeTable, name: str) -> tuple[str, ...]:
    """Some codes with names like that one: `140 盒`, `142 瓶`."""
    wanted = unicodedata.normalize("NFKC", name).strip().casefold()
    found = []
    for code, own in table.names.items():
        folded = unicodedata.normalize("NFKC", own).strip().casefold()
        if wanted and (wanted in folded or (folded in wanted and not folded.isascii())):
            found.append(f"{code} {own.strip()}")
    return tuple(found[:_MAX_NEAR])


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that say anything, without the blanks around their cells, with the line each ends in. Raises _Mistakes."""
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
        raise _Mistakes(f"line {reader.line_num}: quotes do not pair ({error})") from None
