"""A sign of life for others that watch: a file whose time is renewed, an address that is asked."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path

from cebd.disk.files import write_file

_SECONDS = 10.0


class NoSign(Exception):
    """The sign of life could not be given; the text names no address."""


def renew(path: Path, moment: str) -> None:
    """Write the moment into the file. Raises OSError."""
    write_file(path, f"{moment}\n".encode())


def ask(url: str) -> None:
    """GET the address. Raises NoSign."""
    if not url.startswith(("https://", "http://")):
        raise NoSign("the address begins with neither https:// nor http://")
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "cebd"})  # noqa: S310  http or https
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            answer.read(1000)
    except urllib.error.HTTPError as error:
        raise NoSign(f"HTTP {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoSign(type(error).__name__) from None
