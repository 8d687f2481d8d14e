"""The private keys of a token: which of them belongs to a certificate, and how it signs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from cebd.signing.profile import RSA_SHA1, rsa_key, sm2_point
from cebd.signing.signer import Certificate, TokenError
from cebd.signing.sm2 import DEFAULT_ID, RAW_BYTES, Sm2Missing, digest_to_sign, holds, raw_of
from cebd.signing.tokens.names import is_named, shown
from cebd.signing.tokens.trial_signature import TRIAL, sha1_digest_info

_OF_THE_TOKEN = (
    *("DeviceError", "DeviceMemory", "DeviceRemoved", "HostMemory", "SessionClosed", "SessionHandleInvalid"),
    *("SlotIDInvalid", "TokenNotPresent", "TokenNotRecognised", "UserNotLoggedIn"),
)


@dataclass(frozen=True)
class Sm2Call:
    """How SM2 is called on a token (`signers/sm2_numbers.py`): the numbers of key type and mechanism, and whether it digests the text."""

    key_type: int
    mechanism: int
    whole: bool = False


@dataclass(frozen=True)
class Wanted:
    """Which keys of a token may sign: by label or id (hex), where the settings name them; and how SM2 is called there (None: it is not)."""

    label: str | None = None
    identity: str | None = None
    sm2: Sm2Call | None = None
    sm2_id: str = DEFAULT_ID


class KeyOnToken(Protocol):
    """A private key that stays on its token."""

    def sign(self, data: bytes) -> bytes:
        """The signature value over the text, to be verified. Raises the errors of python-pkcs11."""
        ...


@dataclass(frozen=True)
class RsaOnToken:
    """`whole`: the token digests, too. `again`: the PIN, where the key wants it before each signature."""

    key: Any
    whole: bool
    again: str | None

    def sign(self, data: bytes) -> bytes:
        import pkcs11

        if self.whole:
            return bytes(self.key.sign(data, mechanism=pkcs11.Mechanism.SHA1_RSA_PKCS, pin=self.again))
        return bytes(self.key.sign(sha1_digest_info(data), mechanism=pkcs11.Mechanism.RSA_PKCS, pin=self.again))


@dataclass(frozen=True)
class Sm2OnToken:
    """`point`: the certificate's. `again`: as of RSA. What the token answers in DER is brought into the form that customs want."""

    key: Any
    call: Sm2Call
    point: bytes
    user_id: str
    again: str | None

    def sign(self, data: bytes) -> bytes:
        told = data if self.call.whole else digest_to_sign(self.point, data, self.user_id)
        value = bytes(self.key.sign(told, mechanism=vendor_mechanism(self.call.mechanism), pin=self.again))
        if len(value) != RAW_BYTES:
            with suppress(ValueError):  # no DER either: that it does not hold is said by whoever verifies it
                return raw_of(value)
        return value


def vendor_mechanism(number: int) -> Any:
    """The mechanism of that number, for `sign`: python-pkcs11 takes none but members of its enum. A test fails when that has changed."""
    import pkcs11

    made = int.__new__(pkcs11.Mechanism, number)
    made._name_, made._value_ = f"vendor {number:#x}", number
    return made


def key_finder(session: Any, wanted: Wanted, pin: str) -> Callable[[Certificate], KeyOnToken | None]:
    """Finds the key of a certificate, by the key itself. Raises TokenError, naming the labels there, when no key is labelled as wanted."""
    import pkcs11

    whole = pkcs11.Mechanism.SHA1_RSA_PKCS in session.token.slot.get_mechanisms()
    rsa = _keys(session, pkcs11.KeyType.RSA, wanted)
    sm2 = _keys(session, wanted.sm2.key_type, wanted) if wanted.sm2 is not None else []
    label_is_somewhere([*rsa, *sm2], wanted.label, "private key")
    rsa, sm2 = of_label(rsa, wanted.label), of_label(sm2, wanted.label)

    @cache
    def find(certificate: Certificate) -> KeyOnToken | None:
        if certificate.profile == RSA_SHA1:
            made = (RsaOnToken(key, whole, _again(key, pin)) for key in rsa)
            return next((key for key in made if _is_rsa_pair(key, certificate)), None)
        if wanted.sm2 is None:
            return None
        call, point = wanted.sm2, sm2_point(certificate.x509)
        tried = (Sm2OnToken(key, call, point, wanted.sm2_id, _again(key, pin)) for key in sm2)
        return next((key for key in tried if _is_sm2_pair(key)), None)

    return find


def _again(key: Any, pin: str) -> str | None:
    """The PIN, for a key that wants it before each signature."""
    import pkcs11

    try:
        return pin if key[pkcs11.Attribute.ALWAYS_AUTHENTICATE] else None
    except pkcs11.exceptions.PKCS11Error:
        return None  # a token of before PKCS#11 2.20


def of_label(objects: Iterable[Any], label: str | None) -> list[Any]:
    """Those with that label; without one, all."""
    return [stored for stored in objects if label is None or is_named(_label(stored), label)]


def label_is_somewhere(objects: list[Any], label: str | None, what: str) -> None:
    """Raises TokenError, naming the existing labels, when there are objects and none of them has the label."""
    if objects and not of_label(objects, label):
        listed = ", ".join(sorted({shown(_label(stored)) for stored in objects}))
        raise TokenError(
            f"no {what} is labelled {label}; there are: {listed}", f"介质上没有标签为 {label} 的对象；现有：{listed}"
        )


def _label(stored: Any) -> bytes:
    import pkcs11

    try:
        return bytes(stored[pkcs11.Attribute.LABEL])
    except pkcs11.exceptions.PKCS11Error:
        return b""  # it has none


def _keys(session: Any, kind: int, wanted: Wanted) -> list[Any]:
    import pkcs11

    search: dict[Any, Any] = {
        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY,
        pkcs11.Attribute.KEY_TYPE: kind,
    }
    if wanted.identity is not None:
        search[pkcs11.Attribute.ID] = bytes.fromhex(wanted.identity)
    return [key for key in session.get_objects(search) if hasattr(key, "sign")]


def _is_rsa_pair(made: RsaOnToken, certificate: Certificate) -> bool:
    """Whether the key is the certificate's: by the modulus, or by a signature where the token does not tell the modulus."""
    import pkcs11

    try:
        modulus = int.from_bytes(bytes(made.key[pkcs11.Attribute.MODULUS]), "big")
    except pkcs11.exceptions.PKCS11Error:
        modulus = 0
    public = rsa_key(certificate.x509)
    if modulus:
        return modulus == public.public_numbers().n
    try:
        public.verify(replace(made, whole=False).sign(TRIAL), TRIAL, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    except InvalidSignature:
        return False
    except pkcs11.exceptions.PKCS11Error as error:
        return _not_by_this_key(error)
    return True


def _is_sm2_pair(key: Sm2OnToken) -> bool:
    """Whether the key is the certificate's, and the numbers are right: by a signature."""
    import pkcs11

    try:
        return holds(key.point, TRIAL, key.sign(TRIAL), key.user_id)
    except Sm2Missing as error:
        raise TokenError(str(error), error.zh) from None
    except ValueError:
        return False
    except pkcs11.exceptions.PKCS11Error as error:
        return _not_by_this_key(error)


def _not_by_this_key(error: Exception) -> Literal[False]:
    """The token refused a trial signature. Raises the error where it tells of the token and not of the key."""
    if type(error).__name__ in _OF_THE_TOKEN:
        raise error
    return False
