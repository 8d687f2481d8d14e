"""Messages in the SM2 profile: what is written, and what of earlier and foreign programs is read."""

from __future__ import annotations

import base64
import re
import sys
from pathlib import Path

import pytest
from cryptography import x509

from builders.certificates import Authority, Sm2Authority, a_signer, an_sm2_signer, sm2_key
from builders.customs_messages import DS, SM2, SigningKey, a_list, a_message, make_key, needs_openssl, signed_sm2
from builders.signed_order import BODY
from cebd.messages.compose import with_signature
from cebd.messages.schema import parse_xml
from cebd.signing.profile import RSA_SHA1, SM2_SM3, sm2_sm3
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Certificate, TokenError
from cebd.signing.signers.software.signer import SoftwareSigner
from cebd.signing.sm2 import der_of
from cebd.signing.verification import (
    BadSignature,
    OtherForm,
    Readers,
    readers,
    signature_holds,
    verify_apart,
    verify_bytes,
)
from cebd.signing.xmldsig import signature_over

AUTHORITY = Sm2Authority()
TRUSTED = Certificate(AUTHORITY.certificate)
SIGNER = an_sm2_signer(AUTHORITY)
SIGNED = sign_document(a_message(a_list("C1")), SIGNER)
WITH_COMMENTS = ("REC-xml-c14n-20010315", "REC-xml-c14n-20010315#WithComments")


class Answering:
    """A signer with the key's certificate that makes its value out of a right one."""

    def __init__(self, change: object, signer: SoftwareSigner = SIGNER) -> None:
        self._change, self._signer = change, signer
        self.profile, self.certificate = signer.profile, signer.certificate

    def sign(self, data: bytes) -> bytes:
        return self._change(self._signer.sign(data))  # type: ignore[operator, no-any-return]

    def close(self) -> None:
        return


def value_of(content: bytes) -> bytes:
    found = re.search(rb"<ds:SignatureValue>(.*)</ds:SignatureValue>", content)
    assert found is not None
    return base64.b64decode(found[1])


def with_value(content: bytes, value: bytes) -> bytes:
    return content.replace(base64.b64encode(value_of(content)), base64.b64encode(value))


def other_forms(content: bytes) -> set[OtherForm]:
    return set(verify_bytes(content).other_forms)


# Written


def test_what_is_written_has_the_methods_of_202205_and_a_value_of_64_bytes() -> None:
    assert f'<ds:SignatureMethod Algorithm="{SM2}sm2-sm3">'.encode() in SIGNED
    assert f'<ds:DigestMethod Algorithm="{SM2}sm3">'.encode() in SIGNED
    assert b"WithComments" not in SIGNED
    assert len(value_of(SIGNED)) == 64
    found = verify_bytes(SIGNED, TRUSTED)
    assert (found.certificate.number, found.trusted, found.profile, found.other_forms) == (
        "0a1b2c",
        True,
        SM2_SM3,
        (),
    )


def test_a_signature_beside_its_message_holds_too() -> None:
    signature = signature_over(BODY, SIGNER)
    assert verify_apart(signature, BODY).profile == SM2_SM3
    assert verify_bytes(with_signature(BODY, signature), TRUSTED).trusted


def test_the_authority_is_the_one_that_issued_the_certificate() -> None:
    assert verify_bytes(SIGNED, Certificate(SIGNER.certificate().x509)).trusted
    assert verify_bytes(SIGNED, Certificate(Sm2Authority("another").certificate)).trusted is False
    assert verify_bytes(SIGNED, Certificate(Authority().certificate)).trusted is False
    by_rsa = sign_document(a_message(a_list("C1")), a_signer(Authority()))
    assert verify_bytes(by_rsa, TRUSTED).trusted is False


@pytest.mark.parametrize(
    "change",
    [der_of, lambda value: value[:63], lambda value: value + b"\0", lambda value: b"", lambda value: b"\0" * 64],
)
def test_a_token_that_answers_with_der_or_another_length_signs_nothing(change: object) -> None:
    with pytest.raises(TokenError, match="does not hold"):
        sign_document(a_message(a_list("C1")), Answering(change))


def test_another_user_id_is_a_setting_of_its_signer_and_is_told_to_whoever_verifies() -> None:
    region = SoftwareSigner(sm2_key("the enterprise's"), SIGNER.certificate(), "other region")
    content = sign_document(a_message(a_list("C1")), region)
    with pytest.raises(BadSignature, match="does not belong"):
        verify_bytes(content)
    found = verify_bytes(content, by=readers(["a third", "other region"]))
    assert found.profile == sm2_sm3("other region")
    assert verify_bytes(SIGNED, by=readers(["other region"])).profile == SM2_SM3
    assert signature_holds(parse_xml(content), ["other region"])
    assert not signature_holds(parse_xml(content))


# Never mixed


@pytest.mark.parametrize(
    ("signature", "digest"),
    [(f"{DS}rsa-sha1", f"{DS}sha1"), (f"{SM2}sm2-sm3", f"{DS}sha1"), (f"{DS}sm2-sm3", f"{SM2}sm3")],
)
def test_methods_of_another_profile_or_mixed_ones_are_refused(signature: str, digest: str) -> None:
    class Mixed(Answering):
        profile = None

        def __init__(self) -> None:
            super().__init__(lambda value: value)
            profile = SIGNER.profile
            made = RSA_SHA1.digest if digest.endswith("sha1") else profile.digest
            self.profile = type(profile)("SM2", "mixed", signature, digest, made, profile.verify)

    with pytest.raises(BadSignature, match="profile"):
        verify_apart(signature_over(BODY, Mixed()), BODY)


def test_an_rsa_certificate_does_not_sign_in_the_sm2_profile() -> None:
    class Wrong(Answering):
        def __init__(self) -> None:
            super().__init__(lambda value: value, a_signer(Authority()))
            self.profile = SM2_SM3

    with pytest.raises(BadSignature, match="the methods are of the SM2 profile, the certificate's key of the RSA"):
        verify_apart(signature_over(BODY, Wrong()), BODY)


# Read, never written


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(tmp_path_factory.mktemp("sm2"), sm2=True)


@needs_openssl
def test_a_signature_by_openssl_holds_and_is_left_as_it_is(foreign: SigningKey, tmp_path: Path) -> None:
    content = signed_sm2(a_message(a_list("C1")), foreign, folder=tmp_path)
    authority = Certificate(x509.load_pem_x509_certificate(foreign.authority.read_bytes()))
    assert verify_bytes(content, authority).trusted
    assert signature_holds(parse_xml(content))
    assert not signature_holds(parse_xml(content.replace(b">C1<", b">C2<")))


@needs_openssl
def test_der_and_the_methods_of_before_are_read_and_known_as_forms_that_are_not_sent(
    foreign: SigningKey, tmp_path: Path
) -> None:
    message = a_message(a_list("C1"))
    for der, before, wanted in (
        (True, False, {OtherForm.DER_VALUE}),
        (False, True, {OtherForm.OLD_METHODS}),
        (True, True, {OtherForm.DER_VALUE, OtherForm.OLD_METHODS}),
    ):
        content = signed_sm2(message, foreign, folder=tmp_path, der=der, before=before)
        assert other_forms(content) == wanted
        assert not signature_holds(parse_xml(content))
        with pytest.raises(BadSignature):
            verify_bytes(content, by=Readers((SM2_SM3,)))
        with pytest.raises(BadSignature, match="digest differs"):
            verify_bytes(content.replace(b">C1<", b">C2<"))


@pytest.mark.parametrize("signer", [SIGNER, a_signer(Authority())], ids=["SM2", "RSA"])
@pytest.mark.parametrize("comment", ["", "<!-- by hand -->"])
def test_signedinfo_with_comments_is_read_and_not_sent(signer: SoftwareSigner, comment: str) -> None:
    class Commented(Answering):
        def __init__(self) -> None:
            super().__init__(lambda value: value, signer)

        def sign(self, data: bytes) -> bytes:
            self.told = data.decode().replace(*WITH_COMMENTS).replace("<ds:Reference ", f"{comment}<ds:Reference ")
            return signer.sign(self.told.encode())

    content = sign_like(Commented())
    content = content.replace(*(part.encode() for part in WITH_COMMENTS)).replace(
        b"<ds:Reference ", f"{comment}<ds:Reference ".encode()
    )
    assert other_forms(content) == {OtherForm.WITH_COMMENTS}
    assert not signature_holds(parse_xml(content))
    if comment:
        with pytest.raises(BadSignature, match="does not belong"):
            verify_bytes(content.replace(b"by hand", b"by foot"))


def sign_like(signer: object) -> bytes:
    return with_signature(BODY, signature_over(BODY, signer))  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [lambda raw: raw[1:], lambda raw: raw[:-1], lambda raw: raw + b"\0"])
def test_a_value_that_lost_or_won_a_byte_is_refused(wrong: object) -> None:
    with pytest.raises(BadSignature, match="does not belong"):
        verify_bytes(with_value(SIGNED, wrong(value_of(SIGNED))))  # type: ignore[operator]


def test_where_gmssl_is_not_installed_the_reason_says_so_and_rsa_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gmssl_pyx", None)
    with pytest.raises(BadSignature, match="gmssl-pyx"):
        verify_bytes(SIGNED)
    assert verify_bytes(sign_document(a_message(a_list("C1")), a_signer(Authority()))).profile == RSA_SHA1
