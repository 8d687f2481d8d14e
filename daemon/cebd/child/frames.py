"""What passes between two processes of cebd: frames, each a length and a tuple of plain values.

Marshal writes them as fast as they can be copied, and reads nothing but texts, numbers, bytes and tuples of them: a file that has taken
over the process that reads it gains nothing at the other side. Only the task, which the first process sends first, is pickled.
"""

from __future__ import annotations

import marshal
import pickle
import struct
from typing import IO, Any

Frame = tuple[Any, ...]  # of plain values; what it is says the first of them
_LENGTH = struct.Struct("<Q")


class Broken(Exception):
    """The other side has ended in the middle of a frame."""


class Frames:
    """Two streams of bytes as frames. One thread may send while another receives."""

    def __init__(self, receiving: IO[bytes], sending: IO[bytes]) -> None:
        self._receiving = receiving
        self._sending = sending

    def send(self, *values: Any) -> None:
        """Raises OSError when the other side is gone."""
        self._send(marshal.dumps(values))

    def receive(self) -> Frame | None:
        """The next frame; None when the other side has ended. Raises Broken."""
        content = self._receive()
        if content is None:
            return None
        try:
            frame: Frame = marshal.loads(content)  # noqa: S302  plain values alone
        except (ValueError, EOFError, TypeError) as error:
            raise Broken from error
        return frame

    def send_task(self, task: object) -> None:
        """Raises OSError when the other side is gone."""
        self._send(pickle.dumps(task))

    def receive_task(self) -> Any:
        """Of the process that started this one (`Any`: both know what they work on). Raises Broken."""
        content = self._receive()
        if content is None:
            raise Broken
        return pickle.loads(content)  # noqa: S301

    def close(self) -> None:
        self._receiving.close()
        self._sending.close()

    def _send(self, content: bytes) -> None:
        self._sending.write(_LENGTH.pack(len(content)))
        self._sending.write(content)
        self._sending.flush()

    def _receive(self) -> bytes | None:
        head = self._receiving.read(_LENGTH.size)
        if not head:
            return None
        if len(head) < _LENGTH.size:
            raise Broken
        (length,) = _LENGTH.unpack(head)
        content = self._receiving.read(length)
        if len(content) < length:
            raise Broken
        return content
