"""The guard before an application: who may not come in is not read, and what is too large or too slow is not kept."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from cebd.listening.door import Door
from cebd.listening.refusal import refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


_SMALL = 64 * 1024  # bytes: so short a body is read whatever else is
_LARGEST_AT_ONCE = 4  # as many of the largest bodies are held at a time, or a few callers would fill the memory


_WORDS = {
    HTTPStatus.FORBIDDEN: ("不接受从这台电脑来的访问。", "Callers from this address are not let in."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "没有收下：内容太大，请分成几份。",
        "Nothing was taken: it is too large, divide it.",
    ),
    HTTPStatus.REQUEST_TIMEOUT: (
        "没有收下：传送太慢，请稍后再试，或分成几份。",
        "Nothing was taken: it came too slowly; try again later, or divide it.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "没有收下：正在接收的内容太多，请稍后再试。",
        "Nothing was taken: too much is being received; try again in a moment.",
    ),
}


class _Refused(Exception):
    """The request is answered with this status and not given to the application."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status
        super().__init__(status.phrase)


class _HungUp(Exception):
    """The caller is gone before the request was whole: nobody is there to be answered."""


class Guard:
    """An ASGI application: gives whole requests, that the door lets in, to the application behind it."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door
        self._held = 0  # bytes of bodies that are not small, of all requests under way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await self._body(scope, receive)
        except _Refused as refused:
            await refuse(scope, send, refused.status, *_WORDS[refused.status])
            return
        except _HungUp:
            return
        try:
            await self._give(scope, body, receive, send)
        finally:
            self._held -= _weight(body)

    async def _give(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        given = False

        async def whole() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, whole, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        client = scope.get("client")
        if not self._door.lets_in(client[0] if client else ""):
            raise _Refused(HTTPStatus.FORBIDDEN)
        named = dict(scope["headers"]).get(b"content-length", b"0")
        if named.isdigit() and int(named) > self._door.largest_bytes:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            async with asyncio.timeout(self._door.body_seconds):
                return await self._read(receive)
        except TimeoutError:
            raise _Refused(HTTPStatus.REQUEST_TIMEOUT) from None

    async def _read(self, receive: Receive) -> bytes:
        """The body, whose weight is held from then on."""
        body = bytearray()
        try:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise _HungUp
                before = _weight(body)
                body += message.get("body", b"")
                self._held += _weight(body) - before
                if len(body) > self._door.largest_bytes:
                    raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                if _weight(body) and self._held > _LARGEST_AT_ONCE * self._door.largest_bytes:
                    raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE)
                if not message.get("more_body", False):
                    return bytes(body)
        except BaseException:
            self._held -= _weight(body)
            raise


def _weight(body: bytes | bytearray) -> int:
    return len(body) if len(body) > _SMALL else 0
