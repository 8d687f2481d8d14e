"""SoftHSM2 tokens in a folder of the test's own, with keys and certificates as an enterprise's token has them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PIN = "649273"
SO_PIN = "11223344"
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
MODULE = next((Path(place) for place in _PLACES if Path(place).exists()), None)

needs_softhsm = pytest.mark.skipif(MODULE is None, reason="SoftHSM2 is not installed (apt-get install softhsm2)")

_WRITE_CERTIFICATE = """
import sys, pkcs11
from pathlib import Path
module, token, label, path, pin, identity = sys.argv[1:]
with pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=pin) as session:
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

    def _util(self, *arguments: str) -> None:
        subprocess.run(
            ["softhsm2-util", *arguments], check=True, capture_output=True, env={**os.environ, **self.environment}
        )
