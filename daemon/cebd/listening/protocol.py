"""What uvicorn's protocol lacks: it does not hand on the certificate that a caller showed, waits for ever for the head of a request (of a
caller that is gone, or sends a byte now and then), and at the end for callers who only keep their connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

_KEY = "caller_certificate"


def caller_certificate(scope: Mapping[str, Any]) -> bytes | None:
    """The certificate in DER, of a request's scope; None where the caller showed none in TLS."""
    certificate: bytes | None = scope.get("state", {}).get(_KEY)
    return certificate


def http_protocol(head_seconds: float) -> type[asyncio.Protocol]:
    """uvicorn's, which puts the certificate into the state of each request (ASGI: `scope["state"]`).

    `head_seconds`: so long the head of a request may take to come.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Protocol(H11Protocol):
        _head_due: asyncio.TimerHandle | None = None  # while one is waited for

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            tls = transport.get_extra_info("ssl_object")
            shown = tls.getpeercert(binary_form=True) if tls is not None else None
            if shown is not None:
                self.app_state = {**self.app_state, _KEY: shown}
            self._wait_for_a_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._wait_for_a_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _wait_for_a_head(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop_waiting()
            elif self._head_due is None:
                self._head_due = self.loop.call_later(head_seconds, self.transport.abort)

        def _stop_waiting(self) -> None:
            if self._head_due is not None:
                self._head_due.cancel()
                self._head_due = None

        def shutdown(self) -> None:
            """A caller that has its answer is not waited for: in TLS, to close would take its consent."""
            super().shutdown()
            if self.cycle is None or self.cycle.response_complete:
                self.transport.abort()

    return Protocol
