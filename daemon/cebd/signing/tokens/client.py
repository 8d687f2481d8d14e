"""A token that another process has, as a signer: opened when first needed, and again after whatever has happened to it.

| event | result |
| --- | --- |
| the session is lost between two signatures | opened again, and signed; nobody notices |
| the token is away, or cannot sign | TokenError, each time it is asked, until it can |
| no answer in time | its process is killed: TokenError; the next time there is another process |
| its process ends | the same |
| the library does not list the token any more | after five seconds another process: some libraries never look again |
| the token could not be opened for a minute | another process: whatever the library holds on to, it begins anew |
| another token, or a certificate of another owner | the gate refuses it: before it is shown the PIN, where the serial number tells |
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import structlog

from cebd.child.failures import ChildEnded
from cebd.child.frames import Frame
from cebd.child.process import ChildProcess
from cebd.signing.profile import Profile, profile_of
from cebd.signing.signer import Certificate, Gate, PinTries, TokenAway, TokenError
from cebd.signing.sm2 import DEFAULT_ID
from cebd.signing.tokens.driver import Device, DeviceFault, LibraryBroken, NotListed, Slot
from cebd.signing.tokens.faults import fault_of
from cebd.signing.tokens.slots import slot_of
from cebd.signing.tokens.task import TokenTask
from cebd.signing.tokens.usage import PATIENCE, Deadline, Patience

log = structlog.get_logger("cebd")

_MODULE = "cebd.signing.tokens"
_CLOSING_SECONDS = 5.0


@dataclass(frozen=True)
class _Ready:
    """Logged in."""

    token: str
    certificate: Certificate
    profile: Profile


@dataclass(frozen=True)
class _Unfit:
    """A token that was logged in to and could not sign: its serial number, when, and why; the certificate that the gate refused."""

    token: str
    moment: float
    error: TokenError
    refused: Certificate | None = None


class ChildBroke(Exception):
    """An error in the process of a token, which nobody foresaw. `kind` is its type; the text is its traceback."""

    def __init__(self, kind: str, trace: str) -> None:
        super().__init__(trace)
        self.kind = kind


def _now() -> datetime:
    return datetime.now(UTC)


def _tries(device: Device) -> PinTries:
    left = device.tries_left
    is_last = device.is_last_try or device.is_locked or (left is not None and left <= 1)
    return PinTries(left, device.is_low or is_last, is_last)


class TokenSigner:
    """Signs on the token. Used by as many threads as like: the token does one thing at a time."""

    def __init__(
        self,
        task: TokenTask,
        gate: Gate | None = None,
        sm2_id: str = DEFAULT_ID,
        patience: Patience = PATIENCE,
        hidden: tuple[str, ...] = (),
        read_pin: Callable[[], str] | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """`hidden`: variables of the environment that the process does not get. `read_pin`: where the PIN is not in a file;
        without either, the token asks for none.

        Without a gate any token of the name is used: for a person who signs by hand.
        """
        self._task = task
        self._gate = gate
        self._sm2_id = sm2_id
        self._patience = patience
        quick = patience.quick
        self._opening, self._signing = Deadline(patience.open, quick), Deadline(patience.sign, quick)
        self._login = Deadline(patience.login, patience.quick_login)
        self._hidden = hidden
        self._read_pin = read_pin
        self._now = now
        self._lock = threading.Lock()
        self._child: ChildProcess | None = None
        self._ready: _Ready | None = None
        self._unfit: _Unfit | None = None
        self._opened = time.monotonic()  # or the process begun
        self._is_listed = True
        self._closed = False
        self.tries: PinTries | None = None

    @property
    def profile(self) -> Profile:
        with self._lock:
            return self._opened_token().profile

    def certificate(self) -> Certificate:
        with self._lock:
            return self._opened_token().certificate

    def sign(self, data: bytes) -> bytes:
        with self._lock:
            was_ready = self._still_ready() is not None
            self._opened_token()
            try:
                return self._signed(data)
            except TokenError:
                if not was_ready or self._child is None:
                    raise
            self._opened_token()
            return self._signed(data)

    def look(self) -> tuple[Device, list[Certificate]]:
        """The token as it is now, and the certificates that it shows to anybody. No PIN is shown; a login of before is given up."""
        with self._lock:
            self._ready = None
            return self._device(), self._shown_to_anybody()

    def slots(self) -> list[Slot]:
        """All that the token's library shows, whatever the settings name. No PIN is shown. Raises TokenError."""
        with self._lock:
            self._ready = None
            return [slot_of(plain) for plain in self._ask("slots", self._opening, "slots")]

    def close(self) -> None:
        """Log out, and end the process. A second time does nothing."""
        self._closed = True
        has_it = self._lock.acquire(timeout=_CLOSING_SECONDS)
        try:
            child = self._child
            if child is None:
                return
            if has_it:  # else whoever signs now finds that the process has ended
                with suppress(ChildEnded):
                    child.send("close")
                    child.receive(_CLOSING_SECONDS)
            self._child = self._ready = None
            child.close()
        finally:
            if has_it:
                self._lock.release()

    def _signed(self, data: bytes) -> bytes:
        try:
            (value,) = self._ask("signed", self._signing, "sign", data)
        except TokenError:
            self._ready = None
            raise
        return bytes(value)

    def _still_ready(self) -> _Ready | None:
        """Logged in, and by a certificate that is still valid: else there may be a new one."""
        if self._child is not None and self._child.has_ended():
            self._end_child()
        if self._ready is not None and not self._ready.certificate.valid_at(self._now()):
            self._ready = None
        return self._ready

    def _opened_token(self) -> _Ready:
        ready = self._still_ready()
        if ready is not None:
            return ready
        name = self._task.driver.token
        if self._closed:
            raise TokenError(f"{name}: the signer was closed", f"{name}：签名已关闭")
        try:
            self._ready = self._open()
        except LibraryBroken:
            self._end_child()
            raise
        self._opened = time.monotonic()
        return self._ready

    def _open(self) -> _Ready:
        if time.monotonic() - self._opened > (self._patience.renewed if self._is_listed else self._patience.unlisted):
            self._end_child()
        self._is_listed = True
        try:
            device = self._device()
        except NotListed:
            self._is_listed = False
            raise
        self.tries = _tries(device)
        token, model = device.serial, device.model
        self._require_fit(token, model)
        if self._gate is not None:
            self._gate.before_login(token, model, self._shown_to_anybody)
        if self._read_pin is not None or self._task.pin is not None:
            pin = self._read_pin() if self._read_pin is not None else None
            self._ask("logged in", self._login, "login", pin)
            self.tries = PinTries()  # a right PIN gives them all back
        certificate = None
        try:
            (der,) = self._ask("ready", self._opening, "choose", self._now().isoformat())
            certificate = Certificate.from_der(der)
            self._require_gate(token, model, certificate)
        except TokenError as error:
            if not isinstance(error, (TokenAway, DeviceFault)):
                self._unfit = _Unfit(token, time.monotonic(), error, certificate)
            raise
        return _Ready(token, certificate, profile_of(certificate.x509, self._sm2_id))

    def _device(self) -> Device:
        return Device(*self._ask("device", self._opening, "open"))

    def _require_gate(self, token: str, model: str, certificate: Certificate) -> None:
        if self._gate is not None:
            self._gate.before_use(token, model, certificate)

    def _shown_to_anybody(self) -> list[Certificate]:
        return [Certificate.from_der(der) for der in self._ask("certificates", self._opening, "certificates")]

    def _require_fit(self, token: str, model: str) -> None:
        """Raises TokenError for a token that could not sign a moment ago."""
        unfit, self._unfit = self._unfit, None
        if unfit is None or unfit.token != token or time.monotonic() - unfit.moment >= self._patience.unfit:
            return
        if unfit.refused is not None:
            try:
                self._require_gate(token, model, unfit.refused)
            except TokenError as error:
                self._unfit = replace(unfit, error=error)
                raise
            return  # a person has let it in meanwhile
        self._unfit = unfit
        raise unfit.error.with_traceback(None)

    def _ask(self, expected: str, deadline: Deadline, *request: Any) -> Frame:
        """What it answers. Raises TokenError; ChildBroke for an error that nobody foresaw."""
        try:
            child = self._running()
            begin = time.monotonic()
            child.send(*request)
            answer = child.receive(deadline.seconds)
            deadline.came_after(time.monotonic() - begin)
        except ChildEnded as error:
            self._end_child()
            name = self._task.driver.token
            raise DeviceFault(
                f"{name}: the driver does not answer, or has crashed ({error.how}); it is started anew",
                f"{name}：驱动程序没有响应或已崩溃（{error.how}），将重新启动",
            ) from None
        match answer:
            case "failed", *plain:
                kind, en, zh, certificates = plain
                raise fault_of((kind, en, zh, certificates), self._now())
            case "broke", kind, trace:
                raise ChildBroke(kind, trace)
        assert answer[0] == expected, answer[0]  # noqa: S101
        return answer[1:]

    def _running(self) -> ChildProcess:
        if self._child is None:
            self._opened = time.monotonic()
            self._child = ChildProcess(_MODULE, self._task, hidden=self._hidden)
            self._child.receive(self._patience.start)
        return self._child

    def _end_child(self) -> None:
        child, self._child, self._ready = self._child, None, None
        if child is not None:
            child.close()
