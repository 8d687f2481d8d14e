"""A key in a file: PEM with its certificate beside it, or PKCS#12. For trials and tests: whoever reads the file can sign."""

from __future__ import annotations

from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from cebd.signing.profile import Profile, rsa_key
from cebd.signing.signer import Certificate, Gate, TokenError

log = structlog.get_logger("cebd")


class SoftwareSigner:
    """Signs with an RSA key held in memory."""

    def __init__(self, key: rsa.RSAPrivateKey, certificate: Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @classmethod
    def load(cls, key: Path, cert: Path | None, password: str | None, gate: Gate | None = None) -> SoftwareSigner:
        """Read the key. Raises TokenError, which never quotes the password, and the errors of the gate."""
        private, certificate = read_key(key, cert, password)
        if gate is not None:
            gate.before_use("", "key file", certificate)
        log.warning("signing with a key file: for trials only, customs require a token", key=str(key))
        return cls(private, certificate)

    @property
    def profile(self) -> Profile:
        return self._certificate.profile

    def certificate(self) -> Certificate:
        return self._certificate

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  the profile of older certificates

    def close(self) -> None:
        return


def read_key(key: Path, cert: Path | None, password: str | None) -> tuple[rsa.RSAPrivateKey, Certificate]:
    """The key with its certificate. Without `cert` the file is PKCS#12. Raises TokenError, which never quotes the password."""
    secret = password.encode() if password else None
    private, certificate = _from_pkcs12(key, secret) if cert is None else _from_pem(key, cert, secret)
    if not isinstance(private, rsa.RSAPrivateKey):
        kind = type(private).__name__.strip("_")
        raise TokenError(
            f"{key}: not an RSA key but {kind}; only RSA signs here",
            f"{key}：不是 RSA 密钥，而是 {kind}；此处只用 RSA 签名",
        )
    if private.public_key() != _public(certificate, cert or key):
        raise TokenError(
            f"{cert or key}: the certificate {certificate} belongs to another key than that of {key.name}",
            f"{cert or key}：证书 {certificate} 与 {key.name} 中的密钥不对应",
        )
    return private, certificate


def _from_pem(key: Path, cert: Path, secret: bytes | None) -> tuple[PrivateKeyTypes, Certificate]:
    content, beside = _read(key), _read(cert)
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
    except UnsupportedAlgorithm:
        raise _unsupported(key) from None
    except ValueError:
        raise TokenError(
            f"{key}: wrong password, or no private key in PEM form", f"{key}：口令不对，或不是 PEM 格式的私钥"
        ) from None
    try:
        return private, Certificate(x509.load_pem_x509_certificate(beside))
    except ValueError:
        raise TokenError(f"{cert}: no certificate in PEM form", f"{cert}：不是 PEM 格式的证书") from None


def _from_pkcs12(key: Path, secret: bytes | None) -> tuple[PrivateKeyTypes, Certificate]:
    content = _read(key)
    try:
        private, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
    except UnsupportedAlgorithm:
        raise _unsupported(key) from None
    except (ValueError, TypeError):
        if b"-----BEGIN" in content:
            raise TokenError(f"{key}: PEM needs its certificate named too", f"{key}：PEM 密钥须另指明证书") from None
        raise TokenError(
            f"{key}: wrong password, or no PKCS#12 file", f"{key}：口令不对，或不是 PKCS#12 文件"
        ) from None
    if private is None or certificate is None:
        raise TokenError(f"{key}: no private key with its certificate in it", f"{key}：文件中没有私钥及其证书")
    return private, Certificate(certificate)


def _unsupported(key: Path) -> TokenError:
    return TokenError(
        f"{key}: a key of a kind that is not known here; only RSA signs here",
        f"{key}：不支持这种密钥；此处只用 RSA 签名",
    )


def _public(certificate: Certificate, path: Path) -> rsa.RSAPublicKey:
    try:
        return rsa_key(certificate.x509)
    except TypeError as error:
        raise TokenError(f"{path}: {error}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TokenError(f"{path}: {error.strerror}") from None
