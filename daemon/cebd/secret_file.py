"""A file with a secret in it: a PIN, a password. Nothing here quotes what is inside."""

from __future__ import annotations

from pathlib import Path


class SecretError(Exception):
    """A secret named in the settings is not where they say."""


def read_secret(path: Path) -> str:
    """The secret, without the end of its line. Raises SecretError, which names the place and never the content."""
    try:
        # Windows editors put a byte order mark in front: as part of a PIN it would use up the token's attempts.
        return path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except OSError as error:
        raise SecretError(f"secret file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretError(f"secret file {path}: is not text in UTF-8") from None


def secret_is_there(path: Path) -> bool:
    """Whether there is a file with something in it, which is not read. Raises SecretError when it cannot be."""
    try:
        with path.open("rb"):
            return path.stat().st_size > 0
    except OSError as error:
        raise SecretError(f"secret file {path}: {error.strerror}") from None
