"""A card or USB key through the customs' control on the operator's PC: for those that have no library of their own.

The control has one reader, knows no login, and wants the PIN with each signature. So the login is a signature over a text that declares
nothing; and before a signature the card is asked for the number of its certificate, unless it has just signed: another card in the
reader is not shown the PIN of this one.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cebd.signing.holder import card_number_of
from cebd.signing.signer import Certificate, TokenAway, TokenError
from cebd.signing.tokens.control.line import ControlLine, ControlSays, NoAnswer
from cebd.signing.tokens.driver import Declined, Device, DeviceFault, LoginUnclear, PinWrong, Slot
from cebd.signing.tokens.slots import only_slot
from cebd.signing.tokens.trial_signature import TRIAL, Sign, Ways
from cebd.signing.tokens.usage import Deadline, Patience

_CERTIFICATE, _NUMBER = "cus-sec_SpcGetSignCertAsPEM", "cus-sec_SpcGetCertNo"
_SIGNATURE = "cus-sec_SpcSignDataAsPEM"

# What is known of the errors: 50070 the reader cannot be reset, 50200 it cannot be opened, 51590 no card in it.
_NO_CARD = re.compile(r"Custom(50070|50200|51590)\b|错误码\D{0,3}(50070|50200|51590)\b")
_OF_THE_PIN = re.compile(r"口令|密码|PIN|锁定|锁死", re.IGNORECASE)
_JUST_SIGNED = 1.0  # seconds: nobody exchanges a card in less
_PART = (
    0.8  # of the time that whoever waits for the answers has: the control's silence is told, not that of this process
)


@dataclass(frozen=True)
class ControlCard:
    """`token`: the control's address. `patience`: of whoever waits for the answers of this process."""

    token: str
    sm2_id: str
    patience: Patience
    driver: str = "cebd.signing.tokens.control.driver:ControlDriver"
    signs_sm2: bool = True


class ControlDriver:
    """See `Driver`."""

    def __init__(self, settings: ControlCard) -> None:
        self._settings = settings
        self._line = ControlLine(settings.token)
        self._serial: str | None = None
        self._pin: str | None = None
        self._numbers = [
            "",
            "",
        ]  # of the certificate of the card that was shown the PIN: when asked, and beside a signature
        self._signed_at = 0.0
        self._ways = Ways(settings.token, settings.sm2_id, self._ways_of)
        part = settings.patience
        self._opening = Deadline(_PART * part.open, _PART * part.quick)
        self._logging_in = Deadline(_PART * part.login, _PART * part.quick_login)
        self._signing = Deadline(_PART * part.sign, _PART * part.quick)

    def open(self) -> Device:
        self._serial = self._pin = None
        self._ways.forget()
        with self._within(self._opening) as until:
            certificate = self._certificate(until)
        self._serial = card_number_of(certificate.x509) or certificate.number
        return self.device()

    def device(self) -> Device:
        """A control tells nothing of tries. The serial number is the card's as the certificate has it, or else the certificate's own."""
        if self._serial is None:
            raise TokenAway(f"{self._settings.token}: not connected", f"{self._settings.token}：未连接")
        return Device(serial=self._serial, model="客户端控件", label=self._settings.token)

    def login(self, pin: str) -> None:
        """Whatever is neither a signature nor a known trouble of the reader may have cost a try."""
        self.device()
        with self._within(self._opening) as until:
            number = self._line.ask(_NUMBER, until)[0]
        with self._within(self._logging_in) as until:
            try:
                answer = self._line.ask(_SIGNATURE, until, inData=TRIAL.decode(), passwd=pin)
            except ControlSays as error:
                raise _of_login(error) from None
            except NoAnswer as error:  # the connection was there a moment ago: the card may have seen the PIN
                raise LoginUnclear(f"{error.zh} {error}") from None
        self._numbers = [number, *answer[1:2]]
        self._pin, self._signed_at = pin, time.monotonic()

    def certificates(self) -> Sequence[Certificate]:
        self.device()
        with self._within(self._opening) as until:
            return [self._certificate(until)]

    def can_sign(self, certificate: Certificate) -> bool:
        return self._ways.can_sign(certificate)

    def sign(self, certificate: Certificate, data: bytes) -> bytes:
        return self._ways.sign(certificate, data)

    def slots(self) -> Sequence[Slot]:
        return only_slot(self, self._settings.token)

    def close(self) -> None:
        self._pin = self._serial = None
        self._line.close()

    def _certificate(self, until: float) -> Certificate:
        content = self._line.ask(_CERTIFICATE, until)[0]
        try:
            return Certificate.from_der(base64.b64decode(re.sub(r"-----[^-]*-----", "", content)))
        except ValueError:
            token = self._settings.token
            raise TokenError(
                f"{token}: what the control gives is no certificate", f"{token}：控件给出的不是证书"
            ) from None

    def _ways_of(self, _certificate: Certificate) -> list[Sign]:
        return [self._signature]

    def _signature(self, data: bytes) -> bytes:
        if self._pin is None:
            raise TokenAway(f"{self._settings.token}: not logged in", f"{self._settings.token}：尚未登录")
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise Declined("the control signs texts alone", "控件只对文本签名") from None
        with self._within(self._signing) as until:
            self._require_same_card(until)
            try:
                value, *numbers = self._line.ask(_SIGNATURE, until, inData=text, passwd=self._pin)
            except ControlSays as error:
                if _NO_CARD.search(str(error)) or not _OF_THE_PIN.search(str(error)):
                    raise
                self._pin = None
                raise PinWrong(str(error)) from None
            self._signed_at = time.monotonic()
            if numbers[:1] != self._numbers[1:]:
                raise self._another_card()
        try:
            return base64.b64decode("".join(value.split()), validate=True)
        except ValueError:
            token = self._settings.token
            raise DeviceFault(
                f"{token}: what the control gives is no signature", f"{token}：控件给出的不是签名值"
            ) from None

    def _require_same_card(self, until: float) -> None:
        """Raises TokenAway: opened anew, it is looked at as any card is."""
        if time.monotonic() - self._signed_at < _JUST_SIGNED:
            return
        if self._line.ask(_NUMBER, until)[0] != self._numbers[0]:
            raise self._another_card()

    def _another_card(self) -> TokenAway:
        self._pin = None
        token = self._settings.token
        return TokenAway(f"{token}: another card is in the reader", f"{token}：读卡器中换了另一张卡")

    @contextmanager
    def _within(self, deadline: Deadline) -> Iterator[float]:
        """The moment until which this is to be done; in this block what goes wrong is said as a TokenError."""
        token, begin = self._settings.token, time.monotonic()
        try:
            yield begin + deadline.seconds
        except ControlSays as error:
            if _NO_CARD.search(str(error)):
                raise TokenAway(
                    f"{token}: no card in the reader, or no reader ({error})", f"{token}：读卡器未接好或无卡（{error}）"
                ) from None
            raise DeviceFault(f"{token}: {error}", f"{token}：{error}") from None
        except NoAnswer as error:
            raise TokenAway(f"{token}: {error}", f"{token}：{error.zh}") from None
        deadline.came_after(time.monotonic() - begin)


def _of_login(error: ControlSays) -> Exception:
    if _NO_CARD.search(str(error)):
        return error
    return PinWrong(str(error)) if _OF_THE_PIN.search(str(error)) else LoginUnclear(str(error))
