"""No byte of a signed message can be changed without being found out."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from builders.certificates import Sm2Authority, an_sm2_signer
from builders.examples import examples
from builders.signed_order import BODY, SIGNATURE, SIGNED, SIGNER, TRUSTED
from cebd.messages.schema import NotXml
from cebd.signing.signer import Certificate
from cebd.signing.verification import BadSignature, verify_apart, verify_bytes
from cebd.signing.xmldsig import sign_canonical

NAME = re.search(rb"<ds:KeyName>(.*?)</ds:KeyName>", SIGNED)
WHITE = b" \t\r\n"
assert NAME is not None


@settings(max_examples=examples(500, 20000), deadline=None)
@given(st.integers(0, len(SIGNED) - 1), st.integers(0, 255))
def test_no_byte_of_a_signed_message_can_be_changed(place: int, byte: int) -> None:
    was = SIGNED[place]
    in_key_name = NAME.start(1) <= place < NAME.end(1)  # type: ignore[union-attr]
    between_attributes = was in WHITE and byte in WHITE and SIGNED.rindex(b"<", 0, place) > SIGNED.rfind(b">", 0, place)
    if was == byte or in_key_name or between_attributes:
        return
    try:
        found = verify_bytes(SIGNED[:place] + bytes([byte]) + SIGNED[place + 1 :], TRUSTED)
    except (BadSignature, NotXml):
        return
    assert found.trusted is False, (place, was, byte)


def test_no_bit_of_any_byte_of_a_signed_message_can_be_flipped() -> None:
    for place in range(len(SIGNED)):
        if not NAME.start(1) <= place < NAME.end(1):  # type: ignore[union-attr]
            for bit in (1, 4, 32):
                test_no_byte_of_a_signed_message_can_be_changed.hypothesis.inner_test(place, SIGNED[place] ^ bit)  # type: ignore[attr-defined]


def test_no_bit_of_any_byte_of_a_signature_or_of_the_message_beside_it_can_be_flipped() -> None:
    before = BODY.rindex(b"</")
    for place in range(len(SIGNED)):
        if NAME.start(1) <= place < NAME.end(1):  # type: ignore[union-attr]
            continue
        broken = bytearray(SIGNED)
        broken[place] ^= 1
        signature = bytes(broken[before : before + len(SIGNATURE)])
        body = bytes(broken[:before] + broken[before + len(SIGNATURE) :])
        try:
            by = verify_apart(signature, body).certificate
        except (BadSignature, NotXml):
            continue
        # What the certificate says around its key is its authority's to vouch for.
        assert by.x509 != SIGNER.certificate().x509


def test_no_bit_of_any_byte_of_a_message_signed_with_sm2_can_be_flipped() -> None:
    authority = Sm2Authority()
    trusted = Certificate(authority.certificate)
    signed = sign_canonical(BODY, an_sm2_signer(authority))
    name = re.search(rb"<ds:KeyName>(.*?)</ds:KeyName>", signed)
    assert name is not None
    assert verify_bytes(signed, trusted).trusted
    for place in range(len(signed)):
        if name.start(1) <= place < name.end(1):
            continue
        broken = bytearray(signed)
        broken[place] ^= 1
        try:
            found = verify_bytes(bytes(broken), trusted)
        except (BadSignature, NotXml):
            continue
        assert found.trusted is False, place
