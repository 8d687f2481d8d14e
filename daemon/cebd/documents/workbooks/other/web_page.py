"""Tables of a web page, which many systems export under the name .xls. Nothing is fetched and nothing is run: its own text counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from cebd.documents.workbooks.other.island import NOT_TOLD, SheetTold, sheets_told
from cebd.documents.workbooks.other.laid_out import LaidOut, Room
from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.workbooks.xlsx.archive import MIB, damaged
from cebd.documents.workbooks.xlsx.pieces import MAX_COLUMNS

_MAX_BYTES, _MAX_TAGS = 48 * MIB, 3_000_000  # a tree takes many times the room of its text
_MAX_DEPTH = 200
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_-]+)""", re.IGNORECASE)
_CHINESE = frozenset(("gb2312", "gbk", "gb18030", "cp936", "x-gbk", "gb_2312-80"))
_NOT_DISPLAYED = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_NO_HEIGHT = re.compile(r"(?:.*;)?\s*height\s*:\s*0(?:\.0*)?(?:p[tx])?\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_STRUCK = re.compile(r"line-through", re.IGNORECASE)
_CROSSED_OUT = frozenset(("s", "strike", "del"))
_NOT_TEXT = frozenset(("script", "style", "head"))


def read_web_page(path: Path, name: str) -> list[LaidOut]:
    """The tables that have no further tables in them, in their order: the first goes by `name`, unless the page names its sheets.

    What Excel would not show, or a browser, is hidden. Raises Unreadable.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise refused(
            "CEBD-1022", "网页过大；请在 Excel 中另存为 .xlsx", "the page is too large; save it as .xlsx in Excel"
        )
    content = path.read_bytes()
    if content.count(b"<") > _MAX_TAGS:
        raise refused("CEBD-1022", "网页的元素过多", "the page has more elements than a table needs")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, recover=True)
    try:
        text = _decoded(content)
        root = etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise damaged(str(error)) from None
    room = Room()
    sheets: list[LaidOut] = []
    tables = (
        [] if root is None else [one for one in root.iter("table") if next(one.iterdescendants("table"), None) is None]
    )
    told = sheets_told(text)
    for index, table in enumerate(tables):
        own = _told_of(table, index, len(tables), told)
        numbered = name if index == 0 else f"{name} {index + 1}"
        sheet = LaidOut(own.name or numbered, room, visible=not own.hidden and not _not_displayed(table))
        _lay_out(sheet, table)
        sheets.append(sheet)
    filled = [sheet for sheet in sheets if next(sheet.rows(), None) is not None]
    if not filled:
        raise _no_table()
    return filled


def _told_of(table: etree._Element, index: int, tables: int, told: list[SheetTold]) -> SheetTold:
    """What the page says of the table's sheet: by the id of the table or of what it stands in, else by its place where each has one."""
    if len(told) == 1:
        return told[0]._replace(name="")  # a sheet of its own is called by its file
    ids = {part.get("id") for part in (table, *table.iterancestors())} - {None}
    by_id = next((one for one in told if one.source and one.source in ids), None)
    if by_id is not None:
        return by_id
    return told[index] if len(told) == tables and not any(one.source for one in told) else NOT_TOLD


def _not_displayed(table: etree._Element) -> bool:
    return any(_NOT_DISPLAYED.search(part.get("style", "")) for part in (table, *table.iterancestors()))


def _no_table() -> Unreadable:
    return refused("CEBD-1024", "没有表格的网页（HTML）", "a web page (HTML) without a table")


def _decoded(content: bytes) -> str:
    """By its mark or by what it says of itself; else as UTF-8, or as Chinese Windows writes."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    declared = _CHARSET.search(content[:4096])
    encoding = declared[1].decode("ascii").lower() if declared else ""
    for tried in ("gb18030", "utf-8") if encoding in _CHINESE else ("utf-8", "gb18030"):
        try:
            return content.decode(tried)
        except UnicodeDecodeError:
            continue
    raise refused("CEBD-1026", "网页的编码无法识别", "the encoding of the page is not recognised")


def _lay_out(sheet: LaidOut, table: etree._Element) -> None:
    reaching: dict[int, int] = {}  # by column, how many further rows a cell above reaches into
    for element in table.iter("tr"):
        row: list[Any] = []
        struck = 0
        for cell in element.iterchildren("td", "th"):
            while reaching.get(len(row), 0):
                reaching[len(row)] -= 1
                row.append("")
            text = _text(cell)
            down, across = _span(cell, "rowspan"), _span(cell, "colspan")
            struck += text != "" and _is_struck(cell)
            sheet.merge(sheet.next_number, len(row), down, across)
            for _ in range(across):
                if down > 1:
                    reaching[len(row)] = down - 1
                row.append("")
            row[-across] = text
        for column in [column for column, left in reaching.items() if left and column >= len(row)]:
            reaching[column] -= 1
        sheet.add(row, is_hidden=_is_unseen(element), struck_cells=struck)


def _is_unseen(row: etree._Element) -> bool:
    """Whether Excel shows nothing of the row: not displayed, or without any height."""
    style = f"{row.get('style', '')};height:{row.get('height', '')}"
    return _NOT_DISPLAYED.search(style) is not None or _NO_HEIGHT.fullmatch(style) is not None


def _span(cell: etree._Element, name: str) -> int:
    text = cell.get(name, "1").strip()
    return min(max(int(text), 1), MAX_COLUMNS) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _is_struck(cell: etree._Element) -> bool:
    if _STRUCK.search(cell.get("style", "")):
        return True
    inner = [part for part in cell.iterdescendants() if isinstance(part.tag, str)]
    return any(part.tag in _CROSSED_OUT or _STRUCK.search(part.get("style", "")) for part in inner)


def _text(cell: etree._Element) -> Any:
    """The number that Excel keeps beside what it shows, where it does; else what is shown, blanks as a page shows them."""
    kept = cell.get("x:num")
    if kept:
        try:
            return float(kept)
        except ValueError:
            pass
    parts = "".join(_shown(cell, 0)).split("\n")
    return "\n".join(re.sub(r"[ \t\r\f]+", " ", part).strip() for part in parts).strip()


def _shown(element: etree._Element, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise damaged("内容嵌套过深", "its elements stand too deep in one another")
    yield (element.text or "").replace("\n", " ")
    for part in element:
        if part.tag == "br":
            yield "\n"
        elif isinstance(part.tag, str) and part.tag not in _NOT_TEXT:
            yield from _shown(part, depth + 1)
        yield (part.tail or "").replace("\n", " ")
