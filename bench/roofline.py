"""The fastest honest single-process script with ready-made libraries for the job: a flat workbook -> signed DxpMsg files.

No checks, no places, no durability, no repeats recognised: what is left when everything that makes cebd trustworthy is taken away.
It reads with the quickest library, signs with the same key and writes the same kind of messages; it is the yardstick of our own figures.

    python bench/roofline.py WORKBOOK KEY.pem CERT.pem OUT_DIR CEBnnn
"""

from __future__ import annotations

import base64
import sys
import time
import uuid
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from xml.sax.saxutils import escape

import python_calamine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from message_form import FORMS, Form

CEB = "http://www.chinaport.gov.cn/ceb"
DXP = "http://www.chinaport.gov.cn/dxp"
DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def main(workbook: str, key_path: str, cert_path: str, out: str, code: str) -> None:
    form = FORMS[code]
    root = f"{code}Message"
    key = serialization.load_pem_private_key(Path(key_path).read_bytes(), None)
    cert = x509.load_pem_x509_certificate(Path(cert_path).read_bytes())
    der = base64.b64encode(cert.public_bytes(serialization.Encoding.DER)).decode()
    now = time.strftime("%Y%m%d%H%M%S")
    rows = python_calamine.CalamineWorkbook.from_path(workbook).get_sheet_by_index(0).iter_rows()
    names = [str(heading).rpartition("\n")[2] for heading in next(rows)]
    for message in messages(rows, form, names, now):
        guid = str(uuid.uuid4()).upper()
        body = f'<ceb:{root} xmlns:ceb="{CEB}" guid="{guid}" version="1.0">{"".join(message)}'
        transfer = "<ceb:copCode>4407961999</ceb:copCode><ceb:copName>示例跨境电子商务有限公司</ceb:copName><ceb:dxpMode>DXP</ceb:dxpMode>"
        body += f"<ceb:BaseTransfer>{transfer}<ceb:dxpId>DXPENT0000010001</ceb:dxpId></ceb:BaseTransfer>"
        digest = base64.b64encode(sha1((body + f"</ceb:{root}>").encode()).digest()).decode()
        info = (
            f'<ds:CanonicalizationMethod Algorithm="{C14N}"></ds:CanonicalizationMethod>'
            f'<ds:SignatureMethod Algorithm="{DS}rsa-sha1"></ds:SignatureMethod><ds:Reference URI=""><ds:Transforms>'
            f'<ds:Transform Algorithm="{DS}enveloped-signature"></ds:Transform></ds:Transforms>'
            f'<ds:DigestMethod Algorithm="{DS}sha1"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue>'
            "</ds:Reference></ds:SignedInfo>"
        )
        scoped = f'<ds:SignedInfo xmlns:ceb="{CEB}" xmlns:ds="{DS}">{info}'.encode()
        value = base64.b64encode(key.sign(scoped, padding.PKCS1v15(), hashes.SHA1())).decode()
        signed = (
            f'{body}<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo>'
            f"<ds:KeyName>{cert.serial_number:x}</ds:KeyName><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate>"
            f"</ds:X509Data></ds:KeyInfo></ds:Signature></ceb:{root}>"
        )
        envelope = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<dxp:DxpMsg xmlns:dxp="{DXP}" ver="1.0"><dxp:TransInfo>'
            f"<dxp:CopMsgId>{guid}</dxp:CopMsgId><dxp:SenderId>DXPENT0000010001</dxp:SenderId><dxp:ReceiverIds>"
            "<dxp:ReceiverId>DXPEDCCEB0000002</dxp:ReceiverId></dxp:ReceiverIds>"
            f"<dxp:CreatTime>{time.strftime('%Y-%m-%dT%H:%M:%S')}</dxp:CreatTime><dxp:MsgType>{root}</dxp:MsgType>"
            f"</dxp:TransInfo><dxp:Data>{base64.b64encode(signed.encode()).decode()}</dxp:Data></dxp:DxpMsg>"
        )
        Path(out, f"{guid}.xml").write_text(envelope, encoding="utf-8")


def messages(rows: Iterator[list[object]], form: Form, names: list[str], now: str) -> Iterator[list[str]]:
    head_at = {
        name: names.index(f"{form.head_name}/{name}") for name in form.head if f"{form.head_name}/{name}" in names
    }
    line_at = {
        name: names.index(f"{form.line_name}/{name}") for name in form.line if f"{form.line_name}/{name}" in names
    }
    number_at = head_at[form.number]
    record, head, line = (f"ceb:{name}" for name in (form.record, form.head_name, form.line_name))
    batch: list[str] = []
    last = None
    for row in rows:
        if row[number_at] != last:
            last = row[number_at]
            if batch:
                batch[-1] += f"</{record}>"
            if len(batch) == 100:
                yield batch
                batch = []
            fixed = {**form.fixed, "guid": str(uuid.uuid4()).upper(), "appTime": now}
            batch.append(f"<{record}><{head}>" + elements(form.head, head_at, fixed, row) + f"</{head}>")
        batch[-1] += f"<{line}>" + elements(form.line, line_at, form.fixed, row) + f"</{line}>"
    if batch:
        batch[-1] += f"</{record}>"
        yield batch


def elements(names: list[str], at: dict[str, int], fixed: dict[str, str], row: list[object]) -> str:
    return "".join(
        f"<ceb:{name}>{escape(str(row[at[name]])) if name in at else fixed[name]}</ceb:{name}>" for name in names
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
