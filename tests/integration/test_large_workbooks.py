"""A workbook too large to be read at one go is read piece by piece, and says the same as if it were small."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.hostile_files import SHEET, SPACE, TEXTS, zipped
from builders.workbooks import Opened, a_workbook, an_order, sheet_xml, table, with_sheet_xml
from cebd.documents.workbooks.sheets import read_sheets
from cebd.documents.workbooks.unreadable import Unreadable
from cebd.documents.workbooks.xlsx import archive
from cebd.documents.workbooks.xlsx import pieces as sheet_pieces
from cebd.documents.workbooks.xlsx import read as xlsx
from cebd.documents.workbooks.xlsx.pieces import Frame, cut, inspect, parted

ORDERS = table([an_order(f"D-{number}", 收货地址=f"测试路{number}号") for number in range(300)])
READY = [f"D-{number}" for number in range(300)]


@pytest.fixture(autouse=True, params=["narrow", "wide"])
def small_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is large: 50 kB are more than is read at one go; and of wide sheets, 70 rows more than are laid out at once."""
    monkeypatch.setattr(archive, "_BLOCK_BYTES", 10_000)
    monkeypatch.setattr(xlsx, "PIECE_BYTES", 50_000)
    monkeypatch.setattr(xlsx, "_TIMES_LARGER", 1)
    monkeypatch.setattr(cut, "__defaults__", (50_000,))
    if request.param == "wide":
        monkeypatch.setattr(sheet_pieces, "_PIECE_ROWS", 70)
        monkeypatch.setattr(sheet_pieces, "MAX_CELLS", 70 * 702)
        monkeypatch.setattr(sheet_pieces, "_WIDTHS", sheet_pieces._WIDTHS[:1])


def test_every_order_is_read_once_and_on_its_row(tmp_path: Path) -> None:
    opened = Opened(a_workbook(tmp_path / "o.xlsx", ORDERS))
    assert opened.ready == READY
    assert [record.rows for record in opened.records] == [(number,) for number in range(2, 302)]


def test_rows_without_numbers_are_counted_across_pieces(tmp_path: Path) -> None:
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", sheet_xml(ORDERS, numbered=False)))
    assert opened.ready == READY
    assert opened.records[-1].rows == (301,)


def test_a_prefix_on_every_element_changes_nothing(tmp_path: Path) -> None:
    part = sheet_xml(ORDERS).replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")
    assert Opened(with_sheet_xml(tmp_path / "o.xlsx", part)).ready == READY


def test_blank_rows_between_pieces_keep_their_number(tmp_path: Path) -> None:
    part = sheet_xml(ORDERS).replace('<row r="200">', '<row r="90000">').replace('200" t=', '90000" t=')
    for number in range(201, 302):
        part = part.replace(f'<row r="{number}">', f'<row r="{number + 90000}">')
        part = part.replace(f'{number}" t=', f'{number + 90000}" t=')
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", part))
    assert opened.ready == READY
    assert [record.rows for record in opened.records[197:200]] == [(199,), (90000,), (90201,)]


def test_formulas_errors_and_hidden_rows_are_seen_in_every_piece(tmp_path: Path) -> None:
    rows = [list(row) for row in ORDERS]
    rows[280][21] = '<c r="{at}" t="e"><f>A1</f><v>#N/A</v></c>'
    rows[290][22] = '<c r="{at}" s="1"><v>35</v></c>'
    part = sheet_xml(rows).replace('<row r="286">', '<row r="286" hidden="1">')
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", part))
    assert opened.found(279) == [("CEBD-1213", "V281")]
    assert "<ceb:unit>035</ceb:unit>" in opened.records[289].xml
    assert [(one.id, one.place.row) for one in opened.records[284].problems] == [("CEBD-1060", 286)]
    assert len(opened.ready) == len(opened.records) - 2


def test_a_row_without_any_height_is_held_back_in_a_later_piece(tmp_path: Path) -> None:
    part = sheet_xml(ORDERS).replace('<row r="286">', '<row r="286" ht="0" customHeight="1">')
    opened = Opened(with_sheet_xml(tmp_path / "o.xlsx", part))
    assert [(one.id, one.place.row) for one in opened.records[284].problems] == [("CEBD-1060", 286)]
    assert len(opened.ready) == len(opened.records) - 1


def test_merged_cells_hold_for_rows_of_later_pieces(tmp_path: Path) -> None:
    part = sheet_xml(ORDERS).replace(
        "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="C280:C282"/></mergeCells>'
    )
    (sheet,) = read_sheets(with_sheet_xml(tmp_path / "o.xlsx", part))
    assert sheet.merged_down() == [(2, 280, 282)]


def test_rows_out_of_order_are_refused_and_never_put_in_another_place(tmp_path: Path) -> None:
    part = sheet_xml(ORDERS).replace('<row r="250">', '<row r="3">')
    with pytest.raises(Unreadable, match=r"out of order|another row"):
        Opened(with_sheet_xml(tmp_path / "o.xlsx", part))


def test_a_sheet_cut_off_in_a_later_piece_is_refused(tmp_path: Path) -> None:
    part = sheet_xml(ORDERS)
    with pytest.raises(Unreadable):
        Opened(with_sheet_xml(tmp_path / "o.xlsx", part[: len(part) * 3 // 4]))


def test_small_and_large_sheets_of_one_workbook_are_all_read(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "o.xlsx", ORDERS, [["备注"], ["x"]], [], table([an_order("OTHER")]))
    opened = Opened(book)
    assert opened.ready == [*READY, "OTHER"]
    assert opened.said() == ["CEBD-1018"]


@pytest.mark.parametrize("block", [7, 100, 10_000])
def test_nothing_is_lost_or_doubled_wherever_the_cuts_fall(block: int) -> None:
    part = sheet_xml(ORDERS).encode()
    pieces = list(cut((part[at : at + block] for at in range(0, len(part), block)), 20_000))
    rows = b"".join(one for one in pieces if not isinstance(one, Frame))
    before, after = pieces[-1].before, pieces[-1].after  # type: ignore[union-attr]
    assert before + rows + b"</sheetData>" + after == part


def test_a_piece_is_parted_until_it_spans_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_pieces, "_PIECE_ROWS", 70)
    rows = b"".join(b'<row r="%d"/>' % number for number in (1, 2, 60, 71, 72, 1000, 1_048_576))
    parts = list(parted(inspect(rows, b"", 0), b""))
    assert b"".join(one.rows for one in parts) == rows
    assert all(one.last - one.first < 70 for one in parts)


# Texts that cells share, as Excel writes them


SHARED = '<c r="{at}" t="s"><v>{number}</v></c>'


def with_shared_texts(path: Path, cell: str = SHARED, prefix: str = "", between: str = "") -> Path:
    """The orders, every text in the table of texts; `cell` is how a cell names its text."""
    texts = list(dict.fromkeys(str(value) for row in ORDERS for value in row))
    numbers = {text: str(number) for number, text in enumerate(texts)}
    rows = [[cell.replace("{number}", numbers[str(value)]) for value in row] for row in ORDERS]
    table_of_texts = between.join(f"<{prefix}si><{prefix}t>{text}</{prefix}t></{prefix}si>" for text in texts)
    space = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    whole = f'<{prefix}sst {space}="{SPACE}">{table_of_texts}</{prefix}sst>'
    return zipped(path, {SHEET: sheet_xml(rows).encode(), TEXTS: whole.encode()})


@pytest.mark.parametrize(
    "cell",
    [
        SHARED,
        '<c r="{at}" s="0" t="s"><v>{number}</v></c>',
        '<c r="{at}" t="s" s="0"><v>{number}</v></c>',
        "<c t='s' r='{at}'><v>{number}</v></c>",
        '<c r="{at}" t = "s" ><v> {number} </v></c>',
        '<c r="{at}" t="s"><!-- 7 --><v>{number}</v></c>',
        '<c r="{at}" t="s"><f>A1</f><v><![CDATA[{number}]]></v></c>',
    ],
)
def test_texts_that_cells_share_are_in_their_cells_however_these_are_written(tmp_path: Path, cell: str) -> None:
    assert Opened(with_shared_texts(tmp_path / "o.xlsx", cell)).ready == READY


@pytest.mark.parametrize(("prefix", "between"), [("x:", ""), ("", "\n  "), ("", "<!-- -->")])
def test_the_table_of_texts_is_read_however_it_is_written(tmp_path: Path, prefix: str, between: str) -> None:
    assert Opened(with_shared_texts(tmp_path / "o.xlsx", prefix=prefix, between=between)).ready == READY


def test_a_piece_that_its_texts_make_too_long_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "_MAX_FILLED_PIECE_BYTES", 120_000)
    opened = Opened(with_shared_texts(tmp_path / "o.xlsx"))
    assert opened.ready == READY
    assert [record.rows for record in opened.records] == [(number,) for number in range(2, 302)]


def test_texts_that_make_a_workbook_too_large_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_UNPACKED_BYTES", 300_000)
    with pytest.raises(Unreadable, match="too large"):
        Opened(with_shared_texts(tmp_path / "o.xlsx"))


@pytest.mark.parametrize("number", ["9999999", "-1", "x"])
def test_a_cell_whose_text_is_not_there_is_never_taken_for_blank(tmp_path: Path, number: str) -> None:
    with pytest.raises(Unreadable):
        Opened(with_shared_texts(tmp_path / "o.xlsx", SHARED.replace("{number}", number)))


KINDS_OF_TEXT = {
    "<t>a&lt;b &amp; c</t>": "a<b & c",
    '<t xml:space="preserve"> a </t>': " a ",
    "<r><rPr><b/><color rgb='FF0000'/></rPr><t>测</t></r><r><t>试</t></r><rPh sb='0' eb='1'><t>ce</t></rPh>": "测试",
    "<t>测</t><phoneticPr fontId='3' type='noConversion'/>": "测",
    "<t/>": "",
    "<t>&#x6d4b;&#35797;</t>": "测试",
    '<t> t="s"&gt;&lt;v&gt;1</t>': 't="s"><v>1',
}


@pytest.mark.parametrize("end", ["</sst>", "<extLst><ext/></extLst></sst>", "<!-- --></sst>"])
def test_every_kind_of_text_is_read_as_it_shows(tmp_path: Path, end: str) -> None:
    texts = "".join(f"<si>{text}</si>" for text in KINDS_OF_TEXT)
    row = [SHARED.replace("{number}", str(number)) for number in range(len(KINDS_OF_TEXT))]
    parts = {SHEET: sheet_xml([row] * 900).encode(), TEXTS: f'<sst xmlns="{SPACE}">{texts}{end}'.encode()}
    (sheet,) = read_sheets(zipped(tmp_path / "o.xlsx", parts))
    rows = list(sheet.rows())
    assert len(rows) == 900
    assert all(row == list(KINDS_OF_TEXT.values()) for row in rows)
