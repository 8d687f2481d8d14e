"""A crypto machine or card through SDF (GM/T 0018): it has keys by number, some of them behind a password, and no certificates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cebd.signing.profile import RSA_SHA1, rsa_key
from cebd.signing.signer import Certificate, TokenAway, TokenError
from cebd.signing.tokens.c_library import LibraryCode, said
from cebd.signing.tokens.certificate_file import read_certificates
from cebd.signing.tokens.driver import Device, DeviceFault, LoginUnclear, PinWrong, Slot
from cebd.signing.tokens.names import shown
from cebd.signing.tokens.sdf.interface import NOT_SUPPORTED, NOTHING_SAID, Handle, MachineInfo, Sdf
from cebd.signing.tokens.slots import only_slot
from cebd.signing.tokens.trial_signature import Sign, Ways, padded, sha1_digest_info, sm2_way

_AWAY = (0x01000003, 0x01000004, 0x01000005, 0x01000006)  # communication, hardware, device, session
_NO_RIGHT, _REFUSED = 0x01000007, 0x01000018
_DECLINED = (NOT_SUPPORTED, 0x01000008, 0x01000009, 0x01000014, 0x01000015, 0x0100001D)


@dataclass(frozen=True)
class SdfKey:
    """`library`: its file. `key`: the number of the key for signatures. `certificates`: the file with its certificate. `algorithm`: see
    `Sdf`. `password_key`: the number that the password is shown for, where it is another than the key's."""

    library: str
    key: int
    certificates: str
    algorithm: int | None
    sm2_id: str
    password_key: int | None = None
    driver: str = "cebd.signing.tokens.sdf.driver:SdfDriver"
    signs_sm2: bool = True

    @property
    def token(self) -> str:
        return f"{Path(self.library).name}/{self.key}"


class SdfDriver:
    """See `Driver`."""

    def __init__(self, settings: SdfKey) -> None:
        self._settings = settings
        self._library: Sdf | None = None
        self._device: Handle | None = None
        self._session: Handle | None = None
        self._ways = Ways(settings.token, settings.sm2_id, self._ways_of)

    def open(self) -> Device:
        self._forget()
        with self._said():
            self._device = self._sdf.open_device()
            self._session = self._sdf.open_session(self._device)
        return self.device()

    def device(self) -> Device:
        """A password is of a key, not of the machine: so the key's number belongs to the serial number."""
        with self._said():
            info = self._info()
        name, number = self._settings.token, self._settings.key
        serial = f"{shown(info.serial)}/{number}" if info.serial else name
        return Device(serial=serial, model=f"{shown(info.maker)} {shown(info.name)}".strip(), label=name)

    def login(self, pin: str) -> None:
        with self._said():
            try:
                self._sdf.take_right(self._open, self._password_key, pin)
            except LibraryCode as error:
                if error.code in (_NO_RIGHT, _REFUSED):
                    raise PinWrong(str(error)) from None
                if error.code in _DECLINED:
                    raise
                raise LoginUnclear(str(error)) from None  # also where the network broke: the password may have arrived

    def certificates(self) -> Sequence[Certificate]:
        return read_certificates(Path(self._settings.certificates))

    def can_sign(self, certificate: Certificate) -> bool:
        return self._ways.can_sign(certificate)

    def sign(self, certificate: Certificate, data: bytes) -> bytes:
        return self._ways.sign(certificate, data)

    def slots(self) -> Sequence[Slot]:
        return only_slot(self, self._settings.library)

    def close(self) -> None:
        self._forget()

    @property
    def _password_key(self) -> int:
        wanted = self._settings.password_key
        return self._settings.key if wanted is None else wanted

    @property
    def _sdf(self) -> Sdf:
        if self._library is None:
            self._library = Sdf(self._settings.library, self._settings.algorithm)
        return self._library

    @property
    def _open(self) -> Handle:
        if self._session is None:
            raise TokenAway(f"{self._settings.token}: no session", f"{self._settings.token}：没有会话")
        return self._session

    def _info(self) -> MachineInfo:
        """Nothing where the library cannot ask. A machine that could say it and does not now has no serial number to remember a password
        by."""
        session = self._open
        try:
            return self._sdf.info(session)
        except DeviceFault:
            return NOTHING_SAID
        except LibraryCode as error:
            if error.code != NOT_SUPPORTED:
                raise
            return NOTHING_SAID

    def _ways_of(self, certificate: Certificate) -> list[Sign]:
        if certificate.profile == RSA_SHA1:
            size = rsa_key(certificate.x509).key_size // 8
            return [lambda data: self._signed(self._sdf.sign_rsa, padded(sha1_digest_info(data), size))]
        sign = partial(self._signed, self._sdf.sign_sm2)
        return [sm2_way(certificate, self._settings.sm2_id, sign)]

    def _signed(self, sign: Callable[[Handle, int, bytes], bytes], told: bytes) -> bytes:
        with self._said():
            return sign(self._open, self._settings.key, told)

    def _said(self) -> AbstractContextManager[None]:
        return said(self._settings.token, _AWAY, _DECLINED)

    def _forget(self) -> None:
        """Sessions die with the network; what is gone cannot be closed, and need not be."""
        session, device, self._session, self._device = self._session, self._device, None, None
        self._ways.forget()
        if self._library is None:
            return
        for close, handle in ((self._close_session, session), (self._library.close_device, device)):
            if handle is not None:
                with suppress(TokenError):
                    close(handle)

    def _close_session(self, session: Handle) -> None:
        with suppress(TokenError):
            self._sdf.give_back_right(session, self._password_key)
        self._sdf.close_session(session)
