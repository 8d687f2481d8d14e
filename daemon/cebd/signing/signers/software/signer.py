"""A key in a file: PEM with its certificate beside it, or PKCS#12. For trials and tests: whoever reads the file can sign."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from cebd.signing.profile import Profile, profile_of, rsa_key
from cebd.signing.signer import Certificate, Gate, TokenError
from cebd.signing.signers.software.sm2_key_file import OtherEncryption, pair_of_pkcs12, secret_of_pem
from cebd.signing.sm2 import DEFAULT_ID, Sm2Key, Sm2Missing, holds, point_of

log = structlog.get_logger("cebd")

T = TypeVar("T")

SoftwareKey = rsa.RSAPrivateKey | Sm2Key


class SoftwareSigner:
    """Signs with an RSA or SM2 key held in memory."""

    def __init__(self, key: SoftwareKey, certificate: Certificate, sm2_id: str = DEFAULT_ID) -> None:
        self._key = key
        self._certificate = certificate
        self._sm2_id = sm2_id

    @classmethod
    def load(
        cls, key: Path, cert: Path | None, password: str | None, gate: Gate | None = None, sm2_id: str = DEFAULT_ID
    ) -> SoftwareSigner:
        """Read the key. Raises TokenError, which never quotes the password, and the errors of the gate."""
        private, certificate = read_key(key, cert, password)
        if gate is not None:
            gate.before_use("", "key file", certificate)
        log.warning("signing with a key file: for trials only, customs require a token", key=str(key))
        return cls(private, certificate, sm2_id)

    @property
    def profile(self) -> Profile:
        return profile_of(self._certificate.x509, self._sm2_id)

    def certificate(self) -> Certificate:
        return self._certificate

    def sign(self, data: bytes) -> bytes:
        if isinstance(self._key, Sm2Key):
            return self._key.sign(data, self._sm2_id)
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  the profile of older certificates

    def close(self) -> None:
        return


def read_key(key: Path, cert: Path | None, password: str | None) -> tuple[SoftwareKey, Certificate]:
    """The key with its certificate. Without `cert` the file is PKCS#12. Raises TokenError, which never quotes the password."""
    secret = password.encode() if password else None
    private, certificate = _from_pkcs12(key, secret) if cert is None else _from_pem(key, cert, secret)
    path = cert or key
    if isinstance(private, bytes):
        found: SoftwareKey | None = _sm2_key(private, certificate)
    else:
        found = _rsa_key(key, private, certificate, path)
    if found is None:
        raise TokenError(
            f"{path}: the certificate {certificate} belongs to another key than that of {key.name}",
            f"{path}：证书 {certificate} 与 {key.name} 中的密钥不对应",
        )
    return found, certificate


def _sm2_key(secret: bytes, certificate: Certificate) -> Sm2Key | None:
    """The key with this secret, if the certificate is its own: told by a signature, for a file may leave the public part out."""
    point = point_of(certificate.x509)
    if point is None:
        return None
    key, trial = Sm2Key(secret, point), b"cebd: does this key belong to this certificate?"
    try:
        return key if holds(point, trial, key.sign(trial, DEFAULT_ID), DEFAULT_ID) else None
    except Sm2Missing as error:
        raise TokenError(str(error), error.zh) from None


def _rsa_key(key: Path, private: PrivateKeyTypes, certificate: Certificate, path: Path) -> rsa.RSAPrivateKey | None:
    if not isinstance(private, rsa.RSAPrivateKey):
        kind = type(private).__name__.strip("_")
        raise TokenError(
            f"{key}: neither an RSA nor an SM2 key but {kind}", f"{key}：既不是 RSA 密钥，也不是 SM2 密钥，而是 {kind}"
        )
    if point_of(certificate.x509) is not None:
        return None
    try:
        public = rsa_key(certificate.x509)
    except TypeError as error:
        raise TokenError(f"{path}: {error}", f"{path}：证书的密钥既不是 RSA，也不是 SM2") from None
    return private if private.public_key() == public else None


def _from_pem(key: Path, cert: Path, secret: bytes | None) -> tuple[PrivateKeyTypes | bytes, Certificate]:
    content, beside = _read(key), _read(cert)
    private: PrivateKeyTypes | bytes | None
    try:
        private = load_pem_private_key(content, secret)
    except TypeError:
        if secret:
            raise TokenError(
                f"{key}: it has no password; take the setting out", f"{key}：密钥没有口令，请删去口令设置"
            ) from None
        raise TokenError(
            f"{key}: it is encrypted and no password is set", f"{key}：密钥已加密，但没有设置口令"
        ) from None
    except (UnsupportedAlgorithm, ValueError) as error:
        private = _of_file(key, lambda: secret_of_pem(content, secret))
        if private is None:
            raise _unreadable(
                key, error, "wrong password, or no private key in PEM form", "口令不对，或不是 PEM 格式的私钥"
            ) from None
    try:
        return private, Certificate(x509.load_pem_x509_certificate(beside))
    except ValueError:
        raise TokenError(f"{cert}: no certificate in PEM form", f"{cert}：不是 PEM 格式的证书") from None


def _from_pkcs12(key: Path, secret: bytes | None) -> tuple[PrivateKeyTypes | bytes, Certificate]:
    content = _read(key)
    try:
        private, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
    except (UnsupportedAlgorithm, ValueError, TypeError) as error:
        if b"-----BEGIN" in content:
            raise TokenError(f"{key}: PEM needs its certificate named too", f"{key}：PEM 密钥须另指明证书") from None
        sm2, others = _of_file(key, lambda: pair_of_pkcs12(content, secret))
        if sm2 is None:
            raise _unreadable(
                key, error, "wrong password, or no PKCS#12 file", "口令不对，或不是 PKCS#12 文件"
            ) from None
        fitting = (one for one in map(Certificate.from_der, others) if _sm2_key(sm2, one) is not None)
        found = next(fitting, None)
        if found is not None:
            return sm2, found
    else:
        if private is not None and certificate is not None:
            return private, Certificate(certificate)
    raise TokenError(f"{key}: no private key with its certificate in it", f"{key}：文件中没有私钥及其证书")


def _of_file(key: Path, read: Callable[[], T]) -> T:
    try:
        return read()
    except OtherEncryption as error:
        raise TokenError(
            f"{key}: an SM2 key is not read in this encryption ({error}); encrypt it by PBES2 with AES",
            f"{key}：不支持 SM2 密钥的这种加密方式（{error}），请改用 PBES2 与 AES 加密",
        ) from None


def _unreadable(key: Path, error: Exception, reason: str, zh: str) -> TokenError:
    if isinstance(error, UnsupportedAlgorithm):
        reason = "a key of a kind that is not known here; RSA and SM2 sign here"
        zh = "不支持这种密钥；此处用 RSA 或 SM2 签名"
    return TokenError(f"{key}: {reason}", f"{key}：{zh}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TokenError(f"{path}: {error.strerror}") from None
