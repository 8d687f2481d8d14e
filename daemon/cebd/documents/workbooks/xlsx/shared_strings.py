"""The texts that cells share, put into the cells before the fast reader sees them.

Excel writes each different text once (`xl/sharedStrings.xml`) and its number into the cells. The fast reader would parse all texts
anew for every piece of a sheet and keep each in a place of its own; and a cell of thirty bytes may stand for a text of a megabyte. So
the texts are kept here as they are written, one after the other, and a piece is handed over with its texts in it, once it is known how
long that makes it.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import accumulate
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from cebd.documents.workbooks.unreadable import Unreadable, refused
from cebd.documents.workbooks.xlsx.archive import MIB, Archive, damaged
from cebd.documents.workbooks.xlsx.pieces import Frame
from cebd.messages.schema import refuse_document_type

# 100,000 rows with twenty texts of their own each are 2 million texts in 100 MB.
MAX_TEXTS, MAX_TEXTS_BYTES = 4_000_000, 128 * MIB
# Of a table that is not written as programs write it: parsing takes ten times as long, and a tree ten times the room.
_MAX_TAGS_PARSED, _MAX_PARSED_BYTES = 2_000_000, 64 * MIB

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*<sst(?:\s[^>]*)?>\s*")
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
_END = re.compile(rb"\s*(?:<extLst[\s>].*</extLst>\s*)?</sst>\s*", re.DOTALL)
_BETWEEN = re.compile(rb"</si>\s+<si>")
_TEXT_TAGS = (b"<t>", b'<t xml:space="preserve">', b"</t>", b"<t/>")
# Of texts with fonts and readings (ECMA-376 part 1, 18.4). Anything else could end a cell early, or begin one.
_RESPELLED = re.compile(rb' t="s"><(?:[\w.-]+:)?v>(\d{1,9})</(?:[\w.-]+:)?v>')
_OTHER_TAG = re.compile(
    rb"<(?!/?(?:si|t|r|rPr|rPh|phoneticPr|rFont|b|i|u|sz|color|family|charset|scheme|vertAlign|strike|outline|shadow|condense"
    rb"|extend)[\s/>])"
)


@dataclass(frozen=True)
class SharedTexts:
    """The texts as elements `<is>`, one after the other: text n reaches from starts[n] to starts[n + 1]."""

    # Never changed; a copy of it as bytes would need its room once more.
    content: bytearray = field(default_factory=bytearray)
    starts: array[int] = field(default_factory=lambda: array("I", [0]))
    longest: int = 0

    def put_in(self, rows: bytes, frame: Frame, most: int) -> bytes | None:
        """The rows with the texts themselves in their cells; None when that makes them longer than `most`. Raises Unreadable."""
        if b'"s"' not in rows and b"'s'" not in rows:
            return rows
        parts = re.split(rb' t="s"><%bv>(\d{1,9})</%bv>' % (frame.prefix, frame.prefix), rows)
        if not _all_taken(rows, len(parts) // 2):
            parts = _RESPELLED.split(_respelled(frame, rows))
        numbers = list(map(int, parts[1::2]))
        used = set(numbers)
        content, starts = self.content, self.starts
        if max(used, default=0) >= len(starts) - 1:
            raise damaged(f"没有第 {max(used)} 个文本", f"there is no text {max(used)}")
        if len(used) * self.longest > most and sum(starts[number + 1] - starts[number] for number in used) > most:
            return None
        texts = {number: b' t="inlineStr">' + content[starts[number] : starts[number + 1]] for number in used}
        parts[1::2] = map(texts.__getitem__, numbers)
        return b"".join(parts) if sum(map(len, parts)) <= most else None


def read_texts(archive: Archive, name: str) -> SharedTexts:
    """The texts of that part; none when there is no such part.

    Raises Unreadable when they are too many; DocumentType and etree.XMLSyntaxError.
    """
    part = next((entry for entry in archive.names if entry.casefold() == name.casefold()), None)
    if part is None:
        return SharedTexts()
    if archive.size(part) > MAX_TEXTS_BYTES:
        raise _too_large(MAX_TEXTS_BYTES)
    texts = _plain(archive.blocks(part))
    if texts is None:
        if archive.size(part) > _MAX_PARSED_BYTES:
            raise _too_large(_MAX_PARSED_BYTES)
        texts = _parsed(archive.blocks(part))
    return texts


def _plain(blocks: Iterable[bytes]) -> SharedTexts | None:
    """The texts of a table written the way programs write it; else None."""
    content, starts, longest = bytearray(), array("I", [0]), 0
    rest, begun = b"", False
    for block in blocks:
        data = (rest + block).replace(b"<si/>", b"<si></si>")
        if not begun:
            at = data.find(b"<si>")
            if at >= 0 and (not _START.fullmatch(data, 0, at) or _ENCODING.search(data, 0, at)):
                return None
            begun, data = at >= 0, data[max(at, 0) :]
        end = data.rfind(b"</si>") + 5 if begun else 0
        if end < 5:
            rest = data
            continue
        taken, rest = data[:end], data[end:].lstrip()
        count = taken.count(b"</si>")
        if taken.count(b"</si><si>") != count - 1:
            taken = _BETWEEN.sub(b"</si><si>", taken)
        if not taken.startswith(b"<si>") or not taken.count(b"<si>") == count == taken.count(b"</si><si>") + 1:
            return None
        if taken.count(b"<") != 2 * count + sum(map(taken.count, _TEXT_TAGS)) and _OTHER_TAG.search(taken):
            return None
        if len(starts) + count > MAX_TEXTS:
            raise _too_many()
        lengths = [len(text) + 5 for text in taken.split(b"</si>")[:-1]]
        longest = max(longest, *lengths)
        starts.extend(accumulate(lengths, initial=starts.pop()))
        content += taken.replace(b"<si>", b"<is>").replace(b"</si>", b"</is>")
    if not begun or not _END.fullmatch(rest):
        return None
    return SharedTexts(content, starts, longest)


def _parsed(blocks: Iterable[bytes]) -> SharedTexts:
    """The texts of any table. Raises DocumentType and etree.XMLSyntaxError."""
    content, starts, longest, tags = bytearray(), array("I", [0]), 0, 0
    parser: Any = etree.XMLPullParser(
        events=("end",), tag="{*}si", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    for number, block in enumerate(blocks):
        if not number:
            refuse_document_type(block)
        tags += block.count(b"<")
        if tags > _MAX_TAGS_PARSED:
            raise _too_many()
        parser.feed(block)
        for _, element in parser.read_events():
            text = b'<is><t xml:space="preserve">%b</t></is>' % escape(_text(element)).encode()
            content += text
            starts.append(len(content))
            longest = max(longest, len(text))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    parser.close()
    return SharedTexts(content, starts, longest)


def _text(element: Any) -> str:
    """The text, in one part or in several of different fonts; how it is read aloud is left out, and blanks around it if not kept."""
    runs = (run for child in element for run in (child if _kind(child) == "r" else (child,)))
    return "".join(
        text if run.get(_SPACE) == "preserve" else text.strip(" \t\r\n")
        for run in runs
        if _kind(run) == "t" and (text := run.text)
    )


def _kind(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _all_taken(rows: bytes, count: int) -> bool:
    """Whether so many cells with a text are all there are; blank ones need nothing."""
    if b"'s'" in rows or b"<!" in rows:
        return False
    others = rows.count(b'"s"') - count
    return not others or others == rows.count(b' t="s"/>')


def _respelled(frame: Frame, rows: bytes) -> bytes:
    """The rows with every cell that has a shared text written the plain way. Raises Unreadable."""
    try:
        return b"".join(_respelled_rows(frame.around(rows)))
    except etree.XMLSyntaxError as error:
        raise damaged(str(error)) from None


def _respelled_rows(content: bytes) -> Iterator[bytes]:
    stream = BytesIO(content)
    for _, row in etree.iterparse(
        stream,
        tag="{*}row",
        resolve_entities=False,
        no_network=True,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    ):
        for cell in row:
            if cell.get("t") != "s":
                continue
            del cell.attrib["t"]
            value = next((element for element in cell if _kind(element) == "v"), None)
            number = (value.text or "").strip() if value is not None else ""
            for element in list(cell):
                cell.remove(element)
            if number:
                if not (number.isascii() and number.isdigit()):
                    raise damaged(f"没有文本 {number!r}", f"there is no text {number!r}")
                cell.set("t", "s")  # now the last of its attributes
                etree.SubElement(cell, etree.QName(etree.QName(cell).namespace, "v")).text = number
        yield etree.tostring(row, encoding="utf-8", with_tail=False)
        row.clear()
        while row.getprevious() is not None:
            del row.getparent()[0]


def _too_large(limit: int) -> Unreadable:
    return refused("CEBD-1022", f"文本超过 {limit // MIB} MiB", f"more than {limit // MIB} MiB of texts")


def _too_many() -> Unreadable:
    return refused("CEBD-1022", f"不同的文本超过 {MAX_TEXTS} 个", f"more than {MAX_TEXTS:,} different texts")
