"""Crypto machines in a folder of the test's own, with an SDF library that fails where it is told to (`sdf_machines.c`)."""

from __future__ import annotations

import shutil
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from builders.certificates import write_key
from builders.libraries import FaultyLibrary, compiled
from builders.softhsm import PIN
from cebd.signing.sm2 import Sm2Key


class SdfMachines(FaultyLibrary):
    """Each machine has a library of its own, with the maker's settings beside it. `algorithm`: what it wants to be told of a signature."""

    def __init__(self, folder: Path, algorithm: int | None = None) -> None:
        definitions = {} if algorithm is None else {"ALGORITHM": str(algorithm)}
        super().__init__(folder, compiled("sdf_machines.c", **definitions))

    def library(self, machine: str) -> Path:
        """That machine's."""
        return self.folder / "libraries" / machine / "libsdf.so"

    def set_up(
        self, machine: str, keys: dict[int, Sm2Key | RSAPrivateKey], *, serial: str | None = None, password: str = PIN
    ) -> None:
        """A machine with these keys by their numbers. `password`: of each; none where it is empty."""
        folder = self._place(machine)
        folder.mkdir(parents=True)
        (folder / ".serial").write_text(f"serial {machine}"[:15] if serial is None else serial)
        for number, key in keys.items():
            place = folder / str(number)
            place.mkdir()
            if password:
                (place / ".password").write_text(password)
            if isinstance(key, Sm2Key):
                (place / "secret").write_bytes(key.secret)
            else:
                write_key(place / "key.pem", key)
        library = self.library(machine)
        library.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.module, library)
        (library.parent / "machine.ini").write_text(str(folder))

    def take_out(self, machine: str) -> None:
        """The network to it is cut."""
        self._place(machine).rename(self.folder / f"away {machine}")

    def put_back(self, machine: str) -> None:
        """It is there again."""
        (self.folder / f"away {machine}").rename(self._place(machine))

    def throw_away(self, machine: str) -> None:
        """It never comes back."""
        shutil.rmtree(self._place(machine))

    def _place(self, machine: str) -> Path:
        return self.folder / "machines" / machine
