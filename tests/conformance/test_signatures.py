"""Messages signed by cebd, judged by tools that know nothing of it: xmlsec1, OpenSSL, and xmllint with the official schema."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

import pytest

from builders.certificates import Authority, Sm2Authority, a_signer, an_sm2_signer, write_pem
from builders.customs_messages import CEB, DS, a_list, a_message, an_order, needs_openssl, needs_xmlsec1, new_guid
from builders.export_rows import export_rows
from builders.papers import CASES, OFFICIAL, needs_official
from builders.sm2 import openssl_accepts_sm2
from builders.trial_messages import unsigned_of_rows
from cebd.messages.compose import Sender, compose
from cebd.messages.description import declarations, message_type
from cebd.signing.sign_file import sign_document
from cebd.signing.xmldsig import sign_canonical
from cebd.trial.rows import (
    Line,
    cancel_rows,
    delivery_rows,
    inventory_rows,
    order_rows,
    payment_rows,
    return_rows,
    waybill_rows,
    waybill_status_rows,
)

needs_xmllint = pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint is not installed (libxml2-utils)")

AUTHORITY = Authority()
SIGNER = a_signer(AUTHORITY)
SM2_SIGNER = an_sm2_signer(Sm2Authority())
SENDER = Sender("9900000002", "试验电商 & 公司 <一>", "DXPTEST000000001")
SIZES = (1, 2, 3, 5, 10, 33, 50, 99, 100)
TEXTS = ("测试甲", "𠮷野 🚢", "A&amp;B &lt;C&gt;", "\"d\" 'e'", "x&#xD;\ny\tz", "é ½ “”", "  two  ")
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def composed(kind: str, size: int, text: str) -> bytes:
    """A message of so many records as cebd composes it, signed; the text stands in canonical form."""
    make = an_order if kind == "order" else a_list
    records = [make(f"N{number:04}", buyerName=text, consigneeAddress=f"{text}{number}") for number in range(size)]
    return sign_canonical(compose(message_type(kind), new_guid(), records, SENDER), SIGNER)


def foreign(content: bytes) -> bytes:
    return sign_document(content, SIGNER)


def of_export(code: str, count: int) -> list[Line]:
    return export_rows(code, *(f"N{number}" for number in range(count)))


COMPOSED: dict[str, Callable[[], bytes]] = {
    f"{kind} {size} {index}": lambda kind=kind, size=size, index=index: composed(kind, size, TEXTS[index % len(TEXTS)])  # type: ignore[misc]
    for kind in ("order", "inventory")
    for index, size in enumerate(SIZES * 2)
}
LAYOUTS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda content: content,
    "lines of DOS": lambda content: content.replace(b"\n", b"\r\n").replace(b"><", b">\r\n<"),
    "a byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "UTF-16": lambda content: content.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "GB18030": lambda content: content.decode().replace("UTF-8", "GB18030").encode("gb18030"),
    "xsi declared": lambda content: content.replace(b" guid=", f" {XSI} guid=".encode(), 1),
    "a comment": lambda content: content.replace(b"<ceb:BaseTransfer>", b"<!-- 1 --><ceb:BaseTransfer>"),
    "CDATA": lambda content: content.replace("试验电商".encode(), "<![CDATA[试验<电>商]]>".encode()),
    "prefix a": lambda content: content.replace(b"ceb:", b"a:").replace(b":ceb=", b":a="),
    "no prefix": lambda content: content.replace(b"<ceb:", b"<").replace(b"</ceb:", b"</").replace(b":ceb=", b"="),
    "instructions around": lambda content: (
        content.replace(b"\n", b"\n<?go on?>", 1) + "<?订 </x>?>\n<!-- - -->".encode()
    ),
}
FOREIGN: dict[str, Callable[[], bytes]] = {
    f"{name} of {size}": lambda change=change, size=size: foreign(  # type: ignore[misc]
        change(a_message(*[an_order(f"N{number}") for number in range(size)]))
    )
    for size in (1, 20)
    for name, change in LAYOUTS.items()
}
ROWS: dict[str, Callable[[int], Iterable[Line]]] = {
    "CEB311": order_rows,
    "CEB411": payment_rows,
    "CEB511": waybill_rows,
    "CEB513": waybill_status_rows,
    "CEB621": inventory_rows,
    "CEB623": cancel_rows,
    "CEB625": return_rows,
    "CEB711": delivery_rows,
    **{one.code: partial(of_export, one.code) for one in declarations(export=True)},
}
TYPED: dict[str, Callable[[], bytes]] = {
    f"{code} of {size}": lambda code=code, size=size: foreign(unsigned_of_rows(code, ROWS[code](size)))  # type: ignore[misc]
    for size in (*range(1, 9), 40)
    for code in ROWS
}
MADE = COMPOSED | FOREIGN
ALL = MADE | TYPED


@cache
def made(name: str) -> bytes:
    return ALL[name]()


def digest_of_others(signed: bytes, digest: str, folder: Path) -> bytes:
    """Of the message without its signature: canonical by xmllint, digested by OpenSSL."""
    unsigned = folder / "unsigned.xml"
    unsigned.write_bytes(re.sub(rb"<ds:Signature .*</ds:Signature>", b"", signed, flags=re.DOTALL))
    canonical = subprocess.run(["xmllint", "--c14n", unsigned], check=True, capture_output=True).stdout
    command = ["openssl", "dgst", digest, "-binary"]
    return subprocess.run(command, input=canonical, check=True, capture_output=True).stdout


def xmlsec1_accepts(content: bytes, folder: Path) -> bool:
    document = folder / "signed.xml"
    document.write_bytes(content)
    authority = AUTHORITY.pem(folder)
    command = ["xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", str(authority), str(document)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def changed_at(content: bytes, share: float) -> bytes:
    """One letter or digit of the signed content changed, at that share of its length, so that it stays the same length and well-formed."""
    places = [found.start() for found in re.finditer(rb"(?<=>)[0-9A-Za-z](?=[^<>]*<)", content)]
    inside = [place for place in places if place < content.index(b"<ds:Signature ")]
    place = inside[int(share * (len(inside) - 1))]
    return content[:place] + (b"7" if content[place : place + 1] != b"7" else b"8") + content[place + 1 :]


def test_there_are_as_many_messages_as_promised_and_of_every_declaration() -> None:
    assert len(ALL) >= 200
    assert set(ROWS) == {one.code for export in (False, True) for one in declarations(export=export)}


@needs_xmlsec1
def test_xmlsec1_verifies_200_messages_of_all_declarations(tmp_path: Path) -> None:
    files = []
    for number, name in enumerate(ALL):
        files.append(tmp_path / f"{number}.xml")
        files[-1].write_bytes(made(name))
    authority = AUTHORITY.pem(tmp_path)
    command = ["xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", authority, *files]
    told = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stderr.count("SignedInfo References (ok/all): 1/1") == len(files)


@needs_xmlsec1
@pytest.mark.parametrize("name", [*MADE, *(f"{code} of 3" for code in ROWS)])
def test_xmlsec1_refuses_it_with_one_byte_changed(name: str, tmp_path: Path) -> None:
    for share in (0.0, 0.5, 1.0):
        assert not xmlsec1_accepts(changed_at(made(name), share), tmp_path)


@needs_openssl
@needs_xmllint
@pytest.mark.parametrize(
    "name", ["order 33 5", "no prefix of 1", "xsi declared of 20", *(f"{code} of 2" for code in ROWS)]
)
def test_the_digest_is_that_of_openssl_over_the_canonical_form_of_xmllint(name: str, tmp_path: Path) -> None:
    """xmllint keeps comments, so these messages have none."""
    for signed, digest in ((made(name), "-sha1"), (sign_document(made(name), SM2_SIGNER), "-sm3")):
        stated = re.search(rb"<ds:DigestValue>(.*)</ds:DigestValue>", signed)
        assert stated is not None
        assert base64.b64decode(stated[1]) == digest_of_others(signed, digest, tmp_path)


@needs_openssl
@pytest.mark.parametrize("name", ["order 1 0", "inventory 100 8"])
def test_openssl_verifies_the_signature_value_over_the_canonical_signedinfo(name: str, tmp_path: Path) -> None:
    signed = made(name).decode()
    inner = re.search(r"<ds:SignedInfo>(.*</ds:SignedInfo>)", signed)
    value = re.search(r"<ds:SignatureValue>(.*)</ds:SignatureValue>", signed)
    assert inner is not None
    assert value is not None
    (tmp_path / "info").write_bytes(f'<ds:SignedInfo xmlns:ceb="{CEB}" xmlns:ds="{DS}">{inner[1]}'.encode())
    (tmp_path / "value").write_bytes(base64.b64decode(value[1]))
    cert = write_pem(tmp_path / "cert.pem", SIGNER.certificate().x509)
    key = subprocess.run(["openssl", "x509", "-in", cert, "-pubkey", "-noout"], check=True, capture_output=True).stdout
    (tmp_path / "key.pem").write_bytes(key)

    def verdict() -> int:
        command = ["openssl", "dgst", "-sha1", "-verify", "key.pem", "-signature", "value", "info"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode

    assert verdict() == 0
    (tmp_path / "info").write_bytes((tmp_path / "info").read_bytes() + b" ")
    assert verdict() != 0


@needs_openssl
@pytest.mark.parametrize("name", ["order 1 0", "xsi declared of 20", "CEB625 of 3", "CEB603 of 2"])
def test_openssl_verifies_an_sm2_value_over_the_canonical_signedinfo(name: str) -> None:
    signed = sign_document(made(name), SM2_SIGNER).decode()
    inner = re.search(r"<ds:SignedInfo>(.*</ds:SignedInfo>)", signed)
    value = re.search(r"<ds:SignatureValue>(.*)</ds:SignatureValue>", signed)
    assert inner is not None
    assert value is not None
    xsi = f" {XSI}" if name.startswith("xsi") else ""
    info = f'<ds:SignedInfo xmlns:ceb="{CEB}" xmlns:ds="{DS}"{xsi}>{inner[1]}'.encode()
    certificate, raw = SM2_SIGNER.certificate().x509, base64.b64decode(value[1])
    assert openssl_accepts_sm2(certificate, raw, info)
    assert not openssl_accepts_sm2(certificate, raw, info.replace(b"<ds:DigestValue>", b"<ds:DigestValue> "))


@needs_official
@needs_xmllint
def test_every_signed_message_is_valid_by_the_official_schema(tmp_path: Path) -> None:
    files = []
    for number, name in enumerate(MADE):
        files.append(tmp_path / f"{number}.xml")
        files[-1].write_bytes(made(name))
    for number, content in enumerate(cases().values()):
        files.append(tmp_path / f"case-{number}.xml")
        files[-1].write_bytes(foreign(content))
    schema = OFFICIAL / "xsd" / "import-business-202205.xsd"
    command = ["xmllint", "--nonet", "--noout", "--schema", str(schema), *map(str, files)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr[-2000:]
    assert checked.stderr.count(" validates") == len(files)


def cases() -> dict[str, bytes]:
    """Cases C01 and C03, each in all its variants."""
    full = (CASES / "C01-comment-and-pi.xml").read_bytes()
    instruction, comments = re.compile(rb"<\?xml-stylesheet.*?\?>\n"), re.compile(rb"<!--.*?-->\n?")
    bare = (CASES / "C03-default-namespace.xml").read_bytes()
    unprefixed = bare.replace(f' xmlns:ceb="{CEB}"'.encode(), b"")

    def prefixed(prefix: bytes) -> bytes:
        tags = re.sub(rb"<(/?)(?=[A-Za-z])", rb"<\g<1>" + prefix + b":", unprefixed)
        return tags.replace(b"xmlns=", b"xmlns:" + prefix + b"=")

    return {
        "C01": full,
        "C01 only comments": instruction.sub(b"", full),
        "C01 only the instruction": comments.sub(b"", full),
        "C01 neither": comments.sub(b"", instruction.sub(b"", full)),
        "C03": bare,
        "C03 ceb:": prefixed(b"ceb"),
        "C03 a:": prefixed(b"a"),
    }


@needs_official
@needs_xmlsec1
def test_the_cases_from_the_field_verify(tmp_path: Path) -> None:
    found = cases()
    assert len(set(found.values())) == 7
    assert b"B+ImU8M5nTfms0Lbt23Q6nU9Llc=" in foreign(found["C01"])  # by the case's own page
    for name, content in found.items():
        signed = foreign(content)
        assert xmlsec1_accepts(signed, tmp_path), name
        assert not xmlsec1_accepts(changed_at(signed, 0.5), tmp_path), name


@needs_official
@needs_xmlsec1
@pytest.mark.parametrize("code", ["311", "312", "411", "412", "511", "512", "621", "622"])
@pytest.mark.parametrize("declared", [True, False])
def test_the_official_samples_verify_once_signed(code: str, declared: bool, tmp_path: Path) -> None:
    sample = (OFFICIAL / "samples" / f"CEB{code}Message.xml").read_bytes()
    sample = re.sub(rb'\s+(xmlns:xsi|xsi:\w+)="[^"]*"', b"", sample)
    if declared:
        sample = sample.replace(b" guid=", f" {XSI} guid=".encode(), 1)
    assert (b"xmlns:xsi" in sample) == declared
    signed = foreign(sample)
    assert signed.count(b"<ds:Signature ") == 1
    assert xmlsec1_accepts(signed, tmp_path)
