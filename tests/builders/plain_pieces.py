"""The pieces of a workbook's sheets, laid out both ways: as plain rows, and the careful way."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lxml import etree

from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.workbooks.xlsx import read
from cebd.documents.workbooks.xlsx.archive import MIB, Archive, opened
from cebd.documents.workbooks.xlsx.parts import BookParts, book_parts
from cebd.documents.workbooks.xlsx.pieces import Frame, Piece, cut, halved, inspect
from cebd.documents.workbooks.xlsx.plain_rows import Columns, PlainRows
from cebd.documents.workbooks.xlsx.shared_strings import SharedTexts, read_texts

MOST_BYTES = 4 * MIB


@dataclass(frozen=True)
class Laid:
    """A piece: its rows with the number of the first, either way; None where it was not taken, and where it is refused."""

    plain: tuple[int, Any] | None
    lay_out_carefully: Callable[[], tuple[int, Any] | None]

    @cached_property
    def careful(self) -> tuple[int, Any] | None:
        """Made when asked for: of what was not taken there is nothing to compare."""
        return self.lay_out_carefully()

    @property
    def is_equal(self) -> bool:
        """Whether it was not taken, or gives the same rows."""
        return self.plain is None or (self.careful is not None and exactly(self.plain) == exactly(self.careful))


def exactly(value: Any) -> Any:
    """The value with the type of each part of it; numbers to the bit."""
    if isinstance(value, (list, tuple)):
        return [exactly(part) for part in value]
    return type(value), repr(value), vars(value) if isinstance(value, str) and type(value) is not str else None


class BothWays:
    """One sheet, of which pieces are laid out both ways. It learns from piece to piece, as reading does."""

    def __init__(self, archive: Archive, book: BookParts, name: str, frame: Frame, texts: SharedTexts) -> None:
        self._rest = archive, book, name, frame
        self.texts, self.frame, self.name = texts, frame, name
        self.rows = PlainRows(frame, texts, lambda rows: self._one_table(inspect(rows, frame.prefix, 0))[1], MOST_BYTES)

    def _one_table(self, piece: Piece) -> tuple[int, Any]:
        return read._rows_of(*self._rest, piece, piece.rows)

    def lay_out(self, piece: Piece) -> Laid:
        """The piece both ways; it is tried as plain rows however many were not."""
        self.rows._refused = min(self.rows._refused, 1)
        columns = self.columns(piece)
        return Laid(columns and (columns.first, columns.rows), lambda: self._careful(piece))

    def columns(self, piece: Piece) -> Columns | None:
        """What is made of the piece; None when it is left to the careful path."""
        parts = list(self.rows.parts(piece.rows))
        return parts[0] if len(parts) == 1 and isinstance(parts[0], Columns) else None

    def _careful(self, piece: Piece) -> tuple[int, Any] | None:
        try:
            tables = [
                read._rows_of(*self._rest, part, filled)
                for fitting in read._fitting(piece, self.frame.prefix, self.name)
                for part, filled in read._with_texts(fitting, self.frame, self.texts, self.name)
            ]
        except (Unreadable, etree.XMLSyntaxError, ValueError):
            return None
        return tables[0] if len(tables) == 1 else (0, tables)


def both_ways(path: Path, most_rows: int = 100_000) -> Iterator[Laid]:
    """Every piece of every sheet, in parts of not many more rows than that."""
    with opened(path) as archive:
        book = book_parts(archive)
        texts = read_texts(archive, book.texts)
        for name, part in book.sheets.items():
            sheet, last = None, 0
            for frame_or_rows in cut(archive.blocks(part), 8 * MIB):
                if isinstance(frame_or_rows, Frame):
                    sheet = sheet or BothWays(archive, book, name, frame_or_rows, texts)
                    continue
                assert sheet is not None
                piece = inspect(frame_or_rows, sheet.frame.prefix, last)
                if piece.count:
                    last = piece.last
                    yield from map(sheet.lay_out, _in_parts(piece, sheet.frame.prefix, most_rows))


def _in_parts(piece: Piece, prefix: bytes, most_rows: int) -> Iterator[Piece]:
    if piece.count <= most_rows:
        yield piece
        return
    for half in halved(piece, prefix):
        yield from _in_parts(half, prefix, most_rows)


_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
PLAIN_FRAME = f'<worksheet xmlns="{_SPACE}" xmlns:x14ac="urn:x14ac"><sheetData>'
# Cell styles: general, a date, zeros in front, a time, an amount, text
_FORMATS = (0, 14, 170, 21, 4, 49)
_TEXTS = (
    "<si><t>一</t></si>",
    '<si><t xml:space="preserve"> kept </t></si>',
    "<si><t> not kept </t></si>",
    "<si><t/></si>",
    "<si><t>a_x000D_b</t></si>",
    "<si><t>&#20013;&amp;</t></si>",
    "<si><t></t></si>",
    "<si><r><t>rich</t></r><r><rPr><b/></rPr><t> text</t></r></si>",
    "<si><t>漢</t><rPh sb='0' eb='1'><t>kan</t></rPh></si>",
)
PLAIN_TEXTS = len(_TEXTS) - 2  # the first of them; the others have runs


def sheet_in_a_book(path: Path, rows: str = "", frame: str = PLAIN_FRAME) -> Path:
    """A workbook of one sheet with these rows, with cell styles 0 to 5 (1 a date, 2 three digits, 3 a time) and nine shared texts."""
    styles = "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in _FORMATS)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="a" Type="{_LINKS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_SPACE}" xmlns:r="{_LINKS}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="a" Type="{_LINKS}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_SPACE}"><numFmts count="1"><numFmt numFmtId="170" formatCode="000"/></numFmts>'
        f'<cellXfs count="{len(_FORMATS)}">{styles}</cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_SPACE}">{"".join(_TEXTS)}</sst>',
        "xl/worksheets/sheet1.xml": f"{frame}{rows}</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return path


@contextmanager
def one_sheet(path: Path, frame: str = PLAIN_FRAME) -> Iterator[BothWays]:
    """Both ways to lay out pieces of a sheet of `sheet_in_a_book`."""
    with opened(sheet_in_a_book(path, frame=frame)) as archive:
        book = book_parts(archive)
        yield BothWays(archive, book, "S", Frame(b"", frame.encode()), read_texts(archive, book.texts))
