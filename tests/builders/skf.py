"""SKF devices in a folder of the test's own: USB keys and cards, with a library that fails where it is told to (`skf_devices.c`)."""

from __future__ import annotations

import shutil
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from builders.certificates import write_der, write_key
from builders.libraries import FaultyLibrary, compiled
from builders.softhsm import PIN
from cebd.signing.sm2 import Sm2Key

APPLICATION, CONTAINER = "EPORT-APP", "sign"
NARROW, WIDE = "unsigned int", "unsigned long"


class SkfDevices(FaultyLibrary):
    """`ulong`: what the library calls a ULONG; makers of Linux libraries have both. `bare`: it lacks what some makers leave out."""

    def __init__(self, folder: Path, ulong: str = NARROW, *, bare: bool = False) -> None:
        definitions = {"ULONG": ulong, **({"BARE": "1"} if bare else {})}
        super().__init__(folder, compiled("skf_devices.c", **definitions))
        self._devices = folder / "devices"
        self._devices.mkdir()

    def plug_in_new(
        self,
        name: str,
        key: Sm2Key | RSAPrivateKey,
        certificate: x509.Certificate,
        *,
        label: bytes | None = None,
        serial: str | None = None,
        application: str = APPLICATION,
        container: str | bytes = CONTAINER,
    ) -> None:
        """A device, or one more container on it."""
        device = self._devices / name
        pair = device / application / (container if isinstance(container, str) else container.decode(*_BYTES))
        pair.mkdir(parents=True)
        (device / ".label").write_bytes(name.encode() if label is None else label)
        (device / ".serial").write_text(f"serial of {name}" if serial is None else serial)
        (device / application / ".pin").write_text(PIN)
        write_der(pair / "certificate", certificate)
        if isinstance(key, Sm2Key):
            (pair / "secret").write_bytes(key.secret)
        else:
            write_key(pair / "key.pem", key)

    def change_pin(self, pin: str) -> None:
        """From now on all applications are opened by this PIN."""
        for place in self._devices.glob("*/*/.pin"):
            place.write_text(pin)

    def take_alone(self, name: str) -> None:
        """Another program has the device from now on."""
        (self._devices / name / ".taken").write_text("by another")

    def take_out(self, name: str) -> None:
        """Unplug the device."""
        away = self.folder / "away" / name
        away.parent.mkdir(exist_ok=True)
        (self._devices / name).rename(away)

    def put_back(self, name: str) -> None:
        """Plug in the device that was taken out."""
        (self.folder / "away" / name).rename(self._devices / name)

    def throw_away(self, name: str) -> None:
        """It never comes back."""
        shutil.rmtree(self._devices / name)


_BYTES = ("utf-8", "surrogateescape")
