"""A hardware token through PKCS#11: the key never leaves it.

Many libraries see a token that was plugged in again only after they were started anew (C_Finalize, C_Initialize): whenever the token is
not to be found, or has failed since it was found, that is done and it is looked for once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from cebd.signing.signer import Certificate, TokenAway, TokenError
from cebd.signing.tokens.driver import Device, DeviceFault, LibraryBroken, LoginUnclear, PinWrong, Slot
from cebd.signing.tokens.names import is_named, shown
from cebd.signing.tokens.pkcs11.keys import KeyOnToken, Wanted, key_finder, label_is_somewhere, of_label
from cebd.signing.tokens.pkcs11.labels import keep_bytes, mapper

_AWAY = (
    "TokenNotPresent",
    "TokenNotRecognised",
    "DeviceRemoved",
    "SlotIDInvalid",
    "SessionHandleInvalid",
    "SessionClosed",
)
_WRONG = ("PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "PinExpired")
_NOT_LOOKED_AT = ("SessionCount", "UserPinNotInitialized")


@dataclass(frozen=True)
class Pkcs11Token:
    """`module`: the library's file. `token`: its label or its serial number. `keys` and `cert_label` narrow the search."""

    module: str
    token: str
    keys: Wanted = Wanted()  # noqa: RUF009  a value
    cert_label: str | None = None
    driver: str = "cebd.signing.tokens.pkcs11.driver:Pkcs11Driver"

    @property
    def signs_sm2(self) -> bool:
        return self.keys.sm2 is not None


class Pkcs11Driver:
    """See `Driver`."""

    def __init__(self, settings: Pkcs11Token) -> None:
        self._settings = settings
        self._library: Any = None
        self._is_started = False
        self._is_doubtful = False
        self._token: Any = None
        self._session: Any = None
        self._pin = ""  # for keys that want it before each signature (CKA_ALWAYS_AUTHENTICATE)
        self._find_key: Callable[[Certificate], KeyOnToken | None] | None = None

    def open(self) -> Device:
        self._forget()
        if self._is_doubtful:
            self._restart()
        try:
            self._open()
        except TokenAway:
            self._restart()
            self._open()
        return self.device()

    def device(self) -> Device:
        with self._said():
            return _device(self._token.slot.get_token())

    def login(self, pin: str) -> None:
        import pkcs11

        self._close_session()
        try:
            self._session = self._token.open(user_pin=pin, attribute_mapper=mapper())
        except pkcs11.exceptions.UserAlreadyLoggedIn:
            self._open_session()  # a library may keep a login for all programs
        except pkcs11.exceptions.PKCS11Error as error:
            kind = type(error).__name__
            if kind in _WRONG:
                raise PinWrong(kind) from None
            if kind in _AWAY:
                self._is_doubtful = True
                raise TokenAway(self._named(error)) from None
            if kind in _NOT_LOOKED_AT:
                raise DeviceFault(self._named(error)) from None
            raise LoginUnclear(kind) from None
        self._pin = pin

    def certificates(self) -> Sequence[Certificate]:
        with self._said():
            stored_there = _stored_certificates(self._session)
            label_is_somewhere(stored_there, self._settings.cert_label, "certificate")
            return _certificates(of_label(stored_there, self._settings.cert_label))

    def can_sign(self, certificate: Certificate) -> bool:
        return self._key_of(certificate) is not None

    def sign(self, certificate: Certificate, data: bytes) -> bytes:
        key = self._key_of(certificate)
        if key is None:
            raise DeviceFault(f"{self._settings.token}: the key is gone", f"{self._settings.token}：密钥不见了")
        with self._said():
            return key.sign(data)

    def slots(self) -> Sequence[Slot]:
        import pkcs11

        self._forget()
        self._start()
        found = []
        for slot in self._library.get_slots():
            place = f"{shown(slot.slot_description)} #{slot.slot_id}".strip()
            try:
                found.append(self._slot(place, slot.get_token()))
            except (pkcs11.exceptions.TokenNotPresent, pkcs11.exceptions.TokenNotRecognised):
                found.append(Slot(place))
            except pkcs11.exceptions.PKCS11Error as error:
                found.append(Slot(place, fault=f"{type(error).__name__} {error}".strip()))
        return found

    def close(self) -> None:
        self._forget()
        self._end()

    def _slot(self, place: str, token: Any) -> Slot:
        import pkcs11

        ready = pkcs11.TokenFlag.TOKEN_INITIALIZED | pkcs11.TokenFlag.USER_PIN_INITIALIZED
        device, is_ready = _device(token), token.flags & ready == ready
        try:
            with token.open(attribute_mapper=mapper()) as session:
                certificates, fault = tuple(_certificates(_stored_certificates(session))), ""
        except pkcs11.exceptions.PKCS11Error as error:  # not made ready, or another program's alone
            certificates, fault = (), type(error).__name__ if is_ready else ""
        return Slot(place, device, certificates, self._is_meant(token), is_ready, fault)

    def _is_meant(self, token: Any) -> bool:
        return any(is_named(name, self._settings.token) for name in (token.label, token.serial))

    def _key_of(self, certificate: Certificate) -> KeyOnToken | None:
        with self._said():
            if self._find_key is None:
                self._find_key = key_finder(self._session, self._settings.keys, self._pin)
            return self._find_key(certificate)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What the library refuses is said as a TokenError, and looked for anew the next time."""
        import pkcs11

        try:
            yield
        except pkcs11.exceptions.PKCS11Error as error:
            self._is_doubtful = True
            raise (TokenAway if type(error).__name__ in _AWAY else DeviceFault)(self._named(error)) from None

    def _open(self) -> None:
        """Find the token and open a session on it, without a login. Raises TokenError, TokenAway."""
        import pkcs11

        self._start()
        try:
            self._token = self._found()
            self._open_session()
        except pkcs11.exceptions.PKCS11Error as error:
            raise TokenAway(self._named(error)) from None

    def _open_session(self) -> None:
        self._session = self._token.open(attribute_mapper=mapper())

    def _found(self) -> Any:
        tokens, name = self._tokens(), self._settings.token
        if not tokens:
            raise TokenAway(f"no token {name}", f"没有介质 {name}")
        if len(tokens) > 1:
            serials = ", ".join(sorted(shown(token.serial) for token in tokens))
            raise TokenError(
                f"{len(tokens)} tokens are named {name}; name one by its serial number: {serials}",
                f"有 {len(tokens)} 个介质同名 {name}，请改用序列号指明：{serials}",
            )
        return tokens[0]

    def _tokens(self) -> list[Any]:
        """The tokens with that label or serial number. A slot whose token was pulled out may fail; the other slots are still looked at."""
        import pkcs11

        found = []
        for slot in self._library.get_slots(token_present=True):
            with suppress(pkcs11.exceptions.PKCS11Error):
                token = slot.get_token()
                if self._is_meant(token):
                    found.append(token)
        return found

    def _start(self) -> None:
        """Load the library, or start it again where it did not start the last time. Raises TokenError."""
        if self._is_started:
            return
        try:
            import pkcs11
        except ImportError:
            raise TokenError(
                "python-pkcs11 is not installed: pip install python-pkcs11",
                "没有安装 python-pkcs11：pip install python-pkcs11",
            ) from None
        try:
            if self._library is None:
                keep_bytes()
                self._library = pkcs11.lib(self._settings.module)
            else:
                self._library.initialize()
        except RuntimeError as error:  # PKCS11Error is one, and python-pkcs11 raises others
            texts = (f"{self._settings.module}: {type(error).__name__} {error}".strip(),)
            raise (LibraryBroken if self._library is not None else DeviceFault)(*texts) from None
        self._is_started = True

    def _restart(self) -> None:
        self._is_doubtful = False
        self._end()
        self._start()

    def _end(self) -> None:
        was_started, self._is_started = self._is_started, False
        if was_started:
            with suppress(Exception):  # a library in a bad way may refuse to end; beginning again decides
                self._library.finalize()

    def _forget(self) -> None:
        self._find_key, self._token, self._pin = None, None, ""
        self._close_session()

    def _close_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(Exception):  # a token that is gone cannot be closed, and need not be
                session.close()

    def _named(self, error: Exception) -> str:
        return f"{self._settings.token}: {type(error).__name__} {error}".strip()


def _device(token: Any) -> Device:
    import pkcs11

    flags = token.flags
    return Device(
        serial=shown(token.serial),
        model=f"{shown(token.manufacturer_id)} {shown(token.model)}".strip(),
        label=shown(token.label),
        is_low=bool(flags & pkcs11.TokenFlag.USER_PIN_COUNT_LOW),
        is_last_try=bool(flags & pkcs11.TokenFlag.USER_PIN_FINAL_TRY),
        is_locked=bool(flags & pkcs11.TokenFlag.USER_PIN_LOCKED),
    )


def _stored_certificates(session: Any) -> list[Any]:
    import pkcs11

    wanted: dict[Any, Any] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}
    return list(session.get_objects(wanted))


def _certificates(stored_there: list[Any]) -> list[Certificate]:
    import pkcs11

    certificates = []
    for stored in stored_there:
        with suppress(ValueError):  # not X.509, or damaged: nothing that could sign
            certificates.append(Certificate.from_der(bytes(stored[pkcs11.Attribute.VALUE])))
    return certificates
