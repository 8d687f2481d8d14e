"""`sign` and `verify` of one file: what may be signed, where it may go, and what is said of what is signed."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from builders.certificates import DAY, Authority, Sm2Authority, a_signer, an_sm2_signer, rsa_key, write_pem
from builders.customs_answers import LIST_ENTERED
from builders.customs_messages import a_list, a_message, an_envelope, an_order, make_key, needs_openssl, signed_sm2
from cebd.operations.signatures import Judgement, judge, require_new, sign
from cebd.operations.text import Refused
from cebd.signing.holder import holder_of, subject_without_person
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Certificate
from cebd.signing.signers.software.signer import SoftwareSigner

AUTHORITY, SM2_AUTHORITY = Authority(), Sm2Authority()
RSA, SM2 = a_signer(AUTHORITY), an_sm2_signer(SM2_AUTHORITY)
LIST = a_message(a_list("C1"), a_list("C2"))


def written(folder: Path, content: bytes, name: str = "in.xml") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def said(judgement: Judgement) -> str:
    return "\n".join(line.en for line in judgement.lines())


# What may be signed, and where to


@pytest.mark.parametrize("signer", [RSA, SM2], ids=["RSA", "SM2"])
def test_a_message_is_signed_into_a_new_file(tmp_path: Path, signer: SoftwareSigner) -> None:
    made = sign(written(tmp_path, LIST), tmp_path / "out.xml", signer)
    assert (made.certificate, made.profile[:3]) == ("0a1b2c", signer.profile.name)
    assert judge(made.out, None, ()).reason is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LIST_ENTERED, "not a message that enterprises declare but .*CEB622"),
        (
            an_envelope(LIST_ENTERED, message_type="CEB622Message"),
            "not a message that enterprises declare but .*CEB622",
        ),
        (b"<order/>", "not a message that can be signed: order"),
        (b"orderNo,goodsValue", "not a message that can be signed"),
    ],
    ids=["a receipt", "a receipt in its envelope", "another document", "no XML"],
)
def test_a_receipt_or_another_document_is_not_signed_and_nothing_is_written(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        sign(written(tmp_path, content), tmp_path / "out.xml", RSA)
    assert not (tmp_path / "out.xml").exists()


def test_a_file_that_is_there_is_not_overwritten_not_even_by_itself(tmp_path: Path) -> None:
    file, other = written(tmp_path, LIST), written(tmp_path, b"mine", "mine.xml")
    for out in (file, other):
        with pytest.raises(Refused, match="is there already and was left alone"):
            require_new(out)
    require_new(tmp_path / "out.xml")
    assert (file.read_bytes(), other.read_bytes()) == (LIST, b"mine")


# What is said


def test_of_a_signed_message_is_said_what_it_is_who_signed_it_and_how(tmp_path: Path) -> None:
    file = written(tmp_path, an_envelope(sign_document(LIST, SM2)))
    authority = write_pem(tmp_path / "authority.pem", SM2_AUTHORITY.certificate)
    judgement = judge(file, authority, ())
    text = said(judgement)
    for part in (
        "CEB621 Inventory list, records: 2, in an envelope of DXPTEST000000001",
        "the signature is valid, and the authority issued its certificate",
        "certificate 0a1b2c, enterprise a1b2c, valid until 20",
        "SM2-SM3",
    ):
        assert part in text
    values = judgement.as_json()
    assert (values["valid"], values["trusted"], values["profile"], values["other_forms"]) == (True, True, "SM2-SM3", [])


def test_of_a_changed_message_is_said_why_it_does_not_hold_and_who_claims_to_have_signed_it(tmp_path: Path) -> None:
    judgement = judge(written(tmp_path, sign_document(LIST, SM2).replace(b">C2<", b">C3<")), None, ())
    assert "NOT valid: the digest differs: the content was changed after signing" in said(judgement)
    assert "certificate 0a1b2c" in said(judgement)
    values = judgement.as_json()
    assert (values["valid"], values["certificate"], values["profile"]) == (False, "0a1b2c", None)
    assert str(values["method"]).endswith("#sm2-sm3")


def test_a_message_without_a_signature_or_no_xml_at_all_is_said_to_be_that(tmp_path: Path) -> None:
    assert "0 signatures" in said(judge(written(tmp_path, LIST), None, ()))
    judgement = judge(written(tmp_path, b"no XML"), None, ())
    assert "a file that cannot be read" in said(judgement)
    assert judgement.as_json()["valid"] is False


def test_the_reason_is_in_chinese_too(tmp_path: Path) -> None:
    for content in (LIST, sign_document(LIST, RSA).replace(b">C2<", b">C3<"), b"no XML"):
        reason = judge(written(tmp_path, content), None, ()).reason
        assert reason is not None
        assert any("\u4e00" <= letter <= "\u9fff" for letter in reason.zh)


def test_the_certificate_of_another_authority_is_no_good(tmp_path: Path) -> None:
    authority = AUTHORITY.pem(tmp_path)
    reason = judge(written(tmp_path, sign_document(LIST, SM2)), authority, ()).reason
    assert reason is not None
    assert "another authority" in reason.en
    with pytest.raises(Refused, match="not a PEM certificate"):
        judge(tmp_path / "in.xml", tmp_path / "in.xml", ())


def test_an_expired_certificate_is_named_though_the_signature_holds(tmp_path: Path) -> None:
    key = rsa_key("the enterprise's")
    expired = SoftwareSigner(key, Certificate(AUTHORITY.issue(key.public_key(), 0xE, -9 * DAY, -timedelta(hours=1))))
    content = sign_document(LIST, expired, expired.certificate().x509.not_valid_after_utc - DAY)
    judgement = judge(written(tmp_path, content), None, ())
    assert "(not valid now)" in said(judgement)
    assert (judgement.as_json()["valid"], judgement.as_json()["certificate_valid_now"]) == (True, False)


@needs_openssl
def test_der_is_read_and_said_to_be_signed_anew_when_it_is_dropped(tmp_path: Path) -> None:
    content = signed_sm2(a_message(an_order("N1")), make_key(tmp_path, sm2=True), folder=tmp_path, der=True)
    judgement = judge(written(tmp_path, content), None, ())
    assert "not in the form of today: a signature value in DER; dropped, cebd signs it anew" in said(judgement)
    assert judgement.as_json()["valid"] is True


# Whose certificate it is


def issued_to(*extensions: tuple[str, bytes], subject: dict[str, str] | None = None) -> x509.Certificate:
    """A certificate with what customs' cards carry; the numbers are below the arc."""
    arc = "1.3.6.1.4.1.5315.100.5"
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, "张三")]
    parts += [
        x509.NameAttribute(x509.ObjectIdentifier(f"{arc}.{number}"), text) for number, text in (subject or {}).items()
    ]
    like = AUTHORITY.issue(rsa_key("holder").public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(parts))
        .issuer_name(AUTHORITY.certificate.subject)
        .public_key(rsa_key("holder").public_key())
        .serial_number(7)
        .not_valid_before(like.not_valid_before_utc)
        .not_valid_after(like.not_valid_after_utc)
    )
    for number, value in extensions:
        oid = x509.ObjectIdentifier(f"{arc}.{number}")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    return builder.sign(AUTHORITY.key, like.signature_hash_algorithm)


NAME = "示例跨境电子商务有限公司"


@pytest.mark.parametrize(
    "value",
    [b"\x0c" + bytes([len(NAME.encode())]) + NAME.encode(), NAME.encode(), NAME.encode("gbk")],
    ids=["a string in DER", "UTF-8 as it is", "GBK as it is"],
)
def test_the_enterprise_and_its_code_stand_in_the_cards_own_extensions(value: bytes) -> None:
    holder = holder_of(issued_to(("1", value), ("11", b"\x13\x09MA01ABCD1")))
    assert (holder.name, holder.organisation_code) == (NAME, "MA01ABCD1")


def test_the_number_of_the_person_who_holds_the_card_is_shown_nowhere(tmp_path: Path) -> None:
    person = "999999199001010016"
    certificate = issued_to(("8", person.encode()), subject={"1": NAME, "8": person, "11": "MA01ABCD1"})
    assert holder_of(certificate).name == NAME
    assert subject_without_person(certificate).count("5315.100.5") == 2
    signer = SoftwareSigner(rsa_key("holder"), Certificate(certificate))
    judgement = judge(written(tmp_path, sign_document(LIST, signer)), None, ())
    shown = f"{said(judgement)}{judgement.as_json()}{subject_without_person(certificate)}"
    assert NAME in shown
    assert person not in shown
    assert base64.b64encode(person.encode()).decode() not in shown
