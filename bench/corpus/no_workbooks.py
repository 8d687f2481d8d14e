"""Files that are no workbook, whatever their name says, or that cannot be opened: each is called what it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from corpus.kinds import XLSX, Kind, Planted, Planting
from corpus.sheets import Book

_CEB = 'xmlns:ceb="http://www.chinaport.gov.cn/ceb" guid="4CDE1CFD-EDED-46B1-946C-B8022E42FC94" version="1.0"'
_RECEIPT = (
    f"<?xml version='1.0' encoding='UTF-8'?><ceb:CEB312Message {_CEB}><ceb:OrderReturn/></ceb:CEB312Message>".encode()
)
_ORDER = f"<?xml version='1.0' encoding='UTF-8'?><ceb:CEB311Message {_CEB}><ceb:Order></ceb:Order></ceb:CEB311Message>".encode()
_ENVELOPE = b'<?xml version="1.0" encoding="UTF-8"?><DxpMsg xmlns="http://www.chinaport.gov.cn/dxp" ver="1.0"><TransInfo/></DxpMsg>'
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _file(name: str, problem: str, content: Callable[[], bytes], suffixes: tuple[str, ...] = XLSX) -> Kind:
    def plant(planting: Planting) -> None:
        def change(book: Book) -> list[Planted]:
            book.content = content()
            return [Planted("", problem, None, None, None)]

        planting.afterwards.append(change)

    return Kind(name, problem, plant, suffixes, two_sheets=False, alone=True)


def _zip_of(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return made.getvalue()


def _half_a_workbook() -> bytes:
    whole = _zip_of(xl__workbook_dot_xml=b"<workbook/>" * 200, xl__worksheets__sheet1_dot_xml=b"<worksheet/>" * 500)
    return whole[: len(whole) // 2]


def _locked(planting: Planting) -> None:
    planting.afterwards.append(lambda _book: [Planted("", "CEBD-1020", None, None, None)])


def _half_quoted() -> bytes:
    return '订单编号,订购人姓名,商品名称\nDD0001,测试甲,"蜂蜜 500克\nDD0002,测试乙,面霜\nDD0003,测试丙,面霜\n'.encode()


KINDS = (
    Kind("a workbook with a password of its own", "CEBD-1020", _locked, ("secret.xlsx",), alone=True),
    _file("a receipt of customs", "CEBD-1007", lambda: _RECEIPT, (".xml",)),
    _file("a message that is cut off", "CEBD-1026", lambda: _ORDER[:-40], (".xml",)),
    _file("a message in its envelope", "CEBD-1076", lambda: _ENVELOPE, (".xml",)),
    _file("a picture in PNG", "CEBD-1065", lambda: b"\x89PNG\r\n\x1a\n" + bytes(64)),
    _file("a photograph in JPEG", "CEBD-1065", lambda: b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(64), (".xls",)),
    _file("a moving picture", "CEBD-1065", lambda: b"GIF89a" + bytes(64)),
    _file("a file encrypted by the company's software", "CEBD-1064", lambda: b"%TSD-Header-###%" + bytes(range(256))),
    _file("a file encrypted by other software", "CEBD-1064", lambda: b"E-SafeNet\0LOCK" + bytes(range(256)), (".xls",)),
    _file("a PDF document", "CEBD-1024", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    _file("a RAR archive", "CEBD-1024", lambda: b"Rar!\x1a\x07\x01\0" + bytes(64)),
    _file("a 7z archive", "CEBD-1024", lambda: b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(64)),
    _file(
        "a web page saved as one file", "CEBD-1024", lambda: b"MIME-Version: 1.0\r\nContent-Type: text/html", (".xls",)
    ),
    _file("a program", "CEBD-1024", lambda: b"MZ\x90\0" + bytes(64)),
    _file(
        "a web page that asks for a login",
        "CEBD-1024",
        "<html><body>请先登录</body></html>".encode,
        (".xls",),
    ),
    _file(
        "a workbook older than Excel 97", "CEBD-1024", lambda: b"\x09\x02\x06\0\0\0\x10\0\0\0" + bytes(64), (".xls",)
    ),
    _file("half a workbook", "CEBD-1021", _half_a_workbook),
    _file("an .xls cut off", "CEBD-1021", lambda: _COMPOUND + bytes(500), (".xls",)),
    _file("an empty file", "CEBD-1027", lambda: b"", (".xlsx", ".xls", ".csv")),
    _file(
        "a document of Word named .xlsx",
        "CEBD-1024",
        lambda: _zip_of(word__document_dot_xml=b"<w:document/>", _rels___dot_rels=b"<Relationships/>"),
    ),
    _file("an archive of workbooks named .xlsx", "CEBD-1024", lambda: _zip_of(a_dot_xlsx=b"x", b_dot_xlsx=b"y")),
)
