"""The functions of SDF (GM/T 0018), as Python has them: sizes and codes are looked after here.

Written by public headers and programs that use them; not tried on a machine. A library has its own settings, with the address of the
machine, in a file that many look for in the folder of the process: the device is opened in the library's.
"""

from __future__ import annotations

import ctypes
from typing import NamedTuple

from cebd.signing.tokens.c_library import CLibrary, number, read, texts_in

_FIELDS_BYTES = 128  # ECCSignature
_STRUCTURE_BYTES = 4096  # more than any structure has

NOT_SUPPORTED = 0x01000002
_CODES = {
    0x01000001: "UNKNOWN",
    NOT_SUPPORTED: "NOT SUPPORTED",
    0x01000003: "COMMUNICATION",
    0x01000004: "HARDWARE",
    0x01000005: "OPEN DEVICE",
    0x01000006: "OPEN SESSION",
    0x01000007: "NO RIGHT TO THE KEY",
    0x01000008: "NO SUCH KEY",
    0x01000009: "ALGORITHM NOT SUPPORTED",
    0x0100000C: "PRIVATE KEY",
    0x0100000D: "SIGNATURE",
    0x01000014: "KEY TYPE",
    0x01000015: "KEY",
    0x01000018: "RIGHT TO THE KEY REFUSED",
    0x0100001C: "NO BUFFER",
    0x0100001D: "ARGUMENT",
}
Handle = ctypes.c_void_p


class MachineInfo(NamedTuple):
    """What a machine says of itself (DEVICEINFO): the texts stand before all that may be packed or not."""

    maker: bytes
    name: bytes
    serial: bytes


NOTHING_SAID = MachineInfo(b"", b"", b"")


class Sdf:
    """The library. Every method raises LibraryCode, and DeviceFault where the library lacks the function."""

    def __init__(self, path: str, algorithm: int | None) -> None:
        """`algorithm`: what a library that wants it with each SM2 signature is told. Raises DeviceFault."""
        self._library = CLibrary(path, _CODES)
        self._algorithm = () if algorithm is None else (ctypes.c_uint(algorithm),)

    def open_device(self) -> Handle:
        """The machine or card."""
        device = Handle()
        with self._library.at_home():
            self._library.do("SDF_OpenDevice", ctypes.byref(device))
        return device

    def open_session(self, device: Handle) -> Handle:
        """A session on it."""
        session = Handle()
        with self._library.at_home():
            self._library.do("SDF_OpenSession", device, ctypes.byref(session))
        return session

    def info(self, session: Handle) -> MachineInfo:
        """What the machine says of itself."""
        content = ctypes.create_string_buffer(_STRUCTURE_BYTES)
        self._library.do("SDF_GetDeviceInfo", session, content)
        return MachineInfo(*texts_in(content.raw, 0, (40, 16, 16)))

    def take_right(self, session: Handle, key: int, password: str) -> None:
        """Show the password of the key."""
        told = password.encode()
        self._library.do("SDF_GetPrivateKeyAccessRight", session, ctypes.c_uint(key), told, ctypes.c_uint(len(told)))

    def give_back_right(self, session: Handle, key: int) -> None:
        """Of the key. Never fails."""
        self._library.call("SDF_ReleasePrivateKeyAccessRight", session, ctypes.c_uint(key))

    def sign_sm2(self, session: Handle, key: int, digest: bytes) -> bytes:
        """The two fields of the signature over the digest, 128 bytes."""
        content = ctypes.create_string_buffer(_STRUCTURE_BYTES)
        told = (*self._algorithm, digest, ctypes.c_uint(len(digest)), content)
        self._library.do("SDF_InternalSign_ECC", session, ctypes.c_uint(key), *told)
        return content.raw[:_FIELDS_BYTES]

    def sign_rsa(self, session: Handle, key: int, block: bytes) -> bytes:
        """The signature over a block that is padded already."""
        content, size = ctypes.create_string_buffer(_STRUCTURE_BYTES), number(_STRUCTURE_BYTES)
        told = (block, ctypes.c_uint(len(block)), content, ctypes.byref(size))
        self._library.do("SDF_InternalPrivateKeyOperation_RSA", session, ctypes.c_uint(key), *told)
        return content.raw[: read(size)]

    def close_session(self, session: Handle) -> None:
        """Never fails."""
        self._library.call("SDF_CloseSession", session)

    def close_device(self, device: Handle) -> None:
        """Never fails."""
        self._library.call("SDF_CloseDevice", device)
