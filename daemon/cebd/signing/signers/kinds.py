"""Signers from the settings."""

from __future__ import annotations

from pathlib import Path

from cebd.clock import SystemClock
from cebd.settings import Pkcs11Signer as Pkcs11Settings
from cebd.settings import Secret, SecretError, Settings
from cebd.signing.signer import Gate, PinUnusable, Signer, TokenError
from cebd.signing.signers.pin_guard import flaw_of
from cebd.signing.signers.pin_note import PinNote
from cebd.signing.signers.pkcs11 import Pkcs11Signer
from cebd.signing.signers.software import SoftwareSigner


def load_signer(settings: Settings, name: str, gate: Gate | None = None) -> Signer:
    """The signer of that name, behind the gate. Raises TokenError when it cannot be used, KeyError when there is none."""
    wanted = settings.signer[name]
    if isinstance(wanted, Pkcs11Settings):
        secret = wanted.pin
        note = PinNote(settings.store_dir / f"pin-refused.{name}", secret, settings.base)

        def read_pin() -> str:
            note.check()
            try:
                pin = secret.read(settings.base)
            except SecretError as error:
                raise PinUnusable(str(error)) from None
            flaw = flaw_of(pin)
            if flaw is not None:
                raise PinUnusable(f"{_place_of(secret)} {flaw}")
            return pin

        module = str(settings.base / wanted.module) if not wanted.module.is_absolute() else str(wanted.module)
        labels = (wanted.key_label, wanted.cert_label)
        return Pkcs11Signer(
            module,
            wanted.token,
            read_pin,
            *labels,
            on_refused=lambda: note.write(SystemClock()),
            gate=gate,
            number=wanted.cert_serial,
        )
    try:
        password = wanted.password.read(settings.base) if wanted.password else None
    except SecretError as error:
        raise TokenError(str(error)) from None
    cert: Path | None = settings.base / wanted.cert if wanted.cert else None
    return SoftwareSigner.load(settings.base / wanted.key, cert, password, gate)


def _place_of(secret: Secret) -> str:
    if secret.file is not None:
        return f"secret file {secret.file}"
    return f"environment variable {secret.env}" if secret.env is not None else f"systemd credential {secret.credential}"
