"""A hardware token through PKCS#11, used by one thread only: the token is serial anyway, and libraries are rarely thread-safe.

The token is opened when first needed and again after it was away. A refused PIN is remembered (as a digest) and not tried again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, TypeVar

from cebd.signing.signer import Certificate, PinRefused, TokenError

T = TypeVar("T")


class Pkcs11Signer:
    """Signs on the token with CKM_SHA1_RSA_PKCS; the key never leaves it."""

    def __init__(
        self,
        module: str,
        token: str,
        read_pin: Callable[[], str],
        key_label: str | None = None,
        cert_label: str | None = None,
    ) -> None:
        self._module = module
        self._token = token
        self._read_pin = read_pin
        self._key_label = key_label
        self._cert_label = cert_label
        self._refused: set[bytes] = set()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"token-{token}")
        self._session: Any = None
        self._key: Any = None
        self._certificate: Certificate | None = None

    def certificate(self) -> Certificate:
        return self._thread.submit(self._on_token, self._certificate_now).result()

    def sign(self, data: bytes) -> bytes:
        return self._thread.submit(self._on_token, lambda: self._sign_now(data)).result()

    def close(self) -> None:
        self._thread.submit(self._forget).result()
        self._thread.shutdown()

    def _sign_now(self, data: bytes) -> bytes:
        import pkcs11

        return bytes(self._key.sign(data, mechanism=pkcs11.Mechanism.SHA1_RSA_PKCS))

    def _certificate_now(self) -> Certificate:
        assert self._certificate is not None  # noqa: S101
        return self._certificate

    def _on_token(self, act: Callable[[], T]) -> T:
        """Open if need be, act; a session lost since then is opened once more."""
        import pkcs11

        try:
            if self._session is None:
                self._open()
                return act()
            try:
                return act()
            except pkcs11.exceptions.PKCS11Error:
                self._forget()
                self._open()
                return act()
        except pkcs11.exceptions.PKCS11Error as error:
            self._forget()
            raise TokenError(f"{self._token}: {type(error).__name__} {error}".strip()) from None

    def _open(self) -> None:
        import pkcs11

        try:
            library = pkcs11.lib(self._module)
            library.reinitialize()
        except RuntimeError as error:
            raise TokenError(f"{self._module}: {error}") from None
        try:
            token = library.get_token(token_label=self._token)
        except pkcs11.exceptions.NoSuchToken:
            raise TokenError(f"no token {self._token}") from None
        pin = self._read_pin()
        spent = sha256(pin.encode()).digest()
        if spent in self._refused:
            raise PinRefused(f"{self._token}: this PIN was refused before")
        try:
            self._session = token.open(user_pin=pin)
        except (
            pkcs11.exceptions.PinIncorrect,
            pkcs11.exceptions.PinLenRange,
            pkcs11.exceptions.PinLocked,
        ) as error:
            self._refused.add(spent)
            raise PinRefused(f"{self._token}: {type(error).__name__}") from None
        finally:
            del pin
        self._find_key()

    def _find_key(self) -> None:
        import pkcs11

        wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}
        if self._cert_label:
            wanted[pkcs11.Attribute.LABEL] = self._cert_label
        certificates = list(self._session.get_objects(wanted))
        if len(certificates) != 1:
            raise TokenError(f"{self._token}: {len(certificates)} certificates fit; name one with cert_label")
        self._certificate = Certificate.from_der(bytes(certificates[0][pkcs11.Attribute.VALUE]))
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        if self._key_label:
            wanted[pkcs11.Attribute.LABEL] = self._key_label
        keys = list(self._session.get_objects(wanted))
        if len(keys) != 1:
            raise TokenError(f"{self._token}: {len(keys)} private keys fit; name one with key_label")
        self._key = keys[0]

    def _forget(self) -> None:
        session, self._session, self._key = self._session, None, None
        if session is not None:
            with contextlib.suppress(Exception):  # a token that is gone cannot be closed
                session.close()
