"""The pattern of a sheet's plain rows: which columns there are and how their cells are written, learned from the rows themselves.

`re.split` with it gives the content of all cells, and between them what is no such row: where nothing is left over, there is nothing else.
Every repetition is possessive and every choice atomic, so that a row is looked at once for each way its cells may be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from cebd.cell_names import column_letters
from cebd.documents.workbooks.xlsx.pieces import index_of, is_one_table

_FIRST_ROWS_BYTES = 64 * 1024  # of a piece: the pattern is made from them, later from what was left over
_MAX_PATTERNS = 12  # made for one sheet, a hundredth of a second each
_MAX_ROW_FORMS, _MAX_STYLES = 8, 200
_LEAST_CELL_BYTES = (
    8  # of the piece, for each cell that its columns and rows could have: a sparse one costs more than it holds
)

_STYLE = rb'(?: s="\d{1,5}")?+'
_NUMBER = rb"-?+\d{1,20}+(?:\.\d{1,20}+)?+(?:[eE][+-]?+\d{1,3}+)?+"
_ROW = re.compile(rb'<row r="[1-9]\d{0,6}"((?: [A-Za-z][A-Za-z0-9:]*+="[^"<&]*+")*+)/?>')
_ATTRIBUTE = re.compile(rb' ([A-Za-z][A-Za-z0-9:]*+)="')
_CELL = re.compile(
    rb'<c r="([A-Z]{1,2})[1-9]\d{0,6}"(?: s="(\d{1,5})")?+(?: t="([a-zA-Z]{1,9})")?+'
    rb'(/>|></c>|><is><t xml:space="preserve">|><is><t>|><v>)'
)


class Kind(Enum):
    """How a cell is written; with the whole of it but its address and style, `%b` for what it holds."""

    BLANK = b"/>"
    TEXT = b' t="inlineStr"><is><t>%b</t></is></c>'
    KEPT_TEXT = b' t="inlineStr"><is><t xml:space="preserve">%b</t></is></c>'
    RESULT = b' t="str"><v>%b</v></c>'
    SHARED = b' t="s"><v>%b</v></c>'
    TRUTH = b' t="b"><v>%b</v></c>'
    NUMBER = b"><v>%b</v></c>"
    FORMATTED = b"%b"


_KINDS = {
    (b"inlineStr", b"><is><t>"): Kind.TEXT,
    (b"inlineStr", b'><is><t xml:space="preserve">'): Kind.KEPT_TEXT,
    (b"str", b"><v>"): Kind.RESULT,
    (b"s", b"><v>"): Kind.SHARED,
    (b"b", b"><v>"): Kind.TRUTH,
    **{(kind, end): Kind.BLANK for kind in (b"", b"n", b"inlineStr") for end in (b"/>", b"></c>")},
}
_NUMBERS = ((b"", b"><v>"), (b"n", b"><v>"))
_TEXT = rb"([^<]*+)"
_RESTS = {
    Kind.BLANK: _STYLE + rb'(?: t="(?:n|inlineStr)")?+(?>/>|></c>)',
    Kind.TEXT: _STYLE + Kind.TEXT.value % _TEXT,
    Kind.KEPT_TEXT: _STYLE + Kind.KEPT_TEXT.value % _TEXT,
    Kind.RESULT: _STYLE + Kind.RESULT.value % _TEXT,
    Kind.SHARED: _STYLE + Kind.SHARED.value % rb"(\d{1,9}+)",
    Kind.TRUTH: _STYLE + Kind.TRUTH.value % rb"([01])",
}


class NotPlain(Exception):
    """The rows are to be laid out the careful way."""


class RowPattern:
    """What is known of a sheet's rows so far.

    `before` is what stands before the rows; `are_plain` says of which styles (`b""`: none) a number is just a number.
    """

    def __init__(self, before: bytes, are_plain: Callable[[list[bytes]], list[bool]]) -> None:
        self.groups: list[tuple[int, Kind]] = []  # what each part of a split row is: 0-based column, kind
        self._before = before
        self._are_plain = are_plain
        self._kinds: dict[int, set[Kind]] = {}
        self._row_forms: set[tuple[bytes, ...]] = set()
        self._plain_styles: dict[bytes, bool] = {}
        self._pattern: re.Pattern[bytes] | None = None
        self._patterns_made = 0

    @property
    def stride(self) -> int:
        """How many parts a row is split into: what stands before it (nothing), its number, its cells."""
        return len(self.groups) + 2

    def split(self, rows: bytes) -> list[Any]:
        """The number and the cells of each row, None where there is none; the last part follows the rows. Raises NotPlain."""
        count = rows.count(b"<row")
        if self._pattern is None:
            self._learn([rows])
        while self._pattern is not None:
            least = count * len(self._kinds) * _LEAST_CELL_BYTES
            if least > len(rows) + _FIRST_ROWS_BYTES or not is_one_table(count, max(self._kinds) + 1):
                break
            parts = self._pattern.split(rows)
            left_over = list(filter(None, parts[:: self.stride]))
            if not left_over:
                return parts
            self._learn(left_over)
        raise NotPlain

    def _learn(self, samples: Iterable[bytes]) -> None:
        """Make the pattern such that it takes rows like these, too. Raises NotPlain when it takes them already, or cannot."""
        kinds = {index: set(already) for index, already in self._kinds.items()}
        forms, styles, length = set(self._row_forms), dict(self._plain_styles), 0
        for sample in samples:
            for attributes in _ROW.findall(sample, 0, _FIRST_ROWS_BYTES):
                forms.add(tuple(_ATTRIBUTE.findall(attributes)))
            cells = _CELL.findall(sample, 0, _FIRST_ROWS_BYTES)
            self._judge(styles, {style for _, style, *way in cells if tuple(way) in _NUMBERS})
            for letters, style, kind, end in cells:
                how = _KINDS.get((kind, end))
                if (kind, end) in _NUMBERS:
                    how = Kind.NUMBER if styles[style] else Kind.FORMATTED
                if how is not None:
                    kinds.setdefault(index_of(letters.decode()) - 1, set()).add(how)
            length += len(sample)
            if length > _FIRST_ROWS_BYTES:
                break
        forms = set(filter(self._is_harmless, forms))
        if (kinds, forms, styles) == (self._kinds, self._row_forms, self._plain_styles) or not (kinds and forms):
            raise NotPlain
        if self._patterns_made >= _MAX_PATTERNS or len(forms) > _MAX_ROW_FORMS or len(styles) > _MAX_STYLES:
            raise NotPlain
        self._kinds, self._row_forms, self._plain_styles = kinds, forms, styles
        self._patterns_made += 1
        self._make()

    def _judge(self, styles: dict[bytes, bool], named: set[bytes]) -> None:
        new = sorted(named - styles.keys())
        if new:
            styles.update(zip(new, self._are_plain(new), strict=True))

    def _is_harmless(self, names: tuple[bytes, ...]) -> bool:
        """Whether a row may have these attributes: each once, none with a prefix that the sheet does not declare."""
        return len({b"r", *names}) == len(names) + 1 and all(
            b" xmlns:%b=" % name.split(b":")[0] in self._before and name.count(b":") == 1
            for name in names
            if b":" in name
        )

    def _make(self) -> None:
        plain = [style for style, is_plain in self._plain_styles.items() if is_plain]
        formatted = [style for style, is_plain in self._plain_styles.items() if not is_plain]
        rests = {
            **_RESTS,
            Kind.NUMBER: _styled(plain) + rb'(?: t="n")?+><v>(%b)</v></c>' % _NUMBER,
            Kind.FORMATTED: rb'(%b(?: t="n")?+><v>%b</v></c>)' % (_styled(formatted), _NUMBER),
        }
        self.groups, cells = [], []
        for index, kinds in sorted(self._kinds.items()):
            ordered = [kind for kind in Kind if kind in kinds]
            self.groups += [(index, kind) for kind in ordered if kind is not Kind.BLANK]
            alternatives = b"|".join(rests[kind] for kind in ordered)
            cells.append(rb'(?:<c r="%b\1"(?>%b))?+' % (column_letters(index).encode(), alternatives))
        forms = b"|".join(
            b"".join(rb""" %b="[ !#-%%'-;=-~]*+\"""" % name for name in names)
            for names in sorted(self._row_forms, key=lambda names: (-len(names), names))
        )
        self._pattern = re.compile(
            rb'<row r="([1-9]\d{0,6}+)"(?>%b)(?>/>|>\n?+%b</row>)\n?+' % (forms, b"".join(cells))
        )


def _styled(styles: list[bytes]) -> bytes:
    """The pattern of the attribute that names one of these styles; left out where that is one of them."""
    if not styles:
        return rb"(?!)"
    named = b"|".join(sorted(filter(None, styles)))
    if not named:
        return b""
    return rb'(?: s="(?:%b)")%b' % (named, b"?+" if b"" in styles else b"")
