#!/usr/bin/env python3
"""Verifies the evidence in this folder (or in the ZIP file named on the command line). Needs Python 3 alone.

1. Every file is as the manifest says (size, SHA-256), none is missing, none was added.
2. The entries form a chain: each link is the SHA-256 of the link before it and of the entry.
3. The signature of each message that cebd composed: the digest over the unsigned message, and, for RSA, the signature value over SignedInfo
   with the key of the certificate in it. Whose certificate that is, an authority says, not this script.

Exit code 0: everything holds. Compare the head that it prints with the one that was handed over apart from this file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import re
import sys
import zipfile
from typing import Any

_DIGEST_INFO = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
}


def contents(place: pathlib.Path) -> dict[str, bytes]:
    if place.is_file():
        with zipfile.ZipFile(place) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    files = (path for path in place.rglob("*") if path.is_file())
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in files}


def check_chain(files: dict[str, bytes], manifest: dict[str, Any]) -> list[str]:  # Any: of JSON
    wrong: list[str] = []
    link = "0" * 64
    named = {"manifest.json", "verify.py"}
    for entry in manifest["entries"]:
        name = entry["name"]
        named.add(name)
        content = files.get(name)
        if content is None:
            wrong.append(f"{name}: missing")
        elif (len(content), hashlib.sha256(content).hexdigest()) != (entry["size"], entry["sha256"]):
            wrong.append(f"{name}: changed")
        link = hashlib.sha256(f"{link}\n{name}\n{entry['size']}\n{entry['sha256']}\n".encode()).hexdigest()
        if link != entry["chain"]:
            wrong.append(f"{name}: the chain is broken here")
    if link != manifest["head"]:
        wrong.append("the head is not that of the chain")
    return wrong + [f"{name}: not in the manifest" for name in sorted(files.keys() - named)]


def check_signature(unsigned: bytes, signature: bytes) -> str | None:
    """None: it holds; else what is wrong, or why it is not verified here (begins with a bracket)."""
    text = signature.decode()
    algorithm = "sha256" if "rsa-sha256" in text else "sha1" if "rsa-sha1" in text else None
    if algorithm is None:
        return "(no RSA signature: verify it with cebd verify)"
    digest = base64.b64decode(inside("ds:DigestValue", text))
    if hashlib.new(algorithm, unsigned).digest() != digest:
        return "the digest is not that of the message"
    root = unsigned[: unsigned.index(b">", unsigned.index(b":")) + 1].decode()
    declared = dict(re.findall(r'xmlns:(\w+)="([^"]*)"', root))
    declared["ds"] = "http://www.w3.org/2000/09/xmldsig#"
    default = re.search(r'xmlns="([^"]*)"', root)
    spaces = (f' xmlns="{default[1]}"' if default else "") + "".join(
        f' xmlns:{prefix}="{name}"' for prefix, name in sorted(declared.items())
    )
    signed = f"<ds:SignedInfo{spaces}>{inside('ds:SignedInfo', text)}</ds:SignedInfo>".encode()
    value = base64.b64decode(inside("ds:SignatureValue", text))
    certificate = base64.b64decode(inside("ds:X509Certificate", text))
    modulus, exponent = rsa_key(certificate)
    size = (modulus.bit_length() + 7) // 8
    told = pow(int.from_bytes(value, "big"), exponent, modulus).to_bytes(size, "big")
    info = _DIGEST_INFO[algorithm] + hashlib.new(algorithm, signed).digest()
    if told != b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info:
        return "the signature value does not hold"
    return None


def inside(name: str, text: str) -> str:
    """What stands in the first element of that name."""
    return text.partition(f"<{name}>")[2].partition(f"</{name}>")[0]


def rsa_key(certificate: bytes) -> tuple[int, int]:
    """The public key in a certificate (RFC 5280, RFC 8017): its last INTEGERs before the extensions stand in a BIT STRING."""
    certificate_, _ = element(certificate, 0)
    body, _ = element(certificate_, 0)
    parts: list[tuple[int, bytes]] = []
    at = 0
    while at < len(body):
        tag = body[at]
        value, at = element(body, at)
        parts.append((tag, value))
    if parts[0][0] == 0xA0:
        parts = parts[1:]  # the version
    key_info = parts[5][1]  # serial, algorithm, issuer, validity, subject, key
    _, at = element(key_info, 0)
    bits, _ = element(key_info, at)
    key, _ = element(bits[1:], 0)
    modulus, at = element(key, 0)
    exponent, _ = element(key, at)
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")


def element(data: bytes, at: int) -> tuple[bytes, int]:
    """The content of the DER element at that place, and where the next one begins."""
    length, start = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    return data[start : start + length], start + length


def main() -> int:
    place = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent
    files = contents(place)
    manifest = json.loads(files["manifest.json"])
    wrong = check_chain(files, manifest)
    for name in sorted(name for name in files if name.endswith(".signature.xml")):
        unsigned = files.get(name.replace(".signature.xml", ".unsigned.xml"))
        said = "its message is missing" if unsigned is None else check_signature(unsigned, files[name])
        print(f"{name}: {said or 'holds'}")
        if said is not None and not said.startswith("("):
            wrong.append(f"{name}: {said}")
    for line in wrong:
        print(f"WRONG  {line}")
    print(
        f"{len(manifest['entries'])} entries, head {manifest['head']}: {'NOT AS IT WAS' if wrong else 'everything holds'}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
