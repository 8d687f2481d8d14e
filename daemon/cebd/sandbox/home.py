"""The folder of a simulated customs side: what comes in, what goes out, and the keys of its SFTP server."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

USER = "cebd"
FOLDERS = ("in", "out", "taken", "pending")


@dataclass(frozen=True)
class Home:
    """Where things are. `host_key_fingerprint` is as OpenSSH prints it: `SHA256:` and base64 without padding."""

    folder: Path
    user: str
    client_key: Path
    host_key_fingerprint: str

    @property
    def host_key(self) -> Path:
        return self.folder / "host_key"

    @property
    def authorized_keys(self) -> Path:
        return self.folder / "authorized_keys"


def prepare(folder: Path) -> Home:
    """Make the folder with its keys; what is there already stays as it is."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    public = _key(folder / "host_key")
    client = folder / "client_key"
    client_public = _key(client)
    authorized = folder / "authorized_keys"
    if not authorized.exists():
        authorized.write_bytes(client_public + b" cebd\n")
    blob = base64.b64decode(public.split()[1])
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return Home(folder, USER, client, fingerprint)


def _key(path: Path) -> bytes:
    """An Ed25519 key at the path, made when there is none; its public half in OpenSSH's form."""
    if path.exists():
        loaded = serialization.load_ssh_private_key(path.read_bytes(), None)
        public = loaded.public_key()
    else:
        key = ed25519.Ed25519PrivateKey.generate()
        public = key.public_key()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
                )
            )
    return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
