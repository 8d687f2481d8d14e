"""Whose a certificate is, as customs' cards say it: the enterprise's name, never the person who holds the card.

Cards issued by the e-port carry the holder's data under an arc of their own, in extensions or in the subject: .1 the enterprise's name,
.8 the number of the person, .9 the number of the card, .11 the nine characters that stand at 9 to 17 in the enterprise's credit code.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

_ARC = "1.3.6.1.4.1.5315.100.5"
_NAME, _PERSON, _CARD, _ORGANISATION_CODE = (f"{_ARC}.{number}" for number in (1, 8, 9, 11))


@dataclass(frozen=True)
class Holder:
    """The enterprise; both are empty where the certificate does not say it."""

    name: str
    organisation_code: str


def enterprise_of(certificate: x509.Certificate) -> str:
    """The enterprise's name, where the certificate says it as such."""
    return _told(certificate).get(_NAME) or _first(certificate, NameOID.ORGANIZATION_NAME)


def is_of(certificate: x509.Certificate, credit_code: str) -> bool | None:
    """Whether the certificate was issued to the enterprise with this credit code of 18 characters; None where it does not say."""
    code = _told(certificate).get(_ORGANISATION_CODE)
    return None if not code else code.replace("-", "").upper() == credit_code[8:17]


def card_number_of(certificate: x509.Certificate) -> str:
    """The number of the card that the certificate was made for; empty where it does not say it."""
    return _told(certificate).get(_CARD, "")


def holder_of(certificate: x509.Certificate) -> Holder:
    """The enterprise that the certificate was issued to; without its name, the certificate's common name."""
    told = _told(certificate)
    names = (told.get(_NAME), *(_first(certificate, oid) for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)))
    return Holder(next((name for name in names if name), ""), told.get(_ORGANISATION_CODE, ""))


def subject_without_person(certificate: x509.Certificate) -> str:
    """The subject as text (RFC 4514), without the number of the person."""
    kept = [part for part in certificate.subject.rdns if all(one.oid.dotted_string != _PERSON for one in part)]
    return x509.Name(kept).rfc4514_string()


def _told(certificate: x509.Certificate) -> dict[str, str]:
    """What stands under the arc, by the number of its kind."""
    told = {
        one.oid.dotted_string: str(one.value)
        for one in certificate.subject
        if one.oid.dotted_string.startswith(f"{_ARC}.")
    }
    try:
        extensions = list(certificate.extensions)
    except ValueError:  # damaged ones, or one that stands twice: the subject alone tells
        return told
    for extension in extensions:
        if extension.oid.dotted_string.startswith(f"{_ARC}.") and isinstance(
            extension.value, x509.UnrecognizedExtension
        ):
            told[extension.oid.dotted_string] = _text(extension.value.value)
    return told


def _text(value: bytes) -> str:
    """A string in DER, or the bytes of a text as they are; in UTF-8 or GBK."""
    if len(value) > 1 and value[0] in (0x0C, 0x13, 0x16, 0x04) and value[1] == len(value) - 2:
        value = value[2:]  # UTF8String, PrintableString, IA5String, OCTET STRING
    for encoding in ("utf-8", "gb18030"):
        try:
            return value.decode(encoding).strip("\0 ")
        except UnicodeDecodeError:
            continue
    return ""


def _first(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
