"""The requests of SFTP (draft-ietf-secsh-filexfer-02): sent together as one piece of the line, and their answers read as they come.

paramiko sends every request by itself, waits for its answer, and reads each answer in two parts; of a small file that is most of what it
costs. The rest of SFTP (listing, reading, removing) is paramiko's.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import paramiko
from paramiko.sftp import (
    CMD_CLOSE,
    CMD_EXTENDED,
    CMD_FSTAT,
    CMD_OPEN,
    CMD_STAT,
    CMD_STATUS,
    CMD_WRITE,
    SFTP_FLAG_CREATE,
    SFTP_FLAG_EXCL,
    SFTP_FLAG_TRUNC,
    SFTP_FLAG_WRITE,
)

from cebd.transport.complete_receipts import readable

WRITE_BYTES = 32_000
"""Bytes of one request: many servers take no more than 32,768 with all that belongs to it."""

_UNANSWERED = 256  # writes on their way: 8 MB, more than the window of any server that is known
_READ_BYTES = 65_536
_LONGEST_ANSWER = 1 << 24  # bytes; what claims to be longer is no answer of SFTP
_OK = bytes(4)


class Request(NamedTuple):
    """What is asked: its number in the protocol, and all that follows its id, in parts."""

    kind: int
    parts: tuple[bytes | memoryview, ...]


Answer = paramiko.Message | OSError
"""What was answered, from behind the id; or the server's refusal."""


def opening(path: str, *, as_new: bool) -> Request:
    """Open a file for writing: one that is not there yet, or over what is there."""
    flags = SFTP_FLAG_WRITE | SFTP_FLAG_CREATE | SFTP_FLAG_TRUNC | (SFTP_FLAG_EXCL if as_new else 0)
    return Request(CMD_OPEN, (_text(path), flags.to_bytes(4, "big"), bytes(4)))


def writing(handle: bytes, content: bytes, start: int, end: int) -> list[Request]:
    """Write that part of the content, where it belongs in the file."""
    file, whole, requests = _text(handle), memoryview(content), list[Request]()
    for at in range(start, end, WRITE_BYTES):
        piece = whole[at : min(at + WRITE_BYTES, end)]
        requests.append(Request(CMD_WRITE, (file, at.to_bytes(8, "big"), len(piece).to_bytes(4, "big"), piece)))
    return requests


def asking_of_open_file(handle: bytes) -> Request:
    return Request(CMD_FSTAT, (_text(handle),))


def asking_of_file(path: str) -> Request:
    return Request(CMD_STAT, (_text(path),))


def closing(handle: bytes) -> Request:
    return Request(CMD_CLOSE, (_text(handle),))


def renaming(old: str, new: str) -> Request:
    """Rename over what is there: an extension of OpenSSH's that many servers have."""
    return Request(CMD_EXTENDED, (_text("posix-rename@openssh.com"), _text(old), _text(new)))


def asking_of_room(folder: str) -> Request:
    """How much room the disk has: OpenSSH's extension."""
    return Request(CMD_EXTENDED, (_text("statvfs@openssh.com"), _text(folder)))


def told_size(answer: Answer) -> int | None:
    """The size in the answer to a question about a file."""
    if isinstance(answer, OSError) or not answer.get_int() & paramiko.SFTPAttributes.FLAG_SIZE:
        return None
    return answer.get_int64()


def first_refusal(answers: Iterable[Answer | None]) -> OSError | None:
    return next((answer for answer in answers if isinstance(answer, OSError)), None)


def _text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(4, "big") + raw


class Client(paramiko.SFTPClient):
    """paramiko takes every name and every error text for UTF-8, and breaks on servers that write GBK; and it waits for each answer."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._unread = bytearray()
        self._asked: set[int] = set()
        self._answers: dict[int, Answer] = {}
        super().__init__(channel)

    def in_one_go(self, requests: Sequence[Request]) -> list[Answer]:
        """Send them one behind the other, then have the answer of each; a refusal stands in its place.

        A server does them in this order (draft-ietf-secsh-filexfer-02, section 6.1). Raises the errors of a broken connection.
        """
        return self.answers(self.ask(requests))

    def answers(self, numbers: Iterable[int]) -> list[Answer]:
        """Wait for the answers to these requests. Raises the errors of a broken connection."""
        return [self._answer(number) for number in numbers]

    def write(self, handle: bytes, content: bytes, end: int) -> None:
        """Write the content up to there, without waiting for each answer; every answer is there before it returns.

        Raises the errors of a broken connection, and the first refusal; nothing more is written then.
        """
        unanswered: deque[int] = deque()
        refusal: OSError | None = None
        for request in writing(handle, content, 0, end):
            unanswered += self.ask([request])
            if len(unanswered) > _UNANSWERED:
                refusal = first_refusal(self.answers([unanswered.popleft()]))
            if refusal is not None:
                break
        refusal = first_refusal([refusal, *self.answers(unanswered)])
        if refusal is not None:
            raise refusal

    def ask(self, requests: Sequence[Request]) -> range:
        """Send them one behind the other; returns the numbers by which their answers are asked for."""
        numbers = range(self.request_number, self.request_number + len(requests))
        self.request_number = numbers.stop
        packets: list[bytes | memoryview] = []
        for number, (kind, parts) in zip(numbers, requests, strict=True):
            packets += (struct.pack(">IBI", 5 + sum(map(len, parts)), kind, number), *parts)
        self._asked.update(numbers)
        self.sock.sendall(b"".join(packets))
        return numbers

    def _answer(self, number: int) -> Answer:
        while number not in self._answers:
            self._read_answer()
        return self._answers.pop(number)

    def _read_answer(self) -> None:
        kind, packet = self._read_packet()
        answered = int.from_bytes(packet[:4], "big")
        if answered in self._asked:
            self._asked.remove(answered)
            self._answers[answered] = self._judged(kind, packet[4:])

    def _judged(self, kind: int, answer: bytes) -> Answer:
        if kind == CMD_STATUS and answer[:4] != _OK:
            try:
                self._convert_status(paramiko.Message(answer))
            except OSError as refusal:
                return refusal
        return paramiko.Message(answer)

    def _read_packet(self) -> tuple[int, bytes]:
        """What paramiko's own requests read their answers with, too."""
        end = 4 + int.from_bytes(self._read_until(4)[:4], "big")
        if end >= _LONGEST_ANSWER:
            raise paramiko.SFTPError("Garbage packet received")
        packet = bytes(self._read_until(end)[4:end])
        del self._unread[:end]
        return (packet[0], packet[1:]) if packet else (0, b"")

    def _read_until(self, size: int) -> bytearray:
        while len(self._unread) < size:
            piece = self.sock.recv(_READ_BYTES)
            if not piece:
                raise EOFError
            self._unread += piece
        return self._unread

    def _request(self, t: int, *args: Any) -> Any:
        while self._asked:  # paramiko would drop their answers
            self._read_answer()
        kind, message = super()._request(t, *args)  # type: ignore[misc]
        return kind, _AnyText(message.get_remainder())

    def _convert_status(self, msg: paramiko.Message) -> None:
        super()._convert_status(_AnyErrorText(msg.get_remainder()))  # type: ignore[misc]


class _AnyText(paramiko.Message):
    """Names keep their bytes (as surrogates): they go back to the server as they came."""

    def get_text(self) -> str:
        return self.get_string().decode("utf-8", errors="surrogateescape")


class _AnyErrorText(paramiko.Message):
    def get_text(self) -> str:
        return readable(self.get_string())
