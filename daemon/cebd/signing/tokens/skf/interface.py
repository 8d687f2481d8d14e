"""The functions of SKF (GM/T 0016), as Python has them: names are bytes, sizes and codes are looked after here.

Written by public headers and programs that use them; not tried on a device.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from cebd.signing.tokens.c_library import CLibrary, LibraryCode, number, read, texts_in

_TRUE = 1
_BEHIND_THE_VERSION = 2  # bytes
_USER = 1
_FIELDS_BYTES = 128  # ECCSIGNATUREBLOB
_STRUCTURE_BYTES = 4096  # more than any structure has
_SIGNATURE_BYTES = 1024  # more than any RSA signature has
_LOCK_MILLISECONDS = 3000

NOT_SUPPORTED = 0x0A000003
_CODES = {
    0x0A000001: "FAIL",
    0x0A000002: "UNKNOWN",
    NOT_SUPPORTED: "NOT SUPPORTED",
    0x0A000005: "INVALID HANDLE",
    0x0A000006: "INVALID PARAMETER",
    0x0A00000A: "KEY USAGE",
    0x0A00000B: "MODULUS LENGTH",
    0x0A00000F: "TIME-OUT",
    0x0A000010: "DATA LENGTH",
    0x0A000011: "DATA",
    0x0A00001B: "KEY NOT FOUND",
    0x0A00001C: "CERTIFICATE NOT FOUND",
    0x0A000020: "BUFFER TOO SMALL",
    0x0A000023: "DEVICE REMOVED",
    0x0A000024: "PIN INCORRECT",
    0x0A000025: "PIN LOCKED",
    0x0A000026: "PIN INVALID",
    0x0A000027: "PIN LENGTH",
    0x0A000028: "ALREADY LOGGED IN",
    0x0A000029: "PIN NOT INITIALIZED",
    0x0A00002D: "NOT LOGGED IN",
    0x0A00002E: "NO SUCH APPLICATION",
}
Handle = ctypes.c_void_p


class DeviceInfo(NamedTuple):
    """What a device says of itself (DEVINFO): the texts stand before all that may be packed or not."""

    maker: bytes
    issuer: bytes
    label: bytes
    serial: bytes


NOTHING_SAID = DeviceInfo(b"", b"", b"", b"")


class PinTries(NamedTuple):
    """How many tries a PIN has, and how many of them are left."""

    most: int
    left: int


class Skf:
    """The library. Every method raises LibraryCode, and DeviceFault where the library lacks the function."""

    def __init__(self, path: str) -> None:
        """Raises DeviceFault."""
        self._library = CLibrary(path, _CODES, stdcall=True)

    def devices(self) -> list[bytes]:
        """The names of those that are plugged in."""
        return self._names("SKF_EnumDev", ctypes.c_int(_TRUE))

    def connect(self, name: bytes) -> Handle:
        """The device of that name."""
        return self._opened("SKF_ConnectDev", name)

    def info(self, device: Handle) -> DeviceInfo:
        """What it says of itself."""
        content = ctypes.create_string_buffer(_STRUCTURE_BYTES)
        self._library.do("SKF_GetDevInfo", device, content)
        return DeviceInfo(*texts_in(content.raw, _BEHIND_THE_VERSION, (64, 64, 32, 32)))

    @contextmanager
    def locked(self, device: Handle) -> Iterator[None]:
        """In this block no other program uses the device; some libraries cannot promise that."""
        is_locked = self._library.has("SKF_LockDev")
        if is_locked:
            try:
                self._library.do("SKF_LockDev", device, ctypes.c_size_t(_LOCK_MILLISECONDS))
            except LibraryCode as error:
                if error.code != NOT_SUPPORTED:
                    raise
                is_locked = False
        try:
            yield
        finally:
            if is_locked:
                self._library.call("SKF_UnlockDev", device)

    def applications(self, device: Handle) -> list[bytes]:
        """The names of those on the device."""
        return self._names("SKF_EnumApplication", device)

    def open_application(self, device: Handle, name: bytes) -> Handle:
        """The application of that name."""
        return self._opened("SKF_OpenApplication", device, name)

    def tries(self, application: Handle) -> PinTries:
        """Of the user's PIN. Costs none."""
        most, left, default = number(), number(), number()
        self._library.do(
            "SKF_GetPINInfo", application, ctypes.c_size_t(_USER), *map(ctypes.byref, (most, left, default))
        )
        return PinTries(read(most), read(left))

    def verify_pin(self, application: Handle, pin: str) -> None:
        """Show the user's PIN."""
        left = number()
        self._library.do("SKF_VerifyPIN", application, ctypes.c_size_t(_USER), pin.encode(), ctypes.byref(left))

    def containers(self, application: Handle) -> list[bytes]:
        """The names of those in the application."""
        return self._names("SKF_EnumContainer", application)

    def open_container(self, application: Handle, name: bytes) -> Handle:
        """The container of that name."""
        return self._opened("SKF_OpenContainer", application, name)

    def certificate(self, container: Handle) -> bytes:
        """Of its pair for signatures, DER; nothing where it has none."""
        size = number()
        self._library.do("SKF_ExportCertificate", container, ctypes.c_int(_TRUE), None, ctypes.byref(size))
        if not read(size):
            return b""
        content = ctypes.create_string_buffer(read(size))
        self._library.do("SKF_ExportCertificate", container, ctypes.c_int(_TRUE), content, ctypes.byref(size))
        return content.raw[: read(size)]

    def sign_sm2(self, container: Handle, digest: bytes) -> bytes:
        """The two fields of the signature over the digest, 128 bytes."""
        content = ctypes.create_string_buffer(_STRUCTURE_BYTES)
        self._library.do("SKF_ECCSignData", container, digest, ctypes.c_size_t(len(digest)), content)
        return content.raw[:_FIELDS_BYTES]

    def sign_rsa(self, container: Handle, told: bytes) -> bytes:
        """The signature over what is to be padded by the device."""
        content, size = ctypes.create_string_buffer(_SIGNATURE_BYTES), number(_SIGNATURE_BYTES)
        self._library.do("SKF_RSASignData", container, told, ctypes.c_size_t(len(told)), content, ctypes.byref(size))
        return content.raw[: read(size)]

    def close_container(self, container: Handle) -> None:
        """Never fails."""
        self._library.call("SKF_CloseContainer", container)

    def close_application(self, application: Handle) -> None:
        """Log out and close. Never fails."""
        if self._library.has("SKF_ClearSecureState"):
            self._library.call("SKF_ClearSecureState", application)
        self._library.call("SKF_CloseApplication", application)

    def disconnect(self, device: Handle) -> None:
        """Never fails."""
        self._library.call("SKF_DisConnectDev", device)

    def _names(self, function: str, *of: object) -> list[bytes]:
        """Each ends with a zero, and the list with one more."""
        size = number()
        self._library.do(function, *of, None, ctypes.byref(size))
        if not read(size):
            return []
        content = ctypes.create_string_buffer(read(size) + 2)
        self._library.do(function, *of, content, ctypes.byref(size))
        return [name for name in content.raw.partition(b"\0\0")[0].split(b"\0") if name]

    def _opened(self, function: str, *of: object) -> Handle:
        handle = Handle()
        self._library.do(function, *of, ctypes.byref(handle))
        return handle
