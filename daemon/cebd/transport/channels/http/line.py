"""One HTTP connection and its requests: each within a deadline of its own, no answer larger than a bound, no header of the environment.

What goes wrong before the whole request can have left is a ChannelError or a `Broken` that says so; after that it is a `Broken` that
leaves the outcome open. Bodies have a length, are never chunked, and do not wait for leave to be sent (`Expect`): old servers know neither.
The last byte of a body is held back until `before_last` has run: without it the other side does not have the whole request.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import httpcore2

from cebd.transport.channel import ChannelError
from cebd.transport.channels.http.trust import Trust, tls_trouble

_IDLE_SECONDS = 3.0  # an idle connection is not used again after that: servers hang up after five
_CONNECT_SECONDS = 10.0


class Broken(Exception):
    """There is no whole answer. `left`: whether the whole request may have left."""

    def __init__(self, reason: str, *, left: bool) -> None:
        self.reason = reason
        self.left = left
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` beside those that each request has."""

    method: str
    url: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers`: names in small letters; of several with one name the last."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text, in the encoding that it names or that fits."""
        named = self.headers.get("content-type", "").lower().partition("charset=")[2].strip(' ";')
        for encoding in (named, "utf-8-sig", "gb18030"):
            try:
                return self.body.decode(encoding) if encoding else self.body.decode("utf-8-sig")
            except (LookupError, UnicodeDecodeError):
                continue
        return self.body.decode("utf-8", errors="replace")

    def shown(self) -> str:
        """Status and the beginning of the body, for people."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = ""
        return f"HTTP {self.status} {phrase}: {' '.join(self.text.split())[:200]}".rstrip(": ")


@dataclass(frozen=True, slots=True)
class Limits:
    """`silence_seconds`: the longest without a byte; `deadline_seconds`: a request and its whole answer; `largest_bytes`: of an answer."""

    silence_seconds: float = 30.0
    deadline_seconds: float = 60.0
    largest_bytes: int = 16 * 1024**2


class Line:
    """Requests to one server, one at a time, for one thread. Connects at the first request, and again after trouble."""

    def __init__(self, trust: Trust, limits: Limits, proxy: Callable[[], httpcore2.Proxy | None]) -> None:
        """`proxy` raises ChannelError where its password cannot be read."""
        self._trust = trust
        self._limits = limits
        self._proxy = proxy
        self._clock = _Deadline()
        self._pool: httpcore2.ConnectionPool | None = None

    def exchange(self, request: Request, before_last: Callable[[], None] = lambda: None) -> Answer:
        """Send the request and read the answer. Raises ChannelError (nothing left), Broken, and the errors of `before_last`."""
        self._clock.begin(self._limits.deadline_seconds)
        left = False

        def body() -> Iterator[bytes]:
            nonlocal left
            if len(request.body) > 1:
                yield request.body[:-1]
            before_last()
            left = True
            yield request.body[-1:]

        if not request.body:
            before_last()
            left = True
        try:
            return self._exchange(request, body() if request.body else None)
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
            self.close()
            refused = tls_trouble(error, in_handshake=False)
            if refused is not None:
                raise refused from None
            raise Broken(_reason(error, self._limits), left=left) from None
        except httpcore2.ProxyError as error:
            self.close()
            raise ChannelError("CEBD-1662", str(error)) from None
        except httpcore2.UnsupportedProtocol as error:
            raise ChannelError("CEBD-1601", str(error)) from None
        except _TooLarge:
            self.close()
            raise Broken(f"an answer of more than {self._limits.largest_bytes} bytes", left=True) from None
        except BaseException:
            self.close()
            raise

    def _exchange(self, request: Request, content: Iterator[bytes] | None) -> Answer:
        if self._pool is None:
            self._pool = httpcore2.ConnectionPool(
                ssl_context=self._trust.context(),
                proxy=self._proxy(),
                max_connections=1,
                keepalive_expiry=_IDLE_SECONDS,
                network_backend=_Backend(self._clock, self._trust),
            )
        url = httpcore2.URL(request.url)
        name = url.host.decode("ascii")
        host = (f"[{name}]" if ":" in name else name) + (f":{url.port}" if url.port else "")
        headers = [("Host", host), ("User-Agent", "cebd"), ("Accept", "*/*"), *request.headers]
        if request.method not in ("GET", "DELETE"):
            headers.append(("Content-Length", str(len(request.body))))
        silence = min(self._limits.silence_seconds, self._limits.deadline_seconds)
        timeout = {"connect": min(silence, _CONNECT_SECONDS), "read": silence, "write": silence, "pool": 1.0}
        with self._pool.stream(
            request.method, url, headers=headers, content=content, extensions={"timeout": timeout}
        ) as response:
            received = bytearray()
            for piece in response.iter_stream():
                received += piece
                if len(received) > self._limits.largest_bytes:
                    raise _TooLarge
        named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, named, bytes(received))

    def close(self) -> None:
        """Hang up."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()


class _TooLarge(Exception):
    """The answer has more bytes than we keep."""


class _Deadline:
    """The end of the request under way: silence may be short each time, and the whole still too long."""

    def __init__(self) -> None:
        self._end = 0.0

    def begin(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """The shorter of the two. Raises ReadTimeout when nothing is left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("deadline")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore2.NetworkStream):
    """A stream that knows the deadline, and looks at the certificate that it is shown."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: _Deadline, trust: Trust) -> None:
        self._inner = inner
        self._deadline = deadline
        self._trust = trust

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        try:
            stream = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        except httpcore2.ConnectError as error:
            trouble = tls_trouble(error)
            if trouble is None:
                raise
            raise trouble from None
        try:
            self._trust.check(sha256(stream.get_extra_info("ssl_object").getpeercert(True)).hexdigest())
        except ChannelError:
            stream.close()
            raise
        return _Stream(stream, self._deadline, self._trust)

    def get_extra_info(self, info: str) -> Any:  # as httpcore has it
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.SyncBackend):
    def __init__(self, deadline: _Deadline, trust: Trust) -> None:
        self._deadline = deadline
        self._trust = trust

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,  # as httpcore has them
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left(timeout)
        try:
            stream = super().connect_tcp(host, port, left, local_address, socket_options)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
            why = "no answer" if isinstance(error, httpcore2.ConnectTimeout) else _os_reason(error)
            raise ChannelError("CEBD-1601", f"{host}:{port}: {why}") from None
        return _Stream(stream, self._deadline, self._trust)


def _os_reason(error: BaseException) -> str:
    cause = error.__cause__
    if isinstance(cause, socket.gaierror):
        return f"the name is not known ({cause.strerror})"
    return str(getattr(cause, "strerror", None) or error)


def _reason(error: Exception, limits: Limits) -> str:
    if isinstance(error, httpcore2.TimeoutException):
        return f"no whole answer within {limits.deadline_seconds:g} s, or silence for {limits.silence_seconds:g} s"
    return str(error) or "the connection was closed"
