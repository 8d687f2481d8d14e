"""A customs side that takes messages by AS2 and brings its answers to the station's door.

| killed ... | what follows |
| --- | --- |
| with a message in `in/`, its MDN not sent | the station sends it again, and it is judged as a repeat |
| with an answer brought, its file still in `out/` | it is brought twice |
"""

from __future__ import annotations

import http.client
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cebd.as2.mdn import BadMdn, compose_mdn, read_mdn
from cebd.as2.message import Refused, compose, open_message
from cebd.listening.door import Door
from cebd.listening.listener import Listener
from cebd.sandbox.as2.keys import CUSTOMS, STATION, door_port, own
from cebd.sandbox.desk import Say
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.side import CustomsSide

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_LOOK_SECONDS = 0.05
_TIMEOUT_SECONDS = 90.0


class As2Side(CustomsSide):
    """See `CustomsSide`."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        scenario: Scenario | None = None,
        say: Say = lambda _text: None,
    ) -> None:
        super().__init__(folder, port=port, scenario=scenario, say=say)
        self._say = say
        self._own, self._station = own(folder, CUSTOMS), own(folder, STATION).certificate
        self._door_port = door_port(folder)
        self._listener = Listener(self._application, Door("127.0.0.1", port))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._bring_answers, name="customs-as2", daemon=True)

    @property
    def port(self) -> int:
        return self._listener.port

    def _listen(self) -> None:
        self._listener.start()

    def _serve(self) -> None:
        self._thread.start()

    def _hang_up(self) -> None:
        self._stopping.set()
        self._listener.stop()
        self._thread.join()

    async def _application(self, scope: object, receive: object, send: object) -> None:
        from starlette.applications import Starlette
        from starlette.routing import Route

        app = Starlette(routes=[Route("/{path:path}", self._hear, methods=["POST"])])
        await app(scope, receive, send)  # type: ignore[arg-type]  # as ASGI has them

    async def _hear(self, request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool

        return await run_in_threadpool(self._take, dict(request.headers), await request.body())

    def _take(self, headers: dict[str, str], body: bytes) -> Response:
        from starlette.responses import Response

        error, mic = "", ""
        encoding = headers.get("content-transfer-encoding", "")
        try:
            opened = open_message(headers.get("content-type", ""), encoding, body, self._own, [self._station])
        except Refused as why:
            error = why.error
            self._say(f"refused a message: {why}")
        else:
            mic = opened.mic
            path = self.home.folder / "in" / f"{uuid4().hex}.xml"
            temporary = path.with_suffix(".part")
            temporary.write_bytes(opened.content)
            temporary.replace(path)
        kind, content = compose_mdn(headers.get("message-id", ""), CUSTOMS, self._own, error=error, mic=mic)
        return Response(content, headers={"AS2-From": CUSTOMS, "AS2-To": STATION, "Content-Type": kind})

    def _bring_answers(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for path in sorted((self.home.folder / "out").glob("*.xml")):
                if self._stopping.is_set():
                    return
                try:
                    self._bring(path)
                except (OSError, http.client.HTTPException, BadMdn) as error:
                    self._say(f"cannot bring {path.name}: {type(error).__name__}")
                    self._stopping.wait(10 * _LOOK_SECONDS)
                    break

    def _bring(self, path: Path) -> None:
        """Bring an answer; it is removed when the station's MDN says that it has it."""
        composed = compose(path.read_bytes(), path.name, self._own, self._station)
        headers = {
            "AS2-Version": "1.1",
            "AS2-From": CUSTOMS,
            "AS2-To": STATION,
            "Message-ID": f"<{path.stem}@example.org>",
            "Disposition-Notification-To": CUSTOMS,
            "Disposition-Notification-Options": "signed-receipt-protocol=required, pkcs7-signature",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._door_port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", "/as2", composed.body, headers | composed.headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status == 200:
            mdn = read_mdn(answer.getheader("Content-Type", ""), body, [self._station])
            if mdn.is_processed and mdn.mic == composed.mic:
                path.unlink()
