"""Messages as an enterprise sends them, written out as text and signed by xmlsec1 or OpenSSL: nothing of cebd is in them."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

needs_xmlsec1 = pytest.mark.skipif(
    shutil.which("xmlsec1") is None, reason="xmlsec1, which signs here, is not installed"
)
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

CEB = "http://www.chinaport.gov.cn/ceb"
DS = "http://www.w3.org/2000/09/xmldsig#"
SM2 = "http://www.chinaport.gov.cn/2022/04/xmldsig#"
_ID = "1234567812345678"

_ORDER = """
    guid={guid} appType=1 appTime=20260102030405 appStatus=2 orderType=I orderNo={number} ebpCode=9900000001
    ebpName=试验平台 ebcCode=9900000002 ebcName=试验电商 goodsValue=20 freight=0 discount=0 taxTotal=1.82
    acturalPaid=21.82 currency=142 buyerRegNo=U1 buyerName=试验甲 buyerTelephone=13000000000 buyerIdType=1
    buyerIdNumber=999999199001010016 consignee=试验甲 consigneeTelephone=13000000000 consigneeAddress=试验路1号
"""
_ORDER_LINE = "gnum=1 itemName=试验品 gmodel=规格 unit=122 qty=2 price=10 totalPrice=20 currency=142 country=116"
_LIST = """
    guid={guid} appType=1 appTime=20260102030405 appStatus=2 orderNo=D{number} ebpCode=9900000001 ebpName=试验平台
    ebcCode=9900000002 ebcName=试验电商 logisticsNo=W{number} logisticsCode=9900000003 logisticsName=试验物流
    copNo={number} assureCode=9900000002 ieFlag=I declTime=20260102 customsCode=5141 portCode=5141 buyerIdType=1
    buyerIdNumber=999999199001010016 buyerName=试验甲 buyerTelephone=13000000000 consigneeAddress=试验路1号
    agentCode=9900000004 agentName=试验申报 tradeMode=9610 trafMode=4 trafNo=T1 voyageNo=V1 billNo=B1
    country=116 freight=0 insuredFee=0 currency=142 packNo=1 grossWeight=1.2 netWeight=1
"""
_LIST_LINE = """
    gnum=1 gcode=3304990099 gname=试验品 gmodel=规格 country=116 currency=142 qty=2 unit=122 qty1=1 unit1=035 price=10
    totalPrice=20
"""


def new_guid() -> str:
    return str(uuid.uuid4()).upper()


def an_order(number: str, **changes: str) -> str:
    """An Order; a change to the empty text leaves the field out."""
    return _record("Order", _ORDER, _ORDER_LINE, number, changes)


def a_list(number: str, **changes: str) -> str:
    """An Inventory; a change to the empty text leaves the field out."""
    return _record("Inventory", _LIST, _LIST_LINE, number, changes)


def _record(name: str, head: str, line: str, number: str, changes: dict[str, str]) -> str:
    fields = dict(part.split("=", 1) for part in head.format(guid=new_guid(), number=number).split())
    unknown = changes.keys() - fields.keys()
    assert not unknown, unknown
    lines = dict(part.split("=", 1) for part in line.split())
    return f"<ceb:{name}>{_part(name + 'Head', fields | changes)}{_part(name + 'List', lines)}</ceb:{name}>"


def _part(name: str, fields: dict[str, str]) -> str:
    inner = "".join(f"<ceb:{field}>{value}</ceb:{field}>" for field, value in fields.items() if value)
    return f"<ceb:{name}>{inner}</ceb:{name}>"


def a_message(*records: str, guid: str | None = None, before_root: str = "") -> bytes:
    """The message of these orders, or of these lists, not signed."""
    root = "CEB311Message" if records[0].startswith("<ceb:Order>") else "CEB621Message"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{before_root}<ceb:{root} xmlns:ceb="{CEB}" guid="{guid or new_guid()}"'
        f' version="1.0">{"".join(records)}<ceb:BaseTransfer><ceb:copCode>4407961999</ceb:copCode>'
        "<ceb:copName>示例跨境电子商务有限公司</ceb:copName><ceb:dxpMode>DXP</ceb:dxpMode><ceb:dxpId>DXPENT0000010001</ceb:dxpId>"
        f"</ceb:BaseTransfer></ceb:{root}>\n"
    ).encode()


def sent_by_ours(message: bytes) -> bytes:
    """The message as if the enterprise of `cebd init` had made it, whoever did."""
    for name, own in (
        ("copCode", "4407961999"),
        ("copName", "示例跨境电子商务有限公司"),
        ("dxpId", "DXPENT0000010001"),
    ):
        message = re.sub(rb"(<ceb:%s>)[^<]*" % name.encode(), lambda found, own=own: found[1] + own.encode(), message)
    return message


def an_envelope(data: bytes, cop_msg_id: str | None = None, message_type: str | None = None) -> bytes:
    """The message in a DxpMsg, its base64 wrapped."""
    found = message_type or ("CEB621Message" if b"CEB621Message" in data else "CEB311Message")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<dxp:DxpMsg xmlns:dxp="http://www.chinaport.gov.cn/dxp" ver="1.0">'
        f"<dxp:TransInfo><dxp:CopMsgId>{cop_msg_id or new_guid()}</dxp:CopMsgId>"
        "<dxp:SenderId>DXPTEST000000001</dxp:SenderId><dxp:ReceiverIds><dxp:ReceiverId>DXPEDCCEB0000002"
        "</dxp:ReceiverId></dxp:ReceiverIds><dxp:CreatTime>2026-01-02T03:04:05</dxp:CreatTime>"
        f"<dxp:MsgType>{found}</dxp:MsgType></dxp:TransInfo><dxp:Data>{base64.encodebytes(data).decode()}</dxp:Data>"
        "</dxp:DxpMsg>"
    ).encode()


@dataclass(frozen=True)
class SigningKey:
    """A key and its certificate in PEM files, and the certificate that issued it."""

    key: Path
    certificate: Path
    authority: Path


def make_key(folder: Path, *, sm2: bool = False, name: str = "signer", days: int = 30) -> SigningKey:
    """A key whose certificate an authority of its own issued, both made by OpenSSL."""
    kind = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"] if sm2 else ["-algorithm", "RSA"]
    digest = ["-sm3"] if sm2 else ["-sha256"]
    made = SigningKey(*(folder / f"{name}.{part}.pem" for part in ("key", "cert", "authority")))
    authority_key = folder / f"{name}.authority-key.pem"
    request = folder / f"{name}.request.pem"
    for key in (authority_key, made.key):
        _openssl("genpkey", *kind, "-out", key)
    begin = ["-days", "3650"]
    _openssl(
        "req",
        "-x509",
        "-new",
        "-key",
        authority_key,
        *digest,
        "-subj",
        f"/CN={name} CA",
        *begin,
        "-out",
        made.authority,
    )
    _openssl("req", "-new", "-key", made.key, *digest, "-subj", f"/CN={name}", "-out", request)
    # An SM2 authority signs with the empty id unless told; customs use the default of GB/T 35276.
    told = ["-sigopt", f"distid:{_ID}", "-vfyopt", "distid:"] if sm2 else []
    _openssl(
        "x509", "-req", "-in", request, "-CA", made.authority, "-CAkey", authority_key, *digest, *told,
        "-days", str(days), "-set_serial", "77", "-out", made.certificate,
    )  # fmt: skip
    return made


def signed(message: bytes, key: SigningKey, *, folder: Path, methods: tuple[str, str] | None = None) -> bytes:
    """The message with its signature, made by xmlsec1 in the RSA profile."""
    template, out = folder / f"{new_guid()}.xml", folder / f"{new_guid()}.xml"
    template.write_bytes(_with_template(message, methods or (f"{DS}rsa-sha1", f"{DS}sha1"), "", ""))
    subprocess.run(
        ["xmlsec1", "--sign", "--privkey-pem", f"{key.key},{key.certificate}", "--output", str(out), str(template)],
        check=True,
        capture_output=True,
    )
    return out.read_bytes()


def signed_sm2(
    message: bytes, key: SigningKey, *, folder: Path, der: bool = False, user_id: str = _ID, before: bool = False
) -> bytes:
    """The message with its signature in the SM2 profile: digest and signature by OpenSSL.

    `before`: with the method and the digest that programs wrote before 202205.
    """
    canonical = etree.tostring(etree.fromstring(message).getroottree(), method="c14n", with_comments=False)
    content = folder / f"{new_guid()}.bin"
    content.write_bytes(canonical)
    digest = base64.b64encode(_openssl("dgst", "-sha1" if before else "-sm3", "-binary", content)).decode()
    pem = "".join(key.certificate.read_text().split("-----")[2].split())
    methods = (f"{DS}sm2-sm3", f"{DS}sha1") if before else (f"{SM2}sm2-sm3", f"{SM2}sm3")
    document = etree.fromstring(_with_template(message, methods, digest, pem))
    content.write_bytes(etree.tostring(document.find(f".//{{{DS}}}SignedInfo"), method="c14n", with_comments=False))
    value = _openssl(
        "pkeyutl",
        "-sign",
        "-rawin",
        "-digest",
        "sm3",
        "-inkey",
        key.key,
        "-in",
        content,
        "-pkeyopt",
        f"distid:{user_id}",
    )
    if not der:
        value = _raw(value)
    document.find(f".//{{{DS}}}SignatureValue").text = base64.b64encode(value).decode()
    return etree.tostring(document.getroottree(), xml_declaration=True, encoding="UTF-8")


def _with_template(message: bytes, methods: tuple[str, str], digest: str, certificate: str) -> bytes:
    inside = f"<ds:X509Certificate>{certificate}</ds:X509Certificate>" if certificate else ""
    template = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod '
        'Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>'
        f'<ds:SignatureMethod Algorithm="{methods[0]}"/><ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="{DS}enveloped-signature"/></ds:Transforms><ds:DigestMethod Algorithm="{methods[1]}"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>"
        f"<ds:KeyInfo><ds:KeyName>4d</ds:KeyName><ds:X509Data>{inside}</ds:X509Data></ds:KeyInfo></ds:Signature>"
    ).encode()
    end = message.rindex(b"</")
    return message[:end] + template + message[end:]


def _raw(der: bytes) -> bytes:
    """r and s, 32 bytes each, of SEQUENCE { INTEGER, INTEGER }."""
    r = der[4 : 4 + der[3]]
    s = der[6 + der[3] :]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (r, s))


def _openssl(*arguments: object) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout
