"""The two parties of a channel: their names, our key, the partner's certificates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cebd.as2.cms import Own, usable
from cebd.transport.channel import ChannelError

UNUSABLE = "CEBD-1670"


@dataclass(frozen=True, slots=True)
class Names:
    """AS2 names: `ours` sends messages to `theirs`."""

    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Partner:
    """`known`: the partner's certificates, the one to encrypt for first."""

    names: Names
    own: Own
    known: tuple[x509.Certificate, ...]

    @classmethod
    def load(
        cls, names: Names, cert: Path, key: Path, password: Callable[[], str | None], known: Sequence[Path]
    ) -> Self:
        """Raises ChannelError (CEBD-1670), and those of `password`."""
        own = Own(_certificate(cert), _key(key, password()))
        if own.certificate.public_key() != own.key.public_key():
            raise ChannelError(UNUSABLE, f"{key} is not the key of {cert}", f"{key} 与 {cert} 不是一对")
        return cls(names, own, tuple(_certificate(path) for path in known))

    def to_encrypt_for(self) -> x509.Certificate:
        """Raises ChannelError where none is valid now."""
        certificate = usable(self.known, datetime.now(UTC))
        if certificate is None:
            until = max(one.not_valid_after_utc for one in self.known).date().isoformat()
            raise ChannelError(UNUSABLE, f"the partner's certificates ended on {until}", f"对方证书已于 {until} 到期")
        return certificate


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise ChannelError(UNUSABLE, f"{path}: {error.strerror}") from None
    except ValueError:
        raise ChannelError(UNUSABLE, f"{path} is no certificate in PEM", f"{path} 不是 PEM 格式的证书") from None


def _key(path: Path, password: str | None) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password.encode() if password else None)
    except OSError as error:
        raise ChannelError(UNUSABLE, f"{path}: {error.strerror}") from None
    except (TypeError, ValueError):  # their texts are not shown, for they might quote the key
        raise ChannelError(
            UNUSABLE, f"{path} is no key in PEM, or its password is wrong", f"{path} 不是 PEM 格式的密钥，或口令不对"
        ) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ChannelError(UNUSABLE, f"{path} is no RSA key", f"{path} 不是 RSA 密钥")
    return key
