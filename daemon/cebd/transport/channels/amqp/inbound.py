"""Taking receipts from a queue: each is acknowledged when it is stored here.

Until then the queue keeps it: killed at any moment, or with the connection lost, it comes again. What is left (a message of another
system) is put back at the end of each look, so that others may have it; what was fetched and not stored, at the next one. Of two stations
at one queue the first to ask has a receipt, whosever it is: where it matches nothing, it is kept as it came, and the other never has it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from cebd.transport.channel import Arrival, ChannelError
from cebd.transport.channels.amqp.connection import Connection, Line, Login, Lost, Waiting
from cebd.transport.complete_receipts import LARGEST


class AmqpInbound:
    """Receives receipts from a queue. A receipt's name is made of its bytes."""

    def __init__(self, login: Login, queue: str) -> None:
        self._line = Line(login, confirms=False)
        self._lock = threading.Lock()
        self._queue = queue
        self._open: list[tuple[Connection, int]] = []  # handed out, neither acknowledged nor put back
        self._left: dict[str, str] = {}  # problems by name

    def receive(self) -> Iterator[Arrival]:
        with self._lock:
            connection = self._line.open()
            self._put_back(self._open)
        seen: set[str] = set()
        left: list[tuple[Connection, int]] = []
        waiting = self._next(connection)
        rest = waiting.behind if waiting is not None else 0
        while waiting is not None:
            name = f"{hashlib.sha256(waiting.content).hexdigest()[:24]}.xml"
            seen.add(name)
            if name not in self._left:
                yield Arrival(
                    name,
                    partial(_content, name, waiting.content),
                    partial(self._accept, connection, waiting.tag),
                    partial(self._leave, name),
                )
            if name in self._left:
                left.append((connection, waiting.tag))
            waiting = self._next(connection) if rest > 0 else None  # what comes meanwhile is for the next look
            rest -= 1
        self._left = {name: problem for name, problem in self._left.items() if name in seen}
        with self._lock:
            self._put_back(left)

    def left(self) -> Mapping[str, Sequence[str]]:
        by_problem: dict[str, list[str]] = {}
        for name, problem in sorted(self._left.items()):
            by_problem.setdefault(problem, []).append(name)
        return by_problem

    def close(self) -> None:
        with self._lock:
            self._open.clear()
            self._line.close()

    def _next(self, connection: Connection) -> Waiting | None:
        with self._lock:
            try:
                waiting = connection.get(self._queue)
            except Lost as lost:
                self._line.close()
                raise self._line.fault_of(lost) from None
            if waiting is not None:
                self._open.append((connection, waiting.tag))
            return waiting

    def _accept(self, connection: Connection, tag: int) -> None:
        with self._lock:
            if (connection, tag) in self._open:
                self._open.remove((connection, tag))
                connection.acknowledge(tag)

    def _leave(self, name: str, problem: str) -> None:
        self._left[name] = problem

    def _put_back(self, some: list[tuple[Connection, int]]) -> None:
        for connection, tag in some:
            connection.put_back(tag)
        self._open = [one for one in self._open if one not in some]


def _content(name: str, content: bytes) -> bytes:
    if len(content) > LARGEST:
        raise ChannelError("CEBD-1604", f"{name}: {len(content)} bytes are no receipt")
    return content
