"""Rows of a workbook, kept apart from it: enough to read some of its records again without its other hundred thousand.

The file's first line says for each sheet in which row its records begin; then comes a line of JSON for each row: sheet, number, cells.
What is neither text nor number stands in an object that names its kind.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from cebd.documents.workbooks.cells import Faulty, Shown
from cebd.documents.workbooks.chunks import Chunk, Row, Rows, rows_of
from cebd.documents.workbooks.sheets import TITLE_ROWS, Sheet, read_sheets

MOST_ROWS = 50_000
Wanted = Mapping[str, Collection[int]]  # by sheet, the numbers of rows
Begins = Mapping[str, int]  # by sheet, the row in which its records begin: headings stand above


class CannotKeep(Exception):
    """Rows of this workbook do not stand for themselves: cells are merged, or it has too many."""


def keep_rows(path: Path, name: str, wanted: Wanted, begins: Begins, out: Path) -> None:
    """Write these rows of the workbook, and those above its records. Raises CannotKeep, Unreadable, OSError."""
    if sum(map(len, wanted.values())) > MOST_ROWS:
        raise CannotKeep
    with out.open("w", encoding="utf-8") as lines:
        lines.write(json.dumps(dict(begins), ensure_ascii=False) + "\n")
        for sheet in read_sheets(path, name):
            if sheet.name not in wanted:
                continue
            if sheet.source.merged:
                raise CannotKeep
            numbers = {*wanted[sheet.name], *_titles(begins.get(sheet.name, 1))}
            for chunk in sheet.chunks():
                here = [number for number in range(chunk.first, chunk.last + 1) if number in numbers]
                rows = chunk.rows if here else []
                for number in here:
                    cells = [_plain(cell) for cell in rows[number - chunk.first]]
                    lines.write(json.dumps([sheet.name, number, cells], ensure_ascii=False) + "\n")


@dataclass(frozen=True)
class KeptRows:
    """What `keep_rows` wrote: where each row stands in the file."""

    path: Path
    begins: Begins
    places: Mapping[tuple[str, int], int]

    @classmethod
    def at(cls, path: Path) -> KeptRows:
        """Raises OSError, ValueError."""
        places: dict[tuple[str, int], int] = {}
        with path.open("rb") as lines:
            first = lines.readline()
            begins: Begins = json.loads(first)
            at = len(first)
            for line in lines:
                sheet, number = json.loads(line[: line.index(b", [")] + b"]")
                places[sheet, number] = at
                at += len(line)
        return cls(path, begins, places)

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

    def sheet(self, name: str, numbers: Collection[int]) -> Sheet:
        """A sheet of its headings and these rows, each at its place."""
        rows = self.rows(name, {*_titles(self.begins.get(name, 1)), *numbers})
        return Sheet(name, _Few(sorted(rows.items())))


def _titles(begin: int) -> range:
    return range(1, min(begin, TITLE_ROWS + 1))


@dataclass(frozen=True)
class _Few:
    """Some rows of a sheet."""

    numbered: Sequence[tuple[int, Row]]

    @property
    def merged(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return []

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
