"""A file that is still being written, or was cut off, is told from one that is all there."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from builders.hostile_files import an_xls
from cebd.documents.workbooks.whole import End, ending_of
from cebd.trial.rows import order_rows, write_workbook

CSV = '订单编号,商品名称,数量\nA-1,"罐, 大",1\nA-2,罐,2\n'
XML = '<?xml version="1.0"?>\n<!-- of <today> -->\n<ceb:CEB311Message xmlns:ceb="x"><a b="1"/></ceb:CEB311Message>\n'


def end(path: Path, content: bytes) -> End:
    path.write_bytes(content)
    return ending_of(path).end


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_cut_anywhere_is_not_taken_for_whole(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "o.csv"
    assert end(file, CSV.encode(encoding)) is End.WHOLE
    for stop in range(CSV.index("A-1") + 1, len(CSV)):
        found = end(file, CSV[:stop].encode(encoding))
        cells = CSV[:stop].rpartition("\n")[2].count(",")
        if CSV[stop - 1] == "\n":
            assert found is End.WHOLE
        elif '"罐' in CSV[:stop].rpartition("\n")[2] and not CSV[:stop].endswith(("1", "1\n")):
            assert found is End.CUT or CSV[:stop].endswith(",")
        else:
            assert found is (End.NO_LINE_END if cells >= 2 else End.CUT), CSV[:stop]


def test_an_open_quote_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    file.write_text('a,b\n1,2\n3,"4\n5,6\n')
    assert ending_of(file)[:1] + ending_of(file)[2:] == (End.CUT, 3)


@pytest.mark.parametrize(
    "content",
    [b"a,b\r\n1,2\r\n\x1a", b"only a note", b"a;b\n1;2\n", b"a,b\n1,5\" x\n2,y\n"],
    ids=["Ctrl-Z behind it", "no table", "semicolons", "an inch"],
)  # fmt: skip
def test_what_is_all_there_is_whole(tmp_path: Path, content: bytes) -> None:
    assert end(tmp_path / "o.csv", content) is End.WHOLE


@pytest.mark.parametrize("name", ["o.xlsx", "o.xls", "o.csv", "o.xml"])
def test_nothing_at_all_is_the_beginning_of_a_copy(tmp_path: Path, name: str) -> None:
    assert end(tmp_path / name, b"") is End.CUT


def test_room_made_before_the_bytes_come_is_no_end(tmp_path: Path) -> None:
    """Windows makes a file as long as it is to be, and fills it then."""
    assert end(tmp_path / "o.csv", CSV.encode() + b"\0" * 100) is End.CUT
    assert end(tmp_path / "o.xml", XML.encode()[:80] + b"\0" * 100) is End.CUT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_xml_without_its_closing_tag_is_cut(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "o.xml"
    assert end(file, XML.encode(encoding)) is End.WHOLE
    assert (
        end(file, XML.rstrip().encode(encoding) + "<!-- end -->".encode(encoding.replace("16", "16-le"))) is End.WHOLE
    )
    assert end(file, "<a b='1'/>".encode(encoding)) is End.WHOLE
    for stop in range(1, len(XML.rstrip())):
        assert end(file, XML[:stop].encode(encoding)) is End.CUT, XML[:stop]


def test_a_workbook_cut_anywhere_is_cut(tmp_path: Path) -> None:
    write_workbook(tmp_path / "whole.xlsx", "order", list(order_rows(3)))
    for whole in ((tmp_path / "whole.xlsx").read_bytes(), an_xls(tmp_path / "whole.xls").read_bytes()):
        file = tmp_path / "o.xlsx"
        assert end(file, whole) is End.WHOLE
        for stop in (600, len(whole) // 2, len(whole) - 1200, *((len(whole) - 1,) if whole[:2] == b"PK" else ())):
            assert end(file, whole[:stop]) is End.CUT, stop
            if whole[:2] == b"PK" and stop < len(whole) - 1:
                assert end(file, whole[:stop] + b"\0" * (len(whole) - stop)) is End.CUT


def test_a_zip_with_a_comment_is_whole(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "o.xlsx", "w") as archive:
        archive.writestr("a", "b")
        archive.comment = b"PK and more"
    content = (tmp_path / "o.xlsx").read_bytes()
    assert ending_of(tmp_path / "o.xlsx").end is End.WHOLE
    assert end(tmp_path / "o.xlsx", content[:-3]) is End.CUT
