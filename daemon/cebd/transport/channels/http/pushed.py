"""Receipts that the platform brings: its call is answered once the receipt is stored, and not before.

The call waits until the station has taken its receipt: whoever hears the profile's word need not bring it again. A repeated call is given
to the station again, whose store knows the receipt by its digest, and is answered alike. A call that waits too long is answered 503, one
whose content is not ours with the profile's refusal; the platform keeps the receipt then.
"""

from __future__ import annotations

import asyncio
import binascii
import hmac
import re
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from cebd.listening.door import Door, ListenError
from cebd.listening.listener import Listener
from cebd.transport.channel import Arrival, ChannelError
from cebd.transport.channels.http.answers import at_xpath
from cebd.transport.channels.http.profile import Push
from cebd.transport.channels.left_names import LeftNames

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_WAITING_AT_MOST = 500
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(CEB[0-9]{3}Message|Dxp[A-Za-z]{1,10})\b")
_FIELDS_AT_MOST = 50


class NoReceipt(Exception):
    """The call brings nothing that could be a receipt."""


@dataclass(slots=True)
class _Call:
    """A receipt whose caller waits, or several callers of one receipt."""

    name: str
    content: bytes
    loop: asyncio.AbstractEventLoop
    answers: list[asyncio.Future[HTTPStatus]] = field(default_factory=list)

    def answer(self, status: HTTPStatus) -> None:
        self.loop.call_soon_threadsafe(self._answer, status)

    def _answer(self, status: HTTPStatus) -> None:
        for waiting in self.answers:
            if not waiting.done():
                waiting.set_result(status)


class PushedInbound:
    """Listens at the door from the first look on. `secret` reads the last part of the address; it raises ChannelError."""

    def __init__(self, push: Push, door: Door, secret: Callable[[], str]) -> None:
        self._push = push
        self._secret = secret
        self._lock = threading.Lock()
        self._calls: dict[str, _Call] = {}
        self._left = LeftNames()
        self._is_open = False
        self._listener = Listener(self._application, door)
        self._app: Callable[..., object] | None = None

    @property
    def port(self) -> int:
        """Where it listens, once it does. Raises ListenError."""
        return self._listener.port

    def receive(self) -> Iterator[Arrival]:
        if not self._listener.is_open:
            self._app, self._is_open = self._routes(self._secret()), True
            try:
                self._listener.start()
            except ListenError as error:
                raise ChannelError(error.problem, error.reason, error.zh) from None
        with self._lock:
            waiting = list(self._calls.items())
        for digest, call in waiting:
            yield Arrival(
                call.name, partial(_content, call), partial(self._accept, digest), partial(self._leave, digest)
            )

    def left(self) -> Mapping[str, Sequence[str]]:
        return self._left.by_problem()

    def close(self) -> None:
        with self._lock:
            self._is_open, waiting = False, list(self._calls)
        for digest in waiting:  # told to come again, they do not hold up the end
            self._end(digest, HTTPStatus.SERVICE_UNAVAILABLE)
        self._listener.stop()

    def _accept(self, digest: str) -> None:
        self._end(digest, HTTPStatus.OK)

    def _leave(self, digest: str, problem: str) -> None:
        call = self._end(digest, HTTPStatus.UNPROCESSABLE_ENTITY)
        if call is not None:
            self._left.add(problem, call.name)

    def _end(self, digest: str, status: HTTPStatus) -> _Call | None:
        with self._lock:
            call = self._calls.pop(digest, None)
        if call is not None:
            call.answer(status)
        return call

    async def _application(self, scope: object, receive: object, send: object) -> None:
        """What was built for the secret of this start."""
        assert self._app is not None  # noqa: S101
        result = self._app(scope, receive, send)
        await result  # type: ignore[misc]  # an ASGI application

    def _routes(self, secret: str) -> Callable[..., object]:
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route

        async def hear(request: Request) -> Response:
            if not hmac.compare_digest(str(request.path_params["secret"]).encode(), secret.encode()):
                return PlainTextResponse("", HTTPStatus.NOT_FOUND)
            try:
                content = receipt_in(await request.body(), self._push)
            except NoReceipt as why:
                return self._refusal(str(why))
            return self._answered(await self._stored(content))

        return Starlette(routes=[Route(f"{self._push.path.rstrip('/')}/{{secret:path}}", hear, methods=["POST"])])

    async def _stored(self, content: bytes) -> HTTPStatus:
        """Wait until the station has it."""
        digest = sha256(content).hexdigest()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[HTTPStatus] = loop.create_future()
        with self._lock:
            if not self._is_open or (digest not in self._calls and len(self._calls) >= _WAITING_AT_MOST):
                return HTTPStatus.SERVICE_UNAVAILABLE
            call = self._calls.setdefault(digest, _Call(_name(content, digest), content, loop))
            call.answers.append(answer)
        try:
            async with asyncio.timeout(self._push.answer_seconds):
                return await answer
        except TimeoutError:
            return HTTPStatus.SERVICE_UNAVAILABLE
        finally:
            self._hung_up(digest, answer)

    def _hung_up(self, digest: str, answer: asyncio.Future[HTTPStatus]) -> None:
        """A receipt that nobody waits for any more will be brought again."""
        with self._lock:
            call = self._calls.get(digest)
            if call is not None and answer in call.answers:
                call.answers.remove(answer)
                if not call.answers:
                    del self._calls[digest]

    def _answered(self, status: HTTPStatus) -> Response:
        from starlette.responses import Response

        if status is HTTPStatus.OK:
            return Response(self._push.answer, status, headers={"Content-Type": self._push.answer_type})
        if status is HTTPStatus.UNPROCESSABLE_ENTITY:
            return self._refusal("not a message of customs")
        return Response("", status, headers={"Retry-After": "30"})

    def _refusal(self, why: str) -> Response:
        from starlette.responses import Response

        word = self._push.refusal or why
        return Response(word, HTTPStatus.UNPROCESSABLE_ENTITY, headers={"Content-Type": self._push.answer_type})


def _name(content: bytes, digest: str) -> str:
    root = _ROOT.search(content[:1000])
    return f"{root.group(1).decode() if root else 'receipt'}_{digest[:16]}.xml"


def _content(call: _Call) -> bytes:
    return call.content


def receipt_in(body: bytes, push: Push) -> bytes:
    """The receipt in the body of a call. Raises NoReceipt."""
    content = body
    if push.field is not None:
        try:
            fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=_FIELDS_AT_MOST)
        except ValueError:
            raise NoReceipt("no form") from None
        if push.field not in fields:
            raise NoReceipt(f"no field {push.field}")
        content = fields[push.field][0].encode()
    if push.xpath is not None:
        found = at_xpath(content, push.xpath)
        if not found:
            raise NoReceipt(f"nothing at {push.xpath}")
        content = found.encode()
    if push.encoding == "base64":
        try:
            # A caller that did not percent-encode its plus signs sent blanks: nothing else of base64 is one.
            content = b64decode(b"".join(content.replace(b" ", b"+").split()), validate=True)
        except binascii.Error:
            raise NoReceipt("no base64") from None
    if not content.strip():
        raise NoReceipt("nothing")
    return content
