"""A TCP line to a port of this machine on which every byte takes a while: `python slow_line.py PORT SECONDS` prints its own port.

SECONDS is the time there and back; half of it passes in each direction. A process of its own: it shall take no time from who is measured.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue

_PIECE = 256 * 1024


@contextmanager
def slow_line(port: int, seconds: float) -> Iterator[int]:
    """The port of such a line."""
    command = [sys.executable, __file__, str(port), str(seconds)]
    line = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert line.stdout is not None
    try:
        yield int(line.stdout.readline())
    finally:
        line.terminate()
        line.wait()


def _serve(port: int, seconds: float) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    while True:
        near, _ = server.accept()
        far = socket.create_connection(("127.0.0.1", port))
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, to in ((near, far), (far, near)):
            on_the_way: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
            threading.Thread(target=_take, args=(source, on_the_way, seconds / 2), daemon=True).start()
            threading.Thread(target=_give, args=(on_the_way, to), daemon=True).start()


def _take(source: socket.socket, on_the_way: SimpleQueue[tuple[float, bytes]], seconds: float) -> None:
    piece = b"-"
    while piece:
        try:
            piece = source.recv(_PIECE)
        except OSError:
            piece = b""
        on_the_way.put((time.monotonic() + seconds, piece))


def _give(on_the_way: SimpleQueue[tuple[float, bytes]], to: socket.socket) -> None:
    with suppress(OSError):
        while True:
            due, piece = on_the_way.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if not piece:
                to.shutdown(socket.SHUT_WR)
                return
            to.sendall(piece)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), float(sys.argv[2]))
