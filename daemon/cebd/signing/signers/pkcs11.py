"""A hardware token through PKCS#11: the key never leaves it. Opened when first needed, and again after it was away."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from cebd.signing.labels import mapper, shown
from cebd.signing.profile import Profile, profile_of
from cebd.signing.signer import Certificate, Gate, PinRefused, TokenError
from cebd.signing.signers.certificate_choice import choose
from cebd.signing.signers.pkcs11_keys import KeyOnToken, Wanted, key_finder, label_is_somewhere, of_label
from cebd.signing.signers.pkcs11_library import borrow, give_back

T = TypeVar("T")

_UNFIT_SECONDS = 60.0  # so long a token that cannot sign is left alone: a card writes to its memory at each login, and that wears out


@dataclass(frozen=True)
class _Open:
    """A session with its key and certificate; valid until the library is restarted."""

    session: Any
    starts: int
    certificate: Certificate
    key: KeyOnToken
    profile: Profile


def _now() -> datetime:
    return datetime.now(UTC)


class Pkcs11Signer:
    """Signs on the token. `keys` and `cert_label` narrow the search; the PIN is read for each login and not kept."""

    def __init__(
        self,
        module: str,
        token: str,
        read_pin: Callable[[], str],
        keys: Wanted | None = None,
        cert_label: str | None = None,
        now: Callable[[], datetime] = _now,
        on_refused: Callable[[], None] = lambda: None,
        gate: Gate | None = None,
        number: str | None = None,
    ) -> None:
        """`token`: its label or its serial number. `number`: the only certificate to use. `on_refused` is called when the token has refused
        the PIN, before PinRefused is raised.

        Without a gate any token of the name is used: for a person who signs by hand.
        """
        self._token = token
        self._read_pin = read_pin
        self._keys = keys or Wanted()
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
        return self._run(lambda opened: opened.profile)

    def certificate(self) -> Certificate:
        return self._run(lambda opened: opened.certificate)

    def sign(self, data: bytes) -> bytes:
        return self._run(lambda opened: opened.key.sign(data))

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

        pin = self._read_pin()
        try:
            session = self._library.open_session(self._token, pin, self._before_login)
        except PinRefused:
            self._on_refused()
            raise
        try:
            certificates, find = self._certificates(session), key_finder(session, self._keys)
            certificate, key = choose(certificates, find, self._now(), sm2=self._keys.sm2 is not None)
            if self._gate is not None:
                self._gate.before_use(*_device(session.token), certificate)
        except TokenError as error:
            self._library.close_session(session)
            self._unfit = (_device(session.token)[0], time.monotonic(), error.on(self._token))
            raise error from None
        except BaseException:
            self._library.close_session(session)
            raise
        profile = profile_of(certificate.x509, self._keys.sm2_id)
        self._open = _Open(session, self._library.starts, certificate, key, profile)
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
        stored_there = list(session.get_objects(wanted))
        label_is_somewhere(stored_there, self._cert_label, "certificate")
        for stored in of_label(stored_there, self._cert_label):
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

    def _forget(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            self._library.close_session(opened.session)


def _device(token: Any) -> tuple[str, str]:
    """Serial number and model of a token."""
    model = f"{shown(token.manufacturer_id)} {shown(token.model)}"
    return shown(token.serial), model.strip()
