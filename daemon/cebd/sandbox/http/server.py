"""The HTTP side of the simulated customs: one shape at one port. It may answer late, not at all, or refuse at first, as real ones do."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from cebd.listening.door import Certificate, Door, ListenError
from cebd.listening.listener import Listener
from cebd.sandbox.desk import Say
from cebd.sandbox.http.gate import Gate, NotTaken
from cebd.sandbox.http.shapes import SHAPES, NotUnderstood, Said, rows
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.side import CustomsSide

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

_ROW_ROOTS = {"ceb312msg": "CEB312Message", "ceb622msg": "CEB622Message"}
_PUSH_SECONDS = 0.1
_PUSH_PATIENCE = 40.0


class HttpDoor:
    """A shape at a port, before a gate. Use `start` and `stop`; receipts are brought to `push_to` where the shape brings them."""

    def __init__(
        self,
        gate: Gate,
        shape: str,
        scenario: Scenario,
        *,
        port: int = 0,
        push_to: str | None = None,
        certificate: Certificate | None = None,
        push_trust: ssl.SSLContext | None = None,
    ) -> None:
        self._gate = gate
        self._shape = SHAPES[shape]
        self._scenario = scenario
        self._random = random.Random(scenario.seed)  # noqa: S311  play, repeatable
        self._push_to = push_to
        self._push_trust = push_trust
        self._listener = Listener(self._app(), Door("127.0.0.1", port, certificate, largest_bytes=64 * 1024**2))
        self._stopping = threading.Event()
        self._pusher = threading.Thread(target=self._push, name="customs-push", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens at, once started."""
        return self._listener.port

    @property
    def path(self) -> str:
        """Where messages go."""
        return self._shape.path

    def start(self) -> None:
        """Raises OSError when the port cannot be had."""
        try:
            self._listener.start()
        except ListenError as error:
            raise OSError(0, error.reason) from None
        if self._shape.push is not None and self._push_to is not None:
            self._pusher.start()

    def stop(self) -> None:
        """Answer nobody any more."""
        self._stopping.set()
        if self._pusher.is_alive():
            self._pusher.join()
        self._listener.stop()

    def _app(self) -> Starlette:
        from starlette.applications import Starlette
        from starlette.routing import Route

        path = self._shape.path
        routes = [Route(path, self._take, methods=["POST", "PUT"])]
        if self._shape.name == "dxp-xml":
            routes = [
                Route(f"{path}/{{name}}", self._take, methods=["POST", "PUT"]),
                Route(f"{path}/{{name}}", self._asked, methods=["GET"]),
                Route("/out/", self._listed, methods=["GET"]),
                Route("/out/{name:path}", self._receipt, methods=["GET", "DELETE"]),
            ]
        elif self._shape.name == "cebcmsg-json":
            routes += [Route(f"/{name}", self._rows, methods=["GET"]) for name in _ROW_ROOTS]
        return Starlette(routes=routes)

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        if self._chance(self._scenario.http_refused):
            return _response(self._shape.refused("系统繁忙，请稍后再试"))
        try:
            came = self._shape.understand(body, request.url.path)
            # A file is written and waited for: elsewhere than in the loop that answers everybody.
            taken = await asyncio.to_thread(self._gate.take, came.name, came.content)
        except (NotUnderstood, NotTaken) as error:
            return _response(self._shape.refused(str(error)))
        if self._chance(self._scenario.http_silent):
            await asyncio.sleep(self._scenario.http_silent_seconds)
        await asyncio.sleep(self._scenario.http_answer_seconds)
        return _response(self._shape.accepted if taken == "accepted" else self._shape.already)

    async def _asked(self, request: Request) -> Response:
        from starlette.responses import JSONResponse

        there = self._gate.has(str(request.path_params["name"]))
        return JSONResponse({"code": "received" if there else "unknown"}, 200 if there else 404)

    async def _listed(self, _request: Request) -> Response:
        from starlette.responses import JSONResponse

        try:
            lying = self._gate.receipts()
        except NotTaken as error:
            return JSONResponse({"code": "refused", "reason": str(error)}, 500)
        return JSONResponse(
            {"receipts": [{"name": one.name, "size": one.size, "changed": one.changed} for one in lying]}
        )

    async def _receipt(self, request: Request) -> Response:
        from starlette.responses import Response

        raw = unquote_to_bytes(request.scope["raw_path"].rpartition(b"/")[2])
        try:
            path = self._gate.receipt(raw)
            if request.method == "GET":
                return Response(path.read_bytes(), media_type="application/xml")
            facts = path.stat()
            wanted = request.headers.get("if-match")
            if wanted is not None and wanted != f'"{facts.st_size}-{facts.st_mtime_ns}"':
                return Response("", 412)
            path.unlink()
        except FileNotFoundError:
            return Response("", 404)
        except OSError as error:
            return Response(str(error.strerror), 403)
        return Response("", 204)

    async def _rows(self, request: Request) -> Response:
        from starlette.responses import PlainTextResponse

        since = request.query_params.get("qryid", "")
        contents = [path.read_bytes() for path in self._gate.finished()]
        return PlainTextResponse(rows(contents, _ROW_ROOTS[request.url.path.strip("/")], since))

    def _chance(self, share: float) -> bool:
        return share > 0 and self._random.random() < share

    def _push(self) -> None:
        """Bring receipts one after the other; one is done with when its word came back."""
        while not self._stopping.wait(_PUSH_SECONDS):
            for path in self._gate.finished():
                if self._stopping.is_set():
                    return
                content = path.read_bytes()
                if self._bring(path.name, content):
                    if self._chance(self._scenario.http_pushed_twice):
                        self._bring(path.name, content)
                    path.unlink(missing_ok=True)

    def _bring(self, name: str, content: bytes) -> bool:
        assert self._shape.push is not None  # noqa: S101
        to = urlsplit(self._push_to or "")
        if to.scheme == "https":
            line: HTTPConnection = HTTPSConnection(
                to.hostname or "", to.port, timeout=_PUSH_PATIENCE, context=self._push_trust
            )
        else:
            line = HTTPConnection(to.hostname or "", to.port, timeout=_PUSH_PATIENCE)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            line.request("POST", to.path, self._shape.push(name, content), headers)
            answer = line.getresponse()
            return answer.status == 200 and answer.read().decode() == self._shape.word
        except (OSError, HTTPException):
            return False
        finally:
            line.close()


def _response(said: Said) -> Response:
    from starlette.responses import Response

    return Response(said.body, said.status, headers={"Content-Type": said.type})


def push_place(folder: Path) -> tuple[int, str]:
    """The port and secret of the station that receipts are brought to; chosen at the first call, and kept in the folder."""
    port, secret = folder / "push.port", folder / "push.secret"
    if not secret.exists():
        with socket.create_server(("127.0.0.1", 0)) as free:
            port.write_text(str(free.getsockname()[1]), encoding="ascii")
        secret.write_text(token_urlsafe(24), encoding="ascii")
        secret.chmod(0o600)
    return int(port.read_text(encoding="ascii")), secret.read_text(encoding="ascii")


class HttpSandbox(CustomsSide):
    """A customs side with an HTTP interface that is asked for receipts; see `CustomsSide`."""

    shape = "cebcmsg-json"

    def __init__(
        self, folder: Path, *, port: int = 0, scenario: Scenario | None = None, say: Say = lambda _text: None
    ) -> None:
        super().__init__(folder, port=port, scenario=scenario, say=say)
        gate = Gate(folder / "in", folder / "out", folder / "taken")
        self._door = HttpDoor(gate, self.shape, self.scenario, port=port, push_to=self._push_to())

    def _push_to(self) -> str | None:
        return None

    @property
    def port(self) -> int:
        return self._door.port

    def _listen(self) -> None:
        self._door.start()

    def _hang_up(self) -> None:
        self._door.stop()


class PushSandbox(HttpSandbox):
    """A customs side with an HTTP interface that brings receipts."""

    shape = "gateway-form"

    def _push_to(self) -> str | None:
        port, secret = push_place(self.home.folder)
        return f"http://127.0.0.1:{port}/receipts/{secret}"
