"""A USB key or card through SKF (GM/T 0016): most of those with an SM2 key that are made in China. The key never leaves it.

A device holds applications, each with a PIN of its own; an application holds containers, each with a pair of keys for signatures (and one
for encryption, which is left alone) and its certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial

from cebd.signing.profile import RSA_SHA1
from cebd.signing.signer import Certificate, TokenAway, TokenError
from cebd.signing.tokens.c_library import LibraryCode, said
from cebd.signing.tokens.driver import Device, DeviceFault, LoginUnclear, NotListed, PinWrong, Slot
from cebd.signing.tokens.names import is_named, shown
from cebd.signing.tokens.skf.interface import NOT_SUPPORTED, NOTHING_SAID, DeviceInfo, Handle, PinTries, Skf
from cebd.signing.tokens.trial_signature import Sign, Ways, sha1_digest, sha1_digest_info, sm2_way

_AWAY = (0x0A000005, 0x0A000023, 0x0A00002D, 0x0A00002E)  # handle, removed, not logged in, no application
_WRONG = (0x0A000024, 0x0A000025, 0x0A000026, 0x0A000027)  # incorrect, locked, invalid, length
_ALREADY_LOGGED_IN = 0x0A000028
_NOT_LOOKED_AT = (0x0A000029,)  # not initialized
_DECLINED = (0x0A000003, 0x0A000006, 0x0A00000A, 0x0A00000B, 0x0A000010, 0x0A000011, 0x0A00001B)


@dataclass(frozen=True)
class SkfToken:
    """`library`: its file. `token`: the device's label, serial number or name. Without `application` or `container`, whichever is there."""

    library: str
    token: str
    application: str | None
    container: str | None
    sm2_id: str
    driver: str = "cebd.signing.tokens.skf.driver:SkfDriver"
    signs_sm2: bool = True


@dataclass(frozen=True)
class _Connected:
    """A device with a session: its name in the library, and its application."""

    name: bytes
    info: DeviceInfo
    device: Handle
    application: Handle


class SkfDriver:
    """See `Driver`."""

    def __init__(self, settings: SkfToken) -> None:
        self._settings = settings
        self._library: Skf | None = None
        self._connected: _Connected | None = None
        self._containers: dict[Certificate, Handle] = {}
        self._ways = Ways(settings.token, settings.sm2_id, self._ways_of)

    def open(self) -> Device:
        self._forget()
        with self._said():
            name, info, device = self._found()
            try:
                application = self._application(device)
            except (LibraryCode, TokenError):
                self._skf.disconnect(device)
                raise
        self._connected = _Connected(name, info, device, application)
        return self.device()

    def device(self) -> Device:
        with self._said():
            tries = self._tries()
        info = self._open.info
        return Device(
            serial=shown(info.serial) or shown(info.label) or shown(self._open.name),
            model=shown(info.maker),
            label=shown(info.label) or shown(self._open.name),
            tries_left=tries.left if tries is not None else None,
            is_low=tries is not None and tries.left < tries.most,
            is_last_try=tries is not None and tries.left == 1,
            is_locked=tries is not None and tries.left == 0,
        )

    def login(self, pin: str) -> None:
        with self._said(), self._skf.locked(self._open.device):
            try:
                self._skf.verify_pin(self._open.application, pin)
            except LibraryCode as error:
                if error.code == _ALREADY_LOGGED_IN:
                    return
                if error.code in _WRONG:
                    raise PinWrong(str(error)) from None
                if error.code in (*_AWAY, *_NOT_LOOKED_AT):
                    raise
                raise LoginUnclear(str(error)) from None

    def certificates(self) -> Sequence[Certificate]:
        with self._said():
            self._close_containers()
            for name in self._container_names():
                container = self._skf.open_container(self._open.application, name)
                with suppress(ValueError):  # not X.509, or damaged: nothing that could sign
                    self._containers[Certificate.from_der(self._certificate(container))] = container
        return list(self._containers)

    def can_sign(self, certificate: Certificate) -> bool:
        return self._ways.can_sign(certificate)

    def sign(self, certificate: Certificate, data: bytes) -> bytes:
        return self._ways.sign(certificate, data)

    def slots(self) -> Sequence[Slot]:
        self._forget()
        found: list[Slot] = []
        with self._said():
            for name in self._skf.devices():
                try:
                    found += self._slots_of(name)
                except (LibraryCode, TokenError) as error:
                    found.append(Slot(shown(name), fault=str(error)))
                finally:
                    self._forget()
        return found

    def close(self) -> None:
        self._forget()

    @property
    def _skf(self) -> Skf:
        if self._library is None:
            self._library = Skf(self._settings.library)
        return self._library

    @property
    def _open(self) -> _Connected:
        if self._connected is None:
            raise TokenAway(f"{self._settings.token}: not connected", f"{self._settings.token}：未连接")
        return self._connected

    def _found(self) -> tuple[bytes, DeviceInfo, Handle]:
        """The device that is meant, connected. Another program may have one alone: the others are still looked at."""
        there, found, silent = [], [], []
        for name in self._skf.devices():
            try:
                device, info = self._looked_at(name)
            except LibraryCode as error:
                silent.append(f"{shown(name)}: {error}")
                continue
            names = (info.label, info.serial, name)
            there.append(" / ".join(shown(one) for one in names if one))
            if self._is_meant(name, info):
                found.append((name, info, device))
            else:
                self._skf.disconnect(device)
        if len(found) == 1:
            return found[0]
        for _, _, device in found:
            self._skf.disconnect(device)
        wanted = self._settings.token
        if found:
            raise TokenError(
                f"{len(found)} devices are named {wanted}; name one by its serial number: {'; '.join(there)}",
                f"有 {len(found)} 个设备同名 {wanted}，请改用序列号指明：{'；'.join(there)}",
            )
        rest = "; ".join([*there, *silent]) or "-"
        raise NotListed(f"no device {wanted}; there are: {rest}", f"没有设备 {wanted}；现有：{rest}")

    def _slots_of(self, name: bytes) -> list[Slot]:
        """One for each application of the device of that name: each has a PIN of its own."""
        device, info = self._looked_at(name)
        found = []
        try:
            for application in self._skf.applications(device):
                handle = self._skf.open_application(device, application)
                self._connected = _Connected(name, info, device, handle)
                wanted = self._settings.application
                is_meant = self._is_meant(name, info) and (wanted is None or is_named(application, wanted))
                place = f"{shown(name)} / {shown(application)}"
                found.append(Slot(place, self.device(), self._all_certificates(), is_meant))
                self._skf.close_application(handle)
            if not found:
                label = shown(info.label) or shown(name)
                told = Device(shown(info.serial) or label, shown(info.maker), label)
                found = [Slot(shown(name), told, is_meant=self._is_meant(name, info), is_ready=False)]
        finally:
            self._connected = None
            self._skf.disconnect(device)
        return found

    def _all_certificates(self) -> tuple[Certificate, ...]:
        """Of every container in the open application."""
        certificates = []
        for name in self._skf.containers(self._open.application):
            container = self._skf.open_container(self._open.application, name)
            with suppress(ValueError):
                certificates.append(Certificate.from_der(self._certificate(container)))
            self._skf.close_container(container)
        return tuple(certificates)

    def _is_meant(self, name: bytes, info: DeviceInfo) -> bool:
        return any(is_named(one, self._settings.token) for one in (info.label, info.serial, name))

    def _looked_at(self, name: bytes) -> tuple[Handle, DeviceInfo]:
        """The device of that name in the library, and what it says of itself: nothing where the library cannot ask.

        One that could say it and does not now has no serial number to remember its PIN by.
        """
        device = self._skf.connect(name)
        try:
            return device, self._skf.info(device)
        except DeviceFault:
            return device, NOTHING_SAID
        except LibraryCode as error:
            if error.code == NOT_SUPPORTED:
                return device, NOTHING_SAID
            self._skf.disconnect(device)
            raise

    def _application(self, device: Handle) -> Handle:
        names, wanted = self._skf.applications(device), self._settings.application
        meant = [name for name in names if wanted is None or is_named(name, wanted)]
        if len(meant) != 1:
            raise _not_one(meant, names, "application", "应用").on(self._settings.token)
        return self._skf.open_application(device, meant[0])

    def _container_names(self) -> list[bytes]:
        names, wanted = self._skf.containers(self._open.application), self._settings.container
        meant = [name for name in names if wanted is None or is_named(name, wanted)]
        if names and not meant:
            raise _not_one(meant, names, "container", "容器").on(self._settings.token)
        return meant

    def _certificate(self, container: Handle) -> bytes:
        """Nothing where there is none for signatures."""
        try:
            return self._skf.certificate(container)
        except LibraryCode as error:
            if error.code in _AWAY:
                raise
            return b""

    def _tries(self) -> PinTries | None:
        """None where the library does not say."""
        try:
            tries = self._skf.tries(self._open.application)
        except LibraryCode as error:
            if error.code in _AWAY:
                raise
            return None
        except DeviceFault:
            return None
        return tries if tries.most else None

    def _ways_of(self, certificate: Certificate) -> list[Sign]:
        """Devices differ in what they are to be told of an RSA signature."""
        container = self._containers.get(certificate)
        if container is None:
            return []
        if certificate.profile == RSA_SHA1:
            return [
                lambda data: self._signed(self._skf.sign_rsa, container, sha1_digest_info(data)),
                lambda data: self._signed(self._skf.sign_rsa, container, sha1_digest(data)),
            ]
        sign = partial(self._signed, self._skf.sign_sm2, container)
        return [sm2_way(certificate, self._settings.sm2_id, sign)]

    def _signed(self, sign: Callable[[Handle, bytes], bytes], container: Handle, told: bytes) -> bytes:
        with self._said(), self._skf.locked(self._open.device):
            return sign(container, told)

    def _said(self) -> AbstractContextManager[None]:
        return said(self._settings.token, _AWAY, _DECLINED)

    def _forget(self) -> None:
        """Whatever of it is gone cannot be closed, and need not be."""
        with suppress(TokenError):
            self._close_containers()
        connected, self._connected = self._connected, None
        if connected is not None and self._library is not None:
            with suppress(TokenError):
                self._library.close_application(connected.application)
                self._library.disconnect(connected.device)

    def _close_containers(self) -> None:
        containers, self._containers = self._containers, {}
        self._ways.forget()
        for container in containers.values():
            self._skf.close_container(container)


def _not_one(meant: list[bytes], names: list[bytes], en: str, zh: str) -> TokenError:
    listed = ", ".join(map(shown, names)) or "-"
    if meant:
        return TokenError(
            f"several are there, name one by `{en}`: {listed}", f"有多个{zh}，请用 {en} 指明其一：{listed}"
        )
    return TokenError(f"no such {en}; there are: {listed}", f"没有该{zh}；现有：{listed}")
