"""SoftHSM2 tokens in a folder of the test's own, with keys and certificates as an enterprise's token has them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from certificates import write_der, write_key

PIN = "649273"
SO_PIN = "11223344"
_PLACES = ("lib/softhsm", "lib/*/softhsm", "lib64/softhsm", "local/lib/softhsm")
MODULE = next((path for place in _PLACES for path in sorted(Path("/usr").glob(f"{place}/libsofthsm2.so"))), None)

needs_softhsm = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None,
    reason="SoftHSM2 is not installed (apt-get install softhsm2)",
)
needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None, reason="no C compiler for the faulty token (apt-get install gcc libc6-dev)"
)

_WRITE_CERTIFICATE = """
import os, sys, pkcs11
from pathlib import Path
from pkcs11.attributes import AttributeMapper
module, token, label, path, pin, identity = sys.argv[1:]
mapper = AttributeMapper()
mapper.register_handler(pkcs11.Attribute.LABEL, os.fsencode, bytes)  # whatever bytes a test wants there
with pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=pin, attribute_mapper=mapper) as session:
    session.create_object({
        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
        pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
        pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: label, pkcs11.Attribute.ID: bytes.fromhex(identity),
        pkcs11.Attribute.SUBJECT: b"", pkcs11.Attribute.VALUE: Path(path).read_bytes(),
    })
"""


class SoftHsm:
    """A SoftHSM2 of one's own. `environment` has to be given to every process that uses it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tokens").mkdir(parents=True)
        config = folder / "softhsm2.conf"
        config.write_text(
            f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        self.environment = {"SOFTHSM2_CONF": str(config)}

    def make_token(self, label: str, pin: str = PIN) -> None:
        self._util("--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", SO_PIN)

    def import_key(self, token: str, key: Path, label: str = "sign", identity: str = "01", pin: str = PIN) -> None:
        """Put an RSA key (PEM, PKCS#8) onto the token."""
        self._util("--import", str(key), "--token", token, "--label", label, "--id", identity, "--pin", pin, "--force")

    def import_certificate(
        self, token: str, certificate: Path, label: str = "sign", identity: str = "01", pin: str = PIN
    ) -> None:
        """Put a certificate (DER) onto the token, by a process of its own."""
        command = [sys.executable, "-c", _WRITE_CERTIFICATE, str(MODULE), token, label, str(certificate), pin, identity]
        subprocess.run(command, check=True, env={**os.environ, **self.environment})

    def import_pair(
        self, token: str, key: PrivateKeyTypes, certificate: x509.Certificate, label: str = "sign", identity: str = "01"
    ) -> None:
        """Put a key and its certificate onto the token, the key first."""
        folder = self.folder
        self.import_key(token, write_key(folder / "import.pem", key), label, identity)
        self.import_certificate(token, write_der(folder / "import.der", certificate), label, identity)

    def take_out(self, label: str) -> None:
        """Unplug the token: its files lie elsewhere."""
        away = self.folder / "away" / label
        away.parent.mkdir(exist_ok=True)
        self._place(label).rename(away)

    def plug_in(self, label: str) -> None:
        """Plug in the token that was taken out."""
        (self.folder / "away" / label).rename(self.folder / "tokens" / label)

    def take_out_all(self) -> None:
        """The library's whole folder is away: it cannot even start."""
        (self.folder / "tokens").rename(self.folder / "tokens away")

    def plug_in_all(self) -> None:
        (self.folder / "tokens away").rename(self.folder / "tokens")

    def delete_token(self, label: str) -> None:
        self._util("--delete-token", "--token", label)

    def _place(self, label: str) -> Path:
        wanted = label.encode().ljust(32)
        return next(
            path.parent for path in (self.folder / "tokens").glob("*/token.object") if wanted in path.read_bytes()
        )

    def _util(self, *arguments: str) -> None:
        subprocess.run(
            ["softhsm2-util", *arguments], check=True, capture_output=True, env={**os.environ, **self.environment}
        )


class FaultyLibrary:
    """A library that passes calls on to SoftHSM2 and fails where it is told to; what it can do stands in `faulty_token.c`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.module = folder / "faulty.so"
        self.environment = {"FAULTY_TOKEN": str(folder)}
        source = Path(__file__).with_name("faulty_token.c")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-Wall", f'-DREAL="{MODULE}"', "-o", self.module, source, "-ldl"],
            check=True,
        )

    def fail(self, **faults: int) -> None:
        """From now on these faults and no others; without any, none."""
        part = self._folder / "faults.part"
        part.write_text("".join(f"{name} {value}\n" for name, value in faults.items()))
        part.rename(self._folder / "faults")

    def calls(self, name: str) -> int:
        """How often that function was called so far."""
        try:
            return (self._folder / "calls").read_text().split().count(name)
        except FileNotFoundError:
            return 0
