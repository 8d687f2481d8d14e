"""The customs parameter tables: the public copies in `schemas/codes/`, and an enterprise's own in their place (`reading.py`: CSV files)."""

from __future__ import annotations

import difflib
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path, PurePath
from typing import Any

from pydantic import Field

from cebd.messages.schema_files import kept_with_schemas, schema_dir
from cebd.rules.codes.reading import CodeTable, Mistakes, read_table
from cebd.settings_table import SettingsError, Table

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
            least, further = _OWN_ONLY.get(name, (0, ()))
            # The public copy tells how long its codes are at least; it has none that lost its zeros.
            shortest = least or min(map(len, PUBLISHED[name].names))
            tables[name] = read_table(name, content, shortest, further)
        except Mistakes as mistakes:
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
    return read_table(name, (schema_dir() / "codes" / f"{name}.csv").read_bytes(), 0)


def _name(file: str) -> str:
    path = PurePath(file)
    if path.suffix.lower() != ".csv":
        raise Mistakes("is a workbook, and tables are read from CSV: save it as CSV UTF-8")
    names = (*table_names(), *_OWN_ONLY)
    if path.suffix == ".csv" and path.stem in names:
        return path.stem
    near = difflib.get_close_matches(path.stem.lower(), names, n=1)
    hint = f"rename it {near[0]}.csv" if near else "take it out, or give it one of these names"
    raise Mistakes(f"no field goes by a table of that name: {hint}. The tables are {', '.join(names)}")


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
