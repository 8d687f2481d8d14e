"""The process that has a token: it does what the words in `task.py` ask of it, one after the other, in one thread.

It has neither store nor settings. The PIN is read here and goes no further than to the guard and the driver.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from functools import partial
from queue import SimpleQueue

from cebd.child.frames import Frame
from cebd.child.life import be_silent, begin_life, end_life, hear, uninterrupted
from cebd.clock import SystemClock
from cebd.secret_file import SecretError, read_secret
from cebd.signing.signer import Certificate, PinUnusable, TokenError
from cebd.signing.tokens.certificate_choice import choose
from cebd.signing.tokens.driver import Driver, PinWrong, load_driver
from cebd.signing.tokens.faults import plain_certificates, plain_fault
from cebd.signing.tokens.pin_guard import PinGuard, flaw_of
from cebd.signing.tokens.pin_memory import PinMemory
from cebd.signing.tokens.slots import plain_slot
from cebd.signing.tokens.task import TokenTask


def main(parent: int) -> None:
    """`parent`: the station's process, with which this one ends."""
    frames = begin_life(parent, lasting=True)
    task: TokenTask = frames.receive_task()
    asked: SimpleQueue[Frame] = SimpleQueue()
    hear(frames, asked.put)
    guard = PinGuard(PinMemory(task.memory, SystemClock()), partial(uninterrupted, parent))
    host = TokenHost(task, guard, load_driver(task.driver))
    frames.send("started")
    be_silent()  # a maker's library may print as much as it likes
    while True:
        request = asked.get()
        frames.send(*host.answer(request))
        if request == ("close",):
            end_life()


class TokenHost:
    """The answers of one token."""

    def __init__(self, task: TokenTask, guard: PinGuard, driver: Driver) -> None:
        self._task = task
        self._guard = guard
        self._driver = driver
        self._certificate: Certificate | None = None

    def answer(self, request: Frame) -> Frame:
        """See `task.py`. Raises nothing."""
        try:
            return self._answer(request)
        except TokenError as error:
            return "failed", *plain_fault(error)
        except PinWrong as error:
            return "failed", *plain_fault(self._guard.refused_later(self._driver, error))
        except Exception as error:
            return "broke", type(error).__name__, "".join(traceback.format_exception(error))

    def _answer(self, request: Frame) -> Frame:
        match request:
            case ("open",) | ("slots",) | ("certificates",):
                return self._seen(request[0])
            case "login", pin:
                self._guard.login(self._driver, self._pin() if pin is None else pin, self._task.by)
                return ("logged in",)
            case "choose", now:
                self._certificate = self._chosen(datetime.fromisoformat(now))
                return "ready", *plain_certificates([self._certificate])
            case "sign", data:
                if self._certificate is None:
                    raise TokenError("not logged in", "尚未登录")
                return "signed", self._driver.sign(self._certificate, data)
            case ("close",):
                self._driver.close()
                return ("closed",)
        raise ValueError(f"no such request: {request[0]}")

    def _seen(self, what: str) -> Frame:
        if what == "certificates":
            return "certificates", *plain_certificates(self._driver.certificates())
        self._certificate = None
        if what == "slots":
            return "slots", *map(plain_slot, self._driver.slots())
        return "device", *astuple(self._driver.open())

    def _pin(self) -> str:
        place = self._task.pin
        if place is None:
            raise ValueError("the PIN was to come with the login")
        try:
            pin = read_secret(place)
        except SecretError as error:
            raise PinUnusable(str(error)) from None
        flaw = flaw_of(pin)
        if flaw is not None:
            raise PinUnusable(f"secret file {place} {flaw[0]}", f"{place} {flaw[1]}")
        return pin

    def _chosen(self, now: datetime) -> Certificate:
        certificates = self._of_number(self._driver.certificates())
        settings = self._task.driver
        try:
            return choose(certificates, self._driver.can_sign, now, sm2=settings.signs_sm2)
        except TokenError as error:
            raise error.on(settings.token) from None

    def _of_number(self, certificates: Sequence[Certificate]) -> list[Certificate]:
        number, token = self._task.number, self._task.driver.token
        found = [certificate for certificate in certificates if number in (None, certificate.number)]
        if certificates and not found:
            listed = ", ".join(sorted(map(str, certificates)))
            raise TokenError(
                f"{token}: no certificate on the token has the number {number}; there are: {listed}",
                f"{token}：介质上没有编号为 {number} 的证书；现有：{listed}",
            )
        return found
