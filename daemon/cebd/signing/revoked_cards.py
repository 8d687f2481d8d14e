"""Tokens that a person has revoked, remembered on this machine: a store may be restored from before it, or made anew.

`revoked.json` in the machine's folder, beside what is known of PINs. It is written before the store says the same, and a token is taken
out of it after the store has let it in again: killed between, the token stays revoked.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cebd.disk.files import write_file


@dataclass(frozen=True)
class RevokedCard:
    """A token by its serial number (empty for a key in a file) and its certificate's fingerprint. `at`: ISO 8601."""

    token: str
    sha256: str
    at: str
    reason: str

    def is_it(self, token: str, sha256: str = "") -> bool:
        """Whether that token, or one with that certificate, is this one."""
        return bool(token and token == self.token) or bool(sha256 and sha256 == self.sha256)


class RevokedCards:
    """Of all stations on this machine, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "revoked.json"

    def find(self, token: str, sha256: str = "") -> RevokedCard | None:
        """The token, if it is revoked. Raises OSError, ValueError."""
        return next((card for card in self._read() if card.is_it(token, sha256)), None)

    def add(self, card: RevokedCard) -> None:
        """Raises OSError, ValueError."""
        self._write([*(one for one in self._read() if not one.is_it(card.token, card.sha256)), card])

    def remove(self, token: str, sha256: str) -> None:
        """It may be used again. Raises OSError, ValueError."""
        cards = self._read()
        left = [card for card in cards if not card.is_it(token, sha256)]
        if left != cards:
            self._write(left)

    def _read(self) -> list[RevokedCard]:
        try:
            told = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return []
        try:
            return [RevokedCard(**card) for card in told["cards"]]
        except (TypeError, KeyError) as error:
            raise ValueError(f"{self._path} is damaged") from error

    def _write(self, cards: list[RevokedCard]) -> None:
        content = {"cards": [asdict(card) for card in cards]}
        write_file(self._path, json.dumps(content, ensure_ascii=False, indent=1).encode(), private=True)
