"""`./dev bench http`: messages a second that a channel hands over by HTTP, beside a bare client loop that does no more than that.

Both make the same JSON of a message and post it over TLS with a client certificate, one after the other, on a connection that stays. The
platform is a process of its own that answers at once. Of the station nothing is in it.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import ssl
import tempfile
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median

import httpx2
import trustme

from benchmark import Figure, Options, Result
from cebd.transport.channel import Handover, Sent
from cebd.transport.channels.http.settings import HttpSettings
from cebd.transport.channels.kinds import open_channel

LIMIT = 0.8  # of a bare client
SIZE = 4000  # bytes
_VALUES = {"dxp_id": "DXPENT0000010001", "sender_id": "SHOP", "receiver_id": "PORT"}


def measure(options: Options) -> Result:
    count = options.size(500, 5)
    with tempfile.TemporaryDirectory(prefix="cebd-bench-") as name:
        folder = Path(name)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        for part, identity in (("server", "127.0.0.1"), ("client", "cebd@example.org")):
            made = authority.issue_cert(identity)
            made.private_key_pem.write_to_path(folder / f"{part}.key")
            (folder / f"{part}.pem").write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
        spawn = multiprocessing.get_context("spawn")
        port, over = spawn.Queue(), spawn.Event()
        platform = spawn.Process(target=_answer, args=(folder, port, over))
        platform.start()
        try:
            turns = _turns(folder, f"https://127.0.0.1:{port.get(timeout=60)}/cebcmsg", count, 2 * options.runs)
        finally:
            over.set()
            platform.join(30)
    figures = (
        Figure("cebd", median(mine for mine, _ in turns), "messages/s"),
        Figure("a bare client", median(plain for _, plain in turns), "messages/s"),
        Figure("ratio", median(mine / plain for mine, plain in turns), "", LIMIT, at_least=True),
    )
    return Result("http", f"{count} messages of {SIZE} bytes, answered one by one over TLS", figures)


def _turns(folder: Path, url: str, count: int, turns: int) -> list[tuple[float, float]]:
    table = {"type": "http", "profile": "cebcmsg-json", "send_url": url, "receipts_url": url, "values": _VALUES}
    files = {"ca": "ca.pem", "client_cert": "client.pem", "client_key": "client.key"}
    outbound = open_channel(HttpSettings.model_validate(table | files), folder).outbound
    content = b"<a>" + b"x" * (SIZE - 7) + b"</a>"

    def ours(number: int) -> None:
        assert outbound.deliver(Handover("CEB311Message_1.xml", content, message_id=f"DXPENT0001-{number}")) == Sent()

    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "client.pem", folder / "client.key")
    with httpx2.Client(verify=context, trust_env=False) as client:

        def plainly(number: int) -> None:
            head = {"MessageType": "CEB311Message.xml", "MessageId": f"DXPENT0001-{number}", "Version": "1.0"}
            data = base64.b64encode(content).decode()
            body = json.dumps({"Message": {"MessageHead": head, "MessageBody": {"data": data}}}).encode()
            answer = client.post(url, content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.text) == (200, "OK")

        figures = [(_a_second(ours, count), _a_second(plainly, count)) for _ in range(turns)]
    outbound.close()
    return figures


def _a_second(post: Callable[[int], None], count: int) -> float:
    post(0)  # connected
    began = time.perf_counter()
    for number in range(count):
        post(number)
    return count / (time.perf_counter() - began)


def _answer(folder: Path, port: multiprocessing.Queue[int], over: Event) -> None:
    """A platform that takes everything."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from cebd.listening.door import Certificate, Door
    from cebd.listening.listener import Listener

    async def take(request: Request) -> PlainTextResponse:
        assert await request.body()
        return PlainTextResponse("OK")

    app = Starlette(routes=[Route("/cebcmsg", take, methods=["POST"])])
    certificate = Certificate(folder / "server.pem", folder / "server.key", folder / "ca.pem")
    with Listener(app, Door("127.0.0.1", 0, certificate)) as listener:
        port.put(listener.port)
        over.wait()
