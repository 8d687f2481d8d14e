"""Rows of a workbook, kept apart from it: enough to read some of its records again without its other hundred thousand.

The file's first line says of each sheet in which row its records begin, which cells are merged, and whether it is kept whole (the goods
of records that stand on another sheet); then comes a line of JSON for each row: sheet, number, cells. What is neither text nor number
stands in an object that names its kind.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from cebd.documents.workbooks.cells import Faulty, Shown
from cebd.documents.workbooks.chunks import Chunk, Row, Rows, rows_of
from cebd.documents.workbooks.sheet import TITLE_ROWS, Sheet
from cebd.documents.workbooks.sheets import read_sheets

MOST_ROWS = 50_000
Wanted = Mapping[str, Collection[int]]  # by sheet, the numbers of rows
Begins = Mapping[str, int]  # by sheet, the row in which its records begin: headings stand above
Merged = tuple[tuple[int, int], tuple[int, int]]  # (top, left), (bottom, right), counted from 0


class CannotKeep(Exception):
    """Too many rows of this workbook would be kept."""


def keep_rows(path: Path, name: str, wanted: Wanted, begins: Begins, whole: Collection[str], out: Path) -> None:
    """Write these rows of the workbook, and those above its records; of sheets named in `whole` every row. Raises CannotKeep, Unreadable,
    OSError."""
    left = MOST_ROWS - sum(map(len, wanted.values()))
    if left < 0:
        raise CannotKeep
    sheets = [sheet for sheet in read_sheets(path, name) if sheet.name in wanted or sheet.name in whole]
    numbers = {sheet.name: {*wanted.get(sheet.name, ()), *_titles(begins.get(sheet.name, 1))} for sheet in sheets}
    merged = {sheet.name: list(_touching(sheet.source.merged, numbers[sheet.name])) for sheet in sheets}
    for sheet in sheets:
        if sheet.name in whole:
            merged[sheet.name] = sheet.source.merged
        numbers[sheet.name] |= {top + 1 for (top, _), _ in merged[sheet.name]}  # where their values stand
    told = {sheet.name: [begins.get(sheet.name, 1), merged[sheet.name], sheet.name in whole] for sheet in sheets}
    with out.open("w", encoding="utf-8") as lines:
        lines.write(json.dumps(told, ensure_ascii=False) + "\n")
        for sheet in sheets:
            for chunk in sheet.chunks():
                here: Iterable[int] = range(chunk.first, chunk.last + 1)
                if sheet.name in whole:
                    left -= chunk.last + 1 - chunk.first
                    if left < 0:
                        raise CannotKeep
                else:
                    here = [number for number in here if number in numbers[sheet.name]]
                rows = chunk.rows if here else []
                for number in here:
                    cells = [_plain(cell) for cell in rows[number - chunk.first]]
                    lines.write(json.dumps([sheet.name, number, cells], ensure_ascii=False) + "\n")


def _touching(merged: Iterable[Merged], numbers: Collection[int]) -> Iterator[Merged]:
    """Those that reach into one of these rows."""
    return (one for one in merged if any(row in numbers for row in range(one[0][0] + 1, one[1][0] + 2)))


@dataclass(frozen=True)
class KeptRows:
    """What `keep_rows` wrote: where each row stands in the file; `whole`: the sheets of which every row does."""

    path: Path
    begins: Begins
    merged: Mapping[tuple[str, int], Sequence[Merged]]  # by sheet and row, what reaches into it
    whole: Sequence[str]
    places: Mapping[tuple[str, int], int]

    @classmethod
    def at(cls, path: Path) -> KeptRows:
        """Raises OSError, ValueError."""
        places: dict[tuple[str, int], int] = {}
        with path.open("rb") as lines:
            first = lines.readline()
            told = json.loads(first)
            at = len(first)
            for line in lines:
                sheet, number = json.loads(line[: line.index(b", [")] + b"]")
                places[sheet, number] = at
                at += len(line)
        begins = {sheet: begin for sheet, (begin, _, _) in told.items()}
        merged: dict[tuple[str, int], list[Merged]] = {}
        for sheet, (_, areas, _) in told.items():
            for (top, left), (bottom, right) in areas:
                for row in range(top + 1, bottom + 2):
                    merged.setdefault((sheet, row), []).append(((top, left), (bottom, right)))
        return cls(path, begins, merged, [sheet for sheet, (_, _, is_whole) in told.items() if is_whole], places)

    def rows(self, sheet: str, numbers: Collection[int]) -> dict[int, Row]:
        """Those of these rows that were kept, by number."""
        found: dict[int, Row] = {}
        with self.path.open("rb") as lines:
            for number in sorted(numbers):
                at = self.places.get((sheet, number))
                if at is not None:
                    lines.seek(at)
                    found[number] = [_cell(plain) for plain in json.loads(lines.readline())[2]]
        return found

    def stands_above(self, sheet: str, number: int, index: int) -> object:
        """What the cell (its column from 0) is merged with further up says; None where it is merged with nothing."""
        for (top, left), (_, right) in self.merged.get((sheet, number), ()):
            if left == right == index and top + 1 < number:
                row = self.rows(sheet, [top + 1]).get(top + 1, [])
                return row[index] if index < len(row) else None
        return None

    def sheets(self, name: str, numbers: Collection[int]) -> tuple[Sheet, ...]:
        """A sheet of its headings and these rows, each at its place; and the sheets that are kept whole."""
        wanted = {*_titles(self.begins.get(name, 1)), *numbers}
        wanted |= {top + 1 for row in wanted for (top, _), _ in self.merged.get((name, row), ())}
        all_of = {sheet: {number for of, number in self.places if of == sheet} for sheet in self.whole if sheet != name}
        return (self._few(name, wanted), *(self._few(sheet, numbers) for sheet, numbers in all_of.items()))

    def _few(self, name: str, numbers: Collection[int]) -> Sheet:
        merged = dict.fromkeys(one for row in numbers for one in self.merged.get((name, row), ()))
        return Sheet(name, _Few(sorted(self.rows(name, numbers).items()), list(merged)))


def _titles(begin: int) -> range:
    return range(1, min(begin, TITLE_ROWS + 1))


@dataclass(frozen=True)
class _Few:
    """Some rows of a sheet."""

    numbered: Sequence[tuple[int, Row]]
    merged: list[Merged]

    def rows(self) -> Iterator[Row]:
        return rows_of(self.chunks())

    def chunks(self) -> Iterator[Chunk]:
        for number, row in self.numbered:
            yield Rows(number, [row])


def text_of(cell: object) -> str:
    """What a person reads in the cell."""
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _plain(cell: object) -> object:
    if isinstance(cell, Shown):
        return {"shown": [str(cell), cell.number]}
    if isinstance(cell, Faulty):
        return {"faulty": [str(cell), cell.problem, cell.stored]}
    if isinstance(cell, datetime | date | time):
        return {type(cell).__name__: cell.isoformat()}
    return cell if cell is None or isinstance(cell, str | int | float | bool) else str(cell)


def _cell(plain: Any) -> object:  # parsed JSON
    if not isinstance(plain, dict):
        return plain
    ((kind, told),) = plain.items()
    match kind:
        case "shown":
            return Shown(*told)
        case "faulty":
            return Faulty(*told)
        case "datetime":
            return datetime.fromisoformat(told)
        case "date":
            return date.fromisoformat(told)
        case _:
            return time.fromisoformat(told)
