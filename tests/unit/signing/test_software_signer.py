"""A key in a file: what is read, what is refused and in which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import pkcs12
from structlog.testing import capture_logs

from builders.certificates import DAY, Authority, rsa_key, write_key, write_pem
from builders.customs_messages import a_message, an_order
from cebd.clock import CST
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import Certificate, CertificateNotValid, TokenError
from cebd.signing.signers.software.signer import SoftwareSigner

PASSWORD = "correct horse"
KEY = rsa_key("the enterprise's")
CERTIFICATE = Authority().issue(KEY.public_key(), serial=0xABC)


def a_pkcs12(path: Path, password: str | None) -> Path:
    how: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        how = serialization.BestAvailableEncryption(password.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"enterprise", KEY, CERTIFICATE, None, how))
    return path


def loaded(folder: Path, how: str, password: str | None) -> SoftwareSigner:
    if how == "pkcs12":
        return SoftwareSigner.load(a_pkcs12(folder / "key.p12", password), None, password)
    key, cert = write_key(folder / "key.pem", KEY, password), write_pem(folder / "cert.pem", CERTIFICATE)
    return SoftwareSigner.load(key, cert, password)


@pytest.mark.parametrize("how", ["pem", "pkcs12"])
@pytest.mark.parametrize("password", [None, PASSWORD])
def test_a_key_file_signs_whether_encrypted_or_not(tmp_path: Path, how: str, password: str | None) -> None:
    signer = loaded(tmp_path, how, password)
    KEY.public_key().verify(signer.sign(b"text"), b"text", padding.PKCS1v15(), hashes.SHA1())
    assert signer.certificate().x509 == CERTIFICATE
    assert signer.certificate().number == "0abc"


def test_one_warning_says_that_a_key_in_a_file_is_for_trials(tmp_path: Path) -> None:
    with capture_logs() as logs:
        loaded(tmp_path, "pem", PASSWORD)
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert "trials" in logs[0]["event"]
    assert PASSWORD not in str(logs)


@pytest.mark.parametrize("how", ["pem", "pkcs12"])
def test_a_wrong_password_is_named_as_one_and_not_quoted(tmp_path: Path, how: str) -> None:
    loaded(tmp_path, how, PASSWORD)
    key = tmp_path / ("key.pem" if how == "pem" else "key.p12")
    cert = tmp_path / "cert.pem" if how == "pem" else None
    with pytest.raises(TokenError, match="wrong password") as refused:
        SoftwareSigner.load(key, cert, "wrong horse")
    assert "horse" not in f"{refused.value}{refused.value!r}"
    assert key.name in str(refused.value)


def test_an_encrypted_key_without_a_password_says_that_one_is_needed(tmp_path: Path) -> None:
    key, cert = write_key(tmp_path / "k.pem", KEY, PASSWORD), write_pem(tmp_path / "c.pem", CERTIFICATE)
    with pytest.raises(TokenError, match="encrypted and no password is set") as refused:
        SoftwareSigner.load(key, cert, None)
    said = refused.value.said()
    assert said.zh == f"签名用的电子口岸卡（UKey）不可用：{key}：密钥已加密，但没有设置口令"
    assert said.en == f"The signing token is not usable: {key}: it is encrypted and no password is set"


def test_a_certificate_of_another_key_is_refused_by_its_number(tmp_path: Path) -> None:
    key, cert = write_key(tmp_path / "k.pem", rsa_key("another")), write_pem(tmp_path / "c.pem", CERTIFICATE)
    with pytest.raises(TokenError, match=r"c\.pem: the certificate 0abc .* belongs to another key than that of k\.pem"):
        SoftwareSigner.load(key, cert, None)


def test_a_key_that_is_neither_rsa_nor_sm2_is_refused_with_its_kind(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    cert = write_pem(tmp_path / "c.pem", Authority().issue(key.public_key()))
    with pytest.raises(TokenError, match="neither an RSA nor an SM2 key but ECPrivateKey"):
        SoftwareSigner.load(write_key(tmp_path / "k.pem", key), cert, None)


def test_a_certificate_whose_key_is_neither_rsa_nor_sm2_is_refused(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    cert = write_pem(tmp_path / "c.pem", Authority().issue(other.public_key()))
    with pytest.raises(TokenError, match=r"c\.pem: the certificate's key is neither RSA nor SM2"):
        SoftwareSigner.load(write_key(tmp_path / "k.pem", KEY), cert, None)


def test_files_that_are_missing_or_hold_something_else_are_named(tmp_path: Path) -> None:
    cert, nothing = write_pem(tmp_path / "c.pem", CERTIFICATE), tmp_path / "nothing.pem"
    key = write_key(tmp_path / "k.pem", KEY)
    cases = (
        (nothing, cert, r"nothing\.pem: No such file"),
        (key, nothing, r"nothing\.pem: No such file"),
        (cert, cert, r"c\.pem: wrong password, or no private key in PEM form"),
        (key, key, r"k\.pem: no certificate in PEM form"),
        (key, None, r"k\.pem: PEM needs its certificate named too"),
    )
    for key_file, cert_file, words in cases:
        with pytest.raises(TokenError, match=words):
            SoftwareSigner.load(key_file, cert_file, None)


def test_a_pkcs12_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    bare = tmp_path / "bare.p12"
    bare.write_bytes(pkcs12.serialize_key_and_certificates(b"x", KEY, None, None, serialization.NoEncryption()))
    with pytest.raises(TokenError, match="no private key with its certificate"):
        SoftwareSigner.load(bare, None, None)


@pytest.mark.parametrize(
    ("begins", "ends", "problem", "said"),
    [(-9 * DAY, -DAY, "CEBD-1503", "expired on"), (DAY, 9 * DAY, "CEBD-1521", "is not valid before")],
)
def test_a_certificate_that_is_not_valid_now_signs_nothing_and_is_named_with_its_dates(
    begins: timedelta, ends: timedelta, problem: str, said: str
) -> None:
    certificate = Authority().issue(KEY.public_key(), 0xDEAD, begins, ends)
    signer = SoftwareSigner(KEY, Certificate(certificate))
    with pytest.raises(CertificateNotValid, match=f"dead .*{datetime.now(UTC).year}") as refused:
        sign_document(a_message(an_order("N1")), signer)
    moment = certificate.not_valid_after_utc if ends < 0 * DAY else certificate.not_valid_before_utc
    told = refused.value.said()
    assert told.id == problem
    assert f"The certificate dead {said} {moment.astimezone(CST):%Y-%m-%d %H:%M}" in told.en
    assert f"{moment.astimezone(CST):%Y-%m-%d}" in told.zh
