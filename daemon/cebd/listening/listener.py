"""A listener: uvicorn in a thread of the daemon. It takes no signals, keeps no log of requests, and believes no header about who calls.

The address is taken before the thread begins: a port that somebody else has is an error of `start`, not of the thread.
"""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from types import TracebackType
from typing import TYPE_CHECKING

from cebd.listening.door import Door, ListenError
from cebd.listening.guard import Guard
from cebd.listening.protocol import http_protocol
from cebd.when_asked import imported_when_asked

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn.server import Server as UvicornServer

_CONNECTIONS = 600  # at a time, of which each open page of the console keeps one; who comes later is answered 503
_SECONDS_TO_FINISH = 3.0  # at the end, for requests under way
_START_SECONDS = 20.0


class Listener:
    """Serves an ASGI application (Starlette's, for example) at a door, from `start` to `stop`; may be started again after that."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door
        self._server: UvicornServer | None = None
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def port(self) -> int:
        """The port it listens at. Raises ListenError when it does not listen."""
        if self._socket is None:
            raise ListenError("CEBD-2302", "nothing listens", "没有在监听")
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Listen; when it returns, requests are answered. Does nothing when it listens already. Raises ListenError."""
        if self.is_open:
            return
        self.stop()
        context = self._door.certificate.renewing_context() if self._door.certificate else None
        self._socket = _take(self._door)
        try:
            self._serve(context)
        except BaseException:
            self.stop()
            raise

    def _serve(self, context: ssl.SSLContext | None) -> None:
        with imported_when_asked("uvicorn.main", contents=["Server", "main", "run"]):  # its command line
            from uvicorn import config as uvicorn_config
            from uvicorn import server as uvicorn_server

        up = threading.Event()

        class Server(uvicorn_server.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                up.set()

        config = uvicorn_config.Config(
            Guard(self._app, self._door),
            loop="asyncio",
            http=http_protocol(self._door.body_seconds),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # else whoever calls from this machine could say that he is somebody else
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            ssl_context_factory=None if context is None else lambda _config, _default: context,
            timeout_graceful_shutdown=int(_SECONDS_TO_FINISH),
        )
        self._server = server = Server(config)
        taken = self._socket
        assert taken is not None  # noqa: S101

        def work() -> None:
            try:
                server.run(sockets=[taken])
            finally:
                up.set()

        self._thread = threading.Thread(target=work, name=f"listen {self._door.host}:{self.port}", daemon=True)
        self._thread.start()
        if not up.wait(_START_SECONDS) or not server.started:
            raise ListenError("CEBD-2302", "the listener did not start", "监听没有启动")

    def stop(self) -> None:
        """Take nothing more, let requests under way end within some seconds, give the port back."""
        server, thread, taken = self._server, self._thread, self._socket
        self._server = self._thread = self._socket = None
        if server is not None:
            server.should_exit = True
        if thread is not None:
            thread.join(2 * _SECONDS_TO_FINISH)
            if thread.is_alive() and server is not None:
                server.force_exit = True
                thread.join(_SECONDS_TO_FINISH)
        if taken is not None:
            taken.close()

    def __enter__(self) -> Listener:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _take(door: Door) -> socket.socket:
    """The address, taken. Raises ListenError."""
    where = f"[{door.host}]:{door.port}" if ":" in door.host else f"{door.host}:{door.port}"
    family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    try:
        taken = socket.create_server((door.host, door.port), family=family, backlog=_CONNECTIONS)
        # Connections have it from here. asyncio sets it only on sockets made with a protocol's number, and without it head and body of each
        # answer, which are written one after the other, are 40 ms apart.
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return taken
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ListenError("CEBD-2301", where, where) from None
        why = error.strerror or str(error)
        raise ListenError("CEBD-2302", f"{where}: {why}", f"{where}：{why}") from None
