"""Two stations of which one signs for the other: their papers for TLS, and a signer that fails where it is told to."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificate

from cebd.listening.door import Certificate as DoorCertificate
from cebd.listening.door import Door
from cebd.signing.profile import Profile
from cebd.signing.signer import Certificate, Signer, TokenError


class StationPapers:
    """An authority, the certificate of the station that signs, and that of the one that asks, whose key has a password."""

    def __init__(self, folder: Path, password: str, name: str = "127.0.0.1") -> None:
        self.folder = folder
        authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        authority.cert_pem.write_to_path(folder / "stations.pem")
        server = authority.issue_cert(name, key_type=trustme.KeyType.ECDSA)
        (folder / "server.pem").write_bytes(b"".join(pem.bytes() for pem in server.cert_chain_pems))
        server.private_key_pem.write_to_path(folder / "server.key")
        client = authority.issue_cert(common_name="station-2", key_type=trustme.KeyType.ECDSA)
        (folder / "station.pem").write_bytes(b"".join(pem.bytes() for pem in client.cert_chain_pems))
        key = load_pem_private_key(client.private_key_pem.bytes(), None)
        how = BestAvailableEncryption(password.encode())
        (folder / "station.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))

    def door(self) -> Door:
        """Of the station that signs, at a port that is free."""
        return Door(
            "127.0.0.1",
            0,
            DoorCertificate(*(self.folder / name for name in ("server.pem", "server.key", "stations.pem"))),
        )

    def tls(self, password: str) -> ssl.SSLContext:
        """What the one that asks shows and trusts."""
        context = ssl.create_default_context(cafile=str(self.folder / "stations.pem"))
        context.load_cert_chain(self.folder / "station.pem", self.folder / "station.key", password)
        return context

    def client_certificate(self) -> bytes:
        """That of the one that asks, in DER."""
        return load_pem_x509_certificate((self.folder / "station.pem").read_bytes()).public_bytes(Encoding.DER)

    def settings(self) -> dict[str, object]:
        """Of the one that asks; the password is in the file `secret`."""
        return {"cert": "station.pem", "key": "station.key", "password": {"file": "secret"}, "ca": "stations.pem"}


class Faults:
    """Troubles by their names, as the libraries made for tests have them (`faults.h`)."""

    def __init__(self) -> None:
        self._faults: dict[str, int] = {}
        self._changed = threading.Condition()

    def now(self, **faults: int) -> None:
        """From now on these and no others."""
        with self._changed:
            self._faults = faults
            self._changed.notify_all()

    def happen(self, *refusals: str, hang: str, crash: int) -> None:
        """A hang ends with its fault, too. Raises TokenError for a refusal, RuntimeError for a crash."""
        with self._changed:
            wait = self._faults.get(hang, 0)
            if wait:
                self._changed.wait_for(lambda: self._faults.get(hang) != wait, wait / 1000)
            faults = self._faults
        if faults.get("crash") == crash:
            raise RuntimeError("crash")
        for refusal in refusals:
            if faults.get(refusal):
                raise TokenError(refusal, refusal)


class FaultySigner:
    """A signer with these faults at its signatures."""

    def __init__(self, signer: Signer, faults: Faults) -> None:
        self._signer, self._faults = signer, faults

    @property
    def profile(self) -> Profile:
        return self._signer.profile

    def certificate(self) -> Certificate:
        return self._signer.certificate()

    def sign(self, data: bytes) -> bytes:
        self._faults.happen("sign", hang="hang", crash=1)
        return self._signer.sign(data)

    def close(self) -> None:
        self._signer.close()
