"""What Prometheus and watchers ask: GET /metrics and /health.

In plain ASGI: a framework for two addresses would stay in the memory of a station that has no console.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from cebd.metrics.health import Wellness

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = ("GET", "HEAD")


def metrics_app(text: Callable[[], bytes], health: Callable[[], Wellness]) -> ASGIApp:
    """The application. `text` raises where the store does not answer: that is a 503."""

    def metrics() -> tuple[HTTPStatus, str, bytes]:
        try:
            return HTTPStatus.OK, CONTENT_TYPE, text()
        except Exception as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, CONTENT_TYPE, f"# {type(error).__name__}\n".encode()

    def healthy() -> tuple[HTTPStatus, str, bytes]:
        wellness = health()
        status = HTTPStatus.SERVICE_UNAVAILABLE if wellness.reasons else HTTPStatus.OK
        body = json.dumps(wellness.as_json(), ensure_ascii=False, separators=(",", ":"))
        return status, "application/json", body.encode()

    pages = {"/metrics": metrics, "/health": healthy}

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        page = pages.get(scope["path"])
        if page is None or scope["method"] not in _METHODS:
            refusal = HTTPStatus.NOT_FOUND if page is None else HTTPStatus.METHOD_NOT_ALLOWED
            status, kind, body = refusal, "text/plain; charset=utf-8", refusal.phrase.encode()
        else:
            status, kind, body = await asyncio.to_thread(page)  # the store may let them wait
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append((b"allow", ", ".join(_METHODS).encode()))
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
