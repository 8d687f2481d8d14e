"""What an .xlsx says beyond its values: formulas without a result, error cells, zeros shown by a number format, hidden rows.

The fast reader gives an empty cell for a missing result and for `#N/A` alike; here the worksheet's own XML is asked. It is only parsed
where a quick look over its bytes finds any of these.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from cebd.rules.cells import NO_RESULT, Faulty, Shown

_BLOCK = 1 << 20
_OVERLAP = 200
_CELL = re.compile(r"([A-Z]+)\d+\Z")
_ZEROS = re.compile(r"0{2,}\Z")
_YES = ("1", "true")
_FAR_CELL = re.compile(rb'<c r="[A-Z]{3}\d+"[^>/]*>')
_FILLED_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>/]*>')
_TWO_LETTERS, _WIDEST = 702, 16_384  # columns up to ZZ, columns of a sheet
_MOST_CELLS = 50_000_000


class TooWide(Exception):
    """The filled cells span more than can be laid out; the message is the far corner."""


@dataclass(frozen=True)
class SheetFacts:
    """Cells that must be read otherwise, by 1-based row and 0-based column; and the rows that are hidden."""

    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    hidden_rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Book:
    """What the parts of the workbook share: widths of zero formats by style index; whether results were ever calculated."""

    zeros: dict[str, int]
    calculated: bool


def sheet_facts(path: Path, names: list[str]) -> dict[str, SheetFacts]:
    """The facts of the named sheets of an .xlsx.

    Raises TooWide; KeyError, zipfile.BadZipFile, zlib.error and etree.XMLSyntaxError when the file is damaged.
    """
    with zipfile.ZipFile(path) as packed:
        workbook_part = _workbook_part(packed)
        workbook = _root(packed, workbook_part)
        calculation = next(workbook.iter("{*}calcPr"), None)
        uncalculated = calculation is not None and calculation.get("fullCalcOnLoad") in _YES
        book = _Book(_zero_formats(packed, workbook_part), not uncalculated)
        targets = _relations(packed, workbook_part)
        facts = {}
        for sheet in workbook.iter("{*}sheet"):
            if sheet.get("name") in names:
                identity = next(value for name, value in sheet.attrib.items() if str(name).endswith("}id"))
                facts[str(sheet.get("name"))] = _facts(packed, targets[str(identity)], book)
        return facts


def zeros_of(format_code: str) -> int:
    """How wide a number format such as `000` shows a whole number; 0 for any other format."""
    whole = format_code.partition(";")[0]
    return len(whole) if _ZEROS.match(whole) else 0


def _workbook_part(packed: zipfile.ZipFile) -> str:
    for relation in _root(packed, "_rels/.rels"):
        if str(relation.get("Type")).endswith("/officeDocument"):
            return str(relation.get("Target")).lstrip("/")
    raise KeyError("officeDocument")


def _relations(packed: zipfile.ZipFile, part: str) -> dict[str, str]:
    folder, name = posixpath.split(part)
    relations = _root(packed, f"{folder}/_rels/{name}.rels".lstrip("/"))
    return {
        str(one.get("Id")): posixpath.normpath(posixpath.join("/", folder, str(one.get("Target")))).lstrip("/")
        for one in relations
    }


def _zero_formats(packed: zipfile.ZipFile, workbook_part: str) -> dict[str, int]:
    """Style index -> width, for the number formats that fill up with zeros, such as `000`."""
    name = posixpath.join(posixpath.dirname(workbook_part), "styles.xml")
    if name not in packed.namelist():
        return {}
    styles = _root(packed, name)
    codes = {str(one.get("numFmtId")): str(one.get("formatCode")) for one in styles.iter("{*}numFmt")}
    used = next(styles.iter("{*}cellXfs"), None)
    widths = (zeros_of(codes.get(str(style.get("numFmtId")), "")) for style in (used if used is not None else ()))
    return {str(number): width for number, width in enumerate(widths) if width}


def _facts(packed: zipfile.ZipFile, part: str, book: _Book) -> SheetFacts:
    if not _look_over(packed, part, book):
        return SheetFacts()
    cells: dict[int, dict[int, str]] = {}
    hidden: list[int] = []
    for number, row in _rows(packed, part):
        if row.get("hidden") in _YES:
            hidden.append(number)
        column = -1
        for cell in row:
            column = _column(cell, column)
            peculiar = _peculiar(cell, book)
            if peculiar is not None:
                cells.setdefault(number, {})[column] = peculiar
    return SheetFacts(cells, tuple(hidden))


def _look_over(packed: zipfile.ZipFile, part: str, book: _Book) -> bool:
    """Whether the sheet is worth parsing. Raises TooWide before the fast reader lays out a table it has no memory for."""
    # A sign may be wider than what it stands for (`<f` also begins other elements): then the sheet is parsed for nothing.
    telling = [b"<f", b't="e"', b"t='e'", b" hidden=", b":row "]
    telling += [b's="%d"' % int(style) for style in book.zeros]
    told, wide, last_row = False, False, 0
    for block in _blocks(packed, part):
        told = told or any(sign in block for sign in telling)
        wide = wide or _FAR_CELL.search(block) is not None
        at = block.rfind(b'<row r="')
        if at >= 0 and (number := re.match(rb"\d+", block[at + 8 : at + 16])):
            last_row = int(number.group())
    if last_row * (_WIDEST if wide else _TWO_LETTERS) > _MOST_CELLS:
        _check_extent(packed, part)
    return told


def _check_extent(packed: zipfile.ZipFile, part: str) -> None:
    """The exact extent: filled cells only, for formatted blanks take no room."""
    columns: set[str] = set()
    last_row = 0
    for block in _blocks(packed, part):
        for letters, number in _FILLED_CELL.findall(block):
            columns.add(letters.decode())
            last_row = max(last_row, int(number))
    far = max(columns, key=lambda letters: (len(letters), letters), default="A")
    if last_row * _index(far) > _MOST_CELLS:
        raise TooWide(f"{far}{last_row}")


def _blocks(packed: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part piece by piece, each with the end of the one before, so that nothing is cut in two unseen."""
    with packed.open(part) as stream:
        tail = b""
        while block := stream.read(_BLOCK):
            yield tail + block
            tail = block[-_OVERLAP:]


def _rows(packed: zipfile.ZipFile, part: str) -> Iterator[tuple[int, Any]]:
    """Every row element with its number; `r` may be left out, it then follows the row before."""
    number = 0
    with packed.open(part) as stream:
        for _, row in etree.iterparse(stream, tag="{*}row", resolve_entities=False, no_network=True, huge_tree=True):
            stated = row.get("r")
            number = int(stated) if stated else number + 1
            yield number, row
            row.clear()
            while row.getprevious() is not None:
                del row.getparent()[0]


def _column(cell: Any, before: int) -> int:
    stated = _CELL.match(cell.get("r") or "")
    return before + 1 if stated is None else _index(stated.group(1)) - 1


def _index(letters: str) -> int:
    """A -> 1, Z -> 26, AA -> 27."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index


def _peculiar(cell: Any, book: _Book) -> str | None:
    """The cell as it must be read, or None when the fast reader has it right."""
    kind = cell.get("t", "n")
    value = cell.findtext("{*}v") or ""
    if kind == "e":
        return Faulty(value or "#N/A", "CEBD-1213")
    if kind in ("n", "") and cell.find("{*}f") is not None:
        if not value.strip():
            return Faulty(NO_RESULT, "CEBD-1212")
        if not book.calculated and not float(value):
            return Faulty(NO_RESULT, "CEBD-1214", stored="0")
    width = book.zeros.get(cell.get("s", ""))
    if width and kind in ("n", "") and value.isascii() and value.isdigit() and len(value) < 16:
        return Shown(value.zfill(width), float(value))
    return None


def _root(packed: zipfile.ZipFile, part: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(packed.read(part), parser)
