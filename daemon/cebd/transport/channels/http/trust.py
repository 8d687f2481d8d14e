"""Whom an HTTP channel believes, and what it shows of itself: authority, pinned certificates, the client's certificate."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpcore2

from cebd.transport.channel import ChannelError

# OpenSSL's words for certificates that break RFC 5280: Python 3.13 and later refuse them, earlier ones did not ask.
_STRICT = ("authority key identifier", "subject key identifier", "basic constraints", "key usage", "x509_strict")
_WANTS_OURS = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "UNKNOWN_CA", "CERTIFICATE_EXPIRED", "HANDSHAKE_FAILURE")


@dataclass(frozen=True, slots=True)
class Trust:
    """`authority`: PEM, None for those of the system; `pinned`: SHA-256 of certificates in hex digits, one of which must be shown.

    `strict`: authorities must follow RFC 5280, as Python 3.13 wants it; on every Python alike. `password` raises ChannelError.
    """

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    password: Callable[[], str | None] = lambda: None
    pinned: tuple[str, ...] = ()
    strict: bool = True

    def context(self) -> ssl.SSLContext:
        """Raises ChannelError (CEBD-1666) where a file cannot be used."""
        path = self.authority
        try:
            context = httpcore2.default_ssl_context() if path is None else ssl.create_default_context(cafile=path)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.strict:
                context.verify_flags |= ssl.VERIFY_X509_STRICT
            else:
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            if self.certificate is not None:
                path = self.certificate
                secret = self.password()
                # A key with a passphrase and none given would have OpenSSL ask at the terminal.
                context.load_cert_chain(path, self.key, password=lambda: secret or "")
        except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
            why = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
            raise ChannelError("CEBD-1666", f"{path}: {why}", f"{path}：{why}") from None
        return context

    def check(self, shown: str) -> None:
        """Raises ChannelError when certificates are pinned and this one, its SHA-256 in hex digits, is not among them."""
        if self.pinned and shown not in self.pinned:
            raise ChannelError("CEBD-1661", f"SHA256:{shown}")


def tls_trouble(error: BaseException, *, in_handshake: bool = True) -> ChannelError | None:
    """What a failure of TLS means; None when it was no matter of TLS.

    In TLS 1.3 a server that misses the client's certificate says so after the handshake, when a request may have left: such an alert
    means that it was not looked at. Nothing else that comes so late is certain.
    """
    cause = error.__cause__ or next(iter(error.args), None)  # the pool takes the cause away
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = cause.verify_message
        if any(word in why.lower() for word in _STRICT):
            return ChannelError(
                "CEBD-1660",
                f"{why}: the certificate of its authority does not follow RFC 5280, which Python 3.13 requires; ask the other side "
                "for a right one, or set tls_strict = false",
                f"{why}：其 CA 证书不符合 RFC 5280（Python 3.13 起强制检查）；请对方更换 CA 证书，或设 tls_strict = false",
            )
        return ChannelError("CEBD-1660", why)
    if isinstance(cause, ssl.SSLError):
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError) or "EOF" in (cause.reason or ""):
            return None  # the line was cut
        why = (cause.reason or str(cause)).replace("_", " ").lower()
        if any(word in (cause.reason or "") for word in _WANTS_OURS):
            return ChannelError("CEBD-1666", f"the server does not take it ({why})", f"服务器不接受（{why}）")
        return ChannelError("CEBD-1660", why) if in_handshake else None
    return None
