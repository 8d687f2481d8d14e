"""A station whose channel is HTTPS to a regional platform."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

from builders.http_platform import HttpPlatform, Wire
from builders.openssh import free_port
from builders.stations import TryStation
from injected.fault import Fault, Place

_CHANNEL = """\
[channel.sandbox]
type = "http"
profile = "cebcmsg-json"
send_url = "https://127.0.0.1:{port}/cebcmsg"
receipts_url = "https://127.0.0.1:{port}"
values = {{ dxp_id = "DXPENT0000010001", sender_id = "SHOP", receiver_id = "PORT" }}
ca = "{folder}/ca.pem"
client_cert = "{folder}/client.pem"
client_key = "{folder}/client.key"
server_sha256 = ["{pin}"]
timeout_seconds = 3
deadline_seconds = 5
poll_seconds = 0.5
retry_seconds = 1
in_doubt_seconds = 1
"""


class HttpPlace(Place):
    """`in_its_place`: the port of what answers instead of the platform; None: the platform itself."""

    def begin(self) -> None:
        self.station = self.ending.enter_context(TryStation(self.folder / "s", by_folder=True, audited=False))
        customs = self.station.customs_folder
        self.platform = self.ending.enter_context(
            HttpPlatform(self.folder / "http", "cebcmsg-json", customs / "in", customs / "out")
        )
        self.in_its_place: int | None = None
        self.wire = Wire(lambda: self.in_its_place or self.platform.door.port)
        self.ending.callback(self.wire.close)
        text = self.station.settings_path.read_text(encoding="utf-8")
        certificate = ssl.PEM_cert_to_DER_cert(_first((self.keys / "server.pem").read_text(encoding="ascii")))
        channel = _CHANNEL.format(
            port=self.wire.port, folder=self.keys, pin=hashlib.sha256(certificate).hexdigest().upper()
        )
        self.station.settings_path.write_text(text[: text.index("[channel.sandbox]")] + channel, encoding="utf-8")
        self.start()
        self.station.final_receipt(self.order())

    @property
    def keys(self) -> Path:
        return self.platform.folder

    def answers(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        """Whatever is asked, that is answered; by whoever has the platform's certificate."""
        self._instead(self.keys / "server.pem", self.keys / "server.key", status, body, headers)
        self.order()

    def answers_with_another_certificate(self) -> None:
        authority = trustme.CA()
        made = authority.issue_cert("127.0.0.1")
        made.private_key_pem.write_to_path(self.folder / "other.key")
        (self.folder / "other.pem").write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
        self._instead(self.folder / "other.pem", self.folder / "other.key", 200, b"{}", {})

    def answers_with_a_renewed_certificate(self) -> None:
        from builders.http_platform import authority

        made = authority().issue_cert("127.0.0.1")
        made.private_key_pem.write_to_path(self.folder / "renewed.key")
        (self.folder / "renewed.pem").write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
        self._instead(self.folder / "renewed.pem", self.folder / "renewed.key", 200, b"{}", {})

    def is_itself(self) -> None:
        self.in_its_place = None
        self.instead.shutdown()
        self.instead.server_close()

    def nobody(self) -> None:
        self.in_its_place = free_port()
        self.reload()  # connections are made anew

    def somebody(self) -> None:
        self.in_its_place = None

    def without(self, name: str) -> None:
        shutil.move(self.keys / name, self.keys / f"{name} away")
        self.reload()

    def with_it(self, name: str) -> None:
        shutil.move(self.keys / f"{name} away", self.keys / name)
        self.reload()

    def by_a_proxy(self) -> None:
        self.instead = _Answering(407, b"", {})
        self.change(
            "retry_seconds = 1\n", f'retry_seconds = 1\nproxy = "http://127.0.0.1:{self.instead.server_port}"\n'
        )

    def by_no_proxy(self) -> None:
        self.change(f'proxy = "http://127.0.0.1:{self.instead.server_port}"\n', "")
        self.instead.shutdown()

    def _instead(self, cert: Path, key: Path, status: int, body: bytes, headers: dict[str, str]) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.instead = _Answering(status, body, headers, context)
        self.in_its_place = self.instead.server_port
        self.reload()  # connections are made anew


def _first(pem: str) -> str:
    end = "-----END CERTIFICATE-----\n"
    return pem[: pem.index(end) + len(end)]


class _Answering(ThreadingHTTPServer):
    """It answers everything alike."""

    daemon_threads = True

    def __init__(self, status: int, body: bytes, headers: dict[str, str], tls: ssl.SSLContext | None = None) -> None:
        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_CONNECT = do_POST

            def log_message(self, *_: object) -> None:
                """Nothing."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True

        super().__init__(("127.0.0.1", 0), Answer)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up, hangs up."""


def _fault(
    name: str,
    make: Callable[[HttpPlace], object],
    take_back: Callable[[HttpPlace], object],
    party: str,
    zh: str,
    en: str,
) -> Fault[HttpPlace]:
    return Fault(name, HttpPlace, make, take_back, party, zh, en)


FAULTS = (
    _fault("the platform is not there", HttpPlace.nobody, HttpPlace.somebody, "network", "无法连接", "not reachable"),
    _fault(
        "the platform's certificate is another",
        HttpPlace.answers_with_a_renewed_certificate,
        HttpPlace.is_itself,
        "administrator",
        "服务器证书已更换",
        "shows another certificate than the settings name",
    ),
    _fault(
        "the platform's certificate is a stranger's",
        HttpPlace.answers_with_another_certificate,
        HttpPlace.is_itself,
        "administrator",
        "服务器证书不可信",
        "cannot be trusted",
    ),
    _fault(
        "the platform limits the requests",
        lambda p: p.answers(429, Retry_After="2"),
        HttpPlace.is_itself,
        "e-port",
        "限制了请求频率",
        "limits the rate",
    ),
    _fault(
        "the platform refuses the login", lambda p: p.answers(401), HttpPlace.is_itself, "administrator", "401", "401"
    ),
    _fault("the platform is out of order", lambda p: p.answers(503), HttpPlace.is_itself, "e-port", "503", "503"),
    _fault(
        "a page of a network's login answers",
        lambda p: p.answers(200, b"<html>please log in</html>", Content_Type="text/html"),
        HttpPlace.is_itself,
        "e-port",
        "不认识这种答复",
        "does not know the answer",
    ),
    _fault(
        "our certificate is gone",
        lambda p: p.without("client.pem"),
        lambda p: p.with_it("client.pem"),
        "administrator",
        "client.pem",
        "client.pem",
    ),
    _fault(
        "the proxy refuses", HttpPlace.by_a_proxy, HttpPlace.by_no_proxy, "administrator", "代理服务器拒绝连接", "proxy"
    ),
)
