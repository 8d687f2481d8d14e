"""The answer to a request that is not let in: two lines for people, JSON for a program that gives JSON."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope, Send

_PASSES = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.SERVICE_UNAVAILABLE)  # given again in a moment, it may be taken


async def refuse(scope: Scope, send: Send, status: HTTPStatus, zh: str, en: str) -> None:
    """Answer with that status and end the connection."""
    given = dict(scope["headers"]).get(b"content-type", b"").partition(b";")[0].strip().lower()
    kind, text = b"text/plain; charset=utf-8", f"{zh}\n{en}\n"
    if given == b"application/json":
        problem = "CEBD-2312" if status in _PASSES else "CEBD-2311"
        kind, text = b"application/json", json.dumps({"problem": problem, "zh": zh, "en": en}, ensure_ascii=False)
    headers = [(b"content-type", kind), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
