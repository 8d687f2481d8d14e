"""What an .xlsx says beyond its values: formulas without a result, error cells, zeros shown by a number format, rows hidden or struck.

The fast reader gives an empty cell for a missing result and for `#N/A` alike; here the worksheet's own XML is asked. It is only parsed
where a quick look over its bytes finds any of these.
"""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from cebd.documents.workbooks.cells import NO_RESULT, Faulty, Shown
from cebd.documents.workbooks.xlsx.archive import Archive
from cebd.documents.workbooks.xlsx.pieces import Frame, Piece, index_of
from cebd.messages.schema import parse_xml

_CELL = re.compile(r"([A-Z]+)\d+\Z")
_ZEROS = re.compile(r"0{2,}\Z")
_YES = ("1", "true")
_MAX_STYLES_IN_PATTERN = 20

Cells = dict[int, dict[int, str]]


@dataclass(frozen=True)
class SheetFacts:
    """Cells that must be read otherwise, by 1-based row and 0-based column; the rows that are hidden; and those that are struck through."""

    cells: Cells = field(default_factory=dict)
    hidden_rows: tuple[int, ...] = ()
    struck_rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class BookParts:
    """What the sheets share: where each stands in the zip, by name; widths of zero formats by style; whether results were calculated;
    the styles that strike through."""

    workbook: str
    sheets: dict[str, str]
    zeros: dict[str, int]
    calculated: bool
    struck: set[str] = field(default_factory=set)

    @property
    def relations(self) -> str:
        """The part that says where the sheets stand."""
        folder, name = posixpath.split(self.workbook)
        return f"{folder}/_rels/{name}.rels".lstrip("/")

    @property
    def texts(self) -> str:
        """The part of the texts that cells share."""
        return self.beside("sharedStrings.xml")

    def beside(self, name: str) -> str:
        """A part in the workbook's folder."""
        return posixpath.join(posixpath.dirname(self.workbook), name)


def book_parts(archive: Archive) -> BookParts:
    """Read the workbook part and the styles. Raises KeyError, StopIteration, NotXml and Unreadable when they are damaged."""
    part = _workbook_part(archive)
    root = _root(archive, part)
    calculation = next(root.iter("{*}calcPr"), None)
    uncalculated = calculation is not None and calculation.get("fullCalcOnLoad") in _YES
    book = BookParts(part, {}, {}, not uncalculated)
    targets = _relations(archive, book)
    for sheet in root.iter("{*}sheet"):
        identity = next((value for name, value in sheet.attrib.items() if str(name).endswith("}id")), None)
        book.sheets[str(sheet.get("name"))] = targets[str(identity)]
    _read_styles(archive, book)
    return book


def zeros_of(format_code: str) -> int:
    """How wide a number format such as `000` shows a whole number; 0 for any other format."""
    whole = format_code.partition(";")[0]
    return len(whole) if _ZEROS.match(whole) else 0


def _workbook_part(archive: Archive) -> str:
    for relation in _root(archive, "_rels/.rels"):
        if str(relation.get("Type")).endswith("/officeDocument"):
            return str(relation.get("Target")).lstrip("/")
    raise KeyError("officeDocument")


def _relations(archive: Archive, book: BookParts) -> dict[str, str]:
    folder = posixpath.dirname(book.workbook)
    return {
        str(element.get("Id")): posixpath.normpath(posixpath.join("/", folder, str(element.get("Target")))).lstrip("/")
        for element in _root(archive, book.relations)
    }


def _read_styles(archive: Archive, book: BookParts) -> None:
    """Of the styles, by their index: the width of number formats that fill up with zeros, such as `000`; which strike through."""
    name = book.beside("styles.xml")
    if name not in archive.names:
        return
    styles = _root(archive, name)
    codes = {str(element.get("numFmtId")): str(element.get("formatCode")) for element in styles.iter("{*}numFmt")}
    struck_fonts = {str(number) for number, font in enumerate(_children(styles, "fonts")) if _strikes(font)}
    for number, style in enumerate(_children(styles, "cellXfs")):
        width = zeros_of(codes.get(str(style.get("numFmtId")), ""))
        if width:
            book.zeros[str(number)] = width
        if style.get("fontId") in struck_fonts:
            book.struck.add(str(number))


def _children(styles: Any, name: str) -> Iterator[Any]:
    parent = next(styles.iter(f"{{*}}{name}"), None)
    yield from () if parent is None else parent.iterchildren("{*}*")


def _strikes(font: Any) -> bool:
    strike = font.find("{*}strike")
    return strike is not None and strike.get("val", "1") in _YES


def may_be_struck(rows: bytes, book: BookParts) -> bool:
    """Whether any cell of these rows has a style that strikes through."""
    if not book.struck:
        return False
    styles = "|".join(book.struck) if len(book.struck) <= _MAX_STYLES_IN_PATTERN else r"\d+"
    return re.search(rf"""\ss\s*=\s*["'](?:{styles})["']""".encode(), rows) is not None


def struck_rows(frame: Frame, piece: Piece, book: BookParts) -> tuple[int, ...]:
    """The rows of the piece most of whose filled cells are struck through. Raises etree.XMLSyntaxError."""
    if not may_be_struck(piece.rows, book):
        return ()
    struck = []
    for number, row in _rows(frame.around(piece.rows, piece.first)):
        styles = [cell.get("s", "") for cell in row if len(cell)]
        if 2 * sum(style in book.struck for style in styles) > len(styles):
            struck.append(number)
    return tuple(struck)


def peculiar_cells(frame: Frame, piece: Piece, book: BookParts) -> Cells:
    """The cells of the piece that must be read otherwise. Raises etree.XMLSyntaxError."""
    if not _is_telling(piece.rows, book):
        return {}
    cells: Cells = {}
    for number, row in _rows(frame.around(piece.rows, piece.first)):
        column = -1
        for cell in row:
            column = _column(cell, column)
            peculiar = _peculiar(cell, book)
            if peculiar is not None:
                cells.setdefault(number, {})[column] = peculiar
    return cells


_SIGNS = ((b":", b":row "), (b"'", b"t='e'"), (b"f", b"<f"), (b"e", b't="e"'))


def _is_telling(rows: bytes, book: BookParts) -> bool:
    """Whether the rows are worth parsing."""
    # A sign may be wider than what it stands for (`<f` also begins other elements): then they are parsed for nothing.
    # Looking for a letter that is not there is much faster than looking for a word.
    if any(letter in rows and sign in rows for letter, sign in _SIGNS):
        return True
    # Blanks may have any style. Formats with zeros are few; where they are many, all styles are taken for such.
    styles = "|".join(book.zeros) if len(book.zeros) <= _MAX_STYLES_IN_PATTERN else r"\d+"
    return bool(book.zeros) and re.search(rf' s="(?:{styles})"[^>/]*>'.encode(), rows) is not None


def _rows(content: bytes) -> Iterator[tuple[int, Any]]:
    """Every row element with its number; `r` may be left out, it then follows the row before."""
    number = 0
    stream = io.BytesIO(content)
    for _, row in etree.iterparse(stream, tag="{*}row", resolve_entities=False, no_network=True, huge_tree=True):
        stated = row.get("r")
        number = int(stated) if stated else number + 1
        yield number, row
        row.clear()
        while row.getprevious() is not None:
            del row.getparent()[0]


def _column(cell: Any, before: int) -> int:
    stated = _CELL.match(cell.get("r") or "")
    return before + 1 if stated is None else index_of(stated.group(1)) - 1


def _peculiar(cell: Any, book: BookParts) -> str | None:
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


def _root(archive: Archive, part: str) -> Any:
    return parse_xml(archive.small_part(part))
