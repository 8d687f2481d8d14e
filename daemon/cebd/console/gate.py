"""The gate before every page: by which name it was called, from where a form comes, what browsers may do with the answer."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from cebd.listening.refusal import refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_OF_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")
_READING = ("GET", "HEAD")
_NOT_BY_THIS_NAME = (
    "此处不用这个名称访问：请用管理员告知的地址。",
    "This is not opened by that name: take the address that the administrator told you.",
)
_NOT_OF_OURS = (
    "没有执行：这不是从本站的页面提交的。请打开本站，在页面上重新操作。",
    "Nothing was done: this was not sent by a page of ours. Open it here, and do it on the page.",
)


class Gate:
    """An ASGI application: lets requests through that call it by a name of its own, and forms of its own pages.

    A page of another site that makes its own name point here (DNS rebinding) calls it by that name.
    """

    def __init__(self, app: ASGIApp, host_names: Collection[str], *, with_tls: bool) -> None:
        self._app = app
        self._names = {name.lower() for name in (*_OF_THIS_MACHINE, *host_names)}
        self._with_tls = with_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if _name(host) not in self._names:
            await refuse(scope, send, HTTPStatus.MISDIRECTED_REQUEST, *_NOT_BY_THIS_NAME)
            return
        if scope["method"] not in _READING and not self._is_of_ours(headers, host):
            await refuse(scope, send, HTTPStatus.FORBIDDEN, *_NOT_OF_OURS)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    answer[name] = value
                answer.setdefault("cache-control", "no-store")
                if self._with_tls:
                    answer["strict-transport-security"] = "max-age=31536000"
            await send(message)

        await self._app(scope, receive, guarded)

    def _is_of_ours(self, headers: Headers, host: str) -> bool:
        """Browsers say from which page a form comes; programs say nothing."""
        origin = headers.get("origin")
        scheme = "https" if self._with_tls else "http"
        if origin is not None and origin.lower() != f"{scheme}://{host}":
            return False
        return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _name(host: str) -> str:
    """The name without the port."""
    name, _, port = host.rpartition(":")
    return name if name and port.isdecimal() else host
