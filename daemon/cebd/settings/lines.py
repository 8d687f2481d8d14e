"""In which line of a TOML file each key stands: tomllib does not say, and an error without its line is half an error."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=(.*)$"""
)
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


def key_lines(text: str) -> dict[Path, int]:
    """Path of every table and key -> 1-based line. Keys inside inline tables have the line of their table."""
    lines: dict[Path, int] = {}
    arrays: dict[Path, int] = {}
    table: Path = ()
    until: str | None = None  # the delimiter of a multi-line string we are inside
    for number, line in enumerate(text.splitlines(), 1):
        if until is not None:
            until = None if until in line else until
            continue
        header = _HEADER.match(line)
        if header is not None:
            table = _resolve(_parts(header[2]), arrays)
            if header[1] == "[[":
                index = arrays.get(table, -1) + 1
                arrays[table] = index
                table = (*table, index)
            lines.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key is not None:
            lines.setdefault((*table, *_parts(key[1])), number)
            for quotes in ('"""', "'''"):
                if key[2].count(quotes) == 1:
                    until = quotes
    return lines


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """The line of the path, or of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _parts(dotted: str) -> Path:
    return tuple(a or b or c for a, b, c in _PART.findall(dotted))


def _resolve(path: Path, arrays: dict[Path, int]) -> Path:
    """`[enterprise.defaults]` after `[[enterprise]]` belongs to the array's latest element."""
    resolved: Path = ()
    for part in path[:-1]:
        resolved = (*resolved, part)
        if resolved in arrays:
            resolved = (*resolved, arrays[resolved])
    return (*resolved, path[-1])
