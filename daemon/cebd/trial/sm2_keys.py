"""SM2 keys, and certificates for them: cryptography makes the certificate for another key, asn1crypto puts the SM2 key into it."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cebd.signing.sm2 import CURVE, DEFAULT_ID, SIGNATURE_ALGORITHM, Sm2Key, der_of


def new_key() -> Sm2Key:
    """A key made by chance."""
    from gmssl_pyx import sm2_key_generate

    point, secret = sm2_key_generate()
    return Sm2Key(secret, point)


def with_sm2_key(template: x509.Certificate, point: bytes, authority: Sm2Key) -> x509.Certificate:
    """The certificate as it is, but for this SM2 key, and signed by that of its authority."""
    from asn1crypto import algos, keys
    from asn1crypto import x509 as asn1

    made = asn1.Certificate.load(template.public_bytes(Encoding.DER))
    content = made["tbs_certificate"]
    algorithm = keys.PublicKeyAlgorithm({"algorithm": "ec", "parameters": keys.ECDomainParameters("named", CURVE)})
    content["subject_public_key_info"] = keys.PublicKeyInfo(
        {"algorithm": algorithm, "public_key": keys.ECPointBitString(b"\4" + point)}
    )
    content["signature"] = made["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": SIGNATURE_ALGORITHM})
    made["signature_value"] = der_of(authority.sign(content.dump(force=True), DEFAULT_ID))
    return x509.load_der_x509_certificate(made.dump(force=True))


def as_pem(key: Sm2Key) -> bytes:
    """PKCS#8, not encrypted."""
    from asn1crypto import keys, pem

    keys.NamedCurve.register("sm2", CURVE, len(key.secret))
    private = keys.ECPrivateKey(
        {
            "version": "ecPrivkeyVer1",
            "private_key": int.from_bytes(key.secret),
            "public_key": keys.ECPointBitString(b"\4" + key.point),
        }
    )
    algorithm = {"algorithm": "ec", "parameters": keys.ECDomainParameters("named", CURVE)}
    info = keys.PrivateKeyInfo({"version": 0, "private_key_algorithm": algorithm, "private_key": private})
    return bytes(pem.armor("PRIVATE KEY", info.dump()))
