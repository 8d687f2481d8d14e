"""A trial authority, and a key with a certificate of it: to try cebd without a token. Customs do not know them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from cebd.disk.files import write_file

_DAYS = 365
_PEM = serialization.Encoding.PEM


def make_trial_key(folder: Path, *, sm2: bool = False) -> Path:
    """Write `trial.key.pem` (mode 600), `trial.cert.pem` and `trial-authority.pem`; returns the authority's path.

    `sm2`: an SM2 key, as the cards issued since 2022 have; else RSA.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    authority = _certificate("cebd trial authority", authority_key.public_key(), authority_key, None)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _certificate("cebd trial key", key.public_key(), authority_key, authority)
    made = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    if sm2:
        from cebd.trial.sm2_keys import as_pem, new_key, with_sm2_key

        sm2_authority, sm2_key = new_key(), new_key()
        authority = with_sm2_key(authority, sm2_authority.point, sm2_authority)
        certificate = with_sm2_key(certificate, sm2_key.point, sm2_authority)
        made = as_pem(sm2_key)
    write_file(folder / "trial.key.pem", made, private=True)
    (folder / "trial.cert.pem").write_bytes(certificate.public_bytes(_PEM))
    trusted = folder / "trial-authority.pem"
    trusted.write_bytes(authority.public_bytes(_PEM))
    return trusted


def _certificate(
    name: str, public: rsa.RSAPublicKey, signing: rsa.RSAPrivateKey, issuer: x509.Certificate | None
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    return builder.sign(signing, hashes.SHA256())
