"""The texts that cells share, as cells read them, and the texts of a column read together.

A sheet asks for neighbours together: programs number the texts in the order of the rows. So a text that is asked for is read with the
block it stands in, once; a block that is not plain, or too long, or that was forgotten for want of room, is read text by text. The room is
measured in what the texts take, block by block: cells may ask all over four million texts, and one sign can make each sign of a text
take four bytes.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import sub
from sys import getsizeof

from lxml import etree

from cebd.documents.workbooks.xlsx.archive import MIB
from cebd.documents.workbooks.xlsx.row_pattern import NotPlain
from cebd.documents.workbooks.xlsx.shared_strings import SharedTexts

ReadCells = Callable[[Sequence[bytes]], list[str]]
"""What the careful path makes of cells, each given as it is written after its address. Raises NotPlain."""

_BLOCK_TEXTS, _MAX_BLOCK_BYTES = 4096, MIB
_MAX_KEPT_BYTES = 64 * MIB
BLANKS = " \t\r\n"
_SHARED = re.compile(rb'<is>(?:<t( xml:space="preserve")?+>([^<]*+)</t>|<t/>)?+</is>')
_ESCAPE = re.compile("_[xX].{4}_", re.DOTALL)
_SEPARATOR = "\ue000"  # between texts that are decoded together; a text that has it is left to the careful path
_CONTROL = bytes(sign for sign in range(32) if sign not in b"\t\n")  # no XML, or another line end: left to it as well
_BLANK_OR_CONTROL = BLANKS.encode() + _CONTROL
_NO_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_UNREAD = _SEPARATOR  # in place of a text: none that was read has it, but one that is nothing else


class PlainTexts:
    """The shared texts of a workbook, by their numbers; `careful` reads cells whose text may have escapes."""

    def __init__(self, texts: SharedTexts, careful: ReadCells) -> None:
        self._content, self._starts = texts.content, texts.starts
        self._lengths = array("I", map(sub, texts.starts[1:], texts.starts))
        self._careful = careful
        self._kept = [_UNREAD] * (len(texts.starts) - 1)
        self._kept_bytes = 0
        self._blocks: set[int] = set()  # that were read, or could not be: none is tried a second time

    def lengths(self, numbers: Sequence[int]) -> list[int]:
        """How many bytes each takes as an element. Raises NotPlain where there is no such text: the careful path refuses it."""
        try:
            return list(map(self._lengths.__getitem__, numbers))
        except IndexError:
            raise NotPlain from None

    def texts(self, numbers: Sequence[int]) -> list[str]:
        """These texts; their lengths were asked for before. Raises NotPlain."""
        found = list(map(self._kept.__getitem__, numbers))
        if _UNREAD not in found:
            return found
        if self._kept_bytes > _MAX_KEPT_BYTES:
            self._kept, self._kept_bytes = [_UNREAD] * len(self._kept), 0
        self._read({number for number in numbers if self._kept[number] == _UNREAD})
        return list(map(self._kept.__getitem__, numbers))

    def _read(self, numbers: set[int]) -> None:
        for block in {number // _BLOCK_TEXTS for number in numbers} - self._blocks:
            if self._kept_bytes > _MAX_KEPT_BYTES:
                break
            self._blocks.add(block)
            first = block * _BLOCK_TEXTS
            last = min(first + _BLOCK_TEXTS, len(self._kept))
            if self._starts[last] - self._starts[first] <= _MAX_BLOCK_BYTES:
                with suppress(NotPlain):
                    content = bytes(self._content[self._starts[first] : self._starts[last]])
                    texts = self._plain(content, last - first)
                    self._kept[first:last] = texts
                    self._kept_bytes += sum(map(getsizeof, texts))
        left = [number for number in numbers if self._kept[number] == _UNREAD]
        if left:
            content = b"".join(self._content[self._starts[number] : self._starts[number + 1]] for number in left)
            for number, text in zip(left, self._plain(content, len(left)), strict=True):
                self._kept[number] = text
                self._kept_bytes += getsizeof(text)

    def _plain(self, elements: bytes, count: int) -> list[str]:
        """The texts of so many elements that follow each other. Raises NotPlain."""
        parts = _SHARED.split(elements)
        if any(parts[::3]) or len(parts) != 3 * count + 1:
            raise NotPlain
        kept, written = parts[1::3], [text or b"" for text in parts[2::3]]
        texts, may_be_escaped, has_blanks = decoded(written)
        if has_blanks:
            texts = [text if keep else text.strip(BLANKS) for text, keep in zip(texts, kept, strict=True)]
        if may_be_escaped:
            unescape(
                texts,
                lambda at: b' t="inlineStr"><is><t%b>%b</t></is></c>' % (kept[at] or b"", written[at]),
                self._careful,
            )
        return texts


def unescape(texts: list[str], written: Callable[[int], bytes], careful: ReadCells) -> None:
    """Put what the careful path says into the place of each text that may have escapes; `written` gives its cell. Raises NotPlain."""
    places = [at for at, text in enumerate(texts) if _ESCAPE.search(text)]
    if places:
        for at, value in zip(places, careful([written(at) for at in places]), strict=True):
            texts[at] = value


def decoded(written: list[bytes]) -> tuple[list[str], bool, bool]:
    """The texts as XML means them; whether there may be escapes among them; whether there may be blanks in them.

    Raises NotPlain for what is no XML.
    """
    joined = _SEPARATOR.encode().join(written)
    has_blanks = len(joined.translate(None, _BLANK_OR_CONTROL)) < len(joined)
    if has_blanks and len(joined.translate(None, _CONTROL)) < len(joined):
        raise NotPlain
    if any(sign in joined for sign in _NO_CHARACTERS):
        raise NotPlain
    must_be_parsed = b"&" in joined or b"]]>" in joined
    try:
        text = _parsed(joined) if must_be_parsed else joined.decode()
    except (etree.XMLSyntaxError, UnicodeDecodeError):
        raise NotPlain from None
    texts = text.split(_SEPARATOR)
    if len(texts) != len(written):
        raise NotPlain
    return texts, _ESCAPE.search(text) is not None, has_blanks or must_be_parsed


def _parsed(content: bytes) -> str:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, collect_ids=False)
    return etree.fromstring(b"<t>%b</t>" % content, parser).text or ""
