"""What the partner brings: customs' answers as AS2 messages, and MDNs that come later than the message they are of.

A receipt is answered by a signed MDN once it is stored, and not before; the partner waits for it as we do for its. One that waits too
long is answered 503 without an MDN: the partner keeps it and brings it again. Repeats are stored once, by their digest, and answered alike.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cebd.as2.mdn import BadMdn, compose_mdn, is_mdn, read_mdn
from cebd.as2.message import Opened, Refused, open_message
from cebd.listening.door import Door, ListenError
from cebd.listening.listener import Listener
from cebd.transport.channel import Arrival, ChannelError
from cebd.transport.channels.as2.partner import Partner
from cebd.transport.channels.as2.verdicts import Verdicts
from cebd.transport.channels.left_names import LeftNames

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_WAITING_AT_MOST = 500
_STORED_WITHIN_SECONDS = 60.0


@dataclass(slots=True)
class _Receipt:
    """One that waits to be stored, with whoever waits for that."""

    name: str
    content: bytes
    loop: asyncio.AbstractEventLoop
    callers: list[asyncio.Future[bool | None]] = field(default_factory=list)

    def decide(self, *, is_taken: bool | None) -> None:
        """Tell those who wait; None: the station does not say."""

        def tell() -> None:
            for caller in self.callers:
                if not caller.done():
                    caller.set_result(is_taken)

        with suppress(RuntimeError):  # the listener has ended
            self.loop.call_soon_threadsafe(tell)


class As2Inbound:
    """Listens at the door from the first look on."""

    def __init__(
        self, partner: Partner, door: Door, verdicts: Verdicts, stored_within_seconds: float = _STORED_WITHIN_SECONDS
    ) -> None:
        self._partner = partner
        self._verdicts = verdicts
        self._stored_within_seconds = stored_within_seconds
        self._lock = threading.Lock()
        self._waiting: dict[str, _Receipt] = {}
        self._left = LeftNames()
        self._listener = Listener(self._application, door)
        self._app: Any = None  # an ASGI application

    @property
    def port(self) -> int:
        """Where it listens, once it does. Raises ListenError."""
        return self._listener.port

    def receive(self) -> Iterator[Arrival]:
        if not self._listener.is_open:
            self._app = self._app or self._routes()
            try:
                self._listener.start()
            except ListenError as error:
                raise ChannelError(error.problem, error.reason, error.zh) from None
        with self._lock:
            waiting = list(self._waiting.items())
        for digest, one in waiting:
            yield Arrival(one.name, partial(_content, one), partial(self._accept, digest), partial(self._leave, digest))

    def left(self) -> Mapping[str, Sequence[str]]:
        return self._left.by_problem()

    def close(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for one in waiting.values():
            one.decide(is_taken=None)
        self._listener.stop()

    def _accept(self, digest: str) -> None:
        self._end(digest, is_taken=True)

    def _end(self, digest: str, *, is_taken: bool) -> _Receipt | None:
        with self._lock:
            one = self._waiting.pop(digest, None)
        if one is not None:
            one.decide(is_taken=is_taken)
        return one

    def _leave(self, digest: str, problem: str) -> None:
        one = self._end(digest, is_taken=False)
        if one is not None:
            self._left.add(problem, one.name)

    async def _application(self, scope: object, receive: object, send: object) -> None:
        await self._app(scope, receive, send)

    def _routes(self) -> object:
        from starlette.applications import Starlette
        from starlette.routing import Route

        return Starlette(routes=[Route("/{path:path}", self._hear, methods=["POST"])])

    async def _hear(self, request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import Response

        names, headers, body = self._partner.names, request.headers, await request.body()
        sender, receiver = (headers.get(key, "").strip().strip('"') for key in ("as2-from", "as2-to"))
        if (sender, receiver) != (names.theirs, names.ours):
            return Response("unknown AS2-From or AS2-To", 403)
        content_type = headers.get("content-type", "")
        if is_mdn(content_type, body):
            return await run_in_threadpool(self._verdict, content_type, body)
        encoding, own, known = headers.get("content-transfer-encoding", ""), self._partner.own, self._partner.known
        opened, refused = None, ""
        try:
            opened = await run_in_threadpool(open_message, content_type, encoding, body, own, known)
        except Refused as why:
            refused = why.error
        if opened is not None:
            is_taken = await self._stored(opened.content)
            if is_taken is None:
                return Response("", 503, headers={"Retry-After": "30"})
            refused = "" if is_taken else "unexpected-processing-error"
        if "disposition-notification-to" not in headers:
            return Response("", 400 if refused else 200)
        return await run_in_threadpool(self._mdn, headers.get("message-id", ""), refused, opened)

    def _mdn(self, message_id: str, refused: str, opened: Opened | None) -> Response:
        from starlette.responses import Response

        names = self._partner.names
        mic, micalg = (opened.mic, opened.micalg) if opened is not None and not refused else ("", "sha256")
        kind, body = compose_mdn(message_id, names.ours, self._partner.own, error=refused, mic=mic, micalg=micalg)
        headers = {"AS2-Version": "1.1", "AS2-From": names.ours, "AS2-To": names.theirs, "MIME-Version": "1.0"}
        return Response(body, 200, headers={**headers, "Content-Type": kind})

    def _verdict(self, content_type: str, body: bytes) -> Response:
        """An MDN of a message of ours. Who brings one that is not the partner's is told nothing more."""
        from starlette.responses import Response

        try:
            self._verdicts.put(read_mdn(content_type, body, self._partner.known))
        except BadMdn:
            return Response("", 400)
        return Response("", 200)

    async def _stored(self, content: bytes) -> bool | None:
        """Wait until the station has decided. None: it has not in time, or is at its end."""
        digest, loop = sha256(content).hexdigest(), asyncio.get_running_loop()
        decided: asyncio.Future[bool | None] = loop.create_future()
        with self._lock:
            if digest not in self._waiting and len(self._waiting) >= _WAITING_AT_MOST:
                return None
            one = self._waiting.setdefault(digest, _Receipt(f"as2_{digest[:16]}.xml", content, loop))
            one.callers.append(decided)
        try:
            async with asyncio.timeout(self._stored_within_seconds):
                return await decided
        except TimeoutError:
            return None
        finally:
            self._hung_up(digest, one, decided)

    def _hung_up(self, digest: str, one: _Receipt, decided: asyncio.Future[bool | None]) -> None:
        """A receipt that nobody waits for any more will be brought again."""
        with self._lock:
            one.callers.remove(decided)
            if not one.callers and self._waiting.get(digest) is one:
                del self._waiting[digest]


def _content(receipt: _Receipt) -> bytes:
    return receipt.content
