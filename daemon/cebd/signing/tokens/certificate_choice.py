"""The choice of the signing certificate on a token: valid now, allowed to sign, with its private key on the token.

After a renewal a token holds the old pair and the new pair, often under one label and one id; their order in its list means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from cebd.signing.profile import RSA_SHA1
from cebd.signing.signer import Certificate, CertificateNotValid, TokenError


def choose(
    certificates: Sequence[Certificate], has_key: Callable[[Certificate], bool], now: datetime, *, sm2: bool
) -> Certificate:
    """The certificate that signs. `has_key`: whether the token has a certificate's private key. `sm2`: whether the settings say what the
    token calls SM2; without, its SM2 certificates cannot sign.

    Raises CertificateNotValid when only expired (or future) certificates have a key, TokenError when no certificate or several have.
    """
    if not certificates:
        raise TokenError("no certificate on the token", "介质上没有证书")
    able = [
        certificate
        for certificate in dict.fromkeys(certificates)
        if _can_sign_by(certificate, sm2=sm2) and certificate.may_sign()
    ]
    if not able and not sm2 and any(_can_sign_by(certificate, sm2=True) for certificate in certificates):
        raise TokenError(
            f"the settings do not say what this token calls SM2 (sm2 of its signer): {_listed(certificates)}",
            f"设置中没有说明此介质的 SM2 编号（该签名的 sm2）：{_listed(certificates)}",
        )
    if not able:
        raise TokenError(
            f"no certificate with an RSA or SM2 key for signatures; there are: {_listed(certificates)}",
            f"没有可用于签名的 RSA 或 SM2 证书；现有：{_listed(certificates)}",
        )
    with_key = [certificate for certificate in able if has_key(certificate)]
    if not with_key:
        raise TokenError(
            f"no private key on the token belongs to: {_listed(able)}", f"介质上没有与证书对应的私钥：{_listed(able)}"
        )
    valid = [certificate for certificate in with_key if certificate.valid_at(now)]
    if not valid:
        raise CertificateNotValid(with_key, now)
    if len(valid) > 1:
        raise TokenError(
            f"{len(valid)} certificates could sign: {_listed(valid)}",
            f"有 {len(valid)} 个证书都可签名：{_listed(valid)}",
        )
    return valid[0]


def _can_sign_by(certificate: Certificate, *, sm2: bool) -> bool:
    try:
        return sm2 or certificate.profile == RSA_SHA1
    except TypeError:
        return False


def _listed(certificates: Sequence[Certificate]) -> str:
    return ", ".join(sorted(map(str, certificates)))
