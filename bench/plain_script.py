"""The script that somebody would write for the job with what everybody knows: openpyxl reads, lxml writes, the key signs.

No checks, no places, no durability, no repeats recognised, like the roofline; only not made to be fast.

    python bench/plain_script.py WORKBOOK KEY.pem CERT.pem OUT_DIR CEBnnn
"""

from __future__ import annotations

import base64
import sys
import uuid
from datetime import datetime
from hashlib import sha1
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from openpyxl import load_workbook

from message_form import FORMS

CEB = "http://www.chinaport.gov.cn/ceb"
DXP = "http://www.chinaport.gov.cn/dxp"
DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def main(workbook, key_path, cert_path, out, code):
    key = serialization.load_pem_private_key(Path(key_path).read_bytes(), None)
    cert = x509.load_pem_x509_certificate(Path(cert_path).read_bytes())
    form = FORMS[code]
    rows = load_workbook(workbook, read_only=True).active.iter_rows(values_only=True)
    names = [heading.split("\n")[-1] for heading in next(rows)]
    message, record, last, count = None, None, None, 0
    for values in rows:
        row = dict(zip(names, values, strict=True))
        number = row[f"{form.head_name}/{form.number}"]
        if number != last:
            last = number
            if message is not None and count == 100:
                finish(message, code, key, cert, out)
                message = None
            if message is None:
                message, count = new_message(code), 0
            count += 1
            record = etree.SubElement(message, f"{{{CEB}}}{form.record}")
            add(record, form.head_name, form.head, row, form.fixed)
        add(record, form.line_name, form.line, row, form.fixed)
    if message is not None:
        finish(message, code, key, cert, out)


def new_message(code):
    return etree.Element(f"{{{CEB}}}{code}Message", nsmap={"ceb": CEB}, guid=str(uuid.uuid4()).upper(), version="1.0")


def add(record, part, fields, row, fixed):
    element = etree.SubElement(record, f"{{{CEB}}}{part}")
    made = {**fixed, "guid": str(uuid.uuid4()).upper(), "appTime": datetime.now().strftime("%Y%m%d%H%M%S")}
    for name in fields:
        value = row.get(f"{part}/{name}", made.get(name))
        etree.SubElement(element, f"{{{CEB}}}{name}").text = str(value)


def finish(message, code, key, cert, out):
    transfer = etree.SubElement(message, f"{{{CEB}}}BaseTransfer")
    for name, value in (
        ("copCode", "4407961999"),
        ("copName", "示例跨境电子商务有限公司"),
        ("dxpMode", "DXP"),
        ("dxpId", "DXPENT0000010001"),
    ):
        etree.SubElement(transfer, f"{{{CEB}}}{name}").text = value
    sign(message, key, cert)
    guid = message.get("guid")
    envelope = etree.Element(f"{{{DXP}}}DxpMsg", nsmap={"dxp": DXP}, ver="1.0")
    info = etree.SubElement(envelope, f"{{{DXP}}}TransInfo")
    for name, value in (
        ("CopMsgId", guid),
        ("SenderId", "DXPENT0000010001"),
        ("ReceiverIds", None),
        ("CreatTime", datetime.now().strftime("%Y-%m-%dT%H:%M:%S")),
        ("MsgType", f"{code}Message"),
    ):
        etree.SubElement(info, f"{{{DXP}}}{name}").text = value
    etree.SubElement(info[2], f"{{{DXP}}}ReceiverId").text = "DXPEDCCEB0000002"
    data = etree.SubElement(envelope, f"{{{DXP}}}Data")
    data.text = base64.b64encode(etree.tostring(message, encoding="UTF-8"))
    etree.ElementTree(envelope).write(Path(out, f"{guid}.xml"), encoding="UTF-8", xml_declaration=True)


def sign(message, key, cert):
    digest = sha1(etree.tostring(message, method="c14n")).digest()
    signature = etree.SubElement(message, f"{{{DS}}}Signature", nsmap={"ds": DS})
    signed = etree.SubElement(signature, f"{{{DS}}}SignedInfo")
    etree.SubElement(signed, f"{{{DS}}}CanonicalizationMethod", Algorithm=C14N)
    etree.SubElement(signed, f"{{{DS}}}SignatureMethod", Algorithm=f"{DS}rsa-sha1")
    reference = etree.SubElement(signed, f"{{{DS}}}Reference", URI="")
    transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
    etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=f"{DS}enveloped-signature")
    etree.SubElement(reference, f"{{{DS}}}DigestMethod", Algorithm=f"{DS}sha1")
    etree.SubElement(reference, f"{{{DS}}}DigestValue").text = base64.b64encode(digest)
    value = key.sign(etree.tostring(signed, method="c14n"), padding.PKCS1v15(), hashes.SHA1())
    etree.SubElement(signature, f"{{{DS}}}SignatureValue").text = base64.b64encode(value)
    info = etree.SubElement(signature, f"{{{DS}}}KeyInfo")
    etree.SubElement(info, f"{{{DS}}}KeyName").text = f"{cert.serial_number:x}"
    data = etree.SubElement(info, f"{{{DS}}}X509Data")
    der = cert.public_bytes(serialization.Encoding.DER)
    etree.SubElement(data, f"{{{DS}}}X509Certificate").text = base64.b64encode(der)


if __name__ == "__main__":
    main(*sys.argv[1:])
