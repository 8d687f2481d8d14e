"""What a token shows to anybody, as it is now: its names, the state of its PIN, its certificates with their holders and days left."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from cebd.clock import CST
from cebd.operations.text import Text
from cebd.settings import Settings
from cebd.signing.holder import holder_of
from cebd.signing.signer import Certificate
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.tokens.client import TokenSigner
from cebd.signing.tokens.driver import Device
from cebd.signing.tokens.usage import Logins


@dataclass(frozen=True)
class Look:
    """What the token shows to anybody. `device` is None for a key in a file. `asks_for_pin`: whether it has a PIN at all."""

    signer: str
    device: Device | None
    certificates: list[Certificate]
    now: datetime
    asks_for_pin: bool = True

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
            lines = [Text(f"介质：{name}", f"token: {name}")]
            if self.asks_for_pin:
                lines.append(_pin_state(self.device))
        return [*lines, *map(self._certificate_line, self.certificates)]

    def _days(self, certificate: Certificate) -> int:
        return (certificate.x509.not_valid_after_utc - self.now).days

    def _certificate_line(self, certificate: Certificate) -> Text:
        name, until = (
            holder_of(certificate.x509).name,
            f"{certificate.x509.not_valid_after_utc.astimezone(CST):%Y-%m-%d}",
        )
        days = self._days(certificate)
        left = Text(f"剩余 {days} 天", f"{days} days left") if days >= 0 else Text("已过期", "expired")
        if not certificate.may_sign():
            left = Text(f"{left.zh}，不用于签名", f"{left.en}, not for signatures")
        return Text(
            f"证书 {certificate.number}，{name}，有效期至 {until}，{left.zh}",
            f"certificate {certificate.number}, {name}, valid until {until}, {left.en}",
        )

    def _certificate_json(self, certificate: Certificate) -> dict[str, object]:
        holder = holder_of(certificate.x509)
        told = {"certificate": certificate.number, "holder": holder.name, "organisation_code": holder.organisation_code}
        until, days = certificate.x509.not_valid_after_utc.isoformat(), self._days(certificate)
        return {**told, "until": until, "days_left": days, "for_signatures": certificate.may_sign()}


def look_at(settings: Settings, name: str) -> Look:
    """Costs no try for the PIN. Raises TokenError."""
    context = SignerContext(settings.base, by=Logins.NOBODY)
    with closing(open_signer(settings.signer[name], context)) as signer:
        if isinstance(signer, TokenSigner):
            return Look(name, *signer.look(), datetime.now(UTC), bool(settings.signer[name].secrets()))
        return Look(name, None, [signer.certificate()], datetime.now(UTC))


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
