"""A refused PIN is remembered on disk: a daemon that a service manager starts again and again must not lock the token.

The note has the time of the refusal and the state of the PIN's place (inode, size, time of change), never the PIN itself. A PIN file
that was changed later is tried again. An environment variable or a systemd credential does not show whether it was changed:
in that case a person removes the note.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cebd.clock import Clock, iso
from cebd.disk import write_file
from cebd.settings_table import Secret, SecretError
from cebd.signing.signer import PinRefused, PinUnusable
from cebd.signing.signers.pin_guard import flaw_of


@dataclass(frozen=True)
class PinNote:
    """A signer's note in the store's folder, and the place of its PIN."""

    path: Path
    secret: Secret
    base: Path

    def read_pin(self) -> str:
        """Read the PIN at its place. Raises PinRefused for the PIN that was refused, PinUnusable for a text that cannot be a PIN."""
        self.check()
        try:
            pin = self.secret.read(self.base)
        except SecretError as error:
            raise PinUnusable(str(error)) from None
        flaw = flaw_of(pin)
        if flaw is not None:
            en, zh = flaw
            raise PinUnusable(f"{self.secret.place()} {en}", f"{self.secret.place()} {zh}")
        return pin

    def check(self) -> None:
        """Raises PinRefused when the PIN at its place was refused before."""
        try:
            noted = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        if noted["place"] == self._place():
            remedy, remedy_zh = "correct its file", "请改正其文件"
            if self.secret.file is None:
                remedy, remedy_zh = f"correct it and remove {self.path}", f"请改正并删除 {self.path}"
            at = noted["refused"]
            raise PinRefused(f"this PIN was refused on {at}; {remedy}", f"此 PIN 已于 {at} 被拒绝；{remedy_zh}")
        self.path.unlink(missing_ok=True)

    def write(self, clock: Clock) -> None:
        """Note that the token has just refused the PIN."""
        note = {"refused": iso(clock.now()), "place": self._place()}
        write_file(self.path, json.dumps(note).encode(), private=True)

    def _place(self) -> str:
        if self.secret.file is None:
            return f"env {self.secret.env}" if self.secret.env is not None else f"credential {self.secret.credential}"
        try:
            facts = (self.base / self.secret.file).stat()
        except OSError:
            return "none"
        return f"file {facts.st_ino} {facts.st_size} {facts.st_mtime_ns}"
