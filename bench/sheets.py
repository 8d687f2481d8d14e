"""The workbooks of the benchmarks, each made once in a run."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from cebd.messages.description import message_type
from cebd.trial.rows import Line, heading, inventory_rows, order_rows, write_workbook

_BAD_EVERY = 20  # records: one of them has a mistake
_MISTAKES: tuple[Callable[[Line], Line], ...] = (
    lambda row: row | {"head.freight": "包邮"},
    lambda row: row | {"line.totalPrice": "1.00"},
    lambda row: row | {"head.buyerIdNumber": row["head.buyerIdNumber"][:-1] + "?"},
    lambda row: row | {"head.buyerName": ""},
)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="cebd-bench-sheets-")


def _written(name: str, kind: str, rows: Iterable[Line]) -> Path:
    path = Path(_folder().name) / f"{name}.xlsx"
    write_workbook(path, kind, list(rows))
    return path


@cache
def orders(count: int, first: int = 1) -> Path:
    """Flat orders of one line, numbered from `first`; every cell text that stands in the cell."""
    return _written(f"orders-{first}-{count}", "order", order_rows(count, first=first))


@cache
def old_orders(count: int, first: int = 1) -> Path:
    """Such orders as an .xls, which is read in a process of its own however small it is."""
    import xlwt

    rows, message = list(order_rows(count, first=first)), message_type("order")
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(message.zh)
    for column, key in enumerate(rows[0]):
        sheet.write(0, column, heading(message, key))
        for number, row in enumerate(rows, 1):
            sheet.write(number, column, row[key])
    path = Path(_folder().name) / f"orders-{first}-{count}.xls"
    book.save(str(path))
    return path


@cache
def lists(count: int, lines: int) -> Path:
    """Inventory lists of so many lines each."""
    return _written(f"lists-{count}", "inventory", inventory_rows(count, lines=lines))


@cache
def mixed_orders(count: int) -> Path:
    """Orders of which 5 % have a mistake, of four kinds in turn."""
    return _written(f"mixed-{count}", "order", _with_mistakes(order_rows(count)))


def bad_among(count: int) -> int:
    """How many of so many mixed orders have a mistake."""
    return count // _BAD_EVERY


def _with_mistakes(rows: Iterator[Line]) -> Iterator[Line]:
    for number, row in enumerate(rows, 1):
        bad, left = divmod(number, _BAD_EVERY)
        yield row if left else _MISTAKES[bad % len(_MISTAKES)](row)


@cache
def shared_orders(count: int) -> Path:
    """The same orders as Excel saves them: texts stand once in a table of their own, cells have their numbers."""
    path = Path(_folder().name) / f"shared-{count}.xlsx"
    _share_strings(orders(count), path)
    return path


_INLINE = re.compile(rb' t="inlineStr"><is><t(?: xml:space="preserve")?>([^<]*)</t></is></c>')
_SHEET = "xl/worksheets/sheet1.xml"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _share_strings(source: Path, target: Path) -> None:
    """openpyxl writes a large sheet quickly only with the texts in its cells: they are taken out of them here."""
    numbers: dict[bytes, int] = {}
    cells = 0

    def by_number(cell: re.Match[bytes]) -> bytes:
        nonlocal cells
        cells += 1
        return b' t="s"><v>%d</v></c>' % numbers.setdefault(cell[1], len(numbers))

    with (
        zipfile.ZipFile(source) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for part in old.namelist():
            content = old.read(part)
            if part == _SHEET:
                content = _INLINE.sub(by_number, content)
            elif part == "[Content_Types].xml":
                added = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}"/></Types>'
                content = content.replace(b"</Types>", added.encode())
            elif part == "xl/_rels/workbook.xml.rels":
                added = f'<Relationship Id="rIdShared" Type="{_RELATION}" Target="sharedStrings.xml"/></Relationships>'
                content = content.replace(b"</Relationships>", added.encode())
            new.writestr(part, content)
        texts = b"".join(b'<si><t xml:space="preserve">%s</t></si>' % text for text in numbers)
        head = (
            f'<?xml version="1.0" encoding="UTF-8"?><sst xmlns="{_MAIN}" count="{cells}" uniqueCount="{len(numbers)}">'
        )
        new.writestr("xl/sharedStrings.xml", head.encode() + texts + b"</sst>")
