"""Rows that are taken apart in one pass are those that the careful path gives: value for value, type for type."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from builders.examples import examples
from builders.plain_pieces import PLAIN_TEXTS, BothWays, both_ways, one_sheet
from cebd.cell_names import column_letters
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.workbooks.xlsx.pieces import inspect
from corpus.making import KINDS, right_file, wrong_file

_STYLES = st.sampled_from(["", "", ' s="0"', ' s="1"', ' s="2"', ' s="3"', ' s="4"', ' s="77"'])
_LETTERS = st.sampled_from(
    [*"abc12中 \t\n_x", "_x000D_", "_x4e2d_", "&amp;", "&lt;", "&#20013;", "&#x4e2d;", "&#13;", "😀", "\xa0", "'"]
)
_TEXTS = st.lists(_LETTERS, max_size=6).map("".join)
_NUMBERS = st.one_of(
    st.integers(-(10**17), 10**17).map(str),
    st.integers(0, 60_000).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: repr(number).upper()),
    st.sampled_from(["0", "-0", "007", "1E400", "43831.5", "0.1"]),
)
_ROW_FORMS = st.sampled_from(
    [
        "",
        ' spans="1:9"',
        ' spans="1:9" ht="15" customHeight="1" x14ac:dyDescent="0.25"',
        ' customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0" collapsed="false"',
        ' hidden="1"',
        ' s="1" customFormat="1"',
    ]
)
_WAYS = st.sampled_from(
    ["inline", "kept", "str", "shared", "number", "number n", "truth", "blank", "closed", "none", "none"]
)


def _cell(draw: Any, way: str, address: str) -> str:
    style = draw(_STYLES)
    match way:
        case "inline":
            return f'<c r="{address}"{style} t="inlineStr"><is><t>{draw(_TEXTS)}</t></is></c>'
        case "kept":
            return f'<c r="{address}"{style} t="inlineStr"><is><t xml:space="preserve">{draw(_TEXTS)}</t></is></c>'
        case "str":
            return f'<c r="{address}"{style} t="str"><v>{draw(_TEXTS)}</v></c>'
        case "shared":
            return f'<c r="{address}"{style} t="s"><v>{draw(st.integers(0, PLAIN_TEXTS - 1))}</v></c>'
        case "number":
            return f'<c r="{address}"{style}><v>{draw(_NUMBERS)}</v></c>'
        case "number n":
            return f'<c r="{address}"{style} t="n"><v>{draw(_NUMBERS)}</v></c>'
        case "truth":
            return f'<c r="{address}"{style} t="b"><v>{draw(st.integers(0, 1))}</v></c>'
        case "blank":
            return f'<c r="{address}"{style}/>'
        case "closed":
            return f'<c r="{address}"{style}></c>'
        case _:
            return ""


@st.composite
def plain_pieces(draw: Any, most_rows: int = 12) -> str:
    """Rows as programs write them, nothing else."""
    ways = draw(st.lists(st.lists(_WAYS, min_size=1, max_size=3), min_size=1, max_size=8))
    form, line_end = draw(_ROW_FORMS), draw(st.sampled_from(["", "", "\n"]))
    first = draw(st.sampled_from([1, 2, 998, 123_456]))
    rows = []
    for number in range(first, first + draw(st.integers(1, most_rows))):
        cells = [
            _cell(draw, draw(st.sampled_from(column)), f"{column_letters(index)}{number}")
            for index, column in enumerate(ways)
        ]
        rows.append(f'<row r="{number}"{form}>{line_end}{"".join(cells)}</row>{line_end}')
    return "".join(rows)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with one_sheet(tmp_path_factory.mktemp("sheet") / "book.xlsx") as both:
        yield both


def _fresh(both: BothWays) -> BothWays:
    return BothWays(*both._rest, both.texts)


@given(plain_pieces())
@settings(max_examples=examples(30, 1000), deadline=None)
def test_plain_rows_are_taken_and_equal_the_careful_ones(sheet: BothWays, rows: str) -> None:
    laid = _fresh(sheet).lay_out(inspect(rows.encode(), b"", 0))
    assert laid.is_equal
    assert laid.plain is not None or laid.careful is None or "<c " not in rows


@given(plain_pieces(), st.integers(0, 2**32))
@settings(max_examples=examples(30, 1000), deadline=None)
def test_a_changed_byte_is_left_to_the_careful_path_or_changes_nothing(sheet: BothWays, rows: str, seed: int) -> None:
    chance = random.Random(seed)
    both = _fresh(sheet)
    both.lay_out(inspect(rows.encode(), b"", 0))
    for _ in range(8):
        changed = _changed(rows.encode(), chance)
        try:
            piece = inspect(changed, b"", 0)
        except Unreadable:
            continue
        laid = both.lay_out(piece)
        assert laid.is_equal, changed


def _changed(content: bytes, chance: random.Random) -> bytes:
    """With one part of it flipped, left out, doubled, or put elsewhere."""
    begin = chance.randrange(len(content))
    end = min(len(content), begin + chance.choice([1, 1, 1, 2, 5, 20, 60]))
    part = content[begin:end]
    match chance.randrange(6):
        case 0:
            return content[:begin] + bytes([content[begin] ^ (1 << chance.randrange(8))]) + content[begin + 1 :]
        case 1:
            return content[:begin] + content[end:]
        case 2:
            return content[:end] + content[begin:]
        case 3:
            at = chance.randrange(len(content))
            return content[:at] + part + content[at:]
        case 4:
            odd = chance.choice(
                [
                    b"<",
                    b">",
                    b"&",
                    b"\r",
                    b"\0",
                    b"\1",
                    b"\xff",
                    b"\xef\xbf\xbe",
                    b"\xee\x80\x80",
                    b"]]>",
                    b"&#57344;",
                    b"'",
                ]
            )
            return content[:begin] + odd + content[begin:]
        case _:
            return (
                content[:begin]
                + chance.choice(
                    [b"<!-- a -->", b"<f>1</f>", b"&#1;", b"&a;", b"<?a?>", b' t="e"', b' r="A1"', b' s="1"']
                )
                + content[begin:]
            )


@pytest.mark.parametrize("in_memory", [True, False])
def test_rows_of_openpyxl_are_equal(tmp_path: Path, in_memory: bool) -> None:
    chance = random.Random(in_memory)
    book = Workbook(write_only=not in_memory)
    out = book.create_sheet("S")
    values = ["文 本", " a ", "", None, 7, 12.5, True, "line\nline", "a_x000D_b", "<&>", -3, 1e20]
    out.append(["订单编号", "数量", None, "备注"])
    for _ in range(300):
        out.append([chance.choice(values) for _ in range(9)])
    if in_memory:
        out["A290"] = CellRichText("a", TextBlock(InlineFont(b=True), "b"))
        out["B291"] = "=SUM(A1:A2)"
        out.merge_cells("C3:C5")
        out.row_dimensions[7].hidden = True
    book.save(tmp_path / "book.xlsx")
    laid = [(piece.is_equal, piece.plain is not None) for piece in both_ways(tmp_path / "book.xlsx", 40)]
    assert all(is_equal for is_equal, _ in laid)
    assert sum(taken for _, taken in laid) >= len(laid) - 3 > 3


def is_excels(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


def test_files_with_known_mistakes_are_equal(tmp_path: Path) -> None:
    files = [wrong_file(tmp_path, 5000 + kind, KINDS[kind], more=2)[0] for kind in range(len(KINDS))]
    files += [right_file(tmp_path, 91_000 + seed)[0] for seed in range(10)]
    workbooks = [path for path in files if is_excels(path)]
    laid = [(piece.is_equal, piece.plain is not None) for path in workbooks for piece in both_ways(path)]
    assert all(is_equal for is_equal, _ in laid)
    assert sum(taken for _, taken in laid) > len(laid) * 0.8
