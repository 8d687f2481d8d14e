"""What a signer's token says of itself, and how fast it signs: asked of the token here and now, beside the daemon or without one."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature

from cebd.clock import CST
from cebd.operations.text import Refused, Text
from cebd.settings import Settings
from cebd.signing.holder import holder_of
from cebd.signing.signer import Certificate, Signer, TokenError
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.tokens.client import TokenSigner
from cebd.signing.tokens.driver import Device
from cebd.signing.tokens.usage import Logins
from cebd.store.migrations import note
from cebd.store.store import Store

_TEXT = b"cebd: a trial signature over a text of the length of a SignedInfo".ljust(700, b".")
_SECONDS = 3.0
_ROWS, _ROWS_IN_A_MESSAGE = 12_000, 100


@dataclass(frozen=True)
class Look:
    """What the token shows to anybody. `device` is None for a key in a file."""

    signer: str
    device: Device | None
    certificates: list[Certificate]
    now: datetime

    def as_json(self) -> dict[str, object]:
        """For `token test --json`."""
        device = self.device
        told = (
            {
                "token": device.serial,
                "model": device.model,
                "label": device.label,
                "tries_left": device.tries_left,
                "wrong_pin_entered": device.is_low,
                "last_try": device.is_last_try,
                "locked": device.is_locked,
            }
            if device is not None
            else {}
        )
        return {
            "signer": self.signer,
            **told,
            "certificates": [self._certificate_json(one) for one in self.certificates],
        }

    def lines(self) -> list[Text]:
        """For people: the token, its PIN, each certificate with whose it is and how long it holds."""
        lines = []
        if self.device is not None:
            name = f"{self.device.model} {self.device.serial} {self.device.label}"
            lines = [Text(f"介质：{name}", f"token: {name}"), _pin_state(self.device)]
        return [*lines, *map(self._certificate_line, self.certificates)]

    def _days(self, certificate: Certificate) -> int:
        return (certificate.x509.not_valid_after_utc - self.now).days

    def _certificate_line(self, certificate: Certificate) -> Text:
        name, until = (
            holder_of(certificate.x509).name,
            f"{certificate.x509.not_valid_after_utc.astimezone(CST):%Y-%m-%d}",
        )
        days = self._days(certificate)
        return Text(
            f"证书 {certificate.number}，{name}，有效期至 {until}，剩余 {days} 天",
            f"certificate {certificate.number}, {name}, valid until {until}, {days} days left",
        )

    def _certificate_json(self, certificate: Certificate) -> dict[str, object]:
        holder = holder_of(certificate.x509)
        told = {"certificate": certificate.number, "holder": holder.name, "organisation_code": holder.organisation_code}
        return {**told, "until": certificate.x509.not_valid_after_utc.isoformat(), "days_left": self._days(certificate)}


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


def look_at(settings: Settings, name: str) -> Look:
    """Costs no try for the PIN. Raises TokenError."""
    with closing(_opened(settings, name, Logins.ONLY_AS_BEFORE)) as signer:
        if isinstance(signer, TokenSigner):
            return Look(name, *signer.look(), datetime.now(UTC))
        return Look(name, None, [signer.certificate()], datetime.now(UTC))


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


def _pin_state(device: Device) -> Text:
    if device.is_locked or device.tries_left == 0:
        return Text("PIN：介质已锁定", "PIN: the token is locked")
    if device.is_last_try or device.tries_left == 1:
        return Text("PIN：只剩最后一次机会", "PIN: one try is left")
    if device.tries_left is not None:
        return Text(f"PIN：还可以试 {device.tries_left} 次", f"PIN: {device.tries_left} tries are left")
    if device.is_low:
        return Text(
            "PIN：自上次成功登录以来输错过；介质不说明还剩几次",
            "PIN: a wrong one was entered since the last right one; the token does not say how many tries are left",
        )
    return Text(
        "PIN：介质没有报告输错；不说明还剩几次", "PIN: the token tells of no wrong one, and not how many tries are left"
    )
