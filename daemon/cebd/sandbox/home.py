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
    """Make the folder with its keys; what is there already stays as it is. Raises OSError where it cannot be made."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    client = folder / "client_key"
    client_is_new = not client.exists()
    client_public = _key(client)
    authorized = folder / "authorized_keys"
    if client_is_new or not authorized.exists():
        with authorized.open("ab") as keys:
            keys.write(client_public + b" cebd\n")
    blob = base64.b64decode(_key(folder / "host_key").split()[1])
    fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return Home(folder, USER, client, fingerprint)


def _key(path: Path) -> bytes:
    """An Ed25519 key at the path, made when there is none; its public half in OpenSSH's form, also beside it as `.pub`."""
    if not path.exists():
        content = ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        temporary = path.with_name(path.name + ".tmp")
        temporary.unlink(missing_ok=True)
        # Whole or absent: half a key left by a kill would stop every later start.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        temporary.replace(path)
    public = serialization.load_ssh_private_key(path.read_bytes(), None).public_key()
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    beside = path.with_name(path.name + ".pub")
    if not beside.exists():
        beside.write_bytes(line + b"\n")
    return line
