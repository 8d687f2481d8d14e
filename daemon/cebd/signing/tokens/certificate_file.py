"""Certificates that are in a file, where the machine with the key keeps none."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509

from cebd.signing.signer import Certificate, TokenError


def read_certificates(path: Path) -> list[Certificate]:
    """All in the file, in PEM, or the one in DER. Raises TokenError, which names the file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise TokenError(f"certificate file {path}: {reason}", f"证书文件 {path}：{reason}") from None
    try:
        if b"-----BEGIN" in content:
            return [Certificate(certificate) for certificate in x509.load_pem_x509_certificates(content)]
        return [Certificate.from_der(content)]
    except ValueError:
        raise TokenError(f"certificate file {path}: no certificate in it", f"证书文件 {path}：其中没有证书") from None
