"""The guard before an application: who may not come in is not read, and what is too large or too slow is not kept."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from cebd.listening.door import Door

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await self._body(scope, receive)
        except _Refused as refused:
            await _answer(send, refused.status)
            return
        except _HungUp:
            return
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
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _HungUp
            body += message.get("body", b"")
            if len(body) > self._door.largest_bytes:
                raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            if not message.get("more_body", False):
                return bytes(body)


async def _answer(send: Send, status: HTTPStatus) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": status.phrase.encode()})
