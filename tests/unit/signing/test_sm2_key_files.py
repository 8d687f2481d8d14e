"""SM2 keys in files, as OpenSSL writes them: read as RSA keys are, refused in the same words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from builders.certificates import Authority, Sm2Authority, rsa_key, sm2_key, write_key, write_pem, write_sm2_key
from builders.customs_messages import needs_openssl
from builders.sm2 import openssl_accepts_sm2
from cebd.signing.signer import TokenError
from cebd.signing.signers.software.signer import SoftwareSigner

pytestmark = needs_openssl

PASSWORD = "correct horse"
AUTHORITY = Sm2Authority()
KEY = sm2_key("the enterprise's")
CERTIFICATE = AUTHORITY.issue(KEY, 0xABC)
FORMS = {
    "PKCS#8": ("pkey",),
    "PKCS#8 encrypted with AES": ("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "stdin"),
    "PKCS#8 encrypted with SM4": ("pkcs8", "-topk8", "-v2", "sm4-cbc", "-passout", "stdin"),
    "PKCS#8 encrypted with AES, SHA-1": (
        "pkcs8",
        "-topk8",
        "-v2",
        "aes128",
        "-v2prf",
        "hmacWithSHA1",
        "-passout",
        "stdin",
    ),
    "the key alone": ("ec",),
}
BUNDLES = {
    "encrypted": (),
    "the certificate plain": ("-certpbe", "NONE"),
    "encrypted with AES-128": ("-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC"),
}


def openssl(folder: Path, *arguments: object) -> None:
    command = ["openssl", *map(str, arguments)]
    subprocess.run(command, cwd=folder, input=PASSWORD.encode(), check=True, capture_output=True)


def a_pem(folder: Path, form: str) -> tuple[Path, Path]:
    name, *options = FORMS[form]
    openssl(folder, name, "-in", write_sm2_key(folder / "plain.pem", KEY), "-out", "key.pem", *options)
    return folder / "key.pem", write_pem(folder / "cert.pem", CERTIFICATE)


def a_pkcs12(folder: Path, *options: str) -> Path:
    key, cert = write_sm2_key(folder / "plain.pem", KEY), write_pem(folder / "cert.pem", CERTIFICATE)
    openssl(folder, "pkcs12", "-export", "-inkey", key, "-in", cert, "-out", "key.p12", "-passout", "stdin", *options)
    return folder / "key.p12"


def signs(signer: SoftwareSigner) -> bool:
    assert signer.certificate().number == "0abc"
    return openssl_accepts_sm2(CERTIFICATE, signer.sign(b"text"), b"text")


@pytest.mark.parametrize("form", FORMS)
def test_a_pem_file_signs_in_every_form_that_openssl_writes(tmp_path: Path, form: str) -> None:
    key, cert = a_pem(tmp_path, form)
    assert signs(SoftwareSigner.load(key, cert, PASSWORD if "encrypted" in form else None))


@pytest.mark.parametrize("options", BUNDLES.values(), ids=BUNDLES)
def test_a_pkcs12_file_signs(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert signs(SoftwareSigner.load(a_pkcs12(tmp_path, *options), None, PASSWORD))


def test_a_wrong_or_missing_password_is_named_as_one_and_not_quoted(tmp_path: Path) -> None:
    key, cert = a_pem(tmp_path, "PKCS#8 encrypted with AES")
    with pytest.raises(TokenError, match=r"key\.pem: wrong password") as refused:
        SoftwareSigner.load(key, cert, "wrong horse")
    assert "horse" not in f"{refused.value}{refused.value!r}"
    with pytest.raises(TokenError, match=r"key\.pem: it is encrypted and no password is set"):
        SoftwareSigner.load(key, cert, None)
    with pytest.raises(TokenError, match=r"key\.p12: wrong password"):
        SoftwareSigner.load(a_pkcs12(tmp_path), None, "wrong horse")


@pytest.mark.parametrize(
    "old", [("pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-passout", "stdin"), ("ec", "-aes128", "-passout", "stdin")]
)
def test_an_encryption_that_is_not_read_says_which_to_use(tmp_path: Path, old: tuple[str, ...]) -> None:
    name, *options = old
    openssl(tmp_path, name, "-in", write_sm2_key(tmp_path / "plain.pem", KEY), "-out", "key.pem", *options)
    with pytest.raises(TokenError, match="encrypt it by PBES2 with AES"):
        SoftwareSigner.load(tmp_path / "key.pem", write_pem(tmp_path / "cert.pem", CERTIFICATE), PASSWORD)


def test_a_certificate_of_another_key_is_refused_by_its_number_whatever_kind_each_is_of(tmp_path: Path) -> None:
    sm2, rsa = write_sm2_key(tmp_path / "sm2.pem", KEY), write_key(tmp_path / "rsa.pem", rsa_key("the enterprise's"))
    other = write_pem(tmp_path / "other.pem", AUTHORITY.issue(sm2_key("another"), 0xBEE))
    of_rsa = write_pem(tmp_path / "of-rsa.pem", Authority().issue(rsa_key("the enterprise's").public_key(), 0xBEE))
    for key, cert in ((sm2, other), (sm2, of_rsa), (rsa, other)):
        with pytest.raises(
            TokenError, match=rf"the certificate 0bee .* belongs to another key than that of {key.name}"
        ):
            SoftwareSigner.load(key, cert, None)


def test_the_curve_of_another_key_is_not_taken_for_sm2(tmp_path: Path) -> None:
    openssl(tmp_path, "ecparam", "-name", "secp112r1", "-genkey", "-noout", "-out", "key.pem")
    with pytest.raises(TokenError, match="a key of a kind that is not known here"):
        SoftwareSigner.load(tmp_path / "key.pem", write_pem(tmp_path / "cert.pem", CERTIFICATE), None)
