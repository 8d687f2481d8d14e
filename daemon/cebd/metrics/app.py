"""What Prometheus and watchers ask: GET /metrics and /health."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cebd.metrics.health import Wellness

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_app(text: Callable[[], bytes], health: Callable[[], Wellness]) -> Starlette:
    """The application. `text` raises where the store does not answer: that is a 503."""

    def metrics(_request: Request) -> Response:
        try:
            return Response(text(), media_type=CONTENT_TYPE)
        except Exception as error:
            return Response(f"# {type(error).__name__}\n", 503, media_type=CONTENT_TYPE)

    def healthy(_request: Request) -> Response:
        wellness = health()
        return JSONResponse(wellness.as_json(), 503 if wellness.reasons else 200)

    return Starlette(routes=[Route("/metrics", metrics), Route("/health", healthy)])
