"""Which certificate signs: of those on a token, the one that is valid now, may sign, and whose private key is there.

After a renewal a token holds the old pair and the new one, often under one label and one id; in which order it lists them means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from cebd.signing.signer import Certificate, CertificateNotValid, TokenError

Key = TypeVar("Key")


def choose(
    certificates: Sequence[Certificate], key_of: Callable[[Certificate], Key | None], now: datetime
) -> tuple[Certificate, Key]:
    """The certificate and its key. `key_of` finds the private key of a certificate on the token, by the key itself.

    Raises CertificateNotValid when only expired (or future) ones have a key, TokenError when none has or several do.
    """
    if not certificates:
        raise TokenError("no certificate on the token")
    able = [
        certificate
        for certificate in dict.fromkeys(certificates)
        if _has_profile(certificate) and certificate.may_sign()
    ]
    if not able:
        raise TokenError(f"no certificate with an RSA key for signatures; there are: {_listed(certificates)}")
    pairs = [(certificate, key) for certificate in able if (key := key_of(certificate)) is not None]
    if not pairs:
        raise TokenError(f"no private key on the token belongs to: {_listed(able)}")
    valid = [(certificate, key) for certificate, key in pairs if certificate.valid_at(now)]
    if not valid:
        raise CertificateNotValid([certificate for certificate, _ in pairs], now)
    if len(valid) > 1:
        raise TokenError(f"{len(valid)} certificates could sign: {_listed([one for one, _ in valid])}")
    return valid[0]


def _has_profile(certificate: Certificate) -> bool:
    try:
        certificate.profile  # noqa: B018  asked for its exception
    except TypeError:
        return False
    return True


def _listed(certificates: Sequence[Certificate]) -> str:
    return ", ".join(sorted(map(str, certificates)))
