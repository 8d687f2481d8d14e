"""A hardware token through PKCS#11: the key never leaves it. Opened when first needed, and again after it was away."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from cebd.signing.labels import is_named, mapper, shown
from cebd.signing.profile import RSA_SHA1, Profile, rsa_key
from cebd.signing.signer import Certificate, Gate, PinRefused, TokenError
from cebd.signing.signers.certificate_choice import choose
from cebd.signing.signers.pkcs11_library import borrow, give_back

T = TypeVar("T")

_SHA1_DIGEST_INFO = bytes.fromhex("3021300906052b0e03021a05000414")  # RFC 8017 section 9.2, note 1
_UNFIT_SECONDS = 60.0  # so long a token that cannot sign is left alone: a card writes to its memory at each login, and that wears out
_TRIAL = b"cebd: does this key belong to this certificate?"


@dataclass(frozen=True)
class _Open:
    """A session with its key and certificate; valid until the library is restarted."""

    session: Any
    starts: int
    certificate: Certificate
    key: Any
    on_token_digest: bool


def _now() -> datetime:
    return datetime.now(UTC)


class Pkcs11Signer:
    """Signs on the token. `key_label` and `cert_label` narrow the search; the PIN is read for each login and not kept."""

    def __init__(
        self,
        module: str,
        token: str,
        read_pin: Callable[[], str],
        key_label: str | None = None,
        cert_label: str | None = None,
        now: Callable[[], datetime] = _now,
        on_refused: Callable[[], None] = lambda: None,
        gate: Gate | None = None,
        number: str | None = None,
    ) -> None:
        """`on_refused` is called when the token has refused the PIN, before PinRefused is raised. `number`: the only certificate to use.

        Without a gate any token of the name is used: for a person who signs by hand.
        """
        self._token = token
        self._read_pin = read_pin
        self._key_label = key_label
        self._cert_label = cert_label
        self._now = now
        self._on_refused = on_refused
        self._gate = gate
        self._number = number
        self._library = borrow(module)
        self._open: _Open | None = None
        self._unfit: tuple[str, float, TokenError] | None = None  # serial number of the token, when, and why
        self._closed = False

    @property
    def profile(self) -> Profile:
        return RSA_SHA1  # the mechanisms used here are RSA mechanisms

    def certificate(self) -> Certificate:
        return self._run(lambda opened: opened.certificate)

    def sign(self, data: bytes) -> bytes:
        return self._run(lambda opened: _signature(opened, data))

    def close(self) -> None:
        """Log out, and end the library if this was its last signer. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self._library.run(self._forget)
        except TokenError:  # a library that hangs: nothing to be done, and nothing is lost
            self._open = None
        give_back(self._library)

    def _run(self, act: Callable[[_Open], T]) -> T:
        if self._closed:
            raise TokenError(f"{self._token}: the signer was closed", f"{self._token}：签名已关闭")
        return self._library.run(lambda: self._on_token(act))

    def _on_token(self, act: Callable[[_Open], T]) -> T:
        """Open if need be, act; a session that was lost meanwhile is opened once more."""
        import pkcs11

        try:
            current = self._current()
            if current is not None:
                try:
                    return act(current)
                except pkcs11.exceptions.PKCS11Error:
                    self._forget()
            return act(self._opened())
        except pkcs11.exceptions.PKCS11Error as error:
            self._forget()
            self._library.doubt()
            raise TokenError(f"{self._token}: {type(error).__name__} {error}".strip()) from None

    def _current(self) -> _Open | None:
        """The open session, unless the library was restarted or the certificate expired: then there may be a new certificate."""
        opened = self._open
        if opened is not None and opened.starts == self._library.starts and opened.certificate.valid_at(self._now()):
            return opened
        self._forget()
        return None

    def _opened(self) -> _Open:
        import pkcs11

        pin = self._read_pin()
        try:
            session = self._library.open_session(self._token, pin, self._before_login)
        except PinRefused:
            self._on_refused()
            raise
        try:
            certificate, key = choose(self._certificates(session), self._key_finder(session), self._now())
            if self._gate is not None:
                self._gate.before_use(*_device(session.token), certificate)
            offered = session.token.slot.get_mechanisms()
        except TokenError as error:
            self._library.close_session(session)
            self._unfit = (_device(session.token)[0], time.monotonic(), error.on(self._token))
            raise error from None
        except BaseException:
            self._library.close_session(session)
            raise
        whole = pkcs11.Mechanism.SHA1_RSA_PKCS in offered
        self._open = _Open(session, self._library.starts, certificate, key, whole)
        return self._open

    def _before_login(self, token: Any) -> None:
        """Raises TokenError for a token that is not to be logged in to: by the gate, or because it could not sign a moment ago."""
        if self._unfit is not None:
            serial, moment, error = self._unfit
            if serial == _device(token)[0] and time.monotonic() - moment < _UNFIT_SECONDS:
                raise error.with_traceback(None)
            self._unfit = None

        def shown_to_anybody() -> list[Certificate]:
            with token.open(attribute_mapper=mapper()) as session, suppress(TokenError):
                return self._certificates(session)
            return []  # no certificate fits the settings

        if self._gate is not None:
            self._gate.before_login(*_device(token), shown_to_anybody)

    def _certificates(self, session: Any) -> list[Certificate]:
        import pkcs11

        wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}
        certificates = []
        for stored in _objects(session, wanted, self._cert_label, "certificate"):
            try:
                certificates.append(Certificate.from_der(bytes(stored[pkcs11.Attribute.VALUE])))
            except ValueError:
                continue  # not X.509, or damaged: nothing that could sign
        of_number = [certificate for certificate in certificates if self._number in (None, certificate.number)]
        if certificates and not of_number:
            listed = ", ".join(sorted(map(str, certificates)))
            raise TokenError(
                f"no certificate on the token has the number {self._number}; there are: {listed}",
                f"介质上没有编号为 {self._number} 的证书；现有：{listed}",
            )
        return of_number

    def _key_finder(self, session: Any) -> Callable[[Certificate], Any]:
        import pkcs11

        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.RSA}
        keys = [key for key in _objects(session, wanted, self._key_label, "private key") if hasattr(key, "sign")]
        return lambda certificate: next((key for key in keys if _belongs(key, certificate)), None)

    def _forget(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            self._library.close_session(opened.session)


def _device(token: Any) -> tuple[str, str]:
    """Serial number and model of a token."""
    model = f"{shown(token.manufacturer_id)} {shown(token.model)}"
    return shown(token.serial), model.strip()


def _objects(session: Any, wanted: dict[Any, Any], label: str | None, what: str) -> list[Any]:
    """All objects of that kind, or those with that label. Raises TokenError, naming the existing labels, when no object has it."""
    import pkcs11

    objects = list(session.get_objects(wanted))
    if label is None:
        return objects
    labels = [bytes(stored[pkcs11.Attribute.LABEL]) for stored in objects]
    fitting = [stored for stored, its_label in zip(objects, labels, strict=True) if is_named(its_label, label)]
    if objects and not fitting:
        listed = ", ".join(sorted(set(map(shown, labels))))
        raise TokenError(
            f"no {what} is labelled {label}; there are: {listed}", f"介质上没有标签为 {label} 的对象；现有：{listed}"
        )
    return fitting


def _belongs(key: Any, certificate: Certificate) -> bool:
    """Whether the key is the certificate's: by the modulus, or by a signature where the token does not tell the modulus."""
    import pkcs11

    if certificate.profile != RSA_SHA1:
        return False
    try:
        modulus = int.from_bytes(bytes(key[pkcs11.Attribute.MODULUS]), "big")
    except pkcs11.exceptions.PKCS11Error:
        modulus = 0
    if modulus:
        return modulus == rsa_key(certificate.x509).public_numbers().n
    try:
        value = _raw_signature(key, _TRIAL)
        rsa_key(certificate.x509).verify(value, _TRIAL, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    except (pkcs11.exceptions.PKCS11Error, InvalidSignature):
        return False
    return True


def _signature(opened: _Open, data: bytes) -> bytes:
    import pkcs11

    if opened.on_token_digest:
        return bytes(opened.key.sign(data, mechanism=pkcs11.Mechanism.SHA1_RSA_PKCS))
    return _raw_signature(opened.key, data)


def _raw_signature(key: Any, data: bytes) -> bytes:
    """The digest made here: every token that signs with RSA has this mechanism."""
    import pkcs11

    info = _SHA1_DIGEST_INFO + sha1(data).digest()  # noqa: S324  the profile of older certificates
    return bytes(key.sign(info, mechanism=pkcs11.Mechanism.RSA_PKCS))
