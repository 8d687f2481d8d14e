"""Files made to do harm, or by accident as bad: bombs, lies, tricks, and things that are no workbooks at all.

Each builder writes one file at the path it is given, piece by piece, so that the tests themselves stay small in memory.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import xlwt
from openpyxl import Workbook
from xlwt.CompoundDoc import XlsDoc

from builders.customs_messages import a_message
from builders.customs_messages import an_order as an_xml_order
from builders.plain_pieces import sheet_in_a_book
from builders.workbooks import a_workbook, an_order, sheet_xml, table, with_sheet_xml

MB = 1_000_000
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"
Build = Callable[[Path], object]


@dataclass(frozen=True)
class Hostile:
    """A file of that name, and the problem that must be said of it."""

    name: str
    problem: str
    build: Build

    def __str__(self) -> str:
        return self.name


def base_parts() -> dict[str, bytes]:
    """The parts of an empty workbook."""
    content = io.BytesIO()
    Workbook().save(content)
    with zipfile.ZipFile(content) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def zipped(path: Path, changed: dict[str, bytes | Iterable[bytes]], *, level: int = 1) -> Path:
    """An empty workbook with these parts put in place of its own, or beside them."""
    parts: dict[str, bytes | Iterable[bytes]] = {**base_parts(), **changed}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as packed:
        for name, content in parts.items():
            with packed.open(name, "w", force_zip64=True) as part:
                for block in [content] if isinstance(content, bytes) else content:
                    part.write(block)
    return path


def a_sheet(rows: Iterable[bytes], before: bytes = b"") -> Iterable[bytes]:
    """A worksheet part of these rows."""
    yield before + f'<worksheet xmlns="{SPACE}"><sheetData>'.encode()
    yield from rows
    yield b"</sheetData></worksheet>"


def an_xls(path: Path) -> Path:
    """A good .xls with one order."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    for number, row in enumerate(table([an_order()])):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    book.save(str(path))
    return path


# Zips


def zip_bomb(path: Path) -> None:
    """300 MB of nothing in 300 kB."""
    zipped(path, {SHEET: (bytes(MB) for _ in range(300))}, level=9)


def overlapping_zip_bomb(path: Path) -> None:
    """Many entries that all are the same packed data."""
    zipped(path, {"xl/media/a.bin": bytes(20 * MB)}, level=9)
    with zipfile.ZipFile(path, "a") as packed:
        first = packed.getinfo("xl/media/a.bin")
        for number in range(1000):
            again = zipfile.ZipInfo(f"xl/media/{number}.bin")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type", "flag_bits"):
                setattr(again, name, getattr(first, name))
            packed.filelist.append(again)
        packed._didModify = True  # type: ignore[attr-defined]


def many_entries(path: Path) -> None:
    """200,000 entries of nothing."""
    zipped(path, {})
    with zipfile.ZipFile(path, "a") as packed:
        for number in range(200_000):
            entry = zipfile.ZipInfo(f"a/{number}")
            entry.header_offset = entry.CRC = entry.compress_size = entry.file_size = 0
            packed.filelist.append(entry)
        packed._didModify = True  # type: ignore[attr-defined]


def lying_size(path: Path) -> None:
    """The directory says 1000 bytes; there are 100 MB."""
    zipped(path, {SHEET: a_sheet(b" " * MB for _ in range(100))})
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as packed:
        size = packed.getinfo(SHEET).file_size
    entry = content.index(SHEET.encode(), content.index(b"PK\x01\x02")) - 46
    assert struct.unpack_from("<I", content, entry + 24) == (size,)
    struct.pack_into("<I", content, entry + 24, 1000)
    path.write_bytes(bytes(content))


def with_names(*names: str) -> Build:
    """A good workbook and entries of these names."""

    def build(path: Path) -> None:
        a_workbook(path, table([an_order()]))
        with zipfile.ZipFile(path, "a") as packed:
            for name in names:
                entry = zipfile.ZipInfo("x")
                entry.filename = entry.orig_filename = name
                packed.writestr(entry, b"pwned")

    return build


def doubled(path: Path) -> None:
    """The sheet is there twice: which one is declared?"""
    a_workbook(path, table([an_order()]))
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("xl/worksheets/Sheet1.xml", sheet_xml(table([an_order("OTHER")])))


def encrypted_entries(path: Path) -> None:
    """A zip with a password."""
    content = bytearray(a_workbook(path, table([an_order()])).read_bytes())
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + 8] |= 1
        at += 4
    path.write_bytes(bytes(content))


def cut_at(part: float) -> Build:
    """A workbook of which only a part arrived."""

    def build(path: Path) -> None:
        content = a_workbook(path, table([an_order(f"D-{number}") for number in range(200)])).read_bytes()
        path.write_bytes(content[: int(len(content) * part)])

    return build


# Worksheets


def cells(names: list[str], row: int) -> str:
    return "".join(f'<c r="{name}{row}"><v>1</v></c>' for name in names)


def blanks(names: list[str], row: int) -> str:
    return "".join(f'<c r="{name}{row}" s="1"/>' for name in names)


def errors(names: list[str], row: int) -> str:
    return "".join(f'<c r="{name}{row}" t="e"><v>#N/A</v></c>' for name in names)


def wide(rows: int, *, columns: int = 16_384) -> Build:
    """Cells in every column there is."""

    def build(path: Path) -> None:
        names = [_letters(number) for number in range(columns)]
        zipped(
            path,
            {SHEET: a_sheet(f'<row r="{row}">{cells(names, row)}</row>'.encode() for row in range(1, rows + 1))},
        )

    return build


def in_disguise(cell: str) -> Build:
    """A stray cell at the far end, written so that nobody sees it who looks for `<c r="XFD`."""

    def build(path: Path) -> None:
        part = sheet_xml(table([an_order()])).replace("</sheetData>", f'<row r="1048576">{cell}</row></sheetData>')
        with_sheet_xml(path, part)

    return build


def cells_without_addresses(path: Path) -> None:
    """A row of 300,000 cells that do not say where they are, over 20,000 others."""
    rows = [b"<row>" + b"<c><v>1</v></c>" * 300_000 + b"</row>", b"<row><c><v>1</v></c></row>" * 20_000]
    zipped(path, {SHEET: a_sheet(rows)})


def one_endless_row(path: Path) -> None:
    zipped(path, {SHEET: a_sheet([b'<row r="1">', *[b'<c r="A1"><v>1</v></c>' * 50_000] * 60, b"</row>"])})


def large_sheet(path: Path) -> None:
    """200 MB of numbers that are no declaration."""
    names = [_letters(number) for number in range(60)]

    def rows() -> Iterable[bytes]:
        for row in range(1, 130_000):
            yield f'<row r="{row}">{cells(names, row)}</row>'.encode()

    zipped(path, {SHEET: a_sheet(rows())})


def styled_blanks(path: Path) -> None:
    """One order, and below it 200,000 rows of 20 blank cells that have a style."""
    with_sheet_xml(path, sheet_xml(table([an_order()])))
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    names = [_letters(number) for number in range(20)]

    def rows() -> Iterable[bytes]:
        yield parts[SHEET].removesuffix(b"</sheetData></worksheet>")
        for row in range(3, 200_000):
            yield f'<row r="{row}">{blanks(names, row)}</row>'.encode()
        yield b"</sheetData></worksheet>"

    zipped(path, {**parts, SHEET: rows()})


def one_cell_with(address: bytes) -> Build:
    return lambda path: zipped(
        path, {SHEET: a_sheet([b'<row r="1"><c r="A1"><v>1</v></c><c %b><v>1</v></c></row>' % address])}
    )


def date_beyond_all_dates(path: Path) -> None:
    sheet_in_a_book(path, '<row r="1"><c r="A1" s="1"><v>-100000000000000000</v></c></row>')


def deep_sheet(path: Path) -> None:
    zipped(path, {SHEET: a_sheet([b"<row>", *[b"<a>" * 100_000] * 5, b"</row>"])})


def errors_everywhere(path: Path) -> None:
    """2 million error cells, each of which must be read in a special way."""
    names = [_letters(number) for number in range(100)]

    def rows() -> Iterable[bytes]:
        for row in range(1, 20_000):
            yield f'<row r="{row}">{errors(names, row)}</row>'.encode()

    zipped(path, {SHEET: a_sheet(rows())})


def sheet_with(declaration: bytes) -> Build:
    """A document type in front of the worksheet."""
    return lambda path: zipped(
        path, {SHEET: a_sheet([b'<row r="1"><c r="A1" t="str"><v>&e8;</v></c></row>'], declaration)}
    )


def workbook_with(declaration: bytes) -> Build:
    """A document type in front of the list of sheets."""

    def build(path: Path) -> None:
        workbook = base_parts()["xl/workbook.xml"].replace(b"<workbook ", declaration + b"<workbook ", 1)
        zipped(path, {"xl/workbook.xml": workbook.replace(b'name="Sheet"', b'name="&e8;"')})

    return build


def huge_part(name: str, start: bytes, element: bytes, megabytes: int) -> Build:
    """A part of very many elements."""
    block = element * (MB // len(element))
    root = start.rpartition(b"<")[2]
    return lambda path: zipped(path, {name: _chain([start], (block for _ in range(megabytes)), [b"</" + root])})


def texts_in_cells(texts: list[bytes], rows: int, of_a_row: int) -> Build:
    """One order, then rows of cells that each have one of these shared texts: bytes by the dozen that stand for much more."""

    def build(path: Path) -> None:
        part = sheet_xml(table([an_order()]))
        names = [_letters(number) for number in range(of_a_row)]

        def all_rows() -> Iterable[bytes]:
            yield part.removesuffix("</sheetData></worksheet>").encode()
            for row in range(3, 3 + rows):
                texts_of = (f'<c r="{name}{row}" t="s"><v>{row % len(texts)}</v></c>' for name in names)
                yield f'<row r="{row}">{"".join(texts_of)}</row>'.encode()
            yield b"</sheetData></worksheet>"

        shared = b"".join(b"<si>%b</si>" % text for text in texts)
        zipped(path, {SHEET: all_rows(), TEXTS: b'<sst xmlns="%b">%b</sst>' % (SPACE.encode(), shared)})

    return build


def largest_texts(path: Path) -> None:
    """One order, and beside it as many texts as may be shared: 3.5 million in 126 MB."""
    block = "<si><t>测试省测试市</t></si>".encode() * 100_000
    rows = sheet_xml(table([an_order()])).encode()
    zipped(path, {SHEET: rows, TEXTS: _chain([b"<sst>"], (block for _ in range(35)), [b"</sst>"])})


def many_sheets(path: Path) -> None:
    """3,000 sheets, all of which are one part."""
    parts = base_parts()
    sheets = "".join(f'<sheet name="s{number}" sheetId="{number}" r:id="rId1"/>' for number in range(1, 3001)).encode()
    workbook = parts["xl/workbook.xml"]
    begin, end = workbook.index(b"<sheets>") + 8, workbook.index(b"</sheets>")
    relation = b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id'
    workbook = workbook[:begin] + sheets.replace(b"r:id", relation) + workbook[end:]
    rows = (f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>'.encode() for row in range(1, 100_000))
    zipped(path, {"xl/workbook.xml": workbook, SHEET: a_sheet(rows)})


# .xls


def patched_xls(*patches: tuple[int, bytes]) -> Build:
    """An .xls with bytes of its header overwritten."""

    def build(path: Path) -> None:
        content = bytearray(an_xls(path).read_bytes())
        for at, value in patches:
            content[at : at + len(value)] = value
        path.write_bytes(bytes(content))

    return build


def xls_stream(change: Callable[[bytes], bytes]) -> Build:
    """An .xls whose records were changed."""

    def build(path: Path) -> None:
        book = xlwt.Workbook()
        sheet = book.add_sheet("Sheet1")
        for column, value in enumerate(an_order()):
            sheet.write(0, column, value)
        stream = change(book.get_biff_data())
        XlsDoc().save(str(path), stream)

    return build


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def after_the_beginning(extra: bytes) -> Callable[[bytes], bytes]:
    """Put in right after the first record."""

    def change(stream: bytes) -> bytes:
        (length,) = struct.unpack_from("<H", stream, 2)
        return stream[: 4 + length] + extra + stream[4 + length :]

    return change


def in_the_sheet(extra: bytes) -> Callable[[bytes], bytes]:
    """Put in right before the end of the last substream."""
    return lambda stream: stream[:-4] + extra + stream[-4:]


def many_cells(stream: bytes) -> bytes:
    """20,000 rows of 256 numbers, each row in one record."""
    numbers = struct.pack("<HI", 0, 0x3FF00000) * 256
    rows = (record(0xBD, struct.pack("<HH", row, 0) + numbers + struct.pack("<H", 255)) for row in range(1, 20_000))
    return stream[:-4] + b"".join(rows) + stream[-4:]


def lying_lengths(stream: bytes) -> bytes:
    """Every shared text says that it is 65,535 characters long."""
    at = stream.index(struct.pack("<H", 0xFC))
    return stream[: at + 12] + b"\xff\xff" + stream[at + 14 :]


def renamed_stream(name: str) -> Build:
    """A compound file whose one stream is not `Workbook`."""

    def build(path: Path) -> None:
        content = bytearray(an_xls(path).read_bytes())
        at = content.index("Workbook".encode("utf-16-le"))
        new = name.encode("utf-16-le")
        content[at : at + 64] = new.ljust(64, b"\0")
        struct.pack_into("<H", content, at + 64, len(new) + 2)
        path.write_bytes(bytes(content))

    return build


# XML

LAUGHS = "".join(f'<!ENTITY e{n} "{"".join([f"&e{n - 1};"] * 10) if n else "x" * 100}">' for n in range(9))


def message_with(declaration: str, value: str = "&e8;", encoding: str = "utf-8") -> Build:
    """A good message with a document type before it, and a value that calls on it."""

    def build(path: Path) -> None:
        message = a_message(an_xml_order("D-1"), before_root=declaration).decode()
        message = message.replace("试验甲", value).replace("UTF-8", encoding)
        path.write_bytes(message.encode(encoding))

    return build


def large_message(path: Path) -> None:
    with path.open("wb") as out:
        out.write(b'<?xml version="1.0"?><a>')
        for _ in range(200):
            out.write(b"x" * MB)
        out.write(b"</a>")


def many_elements(path: Path) -> None:
    with path.open("wb") as out:
        out.write(b'<?xml version="1.0"?><a>')
        for _ in range(100):
            out.write(b"<b/>" * 250_000)
        out.write(b"</a>")


def many_elements_in_ebcdic(path: Path) -> None:
    path.write_bytes(b'<?xml version="1.0" encoding="IBM037"?>' + ("<a>" + "<b/>" * MB + "</a>").encode("cp037"))


def deep_message(path: Path) -> None:
    path.write_bytes(b'<?xml version="1.0"?>' + b"<a>" * 900_000)


def all_fields_wrong(path: Path) -> None:
    """100 orders of 99 goods lines, and not one value that fits."""
    message = a_message(*[an_xml_order(f"D-{number}") for number in range(100)]).decode()
    start, end = message.index("<ceb:OrderList>"), message.index("</ceb:OrderList>") + len("</ceb:OrderList>")
    line = message[start:end]
    many = "".join(line.replace("<ceb:qty>", "<ceb:qty>x").replace("<ceb:price>", "<ceb:price>x") for _ in range(99))
    path.write_text(message.replace(line, many), encoding="utf-8")


# Text


def one_line(path: Path) -> None:
    """A CSV of one line of 200 MB."""
    with path.open("wb") as out:
        out.write("订单编号,".encode())
        for _ in range(200):
            out.write(b"abcde,ghi," * 100_000)


def one_quote(path: Path) -> None:
    """A CSV whose first quote never ends: 200 MB of lines in one field, or so it seems."""
    with path.open("wb") as out:
        out.write(b'a,b\n"')
        for _ in range(200):
            out.write(b"abcdefgh,\n" * 100_000)


def one_row_of_many_lines(path: Path) -> None:
    """A CSV whose every line begins and ends within quotes."""
    with path.open("wb") as out:
        out.write(b'x,"')
        for _ in range(50):
            out.write(b'\n","' * 250_000)


def many_lines(path: Path) -> None:
    """A CSV of 50 million empty lines."""
    with path.open("wb") as out:
        for _ in range(50):
            out.write(b"\n" * MB)


def zeros(path: Path) -> None:
    path.write_bytes(b"a,b\n" * 2000 + b"\0" * 1000)


def holding(content: bytes) -> Build:
    return lambda path: path.write_bytes(content)


def zip_of(*names: str) -> Build:
    def build(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as packed:
            for name in names:
                packed.writestr(name, "<x/>")

    return build


def _letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _chain(*many: Iterable[bytes]) -> Iterable[bytes]:
    for one in many:
        yield from one


XML_LAUGHS, FAR = f"<!DOCTYPE m [{LAUGHS}]>", '<c r="XFD1048576"><v>1</v></c>'
PWNED = "/tmp/cebd-pwned"
FETCH = '<!DOCTYPE m [<!ENTITY e8 SYSTEM "{}">]>'
DOC = b"<html><head></head><body><table><tr><td>D-1</td></tr></table></body></html>"
EXCEL_2003 = (
    b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>'
)

HOSTILE = (
    # Zips
    Hostile("bomb.xlsx", "CEBD-1025", zip_bomb),
    Hostile("overlapping.xlsx", "CEBD-1022", overlapping_zip_bomb),
    Hostile("entries.xlsx", "CEBD-1025", many_entries),
    Hostile("lying-size.xlsx", "CEBD-1021", lying_size),
    Hostile("dotdot.xlsx", "CEBD-1025", with_names(f"../../../../../..{PWNED}")),
    Hostile("absolute.xlsx", "CEBD-1025", with_names(PWNED)),
    Hostile("drive.xlsx", "CEBD-1025", with_names("C:\\cebd-pwned")),
    Hostile("backslash.xlsx", "CEBD-1025", with_names("..\\..\\cebd-pwned")),
    Hostile("twice.xlsx", "CEBD-1025", doubled),
    Hostile("encrypted-entries.xlsx", "CEBD-1020", encrypted_entries),
    Hostile("far-in-small-letters.xlsx", "CEBD-1022", one_cell_with(b'r="xfd1048576"')),
    Hostile("two-addresses.xlsx", "CEBD-1021", one_cell_with(b'r="B1" r="XFD1048576"')),
    Hostile("far-date.xlsx", "CEBD-1021", date_beyond_all_dates),
    Hostile("cut-10.xlsx", "CEBD-1021", cut_at(0.1)),
    Hostile("cut-50.xlsx", "CEBD-1021", cut_at(0.5)),
    Hostile("cut-99.xlsx", "CEBD-1021", cut_at(0.99)),
    # Worksheets
    Hostile("wide.xlsx", "CEBD-1022", wide(100)),
    Hostile("wide-and-tall.xlsx", "CEBD-1022", wide(400)),
    Hostile("far.xlsx", "CEBD-1022", in_disguise(FAR)),
    Hostile("far-quotes.xlsx", "CEBD-1022", in_disguise("<c r='XFD1048576'><v>1</v></c>")),
    Hostile("far-blanks.xlsx", "CEBD-1022", in_disguise('<c  t="n"\n r="XFD1048576" ><v>1</v></c>')),
    Hostile("far-slash.xlsx", "CEBD-1022", in_disguise('<c x="a/b" r="XFD1048576"><v>1</v></c>')),
    Hostile("far-prefix.xlsx", "CEBD-1022", in_disguise(f'<z:c xmlns:z="{SPACE}" r="XFD1048576"><v>1</v></z:c>')),
    Hostile("no-addresses.xlsx", "CEBD-1022", cells_without_addresses),
    Hostile("endless-row.xlsx", "CEBD-1022", one_endless_row),
    Hostile("deep.xlsx", "CEBD-1083", deep_sheet),
    Hostile("sheet-laughs.xlsx", "CEBD-1025", sheet_with(XML_LAUGHS.encode())),
    Hostile("sheet-file.xlsx", "CEBD-1025", sheet_with(FETCH.format("file:///etc/hostname").encode())),
    Hostile("book-laughs.xlsx", "CEBD-1025", workbook_with(XML_LAUGHS.encode())),
    Hostile("book-file.xlsx", "CEBD-1025", workbook_with(FETCH.format("file:///etc/hostname").encode())),
    Hostile("texts.xlsx", "CEBD-1022", huge_part(TEXTS, b"<sst>", b"<si><t>abcdefghijk</t></si>", 140)),
    Hostile("many-texts.xlsx", "CEBD-1022", huge_part(TEXTS, b"<sst>", b"<si/>", 100)),
    Hostile("tags-in-texts.xlsx", "CEBD-1022", huge_part(TEXTS, b"<sst>", b"<si><z/><z/><z/><z/></si>", 20)),
    Hostile("one-odd-text.xlsx", "CEBD-1022", huge_part(TEXTS, b"<sst><si>", b"<z/>", 20)),
    Hostile("long-text.xlsx", "CEBD-1022", texts_in_cells([b"<t>" + b"x" * MB + b"</t>"], 20, 60)),
    Hostile("one-number.xlsx", "CEBD-1022", texts_in_cells([b"<t>1</t>"], 25_000, 30)),
    Hostile("long-texts.xlsx", "CEBD-1022", texts_in_cells([b"<t>" + b"x" * 30_000 + b"</t>"], 1200, 20)),
    Hostile(
        "text-out-of-its-cell.xlsx",
        "CEBD-1021",
        texts_in_cells([b'<t>x</t></is></c><c r="XFD1048576"><v>1</v></c><c r="A9"><is><t>x</t>'], 5, 5),
    ),
    Hostile("texts-laugh.xlsx", "CEBD-1025", huge_part(TEXTS, XML_LAUGHS.encode() + b"<sst>", b"<si/>", 1)),
    Hostile("styles.xlsx", "CEBD-1022", huge_part("xl/styles.xml", b"<styleSheet>", b"<xf/>", 30)),
    Hostile("many-sheets.xlsx", "CEBD-1025", many_sheets),
    # Other files under the name of a workbook
    Hostile("pdf.xlsx", "CEBD-1024", holding(b"%PDF-1.7\n" + bytes(100))),
    Hostile("picture.xls", "CEBD-1065", holding(b"\x89PNG\r\n\x1a\n" + bytes(100))),
    Hostile("program.xlsx", "CEBD-1024", holding(b"MZ" + bytes(100))),
    Hostile("rar.xlsx", "CEBD-1024", holding(b"Rar!\x1a\x07\x01" + bytes(100))),
    Hostile("bytes.xlsx", "CEBD-1024", holding(bytes(range(256)) * 10)),
    Hostile("page.xls", "CEBD-1002", holding(DOC)),
    Hostile("page-utf16.xls", "CEBD-1002", holding(DOC.decode().encode("utf-16"))),
    Hostile("page.csv", "CEBD-1002", holding(DOC)),
    Hostile("excel2003.xls", "CEBD-1083", holding(EXCEL_2003)),
    Hostile("excel2003.xml", "CEBD-1083", holding(EXCEL_2003)),
    Hostile("login.xls", "CEBD-1024", holding(b"<html><body>login</body></html>")),
    Hostile("deep-page.xls", "CEBD-1021", holding(b"<table><tr><td>" + b"<b>" * 240 + b"D-1</table>")),
    Hostile("laughs2003.xls", "CEBD-1025", holding(EXCEL_2003.replace(b"?><W", b"?>" + XML_LAUGHS.encode() + b"<W"))),
    Hostile("encrypted.xlsx", "CEBD-1064", holding(b"%TSD-Header-###%" + bytes(range(256)))),
    Hostile("word.xlsx", "CEBD-1024", zip_of("[Content_Types].xml", "word/document.xml")),
    Hostile("binary.xlsx", "CEBD-1024", zip_of("[Content_Types].xml", "xl/workbook.bin")),
    Hostile("open.xlsx", "CEBD-1024", zip_of("mimetype", "content.xml")),
    Hostile("archive.xlsx", "CEBD-1024", zip_of("orders.xlsx")),
    Hostile("letter.pdf", "CEBD-1024", holding(b"%PDF-1.7\n" + bytes(100))),
    *(Hostile(f"empty{suffix}", "CEBD-1027", holding(b"")) for suffix in (".xlsx", ".xls", ".xlsm", ".csv")),
    Hostile("empty.xml", "CEBD-1026", holding(b"")),
    # .xls
    Hostile("password.xls", "CEBD-1020", xls_stream(after_the_beginning(record(0x2F, bytes(6))))),
    Hostile("password.xlsx", "CEBD-1020", renamed_stream("EncryptedPackage")),
    Hostile("word.xls", "CEBD-1024", renamed_stream("WordDocument")),
    Hostile("excel95.xls", "CEBD-1024", renamed_stream("Book")),
    Hostile("cut.xls", "CEBD-1021", lambda path: path.write_bytes(an_xls(path).read_bytes()[:1500])),
    Hostile("sectors.xls", "CEBD-1021", patched_xls((30, b"\xff\xff"))),
    Hostile("directory.xls", "CEBD-1021", patched_xls((48, b"\x00\xff\xff\x00"))),
    Hostile("tables.xls", "CEBD-1021", patched_xls((68, b"\0\0\0\0"), (76, b"\0" * 436))),
    Hostile("lying-texts.xls", "CEBD-1021", xls_stream(lying_lengths)),
    Hostile("cells.xls", "CEBD-1022", xls_stream(many_cells)),
    Hostile("far.xls", "CEBD-1022", xls_stream(in_the_sheet(record(0x203, struct.pack("<HHHd", 65535, 255, 0, 1.0))))),
    # XML
    Hostile("laughs.xml", "CEBD-1025", message_with(XML_LAUGHS)),
    Hostile("laughs-utf16.xml", "CEBD-1025", message_with(XML_LAUGHS, encoding="utf-16")),
    Hostile("file.xml", "CEBD-1025", message_with(FETCH.format("file:///etc/hostname"))),
    Hostile("dtd.xml", "CEBD-1025", message_with('<!DOCTYPE m SYSTEM "http://127.0.0.1:9/m.dtd">', "x")),
    Hostile("dtd.xlsx", "CEBD-1025", message_with(XML_LAUGHS)),
    Hostile("large.xml", "CEBD-1022", large_message),
    Hostile("elements.xml", "CEBD-1022", many_elements),
    Hostile("ebcdic.xml", "CEBD-1026", many_elements_in_ebcdic),
    Hostile("deep.xml", "CEBD-1026", deep_message),
    Hostile("half.xml", "CEBD-1026", lambda path: path.write_bytes(a_message(an_xml_order("D-1"))[:-30])),
    # Text
    Hostile("line.csv", "CEBD-1022", one_line),
    Hostile("line.xlsx", "CEBD-1022", one_line),
    Hostile("quote.csv", "CEBD-1070", one_quote),
    Hostile("lines-in-quotes.csv", "CEBD-1022", one_row_of_many_lines),
    Hostile("lines.csv", "CEBD-1022", many_lines),
    Hostile("zeros.csv", "CEBD-1001", zeros),
    Hostile("zeros-only.csv", "CEBD-1001", holding(bytes(1000))),
    Hostile("utf16-unmarked.csv", "CEBD-1001", holding("订单编号,a\n".encode("utf-16-le") * 10)),
)
