"""The next message is begun while the one before it is handed over: their requests go together, and the answers come together.

A hand-over is a row of requests, each of which wants the answer to the one before it; on a line with a delay it takes as long as they are
many. What does not depend on them goes along: the next temporary file is opened with the request that writes this one's last bytes, and
written right behind the one that renames it. That file is as invisible as any other temporary one, and lacks its last byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cebd.transport.channel import Handover
from cebd.transport.channels.sftp_client import Answer, Request, opening, writing
from cebd.transport.channels.sftp_connection import Connection

_AT_MOST = 1_000_000  # bytes of a message that is begun: what is on its way fits the window of every server


@dataclass
class Begun:
    """A temporary file that is open. `writes`: the numbers of the requests that write it, if they were sent."""

    handover: Handover
    temporary: str
    connection: Connection
    handle: bytes
    writes: Sequence[int] = ()


class Ahead:
    """What is begun of the next message."""

    def __init__(self) -> None:
        self._planned: tuple[Handover, str] | None = None
        self._begun: Begun | None = None

    def plan(self, handover: Handover, temporary: str) -> None:
        """This one comes next, and may be written from now on; all but its last byte."""
        if len(handover.content) <= _AT_MOST:
            self._planned = handover, temporary

    def opening(self, connection: Connection) -> list[Request]:
        """The requests that open its file."""
        if self._planned is None or not connection.opens_as_new:
            return []
        return [opening(self._planned[1], as_new=True)]

    def opened(self, connection: Connection, answers: list[Answer]) -> None:
        """The answers to these. A refusal says nothing: the file is opened in its turn."""
        planned, self._planned = self._planned, None
        for answer in answers:
            if planned is not None and not isinstance(answer, OSError):
                self._begun = Begun(*planned, connection, answer.get_binary())

    def write(self, connection: Connection) -> None:
        """Send what writes it; the answers are waited for in its turn."""
        begun = self._begun
        if begun is not None and begun.connection is connection and not begun.writes:
            content = begun.handover.content
            begun.writes = connection.sftp.ask(writing(begun.handle, content, 0, len(content) - 1))

    def take(self, connection: Connection, handover: Handover) -> Begun | None:
        """What is begun of this message, if anything is."""
        begun = self._begun
        if begun is None or begun.connection is not connection or not _is_same(begun.handover, handover):
            return None
        self._begun = None
        return begun

    def give_up(self) -> Begun | None:
        """Another message came: what is begun, of whichever it is."""
        begun, self._begun, self._planned = self._begun, None, None
        return begun


def _is_same(one: Handover, other: Handover) -> bool:
    return (one.name, one.attempt, one.content) == (other.name, other.attempt, other.content)
