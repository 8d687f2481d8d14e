"""The token of another station, as a signer: what is signed there is asked for by HTTPS and comes back as a value and a certificate.

That station has the PIN and its guard; here the certificate alone is known, as of a key in a file.
"""

from __future__ import annotations

import base64
import threading
import time
from datetime import UTC, datetime

from cebd.signing.profile import Profile, profile_of
from cebd.signing.signer import Certificate, Gate, TokenError
from cebd.signing.signers.remote.line import Answer, AskedTooOften, RemoteLine
from cebd.signing.sm2 import DEFAULT_ID
from cebd.signing.tokens.usage import PATIENCE, Deadline, Patience

_MODEL = "cebd"
_CLOSING_SECONDS = 5.0


class RemoteSigner:
    """Used by as many threads as like: it asks one thing at a time."""

    def __init__(
        self,
        line: RemoteLine,
        name: str,
        gate: Gate | None = None,
        sm2_id: str = DEFAULT_ID,
        patience: Patience = PATIENCE,
    ) -> None:
        """`name`: the signer's at the other station."""
        self._line, self._name, self._gate, self._sm2_id = line, name, gate, sm2_id
        self._opening = Deadline(patience.open, patience.quick)
        self._signing = Deadline(patience.sign, patience.quick)
        self._lock = threading.Lock()
        self._certificate: Certificate | None = None
        self._ended = threading.Event()

    @property
    def profile(self) -> Profile:
        return profile_of(self.certificate().x509, self._sm2_id)

    def certificate(self) -> Certificate:
        with self._lock:
            return self._opened()

    def sign(self, data: bytes) -> bytes:
        with self._lock:
            certificate = self._opened()
            try:
                request: dict[str, object] = {"json": {"signer": self._name, "text": data.decode()}}
                answer = self._asked("POST", "/sign", self._signing, request)
                if self._certificate_in(answer) != certificate:
                    raise TokenError("another certificate signs there now", "对方已换用另一张证书").on(self._line.url)
                return _decoded(answer, "signature", self._line.url)
            except TokenError:
                self._certificate = None
                raise

    def close(self) -> None:
        self._ended.set()
        has_it = self._lock.acquire(timeout=_CLOSING_SECONDS)  # else whoever asks now finds that the line is cut
        try:
            self._line.close()
        finally:
            if has_it:
                self._lock.release()

    def _opened(self) -> Certificate:
        if self._ended.is_set():
            raise TokenError("the signer was closed", "签名已关闭").on(self._line.url)
        if self._certificate is None or not self._certificate.valid_at(datetime.now(UTC)):
            self._certificate = None
            answer = self._asked("GET", "/certificate", self._opening, {"params": {"signer": self._name}})
            certificate = self._certificate_in(answer)
            if self._gate is not None:
                self._gate.before_use("", _MODEL, certificate)
            self._certificate = certificate
        return self._certificate

    def _asked(self, method: str, path: str, deadline: Deadline, request: dict[str, object]) -> Answer:
        """Where it is asked too often, it is asked again in time: that is no trouble that anybody has to hear of."""
        begin = time.monotonic()
        until = begin + deadline.seconds
        while True:
            try:
                answer = self._line.ask(method, path, until - time.monotonic(), **request)
            except AskedTooOften as error:
                if time.monotonic() + error.seconds >= until or self._ended.wait(error.seconds):
                    raise
                continue
            deadline.came_after(time.monotonic() - begin)
            return answer

    def _certificate_in(self, answer: Answer) -> Certificate:
        try:
            certificate = Certificate.from_der(_decoded(answer, "certificate", self._line.url))
            profile_of(certificate.x509, self._sm2_id)
        except (ValueError, TypeError):
            raise _no_answer(self._line.url) from None
        return certificate


def _decoded(answer: Answer, key: str, url: str) -> bytes:
    """Raises TokenError."""
    try:
        return base64.b64decode(answer[key], validate=True)
    except (KeyError, ValueError):
        raise _no_answer(url) from None


def _no_answer(url: str) -> TokenError:
    return TokenError("what it answers is not what a signing endpoint answers", "它的回答不是签名接口的回答").on(url)
