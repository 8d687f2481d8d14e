"""SoftHSM2 tokens in a folder of the test's own, with keys and certificates as an enterprise's token has them."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from builders import libraries, processes
from builders.certificates import write_der, write_key
from builders.libraries import compiled, session_folder
from cebd.signing.sm2 import Sm2Key

SM2 = {
    "key_type": 0x80000302,
    "mechanism": 0x80000301,
}  # what the faulty library calls it; `SM2_TEXT`: what digests the text
SM2_TEXT = {"key_type": 0x80000302, "mechanism": 0x80000303, "signs": "text"}
WRITE_CERTIFICATE = Path(__file__).with_name("write_certificate.py")
WRITE_GUARDED_KEY = Path(__file__).with_name("write_guarded_key.py")
WRITE_SM2_KEY = Path(__file__).with_name("write_sm2_key.py")
PIN = "649273"
SO_PIN = "11223344"
_PLACES = ("lib/softhsm", "lib/*/softhsm", "lib64/softhsm", "local/lib/softhsm")
MODULE = next((path for place in _PLACES for path in sorted(Path("/usr").glob(f"{place}/libsofthsm2.so"))), None)

needs_softhsm = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None,
    reason="SoftHSM2 is not installed (apt-get install softhsm2)",
)


class SoftHsm:
    """A SoftHSM2 of one's own. `environment` has to be given to every process that uses it.

    To make a token and to fill it takes half a second: what one test had made, in the same steps, another gets a copy of.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tokens").mkdir(parents=True)
        config = folder / "softhsm2.conf"
        config.write_text(
            f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        self.environment = {"SOFTHSM2_CONF": str(config)}
        self._serials: dict[bytes, bytes] = {}  # of copies, by those of the tokens they are copies of
        self._steps: tuple[object, ...] | None = ()  # that led to what is there; None where it is not by steps alone

    def make_token(self, label: str, pin: str = PIN) -> None:
        words = ("--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", SO_PIN)
        self._step(words, lambda: self._util(*words))

    def import_key(self, token: str, key: Path, label: str = "sign", identity: str = "01", pin: str = PIN) -> None:
        """Put an RSA key (PEM, PKCS#8) onto the token."""
        words = ("--token", token, "--label", label, "--id", identity, "--pin", pin, "--force")
        self._step((words, key.read_bytes()), lambda: self._util("--import", str(key), *words))

    def import_certificate(
        self, token: str, certificate: Path, label: str = "sign", identity: str = "01", pin: str = PIN
    ) -> None:
        """Put a certificate (DER) onto the token."""
        words = (token, label, pin, identity)
        content = certificate.read_bytes()
        self._step((words, content), lambda: self._write(WRITE_CERTIFICATE, token, label, certificate, pin, identity))

    def _write(self, script: Path, token: str, label: str, file: Path, pin: str, identity: str) -> None:
        """By a process of its own."""
        words = [str(MODULE), token, label, str(file), pin, identity]
        ended = processes.run(words, script=script, environment={**os.environ, **self.environment})
        assert ended.returncode == 0, ended.stderr

    def import_guarded_pair(self, token: str, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> None:
        """Put a key that wants the PIN before each signature, and its certificate, onto the token."""
        content = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        path = self.folder / "import.pkcs1"
        path.write_bytes(content)
        self._step(("guarded", token, content), lambda: self._write(WRITE_GUARDED_KEY, token, "sign", path, PIN, "01"))
        self.import_certificate(token, write_der(self.folder / "import.der", certificate))

    def import_sm2_pair(
        self, token: str, key: Sm2Key, certificate: x509.Certificate, label: str = "sign", identity: str = "01"
    ) -> None:
        """Put an SM2 key, as `FaultyLibrary` knows it, and its certificate onto the token."""
        words = (token, label, PIN, identity)

        number = self.folder / "import.bin"
        number.write_bytes(key.secret)
        self._step((words, key.secret), lambda: self._write(WRITE_SM2_KEY, token, label, number, PIN, identity))
        self.import_certificate(token, write_der(self.folder / "import.der", certificate), label, identity)

    def _step(self, step: object, act: Callable[[], None]) -> None:
        """Do it, or copy what came of it when the same was done before."""
        tokens = self.folder / "tokens"
        if self._steps is None:
            act()
            return
        self._steps = (*self._steps, step)
        made = _MADE.get(self._steps)
        if made is None:
            act()
            made = shutil.copytree(tokens, session_folder() / str(len(_MADE)))
            _renumber(made, {fresh: first for first, fresh in self._serials.items()})
            _MADE[self._steps] = made
        else:
            shutil.copytree(made, tokens, dirs_exist_ok=True)
            for place in tokens.iterdir():
                self._serials.setdefault(place.name.replace("-", "")[-16:].encode(), secrets.token_hex(8).encode())
            _renumber(tokens, self._serials)

    def import_pair(
        self, token: str, key: PrivateKeyTypes, certificate: x509.Certificate, label: str = "sign", identity: str = "01"
    ) -> None:
        """Put a key and its certificate onto the token, the key first."""
        folder = self.folder
        self.import_key(token, write_key(folder / "import.pem", key), label, identity)
        self.import_certificate(token, write_der(folder / "import.der", certificate), label, identity)

    def take_out(self, label: str) -> None:
        """Unplug the token: its files lie elsewhere."""
        self._steps = None
        away = self.folder / "away" / label
        away.parent.mkdir(exist_ok=True)
        self._place(label).rename(away)

    def plug_in(self, label: str) -> None:
        """Plug in the token that was taken out."""
        (self.folder / "away" / label).rename(self.folder / "tokens" / label)

    def take_out_all(self) -> None:
        """The library's whole folder is away: it cannot even start."""
        self._steps = None
        (self.folder / "tokens").rename(self.folder / "tokens away")

    def plug_in_all(self) -> None:
        (self.folder / "tokens away").rename(self.folder / "tokens")

    def name_in_gbk(self, label: str) -> None:
        """Give the token that is named `xxxx`, as long as that, a name in GBK, as the makers' own tools do."""
        self._steps = None
        name = label.encode("gbk")
        for path in (self.folder / "tokens").glob("*/token.object"):
            path.write_bytes(path.read_bytes().replace(b"x" * len(name), name))

    def delete_token(self, label: str) -> None:
        self._steps = None
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


_MADE: dict[tuple[object, ...], Path] = {}  # tokens by the steps that made them


def _renumber(tokens: Path, serials: dict[bytes, bytes]) -> None:
    """No two tokens in the world have one serial number: each copy gets its own. (The first one is made of the folder's name.)"""
    for path in tokens.glob("*/token.object"):
        content = path.read_bytes()
        for old, new in serials.items():
            content = content.replace(old, new)
        path.write_bytes(content)


class FaultyLibrary(libraries.FaultyLibrary):
    """A library that passes calls on to SoftHSM2 and fails where it is told to; what it can do stands in `faulty_token.c`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, compiled("faulty_token.c", REAL=f'"{MODULE}"'))

    def change_pin(self, pin: str) -> None:
        """From now on the token is opened by this PIN, in the place of its own."""
        (self.folder / "pin").write_text(f"{pin} {PIN}")
