"""A trial of a signer's token: does it sign, do its signatures hold, how fast is it; beside the daemon or without one."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from cryptography.exceptions import InvalidSignature

from cebd.operations.text import Refused, Text
from cebd.settings import Settings
from cebd.signing.signer import Signer, TokenError
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.tokens.usage import Logins
from cebd.store.databases.migrations import note
from cebd.store.store import Store

_TEXT = b"cebd: a trial signature over a text of the length of a SignedInfo".ljust(700, b".")
_SECONDS = 3.0
_ROWS, _ROWS_IN_A_MESSAGE = 12_000, 100


@dataclass(frozen=True)
class Measured:
    """Signatures that were made, each verified."""

    certificate: str
    profile: str
    signatures: int
    seconds: float

    def as_json(self) -> dict[str, object]:
        """For `token test --json`."""
        return {
            "certificate": self.certificate,
            "profile": self.profile,
            "signatures_per_second": round(self.signatures / self.seconds, 1),
            "seconds_for_12000_rows": round(self._seconds_for_rows, 1),
        }

    def line(self) -> Text:
        """For people."""
        rate, takes = self.signatures / self.seconds, timedelta(seconds=max(1, round(self._seconds_for_rows)))
        return Text(
            f"证书 {self.certificate} 签名有效（{self.profile}），每秒 {rate:.1f} 次：{_ROWS:,} 行需要 {takes}（时:分:秒）",
            f"certificate {self.certificate} signs, and the signatures hold ({self.profile}), {rate:.1f} a second: "
            f"{_ROWS:,} rows need {takes} (h:mm:ss)",
        )

    @property
    def _seconds_for_rows(self) -> float:
        return _ROWS / _ROWS_IN_A_MESSAGE * self.seconds / self.signatures


def measure(settings: Settings, name: str, *, by_a_person: bool, now: Callable[[], float] = time.monotonic) -> Measured:
    """Log in, sign for some seconds, and verify. `by_a_person`: who was asked whether the PIN may be shown, whatever came of it before;
    without, only a PIN that the token took the last time is shown. Raises TokenError, and Refused for signatures that do not hold.
    """
    if by_a_person:
        _journal(settings, name, "a person has its PIN shown")
    try:
        with closing(_opened(settings, name, Logins.A_PERSON if by_a_person else Logins.ONLY_AS_BEFORE)) as signer:
            measured = _measured(signer, now)
    except TokenError as error:
        if by_a_person:
            _journal(settings, name, f"it was refused: {error}")
        raise
    if by_a_person:
        _journal(settings, name, "it was accepted")
    return measured


def _measured(signer: Signer, now: Callable[[], float]) -> Measured:
    certificate, profile = signer.certificate(), signer.profile
    values: list[bytes] = []
    begin = now()
    while not values or now() - begin < _SECONDS:
        values.append(signer.sign(_TEXT))
    seconds = max(now() - begin, 0.001)
    try:
        for value in values:
            profile.verify(certificate.x509, value, _TEXT)
    except InvalidSignature:
        raise Refused(
            f"证书 {certificate.number} 所作的签名无效：请检查介质与设置。",
            f"A signature by certificate {certificate.number} does not hold: check the token and the settings.",
        ) from None
    return Measured(certificate.number, profile.methods, len(values), seconds)


def _opened(settings: Settings, name: str, by: Logins) -> Signer:
    return open_signer(settings.signer[name], SignerContext(settings.base, by=by))


def _journal(settings: Settings, name: str, what: str) -> None:
    """In the store, where there is one already; who let a PIN be shown is remembered beside the PINs as well."""
    if not settings.store_dir.exists():
        return
    with closing(Store.open(settings.store_dir, create=False, change=True)) as store, store.write() as transaction:
        note(transaction, "token test --login", f"{name}: {what}")
