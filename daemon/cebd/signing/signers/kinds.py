"""Every kind of signer. A new kind needs a module of its own and a line here: settings, checks and hints use this list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cebd.signing.signers.control_settings import CONTROL
from cebd.signing.signers.kind import SignerContext, SignerKind, SignerSettings
from cebd.signing.signers.pkcs11_settings import PKCS11
from cebd.signing.signers.remote.settings import REMOTE
from cebd.signing.signers.sdf_settings import SDF
from cebd.signing.signers.skf_settings import SKF
from cebd.signing.signers.software.settings import SOFTWARE

if TYPE_CHECKING:
    from cebd.signing.signer import Signer

SIGNERS: tuple[SignerKind, ...] = (SOFTWARE, PKCS11, SKF, SDF, CONTROL, REMOTE)


def signer_kind(type_: str) -> SignerKind:
    """The kind of that type. Raises KeyError."""
    for kind in SIGNERS:
        if kind.type == type_:
            return kind
    raise KeyError(type_)


def open_signer(settings: SignerSettings, context: SignerContext) -> Signer:
    """The signer with these settings, behind the context's gate. Raises TokenError when it cannot be used now."""
    return signer_kind(settings.type).open(settings, context)
