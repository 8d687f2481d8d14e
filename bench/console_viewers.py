"""`python -m console_viewers PORT COOKIE COUNT RECORDS`: so many open pages. Each hears the stream of changes and asks its page again then.

Says `ready` once all are open, and ends with its standard input. A process of its own: it must not share the station's processor time
with it as threads would.
"""

from __future__ import annotations

import asyncio
import random
import sys


async def main(port: int, cookie: str, count: int, records: int) -> None:
    opened = asyncio.Semaphore(0)
    viewers = [asyncio.create_task(_viewer(port, cookie, nth * records // count + 1, opened)) for nth in range(count)]
    for _ in viewers:
        await opened.acquire()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for viewer in viewers:
        viewer.cancel()


async def _viewer(port: int, cookie: str, record: int, opened: asyncio.Semaphore) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request("/events", cookie))
    await writer.drain()
    await reader.readuntil(b"\r\n\r\n")
    opened.release()
    again: asyncio.Task[None] | None = None
    while line := await reader.readline():
        if line.startswith(b"data:") and (again is None or again.done()):
            again = asyncio.create_task(_ask(port, cookie, record, int(line[5:]) / 1000))


async def _ask(port: int, cookie: str, record: int, spread: float) -> None:
    """As `static/live.js` does: at some moment of the time that the event names, so that not all pages ask at once."""
    await asyncio.sleep(random.random() * spread)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request(f"/records/{record}/now", cookie))
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(one for one in head.split(b"\r\n") if one.lower().startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    writer.close()


def _request(address: str, cookie: str) -> bytes:
    return f"GET {address} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\n\r\n".encode()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
