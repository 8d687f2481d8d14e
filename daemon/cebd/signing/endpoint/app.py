"""The endpoint as an ASGI application.

| request | answer |
| --- | --- |
| `POST /sign` `{"signer": NAME, "text": TEXT}` in JSON | `{"signature": base64, "certificate": base64 DER, "certificate_number": hex}` |
| `GET /certificate?signer=NAME` | the same without `signature` |

`text` is what is to be signed, in UTF-8: see `texts.py`. Instead: 400 no such request, 403 a page in a browser, 404 no such signer,
422 another text, 429 too many, 503 the token cannot sign now; each with `{"problem": id, "zh": ..., "en": ...}`, and 429 with
`wait`, in seconds.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from math import ceil
from typing import NamedTuple

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from cebd.clock import Clock
from cebd.listening.protocol import caller_certificate
from cebd.problems.problem import Problem, problem
from cebd.settings_table import is_this_machine
from cebd.signing.endpoint.rate import Rate
from cebd.signing.endpoint.texts import NotSigned, Signable, signable
from cebd.signing.profile import Profile
from cebd.signing.signer import Certificate, Signer, TokenError, require_valid

log = structlog.get_logger("cebd")


class Given(NamedTuple):
    """A signature that is about to be given. `caller`: see `who`."""

    caller: str
    signer: str
    certificate: Certificate
    what: Signable
    text: bytes


class _Refused(Exception):
    """The request is answered with this."""

    def __init__(self, status: HTTPStatus, said: Problem, seconds: float = 0.0) -> None:
        self.status, self.problem, self.seconds = status, said, seconds


class SigningEndpoint:
    """Signs what it is asked, one text for each request."""

    def __init__(
        self,
        signers: Mapping[str, Callable[[], Signer]],
        journal: Callable[[Given], None],
        rate: Rate,
        clock: Clock,
        what: Callable[[bytes, Profile], Signable] = signable,
    ) -> None:
        """`signers`: by name, each opened when it is asked for, which may raise TokenError. `journal`: called before a signature is given;
        what it raises keeps the signature back. `what`: raises NotSigned for what is not to be signed.
        """
        self._signers, self._journal, self._rate, self._clock, self._what = signers, journal, rate, clock, what
        self.app = Starlette(
            routes=[
                Route("/sign", self._answered(self._sign), methods=["POST"]),
                Route("/certificate", self._answered(self._certificate), methods=["GET"]),
            ]
        )

    def _sign(self, request: Request, body: bytes) -> dict[str, str]:
        wait = self._rate.wait()
        if wait:
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, problem("CEBD-1532", value=who(request)), wait)
        name, text = _asked(request, body)
        signer = self._opened(name)
        certificate = signer.certificate()
        require_valid(certificate, self._clock.now())
        profile = signer.profile
        what = self._what(text, profile)
        value = signer.sign(text)
        try:
            profile.verify(certificate.x509, value, text)
        except InvalidSignature:
            raise TokenError("the token made a signature that does not hold", "介质所作的签名无效") from None
        # Killed before this, the signature was never given; behind it, it stands in the journal whether or not it arrives.
        self._journal(Given(who(request), name, certificate, what, text))
        return {"signature": base64.b64encode(value).decode(), **_told(certificate)}

    def _certificate(self, request: Request, _body: bytes) -> dict[str, str]:
        return _told(self._opened(request.query_params.get("signer", "")).certificate())

    def _opened(self, name: str) -> Signer:
        if name not in self._signers:
            raise _Refused(HTTPStatus.NOT_FOUND, problem("CEBD-1531", value=name))
        return self._signers[name]()

    def _answered(
        self, answer: Callable[[Request, bytes], dict[str, str]]
    ) -> Callable[[Request], Awaitable[JSONResponse]]:
        """What is refused is said in JSON. The work is done in a thread: a token takes its time."""

        def answered(request: Request, body: bytes) -> JSONResponse:
            try:
                _not_of_a_page(request)
                return JSONResponse(answer(request, body))
            except _Refused as error:
                refused = error
            except NotSigned as error:
                said = problem("CEBD-1530", value=who(request), reason=str(error), reason_zh=error.zh)
                refused = _Refused(HTTPStatus.UNPROCESSABLE_ENTITY, said)
            except TokenError as error:
                refused = _Refused(HTTPStatus.SERVICE_UNAVAILABLE, error.said())
            except Exception as error:
                log.exception("the signing endpoint failed", caller=who(request))
                said = problem("CEBD-1912", reason=type(error).__name__)
                refused = _Refused(HTTPStatus.INTERNAL_SERVER_ERROR, said)
            if (
                refused.status < HTTPStatus.INTERNAL_SERVER_ERROR
            ):  # the station says itself what is wrong with its token
                log.warning(
                    "a signature was refused", caller=who(request), id=refused.problem.id, reason=refused.problem.en
                )
            told = {"problem": refused.problem.id, "zh": refused.problem.zh, "en": refused.problem.en}
            headers = None
            if refused.seconds:  # the header has whole seconds alone
                told["wait"] = f"{refused.seconds:.3f}"
                headers = {"Retry-After": str(ceil(refused.seconds))}
            return JSONResponse(told, refused.status, headers)

        async def endpoint(request: Request) -> JSONResponse:
            return await run_in_threadpool(answered, request, await request.body())

        return endpoint


def who(request: Request) -> str:
    """The caller, as the journal has it: the certificate that it showed, or else its address."""
    shown = caller_certificate(request.scope)
    if shown is None:
        return request.client.host if request.client else ""
    certificate = x509.load_der_x509_certificate(shown)
    digest = certificate.fingerprint(hashes.SHA256()).hex()
    return f"{certificate.subject.rfc4514_string()} (sha256 {digest[:16]})"


def _not_of_a_page(request: Request) -> None:
    """A page that a browser on this machine shows could ask, too, by the name of a server that is said to be here. Raises _Refused."""
    if caller_certificate(request.scope) is not None:
        return
    host = request.url.hostname or ""
    if not is_this_machine(host) or "origin" in request.headers:
        raise _Refused(HTTPStatus.FORBIDDEN, problem("CEBD-1533", value=host))


def _asked(request: Request, body: bytes) -> tuple[str, bytes]:
    """The signer's name and the text. Raises _Refused."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
    if is_json and isinstance(asked, dict) and asked.keys() == {"signer", "text"}:
        name, text = asked["signer"], asked["text"]
        if isinstance(name, str) and isinstance(text, str):
            try:
                return name, text.encode()
            except UnicodeEncodeError:
                pass  # half a character
    raise _Refused(HTTPStatus.BAD_REQUEST, problem("CEBD-1534"))


def _told(certificate: Certificate) -> dict[str, str]:
    return {"certificate": certificate.base64, "certificate_number": certificate.number}
