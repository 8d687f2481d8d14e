"""An AS2 partner: pyas2lib behind a web server. It takes messages, answers each with its MDN, and brings receipts to the station's door."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from builders.certificates import DAY, rsa_key
from builders.openssh import Wire, free_port
from cebd.transport.channel import Channel
from cebd.transport.channels.as2.opening import open_as2
from cebd.transport.channels.as2.settings import As2Settings

OURS, THEIRS = "DXPENT0000010001", "DXPEDCCEB0000002"
_search = re.search


def _any_version(pattern: Any, text: Any, flags: int = 0) -> Any:
    """oscrypto, on which pyas2lib stands, cannot read the version of an OpenSSL with two digits in a row (3.0.22)."""
    if pattern == "\\b(\\d\\.\\d\\.\\d[a-z]*)\\b":
        pattern = "\\b(\\d\\.\\d\\.\\d+[a-z]*)\\b"
    return _search(pattern, text, flags)


with patch("re.search", _any_version):
    from pyas2lib import as2


@dataclass(frozen=True)
class Party:
    """A key with a self-signed certificate, each in a PEM file."""

    name: str
    cert: Path
    key: Path

    @classmethod
    def made(cls, folder: Path, name: str, begins: timedelta = -DAY, ends: timedelta = 365 * DAY) -> Party:
        folder.mkdir(parents=True, exist_ok=True)
        party = cls(name, folder / f"{name}.cert.pem", folder / f"{name}.key.pem")
        key, now = rsa_key(f"AS2 {name}"), datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        certificate = builder.not_valid_before(now + begins).not_valid_after(now + ends).sign(key, hashes.SHA256())
        party.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        form = serialization.PrivateFormat.PKCS8
        party.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
        return party

    def both(self) -> bytes:
        return self.key.read_bytes() + self.cert.read_bytes()


@dataclass
class Request:
    """What came: header fields with names in small letters, and the body."""

    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def raw(self) -> bytes:
        return "".join(f"{key}: {value}\n" for key, value in self.headers.items()).encode() + b"\n" + self.body


Answer = tuple[int, dict[str, str], bytes]


class As2Partner:
    """Use as a context manager. `messages`: what was taken, by Message-ID; `requests`: everything that came.

    `distort` may change each answer. `port`: where it listens; `door_port`: where the station will. `wire` leads to the first,
    `answer_wire` to the second.
    """

    def __init__(self, folder: Path, *, ours: Party | None = None, theirs: Party | None = None) -> None:
        self.ours = ours or Party.made(folder, "ours")
        self.theirs = theirs or Party.made(folder, "theirs")
        self.folder = folder
        self.messages: dict[str, bytes] = {}
        self.order: list[bytes] = []
        self.requests: list[Request] = []
        self.distort: Callable[[Request, Answer], Answer] = lambda _request, answer: answer
        self.accepts_repeats, self.wants_encryption = True, True
        self.open_receipts: list[bytes] = []
        self.refused: list[tuple[bytes, str]] = []
        self.door_port = free_port()
        self._lock = threading.Lock()
        self._bringing = ThreadPoolExecutor(80)
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.wire, self.answer_wire = Wire(self.port), Wire(self.door_port)

    def __enter__(self) -> As2Partner:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.wire.__enter__()
        self.answer_wire.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.wire.__exit__()
        self.answer_wire.__exit__()
        self._bringing.shutdown(wait=True)
        self._server.shutdown()
        self._server.server_close()

    def settings(self, **others: object) -> As2Settings:
        """The station's, for a channel to this partner; `others` in place of some."""
        table = {
            "type": "as2",
            "url": f"http://127.0.0.1:{self.wire.port}/as2",
            "as2_from": OURS,
            "as2_to": THEIRS,
            "cert": self.ours.cert,
            "key": self.ours.key,
            "partner_certs": [self.theirs.cert],
            "listen": f"127.0.0.1:{self.door_port}",
            "timeout_seconds": 20.0,
        }
        return As2Settings.model_validate(table | others)

    def open(self, **others: object) -> Channel:
        return open_as2(self.settings(**others), self.folder)

    def bring(self, content: bytes) -> None:
        """Bring a receipt to the station, again and again until its MDN says that it was taken, or why not."""
        self.open_receipts.append(content)
        self._bringing.submit(self._bring, content)

    def bring_refused_again(self) -> None:
        """As its people do, when they see a negative MDN."""
        refused, self.refused = self.refused, []
        for content, _ in refused:
            self.bring(content)

    def brought_once(self, content: bytes, **wrong: Any) -> tuple[int, str, str | None]:
        """The status of the answer, and what pyas2lib reads in the MDN. `wrong`: other keys of its idea of the station."""
        message = as2.Message(self._me(), self._station(**wrong))
        message.build(content, filename="receipt.xml", content_type="application/octet-stream")
        connection = http.client.HTTPConnection("127.0.0.1", self.answer_wire.port, timeout=90)
        try:
            connection.request("POST", "/as2", message.content, message.headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                return answer.status, "", None
            head = "".join(f"{key}: {value}\n" for key, value in answer.getheaders()).encode()
            status, detail = as2.Mdn().parse(head + b"\n" + body, lambda *_: message)
            return answer.status, status, detail
        finally:
            connection.close()

    def posted(self, headers: dict[str, str], body: bytes) -> int:
        """The station's status for an MDN brought to its door."""
        connection = http.client.HTTPConnection("127.0.0.1", self.door_port, timeout=30)
        try:
            names = {"AS2-From": THEIRS, "AS2-To": OURS}
            fields = {key: " ".join(value.split()) for key, value in headers.items()}
            connection.request("POST", "/as2", body, {key.title(): value for key, value in fields.items()} | names)
            return connection.getresponse().status
        finally:
            connection.close()

    def _bring(self, content: bytes) -> None:
        while not self._ended.is_set():
            with suppress(OSError, http.client.HTTPException):
                status, verdict, detail = self.brought_once(content)
                if status == 200:
                    with self._lock:
                        self.open_receipts.remove(content)
                        if verdict != "processed":
                            self.refused.append((content, f"{verdict}: {detail}"))
                    return
            self._ended.wait(0.05)

    def _me(self) -> Any:
        return as2.Organization(THEIRS, self.theirs.both(), "", self.theirs.both(), "", domain="example.org")

    def _station(self, **wrong: Any) -> Any:
        cert = self.ours.cert.read_bytes()
        values = {
            "verify_cert": cert,
            "encrypt_cert": cert,
            "validate_certs": False,
            "sign": True,
            "encrypt": True,
            "enc_alg": "aes_256_cbc",
            "mdn_mode": "SYNC",
            "mdn_digest_alg": "sha256",
        }
        return as2.Partner(OURS, **(values | wrong))

    def _take(self, request: Request) -> Answer:
        message = as2.Message()
        known = self.messages.get
        find = None if self.accepts_repeats else lambda message_id, _partner: known(message_id)
        status, (error, _), mdn = message.parse(
            request.raw, lambda _org: self._me(), lambda _partner: self._station(encrypt=self.wants_encryption), find
        )
        if status == "processed":
            with self._lock:
                content = message.content
                self.messages[message.message_id] = content
                self.order.append(content)
        elif error is None:
            return 500, {}, b""
        return 200, dict(mdn.headers), mdn.content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        partner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                headers = {key.lower(): value for key, value in self.headers.items()}
                body = self.rfile.read(int(headers["content-length"]))
                if len(body) < int(headers["content-length"]):
                    self.close_connection = True
                    return
                request = Request(headers, body)
                partner.requests.append(request)
                status, fields, content = partner.distort(request, partner._take(request))
                with suppress(OSError):
                    self.send_response(status)
                    for key, value in fields.items():
                        self.send_header(key, " ".join(value.split()))
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler
