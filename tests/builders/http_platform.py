"""A regional platform over HTTP for tests: the simulated one, with TLS and a client certificate, behind a wire that can be cut."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType

import trustme

from builders.both_halves import BothHalves
from cebd.listening.door import Certificate
from cebd.sandbox.http.gate import Gate
from cebd.sandbox.http.server import HttpDoor
from cebd.sandbox.scenario import Scenario
from cebd.transport.channel import Memory
from cebd.transport.channels.http.settings import HttpSettings
from cebd.transport.channels.kinds import open_channel

SHAPES = ("cebcmsg-json", "gateway-form", "soap-declare", "dxp-xml")
VALUES = {
    "cebcmsg-json": {"dxp_id": "DXPENT0000010001", "sender_id": "SHOP", "receiver_id": "PORT"},
    "gateway-form": {"client_id": "ENT001", "client_key": "k", "sender_id": "ENT001", "receiver_id": "PLATFORM"},
    "soap-declare": {},
    "dxp-xml": {},
}
PUSH_SECRET = "in+the/address="


@cache
def authority() -> trustme.CA:
    """One for the whole run: keys take time to make."""
    return trustme.CA()


@dataclass(frozen=True)
class Cut:
    """Where the next connection is cut: at once, or after so many bytes went there, or came back. None: it is not."""

    at_once: bool = False
    there: int | None = None
    back: int | None = None


class Wire:
    """A way to a port on which connections are cut as planned, one plan for each connection; unplanned ones are whole."""

    def __init__(self, port: Callable[[], int]) -> None:
        self._port = port
        self.plans: list[Cut] = []
        self.carried: list[dict[str, int]] = []  # of each connection, the bytes that went `there` and came `back`
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            plan = self.plans.pop(0) if self.plans else Cut()
            if plan.at_once:
                _reset(near)
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._port()))
            except OSError:
                _reset(near)
                continue
            self.carried.append({"there": 0, "back": 0})
            for from_, to, way, most in ((near, far, "there", plan.there), (far, near, "back", plan.back)):
                threading.Thread(target=_carry, args=(from_, to, most, self.carried[-1], way), daemon=True).start()


def _carry(from_: socket.socket, to: socket.socket, most: int | None, carried: dict[str, int], way: str) -> None:
    with suppress(OSError):
        while piece := from_.recv(65536):
            if most is not None and carried[way] + len(piece) >= most:
                to.sendall(piece[: most - carried[way]])
                _reset(from_)
                _reset(to)
                return
            carried[way] += len(piece)
            to.sendall(piece)
    for end in (from_, to):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


class HttpPlatform:
    """`send` and `receive`: the platform's two folders. Use as a context manager."""

    def __init__(
        self, folder: Path, shape: str, send: Path, receive: Path, scenario: Scenario | None = None, *, tls: bool = True
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.shape = shape
        self.tls = tls
        self._made: list[BothHalves] = []
        self._write_certificates()
        self.pushes = shape in ("gateway-form", "soap-declare")
        self.push_wire = Wire(lambda: self._push_port)
        self._push_port = _free_port()
        scheme = "https" if tls else "http"
        secret = "in%2Bthe%2Faddress%3D"
        trust = ssl.create_default_context()
        authority().configure_trust(trust)
        certificate = Certificate(folder / "server.pem", folder / "server.key", folder / "ca.pem") if tls else None
        self.door = HttpDoor(
            Gate(send, receive),
            shape,
            scenario or Scenario(),
            push_to=f"{scheme}://127.0.0.1:{self.push_wire.port}/receipts/{secret}" if self.pushes else None,
            certificate=certificate,
            push_trust=trust,
        )
        self.wire = Wire(lambda: self.door.port)

    def __enter__(self) -> HttpPlatform:
        self.door.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for channel in self._made:
            channel.close()
        self.door.stop()
        self.wire.close()
        self.push_wire.close()

    def settings(self, **more: object) -> HttpSettings:
        """The settings of a channel to it."""
        base = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.wire.port}"
        given: dict[str, object] = {
            "type": "http",
            "profile": self.shape,
            "send_url": base + self.door.path,
            "receipts_url": base + ("/out" if self.shape == "dxp-xml" else ""),
            "values": VALUES[self.shape],
            "timeout_seconds": 5,
            "deadline_seconds": 10,
        }
        if self.shape == "cebcmsg-json":
            given["poll_seconds"] = 0.001
        if self.tls:
            given |= {"ca": "ca.pem", "client_cert": "client.pem", "client_key": "client.key"}
        if self.pushes:
            given |= {"listen": f"127.0.0.1:{self._push_port}", "push_secret": {"file": "push.txt"}}
            if self.tls:
                given |= {"listen_cert": "server.pem", "listen_key": "server.key"}
        return HttpSettings.model_validate(given | more)

    def channel(self, memory: Memory | None = None, **more: object) -> BothHalves:
        """A channel to it, as one start of a station makes it; closed at the end."""
        channel = BothHalves.of(open_channel(self.settings(**more), self.folder, memory))
        self._made.append(channel)
        return channel

    def _write_certificates(self) -> None:
        for name, identity in (("server", "127.0.0.1"), ("client", "cebd@example.org")):
            made = authority().issue_cert(identity)
            made.private_key_pem.write_to_path(self.folder / f"{name}.key")
            (self.folder / f"{name}.pem").write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
        authority().cert_pem.write_to_path(self.folder / "ca.pem")
        (self.folder / "push.txt").write_text(PUSH_SECRET + "\n", encoding="utf-8")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
